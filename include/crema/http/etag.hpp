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

/// Counts the octets that `write_etag` writes for a weak validator; two less for a strong one.
inline constexpr std::size_t etag_size = 36;
/// Counts the octets that `write_etag` needs.
inline constexpr std::size_t etag_room = 40;

/** Write the default validator of a body, from a fast fingerprint of 128 bits.

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
#include <crema/core/fingerprint.hpp>
#include <crema/core/scan.hpp>
#include <crema/core/sha1.hpp>
#include <bit>
#include <charconv>
#include <cstring>

namespace crema::http {
namespace detail {

// Writes 16 octets, the lowest of `low` first, as 32 hexadecimal digits.
inline void put_hex(char* out, std::uint64_t low, std::uint64_t high) noexcept {
#if CREMA_SCAN_SSE2
    const auto x = _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
    const auto nibble = _mm_set1_epi8(15);
    const auto left = _mm_and_si128(_mm_srli_epi16(x, 4), nibble), right = _mm_and_si128(x, nibble);
    const auto digits = [](__m128i n) {
        const auto letter = _mm_and_si128(_mm_cmpgt_epi8(n, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));
        return _mm_add_epi8(_mm_add_epi8(n, _mm_set1_epi8('0')), letter);
    };
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), digits(_mm_unpacklo_epi8(left, right)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), digits(_mm_unpackhi_epi8(left, right)));
#else
    for (auto half : {low, high})
        for (int i = 0; i < 8; ++i, half >>= 8) {
            *out++ = "0123456789abcdef"[half >> 4 & 15];
            *out++ = "0123456789abcdef"[half & 15];
        }
#endif
}

inline void append_hex(std::string& out, std::uint64_t value) {
    char digits[16];
    out.append(digits, std::to_chars(digits, digits + 16, value, 16).ptr);
}

} // namespace detail

CREMA_DECL std::string_view write_etag(char* out, std::string_view body, etag_strength strength) noexcept {
    const auto print = fingerprint(body);
    char* p = out;
    if (strength == etag_strength::weak) {
        *p++ = 'W';
        *p++ = '/';
    }
    *p++ = '"';
    detail::put_hex(p, print.low, print.high);
    p[32] = '"';
    return {out, static_cast<std::size_t>(p + 33 - out)};
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
