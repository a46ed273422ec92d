// Texts of strangers in logs: a line stays a line.
// SPDX-License-Identifier: MIT
#include <crema/core/printable.hpp>

#include <catch2/catch.hpp>
#include <string>

using crema::printable;
using namespace std::string_literals;

TEST_CASE("what is printable stays", "[printable]") {
    CHECK(printable("").empty());
    CHECK(printable("GET /a?b \"c\"") == "GET /a?b \"c\"");
    CHECK(printable("z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80") == "z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80");
    CHECK(printable("\xc2\xa0") == "\xc2\xa0");
}

TEST_CASE("nothing ends a line or moves a cursor", "[printable]") {
    CHECK(printable("a\nb\r\tc") == "a\\x0ab\\x0d\\x09c");
    CHECK(printable("\x1b[2J\x7f\0"s) == "\\x1b[2J\\x7f\\x00");
    CHECK(printable("\xc2\x9b" "31m") == "\\xc2\\x9b31m"); // CSI as one character of U+0080 to U+009F
    CHECK(printable("\xff\xc3") == "\\xff\\xc3");
    CHECK(printable("\xc0\x80\xed\xa0\x80") == "\\xc0\\x80\\xed\\xa0\\x80");
    CHECK(printable("C:\\x0a") == "C:\\\\x0a"); // not to be taken for what was escaped
}
