// fingerprint: 128 bits that stand for a text, fast. Not for secrets: whoever wants to can make two texts alike.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema {

/// Holds 128 bits.
struct fingerprint_value {
    std::uint64_t low, high;
    friend bool operator==(const fingerprint_value&, const fingerprint_value&) = default;
};

/** Return the fingerprint of the octets.

    Two lanes take turns with 16 octets each; a step multiplies its two halves to 128 bits and folds these. The same
    octets have the same fingerprint on every machine and in every run. Texts that were not made to collide are alike
    once in 2^64.

    @par Complexity
    Linear, less than half an instruction an octet.
*/
CREMA_DECL fingerprint_value fingerprint(std::string_view octets) noexcept;

} // namespace crema

#if CREMA_BODIES
#include <bit>
#include <cstring>

namespace crema {
namespace detail {

// The fractions of the square roots of 2, 3, 5 and 7, made odd.
inline constexpr std::uint64_t print_1 = 0x6a09e667f3bcc909, print_2 = 0xbb67ae8584caa73b,
                               print_3 = 0x3c6ef372fe94f82b, print_4 = 0xa54ff53a5f1d36f1;

// Both halves of the product, one upon the other.
CREMA_FORCEINLINE std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
#if defined(__SIZEOF_INT128__)
    __extension__ using wide = unsigned __int128;
    const auto product = static_cast<wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
    const std::uint64_t mask = 0xffffffff, al = a & mask, ah = a >> 32, bl = b & mask, bh = b >> 32;
    const std::uint64_t low = al * bl, one = ah * bl + (low >> 32), two = al * bh + (one & mask);
    return (two << 32 | (low & mask)) ^ (ah * bh + (one >> 32) + (two >> 32));
#endif
}

template <class Word>
CREMA_FORCEINLINE Word load_print(const char* p) noexcept {
    Word w{};
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&w, p, sizeof w);
    } else {
        for (std::size_t i = 0; i < sizeof w; ++i)
            w |= static_cast<Word>(static_cast<Word>(static_cast<unsigned char>(p[i])) << 8 * i);
    }
    return w;
}

} // namespace detail

CREMA_DECL fingerprint_value fingerprint(std::string_view octets) noexcept {
    using namespace detail;
    const char* p = octets.data();
    auto left = octets.size();
    std::uint64_t one = print_1, two = print_2;
    const auto word = [](const char* at) { return load_print<std::uint64_t>(at); };
    for (; left > 32; left -= 32, p += 32) {
        one = fold(word(p) ^ one, word(p + 8) ^ print_3);
        two = fold(word(p + 16) ^ two, word(p + 24) ^ print_4);
    }
    if (left > 16) { // the second sixteen may be partly the first; the size tells such texts apart
        one = fold(word(p) ^ one, word(p + 8) ^ print_3);
        p += left - 16;
        left = 16;
    }
    std::uint64_t a = 0, b = 0;
    if (left >= 8) {
        a = word(p);
        b = word(p + left - 8);
    } else if (left >= 4) {
        a = load_print<std::uint32_t>(p);
        b = load_print<std::uint32_t>(p + left - 4);
    } else if (left != 0) {
        const auto at = [p](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(p[i])}; };
        a = at(0) | at(left / 2) << 8 | at(left - 1) << 16;
    }
    two = fold(a ^ two, b ^ print_4);
    one ^= octets.size();
    const auto mixed = fold(one ^ print_2, two ^ print_1);
    return {fold(one ^ std::rotl(mixed, 32), print_3), fold(two ^ mixed, print_4)};
}

} // namespace crema
#endif
