// SHA-1, where protocols ask for it (WebSocket handshakes, validators): not for security.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema {

/** Computes a SHA-1 digest from octets that come in pieces.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see FIPS 180-4
*/
class sha1 {
public:
    /// Counts the octets of a digest.
    static constexpr std::size_t size = 20;
    using digest_type = std::array<char, size>; ///< octets of a digest

    /// Adds octets.
    CREMA_DECL void update(std::string_view octets) noexcept;
    /// Returns the digest of all octets added; the object is used up.
    CREMA_DECL digest_type finish() noexcept;

    /// Returns the digest of octets that are all there.
    static digest_type of(std::string_view octets) noexcept {
        sha1 s;
        s.update(octets);
        return s.finish();
    }

private:
    CREMA_DECL void block(const char* p) noexcept;
    std::uint32_t state_[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    std::uint64_t count_ = 0;
    char rest_[64];
};

} // namespace crema

#if CREMA_BODIES
#include <bit>
#include <cstring>

namespace crema {

CREMA_DECL void sha1::block(const char* p) noexcept {
    std::uint32_t w[80];
    for (int i = 0; i < 16; ++i) {
        auto at = [&](int k) { return std::uint32_t{static_cast<unsigned char>(p[i * 4 + k])}; };
        w[i] = at(0) << 24 | at(1) << 16 | at(2) << 8 | at(3);
    }
    for (int i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = state_;
    for (int i = 0; i < 80; ++i) {
        std::uint32_t f, k;
        if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
        else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
        else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
        else f = b ^ c ^ d, k = 0xca62c1d6;
        const auto t = std::rotl(a, 5) + f + e + k + w[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = t;
    }
    const std::uint32_t sum[] = {a, b, c, d, e};
    for (int i = 0; i < 5; ++i) state_[i] += sum[i];
}

CREMA_DECL void sha1::update(std::string_view octets) noexcept {
    const auto held = static_cast<std::size_t>(count_ % 64);
    count_ += octets.size();
    if (held != 0) {
        const auto n = octets.size() < 64 - held ? octets.size() : 64 - held;
        if (n != 0) std::memcpy(rest_ + held, octets.data(), n);
        octets.remove_prefix(n);
        if (held + n < 64) return;
        block(rest_);
    }
    for (; octets.size() >= 64; octets.remove_prefix(64)) block(octets.data());
    if (!octets.empty()) std::memcpy(rest_, octets.data(), octets.size());
}

CREMA_DECL sha1::digest_type sha1::finish() noexcept {
    const auto bits = count_ * 8;
    char padding[72] = {static_cast<char>(0x80)};
    const auto held = static_cast<std::size_t>(count_ % 64);
    const std::size_t zeros = held < 56 ? 56 - held : 120 - held;
    for (std::size_t i = 0; i < 8; ++i) padding[zeros + i] = static_cast<char>(bits >> (56 - 8 * i));
    update({padding, zeros + 8});
    digest_type out;
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(state_[i / 4] >> (24 - 8 * (i % 4)));
    return out;
}

} // namespace crema
#endif
