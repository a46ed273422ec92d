// Content-Disposition: how a body is to be shown, and the name of a file, in any script (RFC 6266, RFC 8187).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http {

/** Holds a Content-Disposition field.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
struct content_disposition {
    std::string type{"attachment"};                                 ///< `attachment`, `inline`, `form-data` …
    std::vector<std::pair<std::string, std::string>> parameters{}; ///< in order; values are UTF-8 when they can be

    /// Returns a parameter, empty when there is none of that name. @param name In lower case.
    CREMA_DECL std::string_view get(std::string_view name) const noexcept;
};

/// Says what stands in `filename` when the name of the file is not plain ASCII.
enum class filename_fallback : unsigned char {
    question_marks, ///< the name with `?` for what is not ASCII
    none,           ///< nothing: `filename*` alone
};

/** Write a field that names a file.

    What is beyond ASCII, and what could be taken for an escape, goes into `filename*`, with something old clients
    understand beside it. Directories in the name stay: cut them before.

    @param filename UTF-8; none for a field without a name.
    @param type A token.

    @par Errors
    @li `error::bad_value` the type is no token.

    @see RFC 6266 appendix D, RFC 8187
*/
CREMA_DECL result<std::string>
write_content_disposition(std::optional<std::string_view> filename, std::string_view type = "attachment",
                          filename_fallback fallback = filename_fallback::question_marks);

/** Write a field that names a file, with a name of its own for clients that read ASCII only.

    @param fallback ASCII without control characters.

    @par Errors
    @li `error::bad_value` the type is no token, or the fallback is not ASCII.
*/
CREMA_DECL result<std::string> write_content_disposition(std::string_view filename, std::string_view type,
                                                         std::string_view fallback);

/** Write a field from its parts. Values beyond Latin-1 become extended ones: `name*=UTF-8''…`, as do those with
    control characters.

    @par Errors
    @li `error::bad_value` the type or the name of a parameter is no token.
*/
CREMA_DECL result<std::string> format_content_disposition(const content_disposition& parts);

/// Says how `parse_content_disposition` reads values.
struct content_disposition_options {
    bool extended = true;   ///< `name*=UTF-8''…` is decoded into `name`, too
    bool multipart = false; ///< in quotes `%22`, `%0A` and `%0D` are escapes, and `\` is not
};

/** Parse a field, leniently, as browsers do: what is broken is skipped or kept as it is.

    Names and the type come in lower case; of repeated parameters the first counts.

    @par Complexity
    Linear in the length of the field; quadratic in the number of its parameters.
*/
CREMA_DECL content_disposition parse_content_disposition(std::string_view header,
                                                         const content_disposition_options& options = {});

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <algorithm>

namespace crema::http {
namespace detail {

inline bool is_printable_ascii(std::string_view s) noexcept {
    return std::all_of(s.begin(), s.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// UTF-8 of characters up to U+00FF, without the control characters of ASCII.
inline bool is_printable_latin1(std::string_view s) noexcept {
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] >= ' ' && s[i] <= '~') continue;
        if ((s[i] != '\xc2' && s[i] != '\xc3') || ++i == s.size() || (s[i] & 0xc0) != 0x80) return false;
    }
    return true;
}

// Looks like %41: clients disagree on whether to decode that.
inline bool has_percent_escape(std::string_view s) noexcept {
    for (std::size_t i = 0; i + 2 < s.size(); ++i)
        if (s[i] == '%' && is_hex(s[i + 1]) && is_hex(s[i + 2])) return true;
    return false;
}

// One `?` for each character beyond ASCII; characters that need two units in UTF-16 count twice, as in browsers.
inline std::string with_question_marks(std::string_view s) {
    std::string out;
    for (char c : s) {
        const auto u = static_cast<unsigned char>(c);
        if (c >= ' ' && c <= '~') out += c;
        else if (u < 0x80 || u >= 0xc0) out.append(u >= 0xf0 ? 2 : 1, '?');
    }
    return out;
}

// Letters, digits and some signs as they are, the rest percent-encoded.
inline std::string extended_value(std::string_view s) {
    constexpr std::string_view digits = "0123456789ABCDEF", plain = "!-._~";
    std::string out = "UTF-8''";
    for (char c : s) {
        const auto u = static_cast<unsigned char>(c);
        if (is_alpha(c) || is_digit(c) || plain.find(c) != plain.npos) out += c;
        else (out += '%').append({digits[u >> 4], digits[u & 15]});
    }
    return out;
}

inline void append_quoted(std::string& out, std::string_view s) {
    out += '"';
    for (char c : s) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

inline failure bad_disposition(std::string_view what, std::string_view text) {
    return {make_error_code(error::bad_value), 0, std::string(what).append(": ").append(text)};
}

inline result<std::string> write_named(std::string_view type, std::optional<std::string_view> plain,
                                       std::optional<std::string_view> full) {
    if (!is_token(type)) return bad_disposition("Invalid type", type);
    std::string out(type);
    if (plain) {
        out += "; filename=";
        if (is_token(*plain)) out += *plain;
        else append_quoted(out, *plain);
    }
    if (full) (out += "; filename*=") += extended_value(*full);
    return out;
}

// Latin-1 to UTF-8, with %XX decoded; what is broken stays.
inline std::string decode_latin1(std::string_view s) {
    std::string out;
    for (std::size_t i = 0; i < s.size(); ++i) {
        auto u = static_cast<unsigned char>(s[i]);
        const bool escaped = u == '%' && i + 2 < s.size() && is_hex(s[i + 1]) && is_hex(s[i + 2]);
        if (escaped) {
            u = static_cast<unsigned char>(hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]));
            i += 2;
        }
        if (!escaped || u < 0x80) out += static_cast<char>(u);
        else out.append({static_cast<char>(0xc0 | u >> 6), static_cast<char>(0x80 | (u & 0x3f))});
    }
    return out;
}

inline std::optional<std::string> decode_extended(std::string_view s) {
    const auto charset = s.find('\'');
    const auto language = charset == s.npos ? s.npos : s.find('\'', charset + 1);
    if (charset == 0 || language == s.npos) return std::nullopt;
    const auto text = s.substr(language + 1);
    const auto name = s.substr(0, charset);
    if (iequals(name, "iso-8859-1")) return decode_latin1(text);
    if (!iequals(name, "utf-8") && !iequals(name, "utf8")) return std::nullopt;
    auto decoded = percent_decode(text);
    if (!decoded) return std::nullopt;
    return std::move(*decoded);
}

// Reads a value in quotes from behind the first of them. Nothing when the second is missing.
inline std::optional<std::string> read_quoted_value(std::string_view s, std::size_t& at, bool multipart) {
    std::string out;
    while (at < s.size()) {
        const char c = s[at++];
        if (c == '"') return out;
        // Old clients write \" for a quote. Others escape nothing: a backslash in front of the last quote is one.
        if (multipart && c == '\\' && at < s.size() && s[at] == '"') {
            auto behind = at + 1;
            while (behind < s.size() && is_ows(s[behind])) ++behind;
            if (behind != s.size() && s[behind] != ';') {
                out += s[at++];
                continue;
            }
        }
        if (multipart && c == '%' && at + 1 < s.size()) {
            const auto escape = s.substr(at, 2);
            const char meant = escape == "22"          ? '"'
                               : iequals(escape, "0a") ? '\n'
                               : iequals(escape, "0d") ? '\r'
                                                       : '\0';
            if (meant != '\0') {
                out += meant;
                at += 2;
                continue;
            }
        }
        out += !multipart && c == '\\' && at < s.size() ? s[at++] : c;
    }
    return std::nullopt;
}

} // namespace detail

CREMA_DECL std::string_view content_disposition::get(std::string_view name) const noexcept {
    for (const auto& [key, text] : parameters)
        if (key == name) return text;
    return {};
}

CREMA_DECL result<std::string> write_content_disposition(std::optional<std::string_view> filename,
                                                         std::string_view type, filename_fallback fallback) {
    if (!filename || (detail::is_printable_ascii(*filename) && !detail::has_percent_escape(*filename)))
        return detail::write_named(type, filename, std::nullopt);
    if (fallback == filename_fallback::none) return detail::write_named(type, std::nullopt, filename);
    return detail::write_named(type, detail::with_question_marks(*filename), filename);
}

CREMA_DECL result<std::string> write_content_disposition(std::string_view filename, std::string_view type,
                                                         std::string_view fallback) {
    if (!detail::is_printable_ascii(fallback))
        return detail::bad_disposition("Fallback must be valid US-ASCII", fallback);
    if (fallback == filename) return detail::write_named(type, filename, std::nullopt);
    return detail::write_named(type, fallback, filename);
}

CREMA_DECL result<std::string> format_content_disposition(const content_disposition& parts) {
    if (!is_token(parts.type)) return detail::bad_disposition("Invalid type", parts.type);
    std::string out = parts.type;
    for (const auto& [name, text] : parts.parameters) {
        if (!is_token(name)) return detail::bad_disposition("Invalid parameter name", name);
        (out += "; ") += name;
        if (is_token(text)) (out += '=') += text;
        else if (detail::is_printable_latin1(text)) detail::append_quoted(out += '=', text);
        else (out += "*=") += detail::extended_value(text);
    }
    return out;
}

CREMA_DECL content_disposition parse_content_disposition(std::string_view s,
                                                         const content_disposition_options& options) {
    content_disposition r;
    auto next = [&](std::size_t from, std::string_view stops) {
        return std::min(s.find_first_of(stops, from), s.size());
    };
    auto at = next(0, ";");
    r.type = to_lower(trim_ows(s.substr(0, at)));
    const auto find = [&](std::string_view name) {
        return std::find_if(r.parameters.begin(), r.parameters.end(), [&](const auto& p) { return p.first == name; });
    };
    while (at < s.size()) {
        for (++at; at < s.size() && is_ows(s[at]);) ++at;
        const auto name_end = next(at, ";=");
        const auto name_at = std::exchange(at, name_end);
        if (at == s.size() || s[at] == ';') continue; // no value: no parameter
        const auto name = to_lower(trim_ows(s.substr(name_at, name_end - name_at)));
        for (++at; at < s.size() && is_ows(s[at]);) ++at;
        if (at < s.size() && s[at] == '"') {
            auto text = detail::read_quoted_value(s, ++at, options.multipart);
            at = next(at, ";");
            if (text && find(name) == r.parameters.end()) r.parameters.emplace_back(name, std::move(*text));
            continue;
        }
        const auto text = trim_ows(s.substr(at, next(at, ";") - at));
        at = next(at, ";");
        if (find(name) != r.parameters.end()) continue;
        r.parameters.emplace_back(name, text);
        if (!options.extended || !name.ends_with('*')) continue;
        if (auto decoded = detail::decode_extended(text)) {
            const auto plain = name.substr(0, name.size() - 1);
            if (const auto old = find(plain); old != r.parameters.end()) old->second = std::move(*decoded);
            else r.parameters.emplace_back(plain, std::move(*decoded));
        }
    }
    return r;
}

} // namespace crema::http
#endif
