// Cookies: read the Cookie field, write Set-Cookie (RFC 6265bis).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http {

/** Walks over the pairs of a Cookie field as views, without decoding; pieces without `=` are passed over.

    Names and values are trimmed, values in double quotes lose these.

    @par Thread Safety
    Distinct objects: safe.
*/
class cookie_pairs {
public:
    /// Construct over the value of a field, which must outlive the views.
    explicit constexpr cookie_pairs(std::string_view header) noexcept
        : header_(header.size() < 2 ? std::string_view{} : header) {}

    /// Is a forward iterator over name and value.
    class iterator {
    public:
        using value_type = std::pair<std::string_view, std::string_view>; ///< name and raw value
        using difference_type = std::ptrdiff_t;                           ///< unused
        using reference = const value_type&;                              ///< the pair
        using pointer = const value_type*;                                ///< the pair
        using iterator_category = std::forward_iterator_tag;              ///< forward

        iterator() noexcept = default;
        /// Returns the pair.
        const value_type& operator*() const noexcept { return pair_; }
        /// Accesses the pair.
        const value_type* operator->() const noexcept { return &pair_; }
        /// Goes to the next.
        iterator& operator++() noexcept {
            read();
            return *this;
        }
        /// Goes to the next, returns the former.
        iterator operator++(int) noexcept {
            auto old = *this;
            read();
            return old;
        }
        /// Compares positions in the same field.
        friend bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.done_ == b.done_ && (a.done_ || a.pair_.first.data() == b.pair_.first.data());
        }

    private:
        friend class cookie_pairs;
        explicit iterator(std::string_view rest) noexcept : rest_(rest), done_(false) { read(); }
        CREMA_DECL void read() noexcept;
        std::string_view rest_{};
        value_type pair_{};
        bool done_ = true;
    };

    /// Returns the first.
    iterator begin() const noexcept { return iterator(header_); }
    /// Returns the end.
    iterator end() const noexcept { return {}; }

private:
    std::string_view header_;
};

/// Returns the value of a cookie with its percent escapes decoded, or as it is when they are malformed.
CREMA_DECL std::string decode_cookie(std::string_view raw);

/// Returns the decoded value of the first cookie with this name. Names are compared with case.
CREMA_DECL std::optional<std::string> find_cookie(std::string_view header, std::string_view name);

/** Return all cookies of a field, decoded; of those with the same name the first.

    @par Complexity
    Linear in the length of the field, with a sort of the cookies' names.
*/
CREMA_DECL std::vector<std::pair<std::string, std::string>> parse_cookies(std::string_view header);

/// Names the values of the attribute SameSite.
enum class same_site_policy : std::uint8_t { unset, strict, lax, none };
/// Names the values of the attribute Priority.
enum class cookie_priority : std::uint8_t { unset, low, medium, high };
/// Names how a value is written.
enum class cookie_encoding : std::uint8_t {
    percent, ///< as encodeURIComponent does, so that any text is possible
    raw,     ///< as it is; it must be a valid cookie value
};

/// Describes a cookie beside its name and value.
struct cookie_options {
    std::string domain{};                                             ///< none when empty: this host alone
    std::string path{"/"};                                            ///< none when empty
    std::optional<std::chrono::system_clock::time_point> expires{};   ///< when it ends
    std::optional<std::chrono::milliseconds> max_age{};               ///< how long it lives, sent as whole seconds; stronger than `expires`
    bool http_only = false;                                           ///< hidden from scripts
    bool secure = false;                                              ///< sent over TLS only
    bool partitioned = false;                                         ///< one for each top-level site
    cookie_priority priority = cookie_priority::unset;                ///< which to drop first
    same_site_policy same_site = same_site_policy::unset;             ///< sent with requests of other sites?
    cookie_encoding encoding = cookie_encoding::percent;              ///< how the value is written
};

/** Write the value of a Set-Cookie field.

    @par Errors
    @li `error::bad_value` name, value, domain or path hold octets that may not stand there.

    @see RFC 6265bis section 4.1
*/
CREMA_DECL result<std::string> serialize_cookie(std::string_view name, std::string_view value,
                                                const cookie_options& options = {});

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <crema/http/date.hpp>
#include <algorithm>

namespace crema::http {
namespace detail {

// cookie-octets, perhaps all of them in double quotes.
inline bool valid_cookie_value(std::string_view v) noexcept {
    if (v.size() >= 2 && v.front() == '"' && v.back() == '"') v = v.substr(1, v.size() - 2);
    for (char c : v)
        if (c <= ' ' || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\') return false;
    return true;
}

// Labels of letters, digits and inner hyphens, at most 63 long, perhaps with a point in front.
inline bool valid_cookie_domain(std::string_view d) noexcept {
    if (d.starts_with('.')) d.remove_prefix(1);
    for (;;) {
        const auto dot = std::min(d.find('.'), d.size());
        const auto label = d.substr(0, dot);
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
        for (char c : label)
            if (!is_alpha(c) && !is_digit(c) && c != '-') return false;
        if (dot == d.size()) return true;
        d.remove_prefix(dot + 1);
    }
}

inline bool valid_cookie_path(std::string_view p) noexcept {
    for (char c : p)
        if (c < ' ' || c >= 0x7f || c == ';' || c == '<') return false;
    return true;
}

} // namespace detail

CREMA_DECL void cookie_pairs::iterator::read() noexcept {
    while (rest_.data() != nullptr) {
        const auto end = std::min(rest_.find(';'), rest_.size());
        const auto piece = rest_.substr(0, end);
        rest_ = end == rest_.size() ? std::string_view{} : rest_.substr(end + 1);
        const auto equals = piece.find('=');
        if (equals == std::string_view::npos) continue;
        auto value = trim_ows(piece.substr(equals + 1));
        if (!value.empty() && value.front() == '"' && value.back() == '"')
            value = value.size() < 2 ? std::string_view{} : value.substr(1, value.size() - 2);
        pair_ = {trim_ows(piece.substr(0, equals)), value};
        return;
    }
    done_ = true;
}

CREMA_DECL std::string decode_cookie(std::string_view raw) {
    if (raw.find('%') == std::string_view::npos) return std::string(raw);
    auto decoded = percent_decode(raw);
    return decoded ? std::move(*decoded) : std::string(raw);
}

CREMA_DECL std::optional<std::string> find_cookie(std::string_view header, std::string_view name) {
    for (const auto& [key, raw] : cookie_pairs(header))
        if (key == name) return decode_cookie(raw);
    return std::nullopt;
}

CREMA_DECL std::vector<std::pair<std::string, std::string>> parse_cookies(std::string_view header) {
    std::vector<std::pair<std::string_view, std::string_view>> raw;
    for (const auto& pair : cookie_pairs(header)) raw.push_back(pair);
    auto by_name = raw;
    auto before = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::stable_sort(by_name.begin(), by_name.end(), before);
    by_name.erase(
        std::unique(by_name.begin(), by_name.end(), [](const auto& a, const auto& b) { return a.first == b.first; }),
        by_name.end());
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& [name, value] : raw) {
        const auto first = std::lower_bound(by_name.begin(), by_name.end(), std::pair(name, value), before);
        if (first->second.data() == value.data() && first->first.data() == name.data())
            all.emplace_back(name, decode_cookie(value));
    }
    return all;
}

CREMA_DECL result<std::string> serialize_cookie(std::string_view name, std::string_view value,
                                                const cookie_options& options) {
    auto wrong = [](const char* what) { return failure{make_error_code(error::bad_value), 0, what}; };
    if (!is_token(name)) return wrong("argument name is invalid");
    std::string line(name);
    line += '=';
    if (options.encoding == cookie_encoding::percent) encode_uri_component_to(line, value);
    else if (detail::valid_cookie_value(value)) line += value;
    else return wrong("argument val is invalid");
    if (options.max_age) line.append("; Max-Age=").append(std::to_string(std::chrono::floor<std::chrono::seconds>(*options.max_age).count()));
    if (!options.domain.empty()) {
        if (!detail::valid_cookie_domain(options.domain)) return wrong("option domain is invalid");
        line.append("; Domain=").append(options.domain);
    }
    if (!options.path.empty()) {
        if (!detail::valid_cookie_path(options.path)) return wrong("option path is invalid");
        line.append("; Path=").append(options.path);
    }
    if (options.expires)
        line.append("; Expires=")
            .append(
                format_date(std::chrono::floor<std::chrono::seconds>(*options.expires).time_since_epoch().count()));
    if (options.http_only) line += "; HttpOnly";
    if (options.secure) line += "; Secure";
    if (options.partitioned) line += "; Partitioned";
    constexpr std::string_view priorities[] = {"", "; Priority=Low", "; Priority=Medium", "; Priority=High"};
    constexpr std::string_view policies[] = {"", "; SameSite=Strict", "; SameSite=Lax", "; SameSite=None"};
    line += priorities[static_cast<std::size_t>(options.priority)];
    line += policies[static_cast<std::size_t>(options.same_site)];
    return line;
}

} // namespace crema::http
#endif
