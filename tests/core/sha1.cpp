// SHA-1: the vectors of FIPS 180 and pieces of every size.
// SPDX-License-Identifier: MIT
#include <crema/core/encode.hpp>
#include <crema/core/sha1.hpp>

#include <catch2/catch.hpp>
#include <string>

using crema::sha1;

static std::string hex(const sha1::digest_type& d) { return crema::hex_encode({d.data(), d.size()}); }

TEST_CASE("sha1 has the known digests", "[sha1]") {
    CHECK(hex(sha1::of("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(hex(sha1::of("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex(sha1::of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(hex(sha1::of(std::string(1000000, 'a'))) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST_CASE("pieces make no difference", "[sha1]") {
    for (std::size_t size : {55, 56, 57, 63, 64, 65, 119, 120, 128, 200}) {
        const std::string text(size, 'x');
        for (std::size_t step = 1; step < size; step += 7) {
            sha1 s;
            for (std::size_t at = 0; at < size; at += step) s.update(std::string_view(text).substr(at, step));
            CHECK(s.finish() == sha1::of(text));
        }
    }
}
