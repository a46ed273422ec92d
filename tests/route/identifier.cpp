// Which characters make up a parameter's name.
// SPDX-License-Identifier: MIT
#include <crema/route/identifier.hpp>

#include <catch2/catch.hpp>

using namespace crema::route;

TEST_CASE("names begin with letters, $ and _, and go on with digits too", "[route][identifier]") {
    for (const char32_t c : {U'a', U'Z', U'$', U'_', U'é', U'ß', U'日', U'ა', U'𝒳'}) CHECK(begins_name(c));
    for (const char32_t c : {U'0', U'9', U'-', U' ', U'/', U'"', U'€', U'–', U'😀', char32_t(0x80), char32_t(0x10FFFF)})
        CHECK_FALSE(begins_name(c));
    for (const char32_t c : {U'0', U'9', U'a', U'_', char32_t(0x0301), char32_t(0x200C), char32_t(0x200D), U'·', U'٣'})
        CHECK(continues_name(c));
    for (const char32_t c : {U'-', U'.', U'…', U'😀', char32_t(0xA0), char32_t(0xE01F0)}) CHECK_FALSE(continues_name(c));
}

TEST_CASE("characters are read at compile time as well", "[route][identifier]") {
    static_assert(begins_name(U'é') && !begins_name(U'1') && continues_name(U'1'));
    static_assert(code_point_at("\xC3\xA9", 0).value == U'é' && code_point_at("\xC3\xA9", 0).size == 2);
    CHECK(code_point_at("a\xF0\x9F\x98\x80", 1).value == U'😀');
    CHECK(code_point_at("a\xF0\x9F\x98\x80", 1).size == 4);
}

TEST_CASE("octets that are no UTF-8 stand for themselves", "[route][identifier]") {
    for (const std::string_view s : {"\xFF", "\xC3", "\xC0\xAF", "\xE2\x82", "\xED\xA0\x80", "\x80"}) {
        CHECK(code_point_at(s, 0).size == 1);
        CHECK(code_point_at(s, 0).value == static_cast<unsigned char>(s[0]));
    }
}
