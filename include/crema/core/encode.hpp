// Encodings of octets as text: base64, base64url, hexadecimal, percent.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/core/text.hpp>
#include <string>
#include <string_view>

namespace crema {

/// Returns the octets in base64 with padding (RFC 4648 section 4).
CREMA_DECL std::string base64_encode(std::string_view octets);
/// Returns the octets in base64url without padding (RFC 4648 section 5).
CREMA_DECL std::string base64url_encode(std::string_view octets);

/** Decode base64, strictly: padding is required, bits that carry nothing must be zero, no whitespace.

    @return The octets.

    @par Errors
    @li `error::bad_syntax` with the position of the first wrong octet.

    @see RFC 4648 section 4
*/
CREMA_DECL result<std::string> base64_decode(std::string_view text);

/** Decode base64url, strictly: no padding, bits that carry nothing must be zero.

    @par Errors
    @li `error::bad_syntax` with the position of the first wrong octet.

    @see RFC 4648 section 5
*/
CREMA_DECL result<std::string> base64url_decode(std::string_view text);

/// Returns the octets as pairs of small hexadecimal digits.
CREMA_DECL std::string hex_encode(std::string_view octets);

/** Decode pairs of hexadecimal digits of either case.

    @par Errors
    @li `error::bad_syntax` an odd number of digits, or something else than a digit.
*/
CREMA_DECL result<std::string> hex_decode(std::string_view text);

/** Decode percent escapes as JavaScript's decodeURIComponent does. A plus sign stays one.

    @return The text, which is well-formed UTF-8.

    @par Errors
    @li `error::bad_syntax` an incomplete escape, or octets that are no well-formed UTF-8; a character that
    is begun by escapes must be completed by escapes.
*/
CREMA_DECL result<std::string> percent_decode(std::string_view text);

/// Tells what a plus sign means: itself, or a space as in forms.
enum class plus_sign : bool { kept, is_space };

/// Decodes percent escapes leniently: what is no escape stays as it is; octets are not checked.
CREMA_DECL std::string percent_decode_lenient(std::string_view text, plus_sign plus = plus_sign::kept);

/// Appends the text with everything escaped that JavaScript's encodeURIComponent escapes.
CREMA_DECL void encode_uri_component_to(std::string& out, std::string_view text);

/// Returns the text with everything escaped that JavaScript's encodeURIComponent escapes.
inline std::string encode_uri_component(std::string_view text) {
    std::string out;
    encode_uri_component_to(out, text);
    return out;
}

/// Returns the text with the replacement character U+FFFD for each piece that is no well-formed UTF-8, as browsers
/// and Node do.
CREMA_DECL std::string repair_utf8(std::string_view octets);

/** Return a URL made fit to be sent: escapes what may not stand in a URL and leaves escapes that are there.

    Octets that are no UTF-8 become the escaped replacement character. Follows the npm package encodeurl, which Express
    uses for Location.
*/
CREMA_DECL std::string encode_url(std::string_view url);

} // namespace crema

#if CREMA_BODIES
#include <array>
#include <cstdint>

namespace crema {
namespace detail {

inline constexpr std::string_view base64_standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::string_view base64_url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
inline constexpr std::string_view hex_small = "0123456789abcdef";
inline constexpr std::string_view hex_capital = "0123456789ABCDEF";

inline std::string base64_encode_with(std::string_view octets, std::string_view alphabet, bool padding) {
    std::string out;
    out.reserve((octets.size() + 2) / 3 * 4);
    auto at = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(octets[i])}; };
    std::size_t i = 0;
    for (; i + 3 <= octets.size(); i += 3) {
        const auto v = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        out += {alphabet[v >> 18], alphabet[v >> 12 & 63], alphabet[v >> 6 & 63], alphabet[v & 63]};
    }
    const auto rest = octets.size() - i;
    if (rest == 0) return out;
    const auto v = at(i) << 16 | (rest == 2 ? at(i + 1) << 8 : 0);
    out += {alphabet[v >> 18], alphabet[v >> 12 & 63]};
    if (rest == 2) out += alphabet[v >> 6 & 63];
    if (padding) out.append(3 - rest, '=');
    return out;
}

inline result<std::string> base64_decode_with(std::string_view text, std::string_view alphabet, bool padding) {
    auto wrong = [](std::size_t at, const char* why) { return failure{make_error_code(error::bad_syntax), at, why}; };
    auto digits = text;
    if (padding) {
        if (text.size() % 4 != 0) return wrong(text.size(), "base64 is not a multiple of four octets");
        for (int i = 0; i < 2 && !digits.empty() && digits.back() == '='; ++i) digits.remove_suffix(1);
    }
    if (digits.size() % 4 == 1) return wrong(digits.size(), "base64 is incomplete");
    std::array<std::uint8_t, 256> value;
    value.fill(0xff);
    for (std::size_t i = 0; i < 64; ++i) value[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    std::string out;
    out.reserve(digits.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const auto v = value[static_cast<unsigned char>(digits[i])];
        if (v == 0xff) return wrong(i, "not a base64 digit");
        bits = bits << 6 | v;
        if ((count += 6) >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count & 0xff);
        }
    }
    if ((bits & ((1u << count) - 1)) != 0) return wrong(digits.size() - 1, "base64 has bits beyond the last octet");
    return out;
}

inline void percent_octet(std::string& out, char c) {
    const auto u = static_cast<unsigned char>(c);
    out += {'%', hex_capital[u >> 4], hex_capital[u & 15]};
}

} // namespace detail

CREMA_DECL std::string base64_encode(std::string_view octets) {
    return detail::base64_encode_with(octets, detail::base64_standard, true);
}
CREMA_DECL std::string base64url_encode(std::string_view octets) {
    return detail::base64_encode_with(octets, detail::base64_url, false);
}
CREMA_DECL result<std::string> base64_decode(std::string_view text) {
    return detail::base64_decode_with(text, detail::base64_standard, true);
}
CREMA_DECL result<std::string> base64url_decode(std::string_view text) {
    return detail::base64_decode_with(text, detail::base64_url, false);
}

CREMA_DECL std::string hex_encode(std::string_view octets) {
    std::string out;
    out.reserve(octets.size() * 2);
    for (char c : octets) {
        const auto u = static_cast<unsigned char>(c);
        out += {detail::hex_small[u >> 4], detail::hex_small[u & 15]};
    }
    return out;
}

CREMA_DECL result<std::string> hex_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        for (auto k : {i, i + 1})
            if (k >= text.size() || !is_hex(text[k]))
                return failure{make_error_code(error::bad_syntax), k, "not a pair of hexadecimal digits"};
        out += static_cast<char>(hex_value(text[i]) << 4 | hex_value(text[i + 1]));
    }
    return out;
}

CREMA_DECL result<std::string> percent_decode(std::string_view text) {
    auto escape = [&](std::size_t i) { return i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]); };
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '%') {
            const auto n = utf8_length(text.substr(i));
            if (n == 0) return failure{make_error_code(error::bad_syntax), i, "not well-formed UTF-8"};
            out.append(text, i, n);
            i += n;
            continue;
        }
        char octets[4];
        std::size_t n = 0, at = i;
        for (; n < 4 && at < text.size() && text[at] == '%'; at += 3) {
            if (!escape(at)) break;
            octets[n++] = static_cast<char>(hex_value(text[at + 1]) << 4 | hex_value(text[at + 2]));
        }
        if (n == 0) return failure{make_error_code(error::bad_syntax), i, "incomplete percent escape"};
        const auto length = utf8_length({octets, n});
        if (length == 0) return failure{make_error_code(error::bad_syntax), i, "escapes are not well-formed UTF-8"};
        out.append(octets, length);
        i += length * 3;
    }
    return out;
}

CREMA_DECL std::string percent_decode_lenient(std::string_view text, plus_sign plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
            out += static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        } else {
            out += text[i] == '+' && plus == plus_sign::is_space ? ' ' : text[i];
        }
    }
    return out;
}

CREMA_DECL void encode_uri_component_to(std::string& out, std::string_view text) {
    for (char c : text) {
        if (has_class(c, octet_class::unreserved)) out += c;
        else detail::percent_octet(out, c);
    }
}

CREMA_DECL std::string encode_url(std::string_view url) {
    std::string out;
    out.reserve(url.size());
    for (std::size_t i = 0; i < url.size();) {
        const char c = url[i];
        if (c == '%') {
            const bool escape = i + 2 < url.size() && is_hex(url[i + 1]) && is_hex(url[i + 2]);
            out += escape ? "%" : "%25";
            ++i;
        } else if (c > ' ' && c < 0x7f && std::string_view("\"<>`{}").find(c) == std::string_view::npos) {
            out += c;
            ++i;
        } else if (const auto n = utf8_length(url.substr(i)); n != 0) {
            for (char octet : url.substr(i, n)) detail::percent_octet(out, octet);
            i += n;
        } else {
            out += "%EF%BF%BD";
            i += utf8_broken_length(url.substr(i));
        }
    }
    return out;
}

CREMA_DECL std::string repair_utf8(std::string_view octets) {
    std::string out;
    out.reserve(octets.size());
    for (std::size_t i = 0; i < octets.size();) {
        if (const auto n = utf8_length(octets.substr(i)); n != 0) {
            out.append(octets, i, n);
            i += n;
        } else {
            out += "\xef\xbf\xbd";
            i += utf8_broken_length(octets.substr(i));
        }
    }
    return out;
}

} // namespace crema
#endif
