// fresh: which conditions make the client's copy good.
// SPDX-License-Identifier: MIT
#include <crema/http/fresh.hpp>

#include <catch2/catch.hpp>

using namespace crema::http;

static constexpr auto earlier = "Sun, 06 Nov 1994 08:49:37 GMT", later = "Sun, 06 Nov 1994 08:49:38 GMT";

TEST_CASE("without a condition nothing is fresh", "[fresh]") {
    CHECK_FALSE(is_fresh({}));
    CHECK_FALSE(is_fresh({.etag = "\"a\"", .last_modified = earlier}));
}

TEST_CASE("If-None-Match matches weakly any of its tags", "[fresh]") {
    CHECK(is_fresh({.if_none_match = "\"a\"", .etag = "\"a\""}));
    CHECK(is_fresh({.if_none_match = "\"b\" , W/\"a\"", .etag = "\"a\""}));
    CHECK(is_fresh({.if_none_match = "\"a\"", .etag = "W/\"a\""}));
    CHECK(is_fresh({.if_none_match = "*"}));
    CHECK_FALSE(is_fresh({.if_none_match = "\"a\"", .etag = "\"b\""}));
    CHECK_FALSE(is_fresh({.if_none_match = "\"a\""}));
}

TEST_CASE("If-Modified-Since compares dates", "[fresh]") {
    CHECK(is_fresh({.if_modified_since = later, .last_modified = earlier}));
    CHECK(is_fresh({.if_modified_since = earlier, .last_modified = earlier}));
    CHECK_FALSE(is_fresh({.if_modified_since = earlier, .last_modified = later}));
    CHECK_FALSE(is_fresh({.if_modified_since = "foo", .last_modified = earlier}));
    CHECK_FALSE(is_fresh({.if_modified_since = "foo", .last_modified = "foo"}));
    CHECK_FALSE(is_fresh({.if_modified_since = earlier}));
}

TEST_CASE("If-None-Match decides alone", "[fresh]") {
    CHECK(is_fresh({.if_none_match = "\"a\"", .if_modified_since = earlier, .etag = "\"a\"", .last_modified = later}));
    CHECK_FALSE(
        is_fresh({.if_none_match = "\"b\"", .if_modified_since = later, .etag = "\"a\"", .last_modified = earlier}));
}

TEST_CASE("no-cache asks for a new copy", "[fresh]") {
    CHECK_FALSE(is_fresh({.if_none_match = "\"a\"", .cache_control = "max-age=0, no-cache", .etag = "\"a\""}));
    CHECK(is_fresh({.if_none_match = "\"a\"", .cache_control = "no-cachex", .etag = "\"a\""}));
}

// What cost more than in proportion would take minutes, or hours.
TEST_CASE("lists of very many tags and directives are read in proportion", "[fresh]") {
    std::string tags, directives;
    for (int i = 0; i < 300'000; ++i) {
        tags += "\"" + std::to_string(i) + "\",";
        directives += "a" + std::to_string(i) + ",";
    }
    CHECK(is_fresh({.if_none_match = tags, .cache_control = directives, .etag = "W/\"299999\""}));
    CHECK_FALSE(is_fresh({.if_none_match = tags, .cache_control = directives, .etag = "\"x\""}));
    directives += "no-cache";
    CHECK_FALSE(is_fresh({.if_none_match = tags, .cache_control = directives, .etag = "\"1\""}));
    const std::string commas(1'000'000, ',');
    CHECK_FALSE(is_fresh({.if_none_match = commas, .etag = "\"x\""}));
}
