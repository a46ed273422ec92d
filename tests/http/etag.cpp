// ETag: default validators, those of Express, comparison.
// SPDX-License-Identifier: MIT
#include <crema/http/etag.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;

TEST_CASE("the default validator is the fingerprint of the body, in every build", "[etag]") {
    char room[etag_room];
    CHECK(write_etag(room, "The quick brown fox jumps over the lazy dog", etag_strength::strong) ==
          "\"8fa6e1d599f62bba200825ec6558d40b\"");
    const std::string one(write_etag(room, "hello")), two(write_etag(room, "hellp"));
    CHECK(one != two);
    CHECK(one == write_etag(room, std::string("hello")));
    CHECK(one.size() == etag_size);
    CHECK(write_etag(room, "hello", etag_strength::strong).size() == etag_size - 2);
}

TEST_CASE("Express' validator is length and SHA-1", "[etag]") {
    CHECK(express_etag("", etag_strength::strong) == "\"0-2jmj7l5rSw0yVb/vlWAYkK/YBwk\"");
    CHECK(express_etag("Hello World") == "W/\"b-Ck1VqNd45QIvq3AZd8XYQLvEhtA\"");
    CHECK(express_etag("hello", etag_strength::strong) == "\"5-qvTGHdzF6KLavt4PO0gs2a6pQ00\"");
}

TEST_CASE("the validator of a file is its size and time", "[etag]") {
    CHECK(file_etag(31, 1700000000000) == "W/\"1f-18bcfe56800\"");
    CHECK(file_etag(0, -1, etag_strength::strong) == "\"0--1\"");
}

TEST_CASE("weak comparison ignores weakness, strong comparison demands strength", "[etag]") {
    CHECK(weakly_equal("W/\"a\"", "\"a\""));
    CHECK(weakly_equal("W/\"a\"", "W/\"a\""));
    CHECK_FALSE(weakly_equal("\"a\"", "\"b\""));
    CHECK(strongly_equal("\"a\"", "\"a\""));
    CHECK_FALSE(strongly_equal("W/\"a\"", "W/\"a\""));
    CHECK_FALSE(strongly_equal("W/\"a\"", "\"a\""));
}
