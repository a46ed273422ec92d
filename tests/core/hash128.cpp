// hash128: known values, and that every octet counts.
// SPDX-License-Identifier: MIT
#include <crema/core/hash128.hpp>

#include <catch2/catch.hpp>
#include <set>
#include <string>

using crema::hash128;

TEST_CASE("hash128 has the known values of MurmurHash3", "[hash128]") {
    CHECK(hash128("") == crema::hash128_value{0, 0});
    const auto fox = hash128("The quick brown fox jumps over the lazy dog");
    CHECK(fox.low == 0xe34bbc7bbc071b6c);
    CHECK(fox.high == 0x7a433ca9c49a9347);
}

TEST_CASE("length, seed and every bit make a difference", "[hash128]") {
    std::set<std::uint64_t> lows, highs;
    std::size_t count = 0;
    auto add = [&](crema::hash128_value h) {
        lows.insert(h.low);
        highs.insert(h.high);
        ++count;
    };
    for (std::size_t size = 0; size < 40; ++size) add(hash128(std::string(size, '\0'), 1));
    for (std::uint32_t seed = 2; seed < 10; ++seed) add(hash128("text", seed));
    for (std::size_t at = 0; at < 35; ++at)
        for (int bit = 0; bit < 8; ++bit) {
            std::string text(35, 'a');
            text[at] = static_cast<char>(text[at] ^ 1 << bit);
            add(hash128(text));
        }
    CHECK(lows.size() == count);
    CHECK(highs.size() == count);
}
