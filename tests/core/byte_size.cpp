// Tests of core/byte_size.hpp.
// SPDX-License-Identifier: MIT
#include <crema/core/byte_size.hpp>

#include <catch2/catch.hpp>
#include <type_traits>

using namespace crema;

TEST_CASE("a size is a number, perhaps with a unit", "[core][byte_size]") {
    CHECK(parse_byte_size("0") == 0u);
    CHECK(parse_byte_size("102400") == 102400u);
    CHECK(parse_byte_size("1b") == 1u);
    CHECK(parse_byte_size("100kb") == 102400u);
    CHECK(parse_byte_size("100 KB") == 102400u);
    CHECK(parse_byte_size("1.5mb") == 1572864u);
    CHECK(parse_byte_size("1Gb") == 1073741824u);
    CHECK(parse_byte_size("2tb") == 2199023255552u);
    CHECK(parse_byte_size("1pb") == 1125899906842624u);
    CHECK(parse_byte_size("1.1b") == 1u);
}

TEST_CASE("what is no size gives nothing", "[core][byte_size]") {
    for (const char* text : {"", "kb", "-1kb", "+1kb", "1xb", "1 k", "1.kb", ".5kb", "1kbb", "foobar", "1kb ", "NaN",
                             "99999999999999999999", "9000pb"}) {
        INFO(text);
        CHECK_FALSE(parse_byte_size(text));
    }
}

TEST_CASE("options take numbers and texts, and refuse the rest when they are made", "[core][byte_size]") {
    CHECK(byte_size(1024) == byte_size("1kb"));
    CHECK(byte_size(7u).octets() == 7);
    CHECK_THROWS_AS(byte_size("many"), system_error);
    CHECK_THROWS_AS(byte_size(-1), system_error);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<byte_size, std::nullptr_t>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<byte_size, double>);
    CHECK_THROWS_WITH(byte_size("many"), Catch::Contains("\"many\""));
}
