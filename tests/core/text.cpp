// Text: classes, comparison without case, whitespace, lists, UTF-8.
// SPDX-License-Identifier: MIT
#include <crema/core/text.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace crema;

TEST_CASE("octet classes hold exactly what the grammars name", "[text]") {
    std::string tokens, values;
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        if (has_class(c, octet_class::token)) tokens += c;
        if (has_class(c, octet_class::field_value)) values += c;
    }
    CHECK(tokens == "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
    CHECK(values.size() == 256 - 33 + 1);
    CHECK(values.find('\t') != std::string::npos);
    CHECK(values.find('\x7f') == std::string::npos);
    CHECK(values.find('\0') == std::string::npos);
    CHECK(hex_value('0') == 0);
    CHECK(hex_value('a') == 10);
    CHECK(hex_value('F') == 15);
}

TEST_CASE("a token has at least one octet, all of them tchar", "[text]") {
    CHECK(is_token("X-Request-Id"));
    CHECK_FALSE(is_token(""));
    CHECK_FALSE(is_token("a b"));
    CHECK_FALSE(is_token("a:"));
    CHECK_FALSE(is_token("\xc3\xa9"));
}

TEST_CASE("comparison ignores the case of ASCII letters only", "[text]") {
    CHECK(iequals("Content-Type", "content-TYPE"));
    CHECK_FALSE(iequals("a", "ab"));
    CHECK_FALSE(iequals("[", "{")); // differ by 0x20 as letters do
    CHECK_FALSE(iequals("\xc4", "\xe4"));
    CHECK(iequals("Content-Language", "Content-LanguagE")); // looked at eight octets at a time
    CHECK_FALSE(iequals("Content-Language", "Content-Languagf"));
    CHECK_FALSE(iequals("12345678[", "12345678{"));
    CHECK(istarts_with("HTTP://x", "http://"));
    CHECK_FALSE(istarts_with("http", "http://"));
    CHECK(to_lower(std::string_view("ÄB[Z")) == "Äb[z");
    CHECK(to_upper(std::string_view("äb{z")) == "äB{Z");
}

TEST_CASE("optional whitespace is spaces and tabs", "[text]") {
    CHECK(trim_ows(" \t a b\t ") == "a b");
    CHECK(trim_ows(" \t ").empty());
    CHECK(trim_ows("\na\r") == "\na\r");
}

static std::vector<std::string> items(comma_list list) {
    std::vector<std::string> all;
    for (auto item : list) all.emplace_back(item);
    return all;
}

TEST_CASE("comma_list walks over trimmed elements, the empty ones too", "[text]") {
    CHECK(items(comma_list("close, \tfoo ,bar")) == std::vector<std::string>{"close", "foo", "bar"});
    CHECK(items(comma_list("a,,b,")) == std::vector<std::string>{"a", "", "b", ""});
    CHECK(items(comma_list("")) == std::vector<std::string>{""});
    CHECK(items(comma_list(",")) == std::vector<std::string>{"", ""});
}

TEST_CASE("comma_list can respect quotes", "[text]") {
    constexpr auto text = R"(a="x,\"y,", b)";
    CHECK(items(comma_list(text, comma_list::quotes::respected)) == std::vector<std::string>{R"(a="x,\"y,")", "b"});
    CHECK(items(comma_list(text)).size() == 4);
    CHECK(items(comma_list("\"open, a\\", comma_list::quotes::respected)).size() == 1);
}

TEST_CASE("list_contains looks for whole elements without case", "[text]") {
    CHECK(list_contains("foo, CLOSE", "close"));
    CHECK_FALSE(list_contains("closed, foo", "close"));
}

TEST_CASE("UTF-8 is well-formed or not", "[text]") {
    CHECK(utf8_length("a") == 1);
    CHECK(utf8_length("é") == 2);
    CHECK(utf8_length("€x") == 3);
    CHECK(utf8_length("😀") == 4);
    CHECK(is_utf8("aé€😀"));
    for (auto bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
                     "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xc3(", "ok\xf0\x9f\x98"})
        CHECK_FALSE(is_utf8(bad));
}
