// ETag: validators made from a body or a file, and their comparison (RFC 9110 section 8.8.3).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace crema::http {

/// Tells how much a validator promises: the same octets (strong), or the same meaning (weak).
enum class etag_strength : bool { strong, weak };

/// Counts the octets that `write_etag` needs.
inline constexpr std::size_t etag_room = 40;

/** Write the default validator of a body, from a fast 128-bit hash.

    The same body has the same validator in every process and on every machine.

    @param out Room for `etag_room` octets.
    @return What was written, quotes included: `W/"…"`.
*/
CREMA_DECL std::string_view write_etag(char* out, std::string_view body,
                                       etag_strength strength = etag_strength::weak) noexcept;

/// @copydoc write_etag
inline std::string_view write_etag(char* out, std::string_view body, bool weak) noexcept {
    return write_etag(out, body, weak ? etag_strength::weak : etag_strength::strong);
}

/// Returns the validator of a body that Express makes: length and SHA-1, `W/"5-qvTGHdzF6KLavt4PO0gs2a6pQ00"`.
CREMA_DECL std::string express_etag(std::string_view body, etag_strength strength = etag_strength::weak);

/** Return the validator of a file that Express makes: size and time of last change, `W/"1f-18b2c0f4a00"`.

    @param size Octets.
    @param modified_ms Milliseconds since 1970.
*/
CREMA_DECL std::string file_etag(std::uint64_t size, std::int64_t modified_ms,
                                 etag_strength strength = etag_strength::weak);

/** Tell whether two validators are equal when their weakness is ignored.

    @see RFC 9110 section 8.8.3.2
*/
constexpr bool weakly_equal(std::string_view a, std::string_view b) noexcept {
    if (a.starts_with("W/")) a.remove_prefix(2);
    if (b.starts_with("W/")) b.remove_prefix(2);
    return a == b;
}

/// Tells whether two validators are equal and both strong (RFC 9110 section 8.8.3.2).
constexpr bool strongly_equal(std::string_view a, std::string_view b) noexcept {
    return a == b && !a.starts_with("W/");
}

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/hash128.hpp>
#include <crema/core/sha1.hpp>
#include <bit>
#include <charconv>
#include <cstring>

namespace crema::http {
namespace detail {

// Writes 32 bits as 8 hexadecimal digits, all at once: one digit an octet of a 64-bit word.
inline void put_hex(char* out, std::uint32_t value) noexcept {
    std::uint64_t x = value;
    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
    const auto letters = (x + 0x0606060606060606) >> 4 & 0x0101010101010101; // 1 where the digit is above 9
    x += 0x3030303030303030 + letters * ('a' - '0' - 10);
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    x = __builtin_bswap64(x);
    std::memcpy(out, &x, 8);
#else
    for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(x >> (56 - 8 * i));
#endif
}

inline void append_hex(std::string& out, std::uint64_t value) {
    char digits[16];
    out.append(digits, std::to_chars(digits, digits + 16, value, 16).ptr);
}

} // namespace detail

CREMA_DECL std::string_view write_etag(char* out, std::string_view body, etag_strength strength) noexcept {
    const auto hash = hash128(body);
    char* p = out;
    if (strength == etag_strength::weak) {
        *p++ = 'W';
        *p++ = '/';
    }
    *p++ = '"';
    for (auto half : {hash.low, hash.high}) {
        detail::put_hex(p, static_cast<std::uint32_t>(half >> 32));
        detail::put_hex(p + 8, static_cast<std::uint32_t>(half));
        p += 16;
    }
    *p++ = '"';
    return {out, static_cast<std::size_t>(p - out)};
}

CREMA_DECL std::string express_etag(std::string_view body, etag_strength strength) {
    const auto digest = sha1::of(body);
    std::string tag(strength == etag_strength::weak ? "W/\"" : "\"");
    detail::append_hex(tag, body.size());
    tag += '-';
    tag.append(base64_encode({digest.data(), digest.size()}), 0, 27);
    tag += '"';
    return tag;
}

CREMA_DECL std::string file_etag(std::uint64_t size, std::int64_t modified_ms, etag_strength strength) {
    std::string tag(strength == etag_strength::weak ? "W/\"" : "\"");
    detail::append_hex(tag, size);
    tag += '-';
    if (modified_ms < 0) tag += '-';
    detail::append_hex(tag, modified_ms < 0 ? -static_cast<std::uint64_t>(modified_ms)
                                            : static_cast<std::uint64_t>(modified_ms));
    tag += '"';
    return tag;
}

} // namespace crema::http
#endif
