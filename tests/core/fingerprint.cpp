// fingerprint: the same everywhere, and every octet counts.
// SPDX-License-Identifier: MIT
#include <crema/core/fingerprint.hpp>

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <set>
#include <string>

using crema::fingerprint;

TEST_CASE("a fingerprint is the same in every build", "[fingerprint]") {
    const auto fox = fingerprint("The quick brown fox jumps over the lazy dog");
    CHECK(fox.low == 0xba2bf699d5e1a68f);
    CHECK(fox.high == 0x0bd45865ec250820);
    CHECK(fox == fingerprint(std::string("The quick brown fox jumps over the lazy dog")));
}

TEST_CASE("length and every bit make a difference, in both halves", "[fingerprint]") {
    std::set<std::uint64_t> lows, highs;
    std::size_t count = 0;
    const auto add = [&](crema::fingerprint_value h) {
        lows.insert(h.low);
        highs.insert(h.high);
        ++count;
    };
    for (std::size_t size = 0; size < 200; ++size) add(fingerprint(std::string(size, '\0')));
    for (std::size_t size : {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 48, 49, 64, 65, 100})
        for (std::size_t at = 0; at < size; ++at)
            for (int bit = 0; bit < 8; ++bit) {
                std::string text(size, 'a');
                text[at] = static_cast<char>(text[at] ^ 1 << bit);
                add(fingerprint(text));
            }
    for (unsigned a = 0; a < 100; ++a)
        for (unsigned b = 0; b < 100; ++b) add(fingerprint("{\"a\":" + std::to_string(a) + ",\"b\":" + std::to_string(b) + "}"));
    CHECK(lows.size() == count);
    CHECK(highs.size() == count);
}

TEST_CASE("one bit changes about half of the bits", "[fingerprint]") {
    int least = 128, most = 0;
    for (std::size_t size : {1, 8, 13, 16, 40, 100})
        for (std::size_t at = 0; at < size; ++at)
            for (int bit = 0; bit < 8; ++bit) {
                std::string text(size, 'x');
                const auto before = fingerprint(text);
                text[at] = static_cast<char>(text[at] ^ 1 << bit);
                const auto after = fingerprint(text);
                const int changed = std::popcount(before.low ^ after.low) + std::popcount(before.high ^ after.high);
                least = std::min(least, changed);
                most = std::max(most, changed);
            }
    CHECK(least > 30);
    CHECK(most < 98);
}
