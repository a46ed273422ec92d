// Scanning: find the first octet that may not stand where it stands, 16 or 32 octets a step where the machine can.
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
#if defined(__ARM_NEON) && defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && !defined(CREMA_PORTABLE_SCAN)
#define CREMA_SCAN_NEON 1
#include <arm_neon.h>
#else
#define CREMA_SCAN_NEON 0
#endif
#if CREMA_SCAN_SSE2 && defined(__GNUC__) && defined(__x86_64__)
#define CREMA_SCAN_AVX2 1 // compiled in, and used where the processor has it
#else
#define CREMA_SCAN_AVX2 0
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

#if CREMA_SCAN_AVX2

/// Holds the forms for AVX2, for processors that have it. They never read outside of the range.
namespace scan_avx2 {

/// Tells whether this processor has it.
inline bool available() noexcept { return __builtin_cpu_supports("avx2") != 0; }

namespace detail {

// Vectors without <immintrin.h>, which costs more to compile than all of this module.
using octets = signed char __attribute__((vector_size(32)));
using naturals = unsigned char __attribute__((vector_size(32)));
using bits = char __attribute__((vector_size(32)));

} // namespace detail

#define CREMA_AVX2 [[gnu::target("avx2"), gnu::noinline]] inline

/// @copydoc scan_portable::field_value(const char*, const char*)
CREMA_AVX2 const char* field_value(const char* p, const char* end) noexcept {
    for (; end - p >= 32; p += 32) {
        detail::octets x;
        __builtin_memcpy(&x, p, 32);
        const auto bad = ((x >= 0) & (x < 0x20) & (x != '\t')) | (x == 0x7f);
        const auto stop = static_cast<unsigned>(__builtin_ia32_pmovmskb256((detail::bits)bad));
        if (stop != 0) return p + std::countr_zero(stop);
    }
    return scan_sse2::field_value(p, end);
}

/// @copydoc scan_portable::token
CREMA_AVX2 const char* token(const char* p, const char* end) noexcept {
    while (end - p >= 32) {
        detail::naturals x;
        __builtin_memcpy(&x, p, 32);
        const auto good = ((x | 0x20) - 'a' <= 25) | (x - '0' <= 9) | (x == '-');
        const auto stop = ~static_cast<unsigned>(__builtin_ia32_pmovmskb256((detail::bits)good));
        if (stop == 0) {
            p += 32;
            continue;
        }
        p += std::countr_zero(stop);
        if (!has_class(*p, octet_class::token)) return p; // else one of the rare ones: go on behind it
        ++p;
    }
    return scan_sse2::token(p, end);
}

/// @copydoc scan_portable::target_path
CREMA_AVX2 const char* target_path(const char* p, const char* end, target_octets k) noexcept {
    for (; k == target_octets::strict && end - p >= 32; p += 32) {
        detail::octets x;
        __builtin_memcpy(&x, p, 32);
        const auto bad = (x < 0x21) | (x == 0x7f) | ((x & ~1) == '"') | ((x & ~2) == '<') | (x == '?');
        const auto stop = static_cast<unsigned>(__builtin_ia32_pmovmskb256((detail::bits)bad));
        if (stop != 0) return p + std::countr_zero(stop);
    }
    return scan_sse2::target_path(p, end, k);
}

/// @copydoc scan_portable::target_query
CREMA_AVX2 const char* target_query(const char* p, const char* end, target_octets k) noexcept {
    for (; k == target_octets::strict && end - p >= 32; p += 32) {
        detail::octets x;
        __builtin_memcpy(&x, p, 32);
        const auto bad = (x < 0x21) | (x == 0x7f) | ((x & ~1) == '"') | ((x & ~2) == '<');
        const auto stop = static_cast<unsigned>(__builtin_ia32_pmovmskb256((detail::bits)bad));
        if (stop != 0) return p + std::countr_zero(stop);
    }
    return scan_sse2::target_query(p, end, k);
}

#undef CREMA_AVX2

} // namespace scan_avx2

#endif

/** Holds the fastest forms for this processor: the first octets, which are mostly all, without asking what it can; long
    rests with AVX2 where it is there. */
namespace scan {

using scan_sse2::token;

/// @copydoc scan_portable::field_value(const char*, const char*, const char*)
inline const char* field_value(const char* p, const char* end, const char* floor) noexcept {
#if CREMA_SCAN_AVX2
    for (const char* const soon = end - p >= 160 ? p + 64 : end; end - p >= 16; p += 16) {
        if (const auto stop = scan_sse2::detail::field_value_stops(p)) return p + std::countr_zero(stop);
        if (p == soon) return scan_avx2::available() ? scan_avx2::field_value(p, end) : scan_sse2::field_value(p, end, floor);
    }
#endif
    return scan_sse2::field_value(p, end, floor);
}
/// @copydoc scan_portable::field_value(const char*, const char*)
inline const char* field_value(const char* p, const char* end) noexcept { return field_value(p, end, p); }

/// @copydoc scan_portable::target_path
inline const char* target_path(const char* p, const char* end, target_octets k) noexcept {
    return scan_sse2::target_path(p, end, k);
}
/// @copydoc scan_portable::target_query
inline const char* target_query(const char* p, const char* end, target_octets k) noexcept {
#if CREMA_SCAN_AVX2
    if (end - p >= 128 && scan_avx2::available()) return scan_avx2::target_query(p, end, k); // queries may be long
#endif
    return scan_sse2::target_query(p, end, k);
}

} // namespace scan

#elif CREMA_SCAN_NEON

/// Holds the forms for NEON, which every 64-bit ARM has. They never read outside of the range.
namespace scan_neon {

namespace detail {

// Four bits for each of 16 octets, from a vector of octets that are 0 or 255.
inline std::uint64_t mask_of(uint8x16_t octets) noexcept {
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(octets), 4)), 0);
}
inline uint8x16_t load(const char* p) noexcept { return vld1q_u8(reinterpret_cast<const std::uint8_t*>(p)); }
inline uint8x16_t same(uint8x16_t x, char c) noexcept { return vceqq_u8(x, vdupq_n_u8(static_cast<std::uint8_t>(c))); }
inline uint8x16_t below(uint8x16_t x, unsigned n) noexcept { return vcltq_u8(x, vdupq_n_u8(static_cast<std::uint8_t>(n))); }

// Four bits for each of 16 octets: may it not stand in a field value?
inline std::uint64_t field_value_stops(const char* p) noexcept {
    const auto x = load(p);
    return mask_of(vorrq_u8(vbicq_u8(below(x, 0x20), same(x, '\t')), same(x, 0x7f)));
}

template <bool StopAtQuestionMark>
inline const char* target(const char* p, const char* end, target_octets k) noexcept {
    for (; k == target_octets::strict && end - p >= 16; p += 16) {
        const auto x = load(p);
        auto bad = vorrq_u8(below(x, 0x21), vcgtq_u8(x, vdupq_n_u8(0x7e)));
        bad = vorrq_u8(bad, same(vandq_u8(x, vdupq_n_u8(0xfe)), '"'));
        bad = vorrq_u8(bad, same(vandq_u8(x, vdupq_n_u8(0xfd)), '<'));
        if constexpr (StopAtQuestionMark) bad = vorrq_u8(bad, same(x, '?'));
        if (const auto stop = mask_of(bad)) return p + std::countr_zero(stop) / 4;
    }
    if constexpr (StopAtQuestionMark) return scan_portable::target_path(p, end, k);
    else return scan_portable::target_query(p, end, k);
}

} // namespace detail

/// @copydoc scan_portable::field_value(const char*, const char*)
inline const char* field_value(const char* p, const char* end) noexcept {
    for (; end - p >= 16; p += 16)
        if (const auto stop = detail::field_value_stops(p)) return p + std::countr_zero(stop) / 4;
    return scan_portable::field_value(p, end);
}
/// @copydoc scan_portable::field_value(const char*, const char*, const char*)
inline const char* field_value(const char* p, const char* end, const char* floor) noexcept {
    for (; end - p >= 16; p += 16)
        if (const auto stop = detail::field_value_stops(p)) return p + std::countr_zero(stop) / 4;
    if (end - floor < 16) return scan_portable::field_value(p, end);
    const auto left = end - p; // the last octets are looked at together with those in front of them
    if (left == 0) return end;
    const auto stop = detail::field_value_stops(end - 16) >> (16 - left) * 4;
    return stop != 0 ? p + std::countr_zero(stop) / 4 : end;
}

/// @copydoc scan_portable::token
inline const char* token(const char* p, const char* end) noexcept {
    while (end - p >= 16) {
        const auto x = detail::load(p);
        const auto letter = detail::below(vsubq_u8(vorrq_u8(x, vdupq_n_u8(0x20)), vdupq_n_u8('a')), 26);
        const auto digit = detail::below(vsubq_u8(x, vdupq_n_u8('0')), 10);
        const auto stop = detail::mask_of(vmvnq_u8(vorrq_u8(vorrq_u8(letter, digit), detail::same(x, '-'))));
        if (stop == 0) {
            p += 16;
            continue;
        }
        p += std::countr_zero(stop) / 4;
        if (!has_class(*p, octet_class::token)) return p; // else one of the rare ones: go on behind it
        ++p;
    }
    return scan_portable::token(p, end);
}

/// @copydoc scan_portable::target_path
inline const char* target_path(const char* p, const char* end, target_octets k) noexcept {
    return detail::target<true>(p, end, k);
}
/// @copydoc scan_portable::target_query
inline const char* target_query(const char* p, const char* end, target_octets k) noexcept {
    return detail::target<false>(p, end, k);
}

} // namespace scan_neon

/// Is the fastest form that this build can count on.
namespace scan = scan_neon;

#else

/// Is the fastest form that this build can count on.
namespace scan = scan_portable;

#endif

} // namespace crema
