// hash128: a fast hash of 128 bits for validators and tables. Not for secrets: whoever knows it can make collisions.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema {

/// Holds 128 bits.
struct hash128_value {
    std::uint64_t low, high;
    friend bool operator==(const hash128_value&, const hash128_value&) = default;
};

/** Return the hash of the octets: MurmurHash3, the form for 128 bits and 64-bit machines.

    The same octets have the same hash on every machine and in every run.

    @par Complexity
    Linear, about one instruction an octet.
*/
CREMA_DECL hash128_value hash128(std::string_view octets, std::uint32_t seed = 0) noexcept;

} // namespace crema

#if CREMA_BODIES
#include <bit>
#include <cstring>

namespace crema {
namespace detail {

inline constexpr std::uint64_t hash_1 = 0x87c37b91114253d5, hash_2 = 0x4cf5ad432745937f;

inline std::uint64_t load_little(const char* p) noexcept {
    std::uint64_t v;
    std::memcpy(&v, p, 8);
    if constexpr (std::endian::native == std::endian::big) {
        v = (v & 0x00ff00ff00ff00ff) << 8 | (v >> 8 & 0x00ff00ff00ff00ff);
        v = (v & 0x0000ffff0000ffff) << 16 | (v >> 16 & 0x0000ffff0000ffff);
        v = v << 32 | v >> 32;
    }
    return v;
}
constexpr std::uint64_t scatter_low(std::uint64_t k) noexcept { return std::rotl(k * hash_1, 31) * hash_2; }
constexpr std::uint64_t scatter_high(std::uint64_t k) noexcept { return std::rotl(k * hash_2, 33) * hash_1; }
constexpr std::uint64_t avalanche(std::uint64_t h) noexcept {
    h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
    return h ^ h >> 33;
}

} // namespace detail

CREMA_DECL hash128_value hash128(std::string_view octets, std::uint32_t seed) noexcept {
    std::uint64_t low = seed, high = seed;
    const char* p = octets.data();
    auto left = octets.size();
    for (; left >= 16; left -= 16, p += 16) {
        low = std::rotl(low ^ detail::scatter_low(detail::load_little(p)), 27);
        low = (low + high) * 5 + 0x52dce729;
        high = std::rotl(high ^ detail::scatter_high(detail::load_little(p + 8)), 31);
        high = (high + low) * 5 + 0x38495ab5;
    }
    if (left != 0) { // as if followed by zeros, without the last mixing
        char last[16] = {};
        std::memcpy(last, p, left);
        if (left > 8) high ^= detail::scatter_high(detail::load_little(last + 8));
        low ^= detail::scatter_low(detail::load_little(last));
    }
    low ^= octets.size();
    high ^= octets.size();
    low += high;
    high += low;
    low = detail::avalanche(low);
    high = detail::avalanche(high);
    low += high;
    high += low;
    return {low, high};
}

} // namespace crema
#endif
