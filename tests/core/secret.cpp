// Tests of core/secret.hpp.
// SPDX-License-Identifier: MIT
#include <crema/core/secret.hpp>
#include <crema/core/sha1.hpp>

#include <catch2/catch.hpp>
#include <cstring>
#include <set>

using namespace crema;

TEST_CASE("secrets are equal or not", "[core][secret]") {
    CHECK(equal_secrets("", ""));
    CHECK(equal_secrets("abc", "abc"));
    CHECK_FALSE(equal_secrets("abc", "abd"));
    CHECK_FALSE(equal_secrets("xbc", "abc"));
    CHECK_FALSE(equal_secrets("abc", "ab"));
    CHECK_FALSE(equal_secrets("", "a"));
    CHECK_FALSE(equal_secrets(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

TEST_CASE("random octets do not repeat", "[core][secret]") {
    std::set<std::string> all;
    for (int i = 0; i < 1000; ++i) all.insert(random_octets(16));
    CHECK(all.size() == 1000);
    CHECK(random_octets(0).empty());
    CHECK(random_octets(100'000).size() == 100'000);
}

TEST_CASE("tokens are as long as they should be", "[core][secret]") {
    CHECK(random_token().size() == 43);
    CHECK(random_token(16).size() == 22);
    CHECK(random_token().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos);
}

TEST_CASE("a UUID has its version and its variant", "[core][secret]") {
    for (int i = 0; i < 100; ++i) CHECK_THAT(random_uuid(), Catch::Matches("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    CHECK(random_uuid() != random_uuid());
}

TEST_CASE("private hashes are equal for equal octets alone, and no other hash of the house", "[secret]") {
    CHECK(crema::private_hash("a") == crema::private_hash("a"));
    CHECK_FALSE(crema::private_hash("a") == crema::private_hash("b"));
    CHECK_FALSE(crema::private_hash("") == crema::private_hash(std::string_view("\0", 1)));
    CHECK_FALSE(crema::private_hash(std::string(64, 'x')) == crema::private_hash(std::string(65, 'x')));
    CHECK_FALSE(crema::private_hash("a") == crema::hash128("a"));
    const auto plain = crema::sha1::of("a");
    const auto keyed = crema::private_hash("a");
    CHECK(std::memcmp(plain.data(), &keyed.low, sizeof keyed.low) != 0); // there is a key
}
