// Vary: names are added once.
// SPDX-License-Identifier: MIT
#include <crema/http/vary.hpp>

#include <catch2/catch.hpp>

using crema::http::append_vary;

TEST_CASE("names are added once, whatever their case", "[vary]") {
    CHECK(append_vary("", "Origin").value() == "Origin");
    CHECK(append_vary("Accept", "Origin").value() == "Accept, Origin");
    CHECK(append_vary("accept", "Accept, Origin, origin").value() == "accept, Origin");
}

TEST_CASE("an asterisk swallows all", "[vary]") {
    CHECK(append_vary("Accept", "*").value() == "*");
    CHECK(append_vary("*", "Origin").value() == "*");
    CHECK(append_vary("a, *", "b").value() == "*");
}

TEST_CASE("what is no name is refused", "[vary]") {
    for (auto bad : {"", "a b", "a:", "a,,b", "a\r\nX: y"}) CHECK_FALSE(append_vary("Accept", bad));
}
