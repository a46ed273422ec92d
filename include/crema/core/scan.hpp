// Scanning: find the first octet that may not stand where it stands, 16 octets a step where SSE2 is there.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/text.hpp>
#include <array>
#include <bit>
#include <cstdint>

#if defined(__SSE2__) && !defined(CREMA_PORTABLE_SCAN)
#define CREMA_SCAN_SSE2 1
#include <emmintrin.h>
#else
#define CREMA_SCAN_SSE2 0
#endif

namespace crema {

/// Tells which octets a request target may hold.
enum class target_octets : bool {
    strict,  ///< visible ASCII without `"`, `#`, `<` and `>`
    relaxed, ///< also those four and octets above 0x7F, as browsers of old and `curl` send
};

namespace detail {

constexpr bool is_target_octet(unsigned char u, target_octets k) noexcept {
    if (u <= 0x20 || u == 0x7f) return false;
    return k == target_octets::relaxed || !(u > 0x7f || u == '"' || u == '#' || u == '<' || u == '>');
}

constexpr std::array<std::uint8_t, 256> make_target_table() {
    std::array<std::uint8_t, 256> t{};
    for (unsigned u = 0; u < 256; ++u)
        t[u] = static_cast<std::uint8_t>(
            (is_target_octet(static_cast<unsigned char>(u), target_octets::strict) ? 1 : 0) |
            (is_target_octet(static_cast<unsigned char>(u), target_octets::relaxed) ? 2 : 0));
    return t;
}
inline constexpr auto target_table = make_target_table();

} // namespace detail

/// Tells whether a request target may hold the octet.
constexpr bool is_target_octet(char c, target_octets k) noexcept {
    return (detail::target_table[static_cast<unsigned char>(c)] & (k == target_octets::strict ? 1 : 2)) != 0;
}

/// Holds the portable forms of the scanning functions, one octet a step; the others are tested against these.
namespace scan_portable {

/// Returns the first octet that may not stand in a field value (a control octet other than TAB), or `end`.
inline const char* field_value(const char* p, const char* end) noexcept {
    while (p != end && has_class(*p, octet_class::field_value)) ++p;
    return p;
}
/// Does the same; memory may be read from `floor` on, which is not behind `p`.
inline const char* field_value(const char* p, const char* end, const char* floor) noexcept {
    (void)floor;
    return field_value(p, end);
}
/// Returns the first octet that may not stand in a token, or `end`.
inline const char* token(const char* p, const char* end) noexcept {
    while (p != end && has_class(*p, octet_class::token)) ++p;
    return p;
}
/// Returns the first octet that may not stand in a request target, or the first `?`, or `end`.
inline const char* target_path(const char* p, const char* end, target_octets k) noexcept {
    while (p != end && *p != '?' && is_target_octet(*p, k)) ++p;
    return p;
}
/// Returns the first octet that may not stand in a request target, or `end`.
inline const char* target_query(const char* p, const char* end, target_octets k) noexcept {
    while (p != end && is_target_octet(*p, k)) ++p;
    return p;
}

} // namespace scan_portable

#if CREMA_SCAN_SSE2

/// Holds the forms for SSE2, which every x86-64 has. They never read outside of the range.
namespace scan_sse2 {

namespace detail {

// One bit for each of 16 octets: may it not stand in a field value?
inline unsigned field_value_stops(const char* p) noexcept {
    const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto control = _mm_andnot_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('\t')),
                                          _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)))));
}

} // namespace detail

/// @copydoc scan_portable::field_value(const char*, const char*)
inline const char* field_value(const char* p, const char* end) noexcept {
    for (; end - p >= 16; p += 16)
        if (const auto stop = detail::field_value_stops(p)) return p + std::countr_zero(stop);
    return scan_portable::field_value(p, end);
}

/// @copydoc scan_portable::field_value(const char*, const char*, const char*)
inline const char* field_value(const char* p, const char* end, const char* floor) noexcept {
    for (; end - p >= 16; p += 16)
        if (const auto stop = detail::field_value_stops(p)) return p + std::countr_zero(stop);
    if (end - floor < 16) return scan_portable::field_value(p, end);
    const auto left = end - p; // the last octets are looked at together with those in front of them
    const auto stop = detail::field_value_stops(end - 16) >> (16 - left);
    return stop != 0 ? p + std::countr_zero(stop) : end;
}

/// @copydoc scan_portable::token
inline const char* token(const char* p, const char* end) noexcept {
    const auto small = _mm_set1_epi8(0x20), a = _mm_set1_epi8('a'), letters = _mm_set1_epi8(25),
               zero = _mm_set1_epi8('0'), digits = _mm_set1_epi8(9), dash = _mm_set1_epi8('-');
    while (end - p >= 16) {
        const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const auto l = _mm_sub_epi8(_mm_or_si128(x, small), a), d = _mm_sub_epi8(x, zero);
        const auto good =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(l, letters), l), _mm_cmpeq_epi8(x, dash)),
                         _mm_cmpeq_epi8(_mm_min_epu8(d, digits), d));
        const auto stop = static_cast<unsigned>(_mm_movemask_epi8(good)) ^ 0xffffu;
        if (stop == 0) {
            p += 16;
            continue;
        }
        p += std::countr_zero(stop);
        if (!has_class(*p, octet_class::token)) return p; // else one of the rare ones: go on behind it
        ++p;
    }
    return scan_portable::token(p, end);
}

namespace detail {

template <bool StopAtQuestionMark>
inline const char* target(const char* p, const char* end, target_octets k) noexcept {
    if (k == target_octets::strict) {
        const auto first = _mm_set1_epi8(0x21), del = _mm_set1_epi8(0x7f), low = _mm_set1_epi8('"'),
                   angle = _mm_set1_epi8('<'), without_1 = _mm_set1_epi8(static_cast<char>(0xfe)),
                   without_2 = _mm_set1_epi8(static_cast<char>(0xfd)), question = _mm_set1_epi8('?');
        while (end - p >= 16) {
            const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
            auto bad = _mm_or_si128(_mm_cmplt_epi8(x, first), _mm_cmpeq_epi8(x, del)); // signed: also above 0x7f
            bad = _mm_or_si128(bad, _mm_cmpeq_epi8(_mm_and_si128(x, without_1), low));
            bad = _mm_or_si128(bad, _mm_cmpeq_epi8(_mm_and_si128(x, without_2), angle));
            if constexpr (StopAtQuestionMark) bad = _mm_or_si128(bad, _mm_cmpeq_epi8(x, question));
            const auto stop = static_cast<unsigned>(_mm_movemask_epi8(bad));
            if (stop != 0) return p + std::countr_zero(stop);
            p += 16;
        }
    }
    if constexpr (StopAtQuestionMark) return scan_portable::target_path(p, end, k);
    else return scan_portable::target_query(p, end, k);
}

} // namespace detail

/// @copydoc scan_portable::target_path
inline const char* target_path(const char* p, const char* end, target_octets k) noexcept {
    return detail::target<true>(p, end, k);
}
/// @copydoc scan_portable::target_query
inline const char* target_query(const char* p, const char* end, target_octets k) noexcept {
    return detail::target<false>(p, end, k);
}

} // namespace scan_sse2

/// Is the fastest form that this build can count on.
namespace scan = scan_sse2;

#else

/// Is the fastest form that this build can count on.
namespace scan = scan_portable;

#endif

} // namespace crema
