// Tests of core/charset.hpp.
// SPDX-License-Identifier: MIT
#include <crema/core/charset.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::string_view_literals;

TEST_CASE("a byte order mark is left out", "[core][charset]") {
    CHECK(to_utf8("\xef\xbb\xbf{}", "utf-8") == "{}");
    CHECK(to_utf8("{}", "UTF-8") == "{}");
    CHECK(to_utf8("\xff\xfe{\0"sv, "utf-16") == "{");
    CHECK(to_utf8("\xfe\xff\0{"sv, "utf-16") == "{");
    CHECK(to_utf8("\xff\xfe\0\0{\0\0\0"sv, "utf-32") == "{");
    CHECK(to_utf8("\0\0\xfe\xff\0\0\0{"sv, "utf-32") == "{");
}

TEST_CASE("UTF-16 and UTF-32 become UTF-8", "[core][charset]") {
    CHECK(to_utf8("\xba\x8b"sv, "utf-16le") == "\xe8\xae\xba");
    CHECK(to_utf8("\x8b\xba"sv, "utf-16be") == "\xe8\xae\xba");
    CHECK(to_utf8("\xba\x8b"sv, "utf-16") == "\xe8\xae\xba"); // without a mark
    CHECK(to_utf8("\x3d\xd8\x00\xde"sv, "utf-16le") == "\xf0\x9f\x98\x80");
    CHECK(to_utf8("\x00\xf6\x01\x00"sv, "utf-32le") == "\xf0\x9f\x98\x80");
    CHECK(to_utf8("\x00\x01\xf6\x00"sv, "utf-32be") == "\xf0\x9f\x98\x80");
}

TEST_CASE("other character sets become UTF-8", "[core][charset]") {
    CHECK(to_utf8("\xe5", "iso-8859-1") == "\xc3\xa5");
    CHECK(to_utf8("a\xe5", "us-ascii") == "a\xef\xbf\xbd");
    REQUIRE(is_charset("koi8-r"));
    CHECK(to_utf8("\xce\xc5\xd4", "KOI8-R") == "нет");
}

TEST_CASE("what is malformed is replaced", "[core][charset]") {
    CHECK(to_utf8("\x3d\xd8", "utf-16le") == "\xef\xbf\xbd");           // half a pair
    CHECK(to_utf8("a\0b"sv, "utf-16le") == "a\xef\xbf\xbd");            // half a unit
    CHECK(to_utf8("\xff\xff\xff\xff", "utf-32le") == "\xef\xbf\xbd");   // beyond Unicode
    CHECK(to_utf8("a\xb0", "euc-kr") == "a\xef\xbf\xbd");               // cut off
}

TEST_CASE("unknown names are known as such, hostile ones too", "[core][charset]") {
    CHECK(is_charset("Utf-8"));
    CHECK(is_charset("utf-32"));
    for (const auto name : {"x-bogus"sv, ""sv, "koi8-r//TRANSLIT"sv, "../../x"sv, "a\0b"sv}) {
        CHECK_FALSE(is_charset(name));
        CHECK(to_utf8("as it is", name) == "as it is");
    }
    CHECK_FALSE(is_charset(std::string(10000, 'x')));
}
