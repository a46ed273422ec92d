// Query strings and forms: pairs of names and values, as Node's querystring reads and writes them.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace crema::http {

/// Is one pair of a query, still escaped: views into the query.
struct query_pair {
    std::string_view name;  ///< what is in front of the first `=`
    std::string_view value; ///< what is behind it; empty when there is none
};

/** Walks over the pairs of a query as views, without decoding. Empty pieces are passed over.

    @par Thread Safety
    Distinct objects: safe.
*/
class query_pairs {
public:
    /// Construct over a query without its question mark, which must outlive the views.
    explicit query_pairs(std::string_view query, std::string_view separator = "&",
                         std::string_view equals = "=") noexcept
        : query_(query), separator_(separator), equals_(equals) {}

    /// Is a forward iterator over the pairs.
    class iterator {
    public:
        using value_type = query_pair;                        ///< a pair
        using difference_type = std::ptrdiff_t;               ///< unused
        using reference = const query_pair&;                  ///< a pair
        using pointer = const query_pair*;                    ///< a pair
        using iterator_category = std::forward_iterator_tag;  ///< forward

        iterator() noexcept = default;
        /// Returns the pair.
        const query_pair& operator*() const noexcept { return pair_; }
        /// Accesses the pair.
        const query_pair* operator->() const noexcept { return &pair_; }
        /// Counts the pieces between separators so far, the empty ones too.
        std::size_t pieces() const noexcept { return pieces_; }
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
        /// Compares positions in the same query.
        friend bool operator==(const iterator& a, const iterator& b) noexcept {
            return a.done_ == b.done_ && (a.done_ || a.pair_.name.data() == b.pair_.name.data());
        }

    private:
        friend class query_pairs;
        explicit iterator(const query_pairs& q) noexcept
            : rest_(q.query_), separator_(q.separator_), equals_(q.equals_), done_(false) {
            read();
        }
        CREMA_DECL void read() noexcept;
        std::string_view rest_{}, separator_{}, equals_{};
        query_pair pair_{};
        std::size_t pieces_ = 0;
        bool done_ = true;
    };

    /// Returns the first.
    iterator begin() const noexcept { return iterator(*this); }
    /// Returns the end.
    iterator end() const noexcept { return {}; }

private:
    std::string_view query_, separator_, equals_;
};

/** Return a name or a value decoded: `+` becomes a space, escapes their octets, malformed escapes stay, and what is
    no well-formed UTF-8 then becomes the replacement character. */
CREMA_DECL std::string decode_query(std::string_view raw);

/// Returns the decoded first value of a name, itself given decoded.
CREMA_DECL std::optional<std::string> find_query(std::string_view query, std::string_view name);

/// Describes how a query is parsed.
struct query_options {
    std::string_view separator = "&"; ///< between pairs; not empty
    std::string_view equals = "=";    ///< between name and value; not empty
    std::size_t max_pairs = 1000;     ///< what is behind is ignored; empty pieces count; 0: no limit
};

/** Parse a query into an object of strings; names that come several times have an array of strings.

    Behaves as Node's querystring.parse, which is Express' `simple` query parser.

    @param query Without its question mark.

    @par Complexity
    Linear in the length of the query.
*/
CREMA_DECL value parse_query(std::string_view query, const query_options& options = {});

/** Write an object as a query, as Node's querystring.stringify does: arrays as repeated names, numbers and booleans
    as text, everything else as an empty text. */
CREMA_DECL std::string stringify_query(const value& object, const query_options& options = {});

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/hash128.hpp>
#include <crema/core/text.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace crema::http {
namespace detail {

// Finds members of a growing object by name, in constant time once there are many.
class member_index {
public:
    explicit member_index(value::object_type& members) noexcept : members_(members) {}

    value* find(std::string_view name) {
        if (members_.size() < few) {
            for (auto& [key, content] : members_)
                if (key == name) return &content;
            return nullptr;
        }
        if (slots_.size() < members_.size() * 2) rebuild();
        for (auto i = start(name); slots_[i] != 0; i = (i + 1) & (slots_.size() - 1))
            if (members_[slots_[i] - 1].first == name) return &members_[slots_[i] - 1].second;
        return nullptr;
    }
    void add(std::string name, value content) {
        members_.emplace_back(std::move(name), std::move(content));
        if (slots_.size() >= members_.size() * 2) place(members_.size());
    }

private:
    static constexpr std::size_t few = 16;
    // Seeded by an address that differs from run to run; the limit of pairs bounds what is left to a hostile sender.
    std::size_t start(std::string_view name) const noexcept {
        static const int anchor = 0;
        const auto seed = reinterpret_cast<std::uintptr_t>(&anchor) ^ reinterpret_cast<std::uintptr_t>(this);
        const auto h = hash128(name, static_cast<std::uint32_t>(seed >> 4));
        return static_cast<std::size_t>(h.low) & (slots_.size() - 1);
    }
    void place(std::size_t number) {
        auto i = start(members_[number - 1].first);
        while (slots_[i] != 0) i = (i + 1) & (slots_.size() - 1);
        slots_[i] = static_cast<std::uint32_t>(number);
    }
    void rebuild() {
        std::size_t size = 64;
        while (size < members_.size() * 4) size *= 2;
        slots_.assign(size, 0);
        for (std::size_t n = 1; n <= members_.size(); ++n) place(n);
    }
    value::object_type& members_;
    std::vector<std::uint32_t> slots_; // number of the member, 0 for none
};

// A number as JavaScript writes it: 1e-7, 0.000001, 100000, 1e+21.
inline std::string script_number(double v) {
    if (!(v < 0 || v > 0)) return "0";
    char text[40];
    const auto* const end = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific).ptr;
    const std::string_view all(text, static_cast<std::size_t>(end - text));
    const auto e = all.find('e');
    std::string digits;
    for (const char c : all.substr(0, e))
        if (is_digit(c)) digits += c;
    int point = 0; // where it stands in the digits
    const bool small = all[e + 1] == '-';
    std::from_chars(all.data() + e + 2, all.data() + all.size(), point);
    point = (small ? -point : point) + 1;
    const auto count = static_cast<int>(digits.size());
    if (point > 21 || point <= -6) {
        const int power = point - 1;
        if (count > 1) digits.insert(1, ".");
        digits.append(power < 0 ? "e-" : "e+").append(std::to_string(power < 0 ? -power : power));
    } else if (point <= 0) {
        digits.insert(0, "0." + std::string(static_cast<std::size_t>(-point), '0'));
    } else if (point < count) {
        digits.insert(static_cast<std::size_t>(point), ".");
    } else {
        digits.append(static_cast<std::size_t>(point - count), '0');
    }
    return v < 0 ? "-" + digits : digits;
}

inline std::string query_text(const value& v) {
    switch (v.type()) {
    case value::kind::string: return v.as_string();
    case value::kind::boolean: return v.as_bool() ? "true" : "false";
    case value::kind::integer: return std::to_string(v.as_int64());
    case value::kind::natural: return std::to_string(v.as_uint64());
    case value::kind::number: return std::isfinite(v.as_double()) ? script_number(v.as_double()) : std::string();
    default: return {};
    }
}

} // namespace detail

CREMA_DECL void query_pairs::iterator::read() noexcept {
    while (!rest_.empty()) {
        const auto end = std::min(rest_.find(separator_), rest_.size());
        const auto piece = rest_.substr(0, end);
        rest_.remove_prefix(end == rest_.size() ? end : end + separator_.size());
        ++pieces_;
        if (piece.empty()) continue;
        const auto equals = piece.find(equals_);
        pair_ = equals == std::string_view::npos
                    ? query_pair{piece, {}}
                    : query_pair{piece.substr(0, equals), piece.substr(equals + equals_.size())};
        return;
    }
    done_ = true;
}

CREMA_DECL std::string decode_query(std::string_view raw) {
    if (raw.find('%') == std::string_view::npos && raw.find('+') == std::string_view::npos)
        return is_utf8(raw) ? std::string(raw) : repair_utf8(raw);
    auto decoded = percent_decode_lenient(raw, plus_sign::is_space);
    return is_utf8(decoded) ? decoded : repair_utf8(decoded);
}

CREMA_DECL std::optional<std::string> find_query(std::string_view query, std::string_view name) {
    for (const auto& pair : query_pairs(query)) {
        if (pair.name != name && decode_query(pair.name) != name) continue;
        return decode_query(pair.value);
    }
    return std::nullopt;
}

CREMA_DECL value parse_query(std::string_view query, const query_options& options) {
    auto made = value::object();
    detail::member_index index(made.as_object());
    const query_pairs pairs(query, options.separator, options.equals);
    for (auto pair = pairs.begin(); pair != pairs.end(); ++pair) {
        if (options.max_pairs != 0 && pair.pieces() > options.max_pairs) break;
        auto name = decode_query(pair->name);
        auto content = decode_query(pair->value);
        if (auto* there = index.find(name)) {
            if (!there->is_array()) {
                value::array_type both;
                both.push_back(std::move(*there));
                *there = value(std::move(both));
            }
            there->as_array().emplace_back(std::move(content));
        } else {
            index.add(std::move(name), value(std::move(content)));
        }
    }
    return made;
}

CREMA_DECL std::string stringify_query(const value& object, const query_options& options) {
    std::string out;
    for (const auto& [name, content] : object.members()) {
        auto pair = [&](const value& v) {
            if (!out.empty()) out += options.separator;
            encode_uri_component_to(out, name);
            out += options.equals;
            encode_uri_component_to(out, detail::query_text(v));
        };
        if (content.is_array()) {
            for (const auto& element : content.elements()) pair(element);
        } else {
            pair(content);
        }
    }
    return out;
}

} // namespace crema::http
#endif
