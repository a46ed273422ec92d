// Text: classes of ASCII octets by table, comparison without case, optional whitespace, lists at commas, UTF-8.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>

namespace crema {

/// Names the classes of octets that `has_class` knows. One octet can be in several.
enum class octet_class : std::uint8_t {
    token = 1,       ///< tchar: may stand in a token (a method, a field name)
    digit = 2,       ///< 0 to 9
    alpha = 4,       ///< A to Z, a to z
    hex = 8,         ///< 0 to 9, A to F, a to f
    field_value = 16,///< may stand in a field value: visible, space, tab, obs-text
    unreserved = 32, ///< what encodeURIComponent leaves as it is
    uri_host = 64,   ///< unreserved or sub-delims of RFC 3986
    upper = 128,     ///< A to Z
};

namespace detail {

constexpr std::array<std::uint8_t, 256> make_octet_classes() {
    std::array<std::uint8_t, 256> t{};
    auto put = [&](std::string_view set, octet_class c) {
        for (char x : set) t[static_cast<unsigned char>(x)] |= static_cast<std::uint8_t>(c);
    };
    constexpr std::string_view digits = "0123456789", uppers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                               lowers = "abcdefghijklmnopqrstuvwxyz";
    for (auto c : {octet_class::token, octet_class::unreserved, octet_class::uri_host}) {
        put(digits, c);
        put(uppers, c);
        put(lowers, c);
    }
    put("!#$%&'*+-.^_`|~", octet_class::token);
    put("-_.!~*'()", octet_class::unreserved);
    put("-._~!$&'()*+,;=", octet_class::uri_host);
    put(digits, octet_class::digit);
    put(digits, octet_class::hex);
    put("abcdefABCDEF", octet_class::hex);
    put(uppers, octet_class::alpha);
    put(lowers, octet_class::alpha);
    put(uppers, octet_class::upper);
    for (unsigned i = 0; i < 256; ++i)
        if (i == '\t' || (i >= 0x20 && i != 0x7f)) t[i] |= static_cast<std::uint8_t>(octet_class::field_value);
    return t;
}

inline constexpr auto octet_classes = make_octet_classes();

} // namespace detail

/// Tells whether the octet is in the class.
constexpr bool has_class(char c, octet_class k) noexcept {
    return (detail::octet_classes[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(k)) != 0;
}
/// Tells whether all octets are in the class; true for no octets.
constexpr bool all_of_class(std::string_view s, octet_class k) noexcept {
    for (char c : s)
        if (!has_class(c, k)) return false;
    return true;
}
/// Tells whether the octet is 0 to 9.
constexpr bool is_digit(char c) noexcept { return has_class(c, octet_class::digit); }
/// Tells whether the octet is an ASCII letter.
constexpr bool is_alpha(char c) noexcept { return has_class(c, octet_class::alpha); }
/// Tells whether the octet is a hexadecimal digit.
constexpr bool is_hex(char c) noexcept { return has_class(c, octet_class::hex); }
/// Returns the value of a hexadecimal digit; undefined for others.
constexpr unsigned hex_value(char c) noexcept {
    const auto u = static_cast<unsigned char>(c);
    return u <= '9' ? u - '0' : (u | 0x20u) - 'a' + 10;
}
/// Tells whether the text is a token: one or more tchar (RFC 9110 section 5.6.2).
constexpr bool is_token(std::string_view s) noexcept { return !s.empty() && all_of_class(s, octet_class::token); }
/// Returns the octet, an ASCII capital made small.
constexpr char to_lower(char c) noexcept {
    return has_class(c, octet_class::upper) ? static_cast<char>(c | 0x20) : c;
}
/// Returns the octet, a small ASCII letter made capital.
constexpr char to_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }
/// Returns a copy with ASCII capitals made small.
inline std::string to_lower(std::string_view s) {
    std::string r(s);
    for (char& c : r) c = to_lower(c);
    return r;
}
/// Returns a copy with small ASCII letters made capital.
inline std::string to_upper(std::string_view s) {
    std::string r(s);
    for (char& c : r) c = to_upper(c);
    return r;
}

/// Tells whether two texts are equal when the case of ASCII letters is ignored.
constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    std::size_t i = 0;
    if (!std::is_constant_evaluated()) // mostly both are spelt alike
        for (std::uint64_t x = 0, y = 0; a.size() - i >= 8; i += 8) {
            std::memcpy(&x, a.data() + i, 8);
            std::memcpy(&y, b.data() + i, 8);
            if (x != y) break;
        }
    for (; i < a.size(); ++i)
        if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}
/// Tells whether `s` begins with `prefix` when the case of ASCII letters is ignored.
constexpr bool istarts_with(std::string_view s, std::string_view prefix) noexcept {
    return s.size() >= prefix.size() && iequals(s.substr(0, prefix.size()), prefix);
}

/// Tells whether the octet is optional whitespace: a space or a tab.
constexpr bool is_ows(char c) noexcept { return c == ' ' || c == '\t'; }
/// Returns the view without spaces and tabs at both ends.
constexpr std::string_view trim_ows(std::string_view s) noexcept {
    while (!s.empty() && is_ows(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_ows(s.back())) s.remove_suffix(1);
    return s;
}

/** Walks over the elements of a comma-separated list, each without the spaces and tabs around it.

    Empty elements are walked over too: whoever may ignore them does. Text without a comma is one element, so
    that an empty text is one empty element. Holds views into the text. Commas inside of quoted strings separate
    only when `quoted` is false.

    @code
    for (std::string_view option : comma_list("close, foo")) …
    @endcode

    @par Thread Safety
    Distinct objects: safe.
*/
class comma_list {
public:
    /// Tells whether `"a,b"` in double quotes is one element.
    enum class quotes : bool { ignored, respected };

    /// Construct over a text, which must outlive the views.
    constexpr explicit comma_list(std::string_view text, quotes q = quotes::ignored) noexcept
        : text_(text), quotes_(q) {}

    /// Is a forward iterator over the elements.
    class iterator {
    public:
        using value_type = std::string_view;                  ///< an element
        using difference_type = std::ptrdiff_t;               ///< unused
        using reference = std::string_view;                   ///< an element
        using pointer = const std::string_view*;              ///< unused
        using iterator_category = std::forward_iterator_tag;  ///< forward

        constexpr iterator() noexcept = default;
        /// Returns the element.
        constexpr std::string_view operator*() const noexcept { return trim_ows(rest_.substr(0, size_)); }
        /// Goes to the next.
        constexpr iterator& operator++() noexcept {
            if (size_ == rest_.size()) done_ = true;
            else {
                rest_.remove_prefix(size_ + 1);
                measure();
            }
            return *this;
        }
        /// Goes to the next, returns the former.
        constexpr iterator operator++(int) noexcept {
            auto old = *this;
            ++*this;
            return old;
        }
        /// Compares positions in the same list.
        friend constexpr bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.done_ == b.done_ && (a.done_ || a.rest_.data() == b.rest_.data());
        }

    private:
        friend class comma_list;
        constexpr iterator(std::string_view rest, quotes q) noexcept : rest_(rest), quotes_(q), done_(false) {
            measure();
        }
        constexpr void measure() noexcept {
            bool inside = false;
            size_ = 0;
            for (; size_ < rest_.size(); ++size_) {
                const char c = rest_[size_];
                if (c == ',' && !inside) return;
                if (quotes_ == quotes::ignored) continue;
                if (c == '"') inside = !inside;
                else if (c == '\\' && inside && size_ + 1 < rest_.size()) ++size_;
            }
        }
        std::string_view rest_{};
        std::size_t size_ = 0;
        quotes quotes_ = quotes::ignored;
        bool done_ = true;
    };

    /// Returns the first.
    constexpr iterator begin() const noexcept { return {text_, quotes_}; }
    /// Returns the end.
    constexpr iterator end() const noexcept { return {}; }

private:
    std::string_view text_;
    quotes quotes_;
};

/// Returns the elements of a comma-separated list; see `comma_list`.
constexpr comma_list split_list(std::string_view text) noexcept { return comma_list(text); }

/// Tells whether a comma-separated list holds the word, the case of ASCII letters ignored.
constexpr bool list_contains(std::string_view list, std::string_view word) noexcept {
    for (auto item : comma_list(list))
        if (iequals(item, word)) return true;
    return false;
}

/** Return how many octets the well-formed UTF-8 character at the front has.

    @param s The text.
    @return 1 to 4; 0 when `s` is empty or does not begin with a well-formed character (overlong forms,
    surrogates and values above U+10FFFF are not well-formed).

    @see RFC 3629 section 4
*/
constexpr std::size_t utf8_length(std::string_view s) noexcept {
    if (s.empty()) return 0;
    auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned c = at(0);
    if (c < 0x80) return 1;
    auto tail = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
    if (c >= 0xc2 && c <= 0xdf) return s.size() >= 2 && tail(1) ? 2 : 0;
    if ((c & 0xf0) == 0xe0) {
        if (s.size() < 3 || !tail(1) || !tail(2)) return 0;
        if ((c == 0xe0 && at(1) < 0xa0) || (c == 0xed && at(1) > 0x9f)) return 0;
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        if (s.size() < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
        if ((c == 0xf0 && at(1) < 0x90) || (c == 0xf4 && at(1) > 0x8f)) return 0;
        return 4;
    }
    return 0;
}

/// Returns how many octets at the front begin a character and break off, at least 1; the front is not well-formed.
constexpr std::size_t utf8_broken_length(std::string_view s) noexcept {
    auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
    const unsigned c = at(0);
    const std::size_t size = c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 && c <= 0xef ? 3 : 1;
    if (size == 1 || s.size() < 2) return 1;
    const unsigned low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80, high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (at(1) < low || at(1) > high) return 1;
    std::size_t n = 2;
    while (n + 1 < size && n < s.size() && (at(n) & 0xc0) == 0x80) ++n;
    return n;
}

/// Tells whether the whole text is well-formed UTF-8. Linear in its length.
constexpr bool is_utf8(std::string_view s) noexcept {
    while (!s.empty()) {
        const auto n = utf8_length(s);
        if (n == 0) return false;
        s.remove_prefix(n);
    }
    return true;
}

} // namespace crema
