// Media types: read and write Content-Type values, and the parts of a type name (RFC 9110 section 8.3).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http {

/** Holds a type and its parameters, as in a Content-Type field.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct media_type {
    std::string type{};                                              ///< `text/html`, small letters when it was parsed
    std::vector<std::pair<std::string, std::string>> parameters{};   ///< names in small letters, in order, each once

    /// Returns the value of a parameter, its name in small letters; empty when there is none.
    std::string_view parameter(std::string_view name) const noexcept {
        for (const auto& [key, text] : parameters)
            if (key == name) return text;
        return {};
    }
    /// Sets a parameter, replacing its value.
    CREMA_DECL void set_parameter(std::string_view name, std::string_view text);
};

/** Parse the value of a Content-Type field, leniently: nothing is refused.

    The type is what is in front of the first semicolon, made small, whether it is a valid type or not. Of parameters
    with the same name the first counts, pieces that are no parameter are passed over.
*/
CREMA_DECL media_type parse_media_type(std::string_view header);

/** Parse one element of a comma-separated list of media types with parameters.

    @param header The list.
    @param at Where the element begins; then where the comma is that ends it, or the end.
*/
CREMA_DECL media_type parse_media_type_at(std::string_view header, std::size_t& at);

/** Write a Content-Type value; parameters that are no tokens are quoted.

    @par Errors
    @li `error::bad_value` the type is not two tokens with a slash between, a name is no token, or a value holds
    control octets.
*/
CREMA_DECL result<std::string> format_media_type(const media_type& type);

/// Returns the part of a Content-Type value in front of its parameters, trimmed; a view.
CREMA_DECL std::string_view essence(std::string_view header) noexcept;

/** Return a Content-Type value with its usual charset when it has none: `text/html` becomes `text/html; charset=utf-8`.

    @param extension_or_type A type, or an extension as `html`; an unknown one is returned as it is.
*/
CREMA_DECL std::string with_charset(std::string_view extension_or_type);

/// Returns a Content-Type value with its charset set to utf-8, whatever it was; as it is when it is no valid type.
CREMA_DECL std::string with_utf8(std::string_view header);

/// Holds the parts of the name of a type: `image`, `svg`, `xml` for `image/svg+xml`. Views into its text.
struct type_name {
    std::string_view type;    ///< in front of the slash
    std::string_view subtype; ///< behind it, without the suffix
    std::string_view suffix;  ///< behind the last `+`; empty when there is none
};

/** Take the name of a type apart.

    @param text The name without parameters, spaces around it allowed; the result holds views into it.

    @par Errors
    @li `error::bad_syntax` not two names of at most 127 octets with a slash between them.

    @see RFC 6838 section 4.2
*/
CREMA_DECL result<type_name> parse_type_name(std::string_view text);

/// Tells whether the text is the name of a type, without parameters; see `parse_type_name`.
CREMA_DECL bool is_type_name(std::string_view text) noexcept;

/** Write the name of a type.

    @par Errors
    @li `error::bad_value` a part that is malformed.
*/
CREMA_DECL result<std::string> format_type_name(const type_name& parts);

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/fields.hpp>
#include <crema/http/mime.hpp>
#include <algorithm>
#include <optional>
#include <tuple>

namespace crema::http {
namespace detail {

inline std::size_t skip_ows(std::string_view s, std::size_t at) noexcept {
    while (at < s.size() && is_ows(s[at])) ++at;
    return at;
}

inline std::size_t find_end(std::string_view s, std::size_t at, std::string_view stops) noexcept {
    return std::min(s.find_first_of(stops, at), s.size());
}

// Of pairs with the same name keeps the first, in time that many hostile ones do not blow up.
inline void keep_first(std::vector<std::pair<std::string, std::string>>& pairs) {
    if (pairs.size() < 2) return;
    std::vector<std::size_t> order(pairs.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return std::tie(pairs[a].first, a) < std::tie(pairs[b].first, b); });
    std::vector<bool> again(pairs.size());
    for (std::size_t i = 1; i < order.size(); ++i) again[order[i]] = pairs[order[i]].first == pairs[order[i - 1]].first;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (again[i]) continue;
        if (kept != i) pairs[kept] = std::move(pairs[i]);
        ++kept;
    }
    pairs.resize(kept);
}

inline media_type read_media_type(std::string_view s, std::size_t& at, bool stop_at_comma) {
    const std::string_view stops = stop_at_comma ? ";," : ";";
    media_type m;
    at = skip_ows(s, at);
    const auto type_end = find_end(s, at, stops);
    m.type = to_lower(trim_ows(s.substr(at, type_end - at)));
    at = type_end;
    while (at < s.size() && s[at] == ';') {
        at = skip_ows(s, at + 1);
        const auto name_end = find_end(s, at, stop_at_comma ? "=;," : "=;");
        if (name_end == s.size() || s[name_end] != '=') { // no parameter
            at = name_end;
            continue;
        }
        const auto name = to_lower(trim_ows(s.substr(at, name_end - at)));
        std::optional<std::string> text;
        at = skip_ows(s, name_end + 1);
        if (at < s.size() && s[at] == '"') {
            std::string quoted;
            for (++at; at < s.size() && !text;) {
                const char c = s[at++];
                if (c == '"') {
                    at = find_end(s, at, stops);
                    text = std::move(quoted);
                } else {
                    quoted += c == '\\' && at < s.size() ? s[at++] : c;
                }
            }
        } else {
            const auto end = find_end(s, at, stops);
            text = trim_ows(s.substr(at, end - at));
            at = end;
        }
        if (text) m.parameters.emplace_back(name, std::move(*text));
    }
    keep_first(m.parameters);
    return m;
}

// The first octet is a letter or digit, the rest these or some signs; at most 127 in all.
inline bool is_restricted_name(std::string_view s, std::string_view signs) noexcept {
    if (s.empty() || s.size() > 127 || (!is_alpha(s[0]) && !is_digit(s[0]))) return false;
    for (char c : s)
        if (!is_alpha(c) && !is_digit(c) && signs.find(c) == std::string_view::npos) return false;
    return true;
}

} // namespace detail

CREMA_DECL void media_type::set_parameter(std::string_view name, std::string_view text) {
    for (auto& [key, old] : parameters)
        if (key == name) {
            old = text;
            return;
        }
    parameters.emplace_back(name, text);
}

CREMA_DECL media_type parse_media_type(std::string_view header) {
    std::size_t at = 0;
    return detail::read_media_type(header, at, false);
}

CREMA_DECL media_type parse_media_type_at(std::string_view header, std::size_t& at) {
    return detail::read_media_type(header, at, true);
}

CREMA_DECL result<std::string> format_media_type(const media_type& type) {
    auto wrong = [](const char* what, std::string_view it) {
        return failure{make_error_code(error::bad_value), 0, what + std::string(it)};
    };
    const auto slash = type.type.find('/');
    if (slash == std::string::npos || !is_token(std::string_view(type.type).substr(0, slash)) ||
        !is_token(std::string_view(type.type).substr(slash + 1)))
        return wrong("Invalid type: ", type.type);
    std::string out = type.type;
    for (const auto& [name, text] : type.parameters) {
        if (!is_token(name)) return wrong("Invalid parameter name: ", name);
        out.append("; ").append(name) += '=';
        if (is_token(text)) {
            out += text;
            continue;
        }
        if (!valid_field_value(text)) return wrong("Invalid parameter value: ", text);
        out += '"';
        for (char c : text) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    return out;
}

CREMA_DECL std::string_view essence(std::string_view header) noexcept {
    return trim_ows(header.substr(0, header.find(';')));
}

CREMA_DECL std::string with_charset(std::string_view extension_or_type) {
    auto full = content_type_of(extension_or_type);
    return full.empty() ? std::string(extension_or_type) : full;
}

CREMA_DECL std::string with_utf8(std::string_view header) {
    auto m = parse_media_type(header);
    m.set_parameter("charset", "utf-8");
    auto full = format_media_type(m);
    return full ? std::move(*full) : std::string(header);
}

CREMA_DECL bool is_type_name(std::string_view text) noexcept {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    const auto slash = text.find('/');
    return slash != text.npos && detail::is_restricted_name(text.substr(0, slash), "!#$&^_-") &&
           detail::is_restricted_name(text.substr(slash + 1), "!#$&^_.+-");
}

CREMA_DECL result<type_name> parse_type_name(std::string_view text) {
    if (!is_type_name(text)) return failure{make_error_code(error::bad_syntax), 0, "invalid media type"};
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    const auto slash = text.find('/');
    type_name parts{text.substr(0, slash), text.substr(slash + 1), {}};
    if (const auto plus = parts.subtype.rfind('+'); plus != parts.subtype.npos) {
        parts.suffix = parts.subtype.substr(plus + 1);
        parts.subtype = parts.subtype.substr(0, plus);
    }
    return parts;
}

CREMA_DECL result<std::string> format_type_name(const type_name& parts) {
    auto wrong = [](const char* what) { return failure{make_error_code(error::bad_value), 0, what}; };
    if (!detail::is_restricted_name(parts.type, "!#$&^_-")) return wrong("invalid type");
    if (!detail::is_restricted_name(parts.subtype, "!#$&^_.-")) return wrong("invalid subtype");
    auto out = std::string(parts.type).append("/").append(parts.subtype);
    if (parts.suffix.empty()) return out;
    if (!detail::is_restricted_name(parts.suffix, "!#$&^_-")) return wrong("invalid suffix");
    return out.append("+").append(parts.suffix);
}

} // namespace crema::http
#endif
