// The careful parser: what is JSON, what is not, where it goes wrong and why.
// SPDX-License-Identifier: MIT
#include <crema/json/scan.hpp>
#include <catch2/catch.hpp>
#include <cmath>

using crema::detail::json_scanner;
using crema::json::node;

namespace {
std::string why(std::string_view text, std::size_t depth = 64) {
    json_scanner s(text, depth);
    const auto f = s.run();
    if (!f) return "fine";
    const std::string at = " at position " + std::to_string(f->position);
    return f->detail.find(at) == std::string::npos ? "position differs" : f->detail;
}
double number(std::string_view text) {
    json_scanner s(text, 64);
    if (s.run()) return -12345;
    const auto tape = s.tape();
    return node(tape, 1).as_double();
}
std::string string(std::string_view text) {
    json_scanner s(text, 64);
    if (const auto f = s.run()) return f->detail;
    const auto tape = s.tape();
    return std::string(node(tape, 1).as_string());
}
} // namespace

TEST_CASE("valid JSON is accepted", "[scan]") {
    for (const char* text : {"null", " true ", "\t\r\nfalse\n", "0", "-0", "-1", "1.5", "1e5", "1E+5", "1.25e-5", "\"\"", "[]", "[ ]", "{}", "{ }",
                             "[1,2]", "[[],{}]", "{\"a\":1}", "{ \"a\" : [ 1 , { \"b\" : null } ] }", "\"\\u0041\\n\\/\"", "\"\x7f\"", "\"é😀\"",
                             "{\"\":1,\"\":2}", "123456789012345678901234567890", "1e999", "-1e-999"})
        CHECK(why(text) == "fine");
}

TEST_CASE("errors tell the octet that was not expected, its position, line and column", "[scan]") {
    CHECK(why("") == "unexpected end of JSON at position 0 (line 1, column 1)");
    CHECK(why("  ") == "unexpected end of JSON at position 2 (line 1, column 3)");
    CHECK(why("{\n  \"a\": 1,\n   }") == "unexpected '}' at position 15 (line 3, column 4)");
    CHECK(why("[1,]") == "unexpected ']' at position 3 (line 1, column 4)");
    CHECK(why("[,1]") == "unexpected ',' at position 1 (line 1, column 2)");
    CHECK(why("[1 2]") == "unexpected '2' at position 3 (line 1, column 4)");
    CHECK(why("[1}") == "unexpected '}' at position 2 (line 1, column 3)");
    CHECK(why("{\"a\":1]") == "unexpected ']' at position 6 (line 1, column 7)");
    CHECK(why("{a:1}") == "unexpected 'a' at position 1 (line 1, column 2)");
    CHECK(why("{1:1}") == "unexpected '1' at position 1 (line 1, column 2)");
    CHECK(why("{\"a\" 1}") == "unexpected '1' at position 5 (line 1, column 6)");
    CHECK(why("{\"a\":}") == "unexpected '}' at position 5 (line 1, column 6)");
    CHECK(why("{\"a\":1") == "unexpected end of JSON at position 6 (line 1, column 7)");
    CHECK(why("{\"a\"") == "unexpected end of JSON at position 4 (line 1, column 5)");
    CHECK(why("[1") == "unexpected end of JSON at position 2 (line 1, column 3)");
    CHECK(why("[") == "unexpected end of JSON at position 1 (line 1, column 2)");
    CHECK(why("]") == "unexpected ']' at position 0 (line 1, column 1)");
    CHECK(why("1 2") == "unexpected '2' at position 2 (line 1, column 3)");
    CHECK(why("{}x") == "unexpected 'x' at position 2 (line 1, column 3)");
    CHECK(why(std::string_view("1\0", 2)) == "unexpected octet 0x00 at position 1 (line 1, column 2)");
    CHECK(why(std::string_view("\0", 1)) == "unexpected octet 0x00 at position 0 (line 1, column 1)");
    CHECK(why("\xEF\xBB\xBF{}") == "unexpected octet 0xEF at position 0 (line 1, column 1)");
    CHECK(why("\xA0 1") == "unexpected octet 0xA0 at position 0 (line 1, column 1)");
    CHECK(why("tru") == "unexpected end of JSON at position 3 (line 1, column 4)");
    CHECK(why("trux") == "unexpected 'x' at position 3 (line 1, column 4)");
    CHECK(why("nulll") == "unexpected 'l' at position 4 (line 1, column 5)");
    CHECK(why("True") == "unexpected 'T' at position 0 (line 1, column 1)");
    CHECK(why("NaN") == "unexpected 'N' at position 0 (line 1, column 1)");
    CHECK(why("'a'") == "unexpected ''' at position 0 (line 1, column 1)");
    CHECK(why("/**/1") == "unexpected '/' at position 0 (line 1, column 1)");
    CHECK(why("[\"é\", x]") == "unexpected 'x' at position 7 (line 1, column 7)"); // columns are characters
}

TEST_CASE("numbers follow the grammar", "[scan]") {
    CHECK(why("01") == "unexpected '1' at position 1 (line 1, column 2)");
    CHECK(why("-") == "unexpected end of JSON at position 1 (line 1, column 2)");
    CHECK(why("-a") == "unexpected 'a' at position 1 (line 1, column 2)");
    CHECK(why("+1") == "unexpected '+' at position 0 (line 1, column 1)");
    CHECK(why(".5") == "unexpected '.' at position 0 (line 1, column 1)");
    CHECK(why("1.") == "unexpected end of JSON at position 2 (line 1, column 3)");
    CHECK(why("1.e5") == "unexpected 'e' at position 2 (line 1, column 3)");
    CHECK(why("1e") == "unexpected end of JSON at position 2 (line 1, column 3)");
    CHECK(why("1e+") == "unexpected end of JSON at position 3 (line 1, column 4)");
    CHECK(why("0x10") == "unexpected 'x' at position 1 (line 1, column 2)");
    CHECK(why("-01") == "unexpected '1' at position 2 (line 1, column 3)");
    CHECK(why("1_000") == "unexpected '_' at position 1 (line 1, column 2)");
}

TEST_CASE("numbers beyond 64 bits or double are what JSON.parse makes of them", "[scan]") {
    CHECK(number("18446744073709551616") == 18446744073709551616.0);
    CHECK(number("-9223372036854775809") == -9223372036854775808.0);
    CHECK(number("123456789012345678901234567890") == 123456789012345678901234567890.0);
    CHECK(number("1e400") == INFINITY);
    CHECK(number("-1e400") == -INFINITY);
    CHECK(number("1e-400") == 0);
    CHECK(std::signbit(number("-1e-400")));
    CHECK(number("1e99999999999999999999999") == INFINITY);
    CHECK(number("1e-99999999999999999999999") == 0);
    CHECK(number("0." + std::string(400, '0') + "1") == 0);
    CHECK(number(std::string(400, '9')) == INFINITY);
    CHECK(number(std::string(400, '9') + ".5") == INFINITY);
    CHECK(number("0." + std::string(400, '0') + "1e402") == 10);
    CHECK(number("5e-324") == 5e-324);
    // With the place of the first digit these exponents would leave 64 bits.
    CHECK(number("0.1e-9223372036854775808") == 0);
    CHECK(number("10e9223372036854775807") == INFINITY);
}

TEST_CASE("strings are unescaped", "[scan]") {
    CHECK(string(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
    CHECK(string(R"("\u0041\u00e9\u20ac\uD83D\uDE00\u0000")") == std::string("Aé€😀\0", 11));
    CHECK(string(R"("\u007F\u0080\u07FF\u0800\uFFFF")") == "\x7F\u0080\u07FF\u0800\uFFFF");
    CHECK(string("\"\\uD800\"") == "\uFFFD");
    CHECK(string("\"\\uDC00x\"") == "\uFFFDx");
    CHECK(string("\"\\uD800\\u0041\"") == "\uFFFDA");
    CHECK(string("\"\\uD800\\uD83D\\uDE00\"") == "\uFFFD😀");
    CHECK(string("\"\\uD800\\n\"") == "\uFFFD\n");
}

TEST_CASE("bad strings are refused", "[scan]") {
    CHECK(why("\"") == "unexpected end of JSON at position 1 (line 1, column 2)");
    CHECK(why("\"\\\"") == "unexpected end of JSON at position 3 (line 1, column 4)");
    CHECK(why("\"\\x\"") == "unexpected 'x' at position 2 (line 1, column 3)");
    CHECK(why("\"\\") == "unexpected end of JSON at position 2 (line 1, column 3)");
    CHECK(why("\"\\u12\"") == "unexpected '\"' at position 5 (line 1, column 6)");
    CHECK(why("\"\\u12G4\"") == "unexpected 'G' at position 5 (line 1, column 6)");
    CHECK(why("\"\\uD800\\u1\"") == "unexpected '\"' at position 10 (line 1, column 11)");
    CHECK(why("\"a\nb\"") == "unescaped control character U+000A in a string at position 2 (line 1, column 3)");
    CHECK(why(std::string_view("\"\0\"", 3)) == "unescaped control character U+0000 in a string at position 1 (line 1, column 2)");
    for (const char* bad : {"\"\x80\"", "\"\xC0\x80\"", "\"\xC3\"", "\"\xE0\x9F\xBF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xFF\"", "\"\xF0\x9F\x98\""})
        CHECK(why(bad) == "invalid UTF-8 at position 1 (line 1, column 2)");
}

TEST_CASE("depth is bounded; an empty container is no level", "[scan]") {
    CHECK(why("[[[1]]]", 3) == "fine");
    CHECK(why("[[[1]]]", 2) == "nested deeper than 2 levels at position 2 (line 1, column 3)");
    CHECK(why("[[[]]]", 2) == "fine");
    CHECK(why("{\"a\":{\"b\":1}}", 1) == "nested deeper than 1 levels at position 5 (line 1, column 6)");
    CHECK(why(std::string(1000000, '[')) == "nested deeper than 64 levels at position 64 (line 1, column 65)");
    json_scanner s("[[1]]", 1);
    CHECK(s.run()->code == crema::error::too_deep);
}

TEST_CASE("each word of the tape knows where it came from", "[scan]") {
    const std::string_view text = R"( {"a": [1, "x"], "b": true})";
    json_scanner s(text, 64);
    REQUIRE_FALSE(s.run());
    const auto tape = s.tape();
    const node root(tape, 1);
    CHECK(s.position_of(root.index()) == 1);
    for (const auto& [name, content] : root.members()) CHECK(s.position_of(content.index()) == text.find(name == "a" ? "[" : "true"));
    CHECK(s.position_of(1000) == 0);
}
