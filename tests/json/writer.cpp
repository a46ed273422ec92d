// The writer: numbers, strings and white space as JSON.stringify has them; structure piece by piece.
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using crema::json::stringify;
using crema::json::write_options;
using crema::json::writer;

namespace {
std::string text(double v) { return stringify(v); }

// What the octets should become, one at a time: the plain way to compare the fast one with.
std::string slowly(std::string_view s) {
    std::string out = "\"";
    for (char c : s) {
        if (c == '"' || c == '\\') out += '\\', out += c;
        else if (c == '\n') out += "\\n";
        else if (static_cast<unsigned char>(c) < 0x20) out += "\\u0010";
        else out += c;
    }
    return out + '"';
}
} // namespace

TEST_CASE("numbers are spelt as JavaScript spells them", "[json]") {
    CHECK(text(0) == "0");
    CHECK(text(-0.0) == "0");
    CHECK(text(1) == "1");
    CHECK(text(-1.5) == "-1.5");
    CHECK(text(0.1) == "0.1");
    CHECK(text(0.1 + 0.2) == "0.30000000000000004");
    CHECK(text(123456.789) == "123456.789");
    CHECK(text(1e15) == "1000000000000000");
    CHECK(text(1e20) == "100000000000000000000");
    CHECK(text(123456789012345680000.0) == "123456789012345680000");
    CHECK(text(999999999999999900000.0) == "999999999999999900000");
    CHECK(text(1e21) == "1e+21");
    CHECK(text(1.5e21) == "1.5e+21");
    CHECK(text(1e-6) == "0.000001");
    CHECK(text(1.5e-6) == "0.0000015");
    CHECK(text(1e-7) == "1e-7");
    CHECK(text(-1.25e-7) == "-1.25e-7");
    CHECK(text(5e-324) == "5e-324");
    CHECK(text(1.7976931348623157e308) == "1.7976931348623157e+308");
    CHECK(text(9007199254740993.0) == "9007199254740992");
    CHECK(text(2251799813685248.5) == "2251799813685248.5");
    CHECK(text(1e300) == "1e+300");
    CHECK(text(std::numeric_limits<double>::quiet_NaN()) == "null");
    CHECK(text(std::numeric_limits<double>::infinity()) == "null");
    CHECK(text(-std::numeric_limits<double>::infinity()) == "null");
    CHECK(stringify(0.1f) == "0.1");
    CHECK(stringify(16777216.0f) == "16777216");
    CHECK(stringify(3.4028235e38f) == "3.4028235e+38");
}

TEST_CASE("integers keep all their digits", "[json]") {
    CHECK(stringify(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(stringify(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(stringify(std::int8_t(-128)) == "-128");
    CHECK(stringify(std::uint8_t(255)) == "255");
    CHECK(stringify(0) == "0");
}

TEST_CASE("strings are escaped as JSON.stringify does", "[json]") {
    CHECK(stringify("") == "\"\"");
    CHECK(stringify("Hello, World!") == "\"Hello, World!\"");
    CHECK(stringify("a\"b\\c/d") == R"("a\"b\\c/d")");
    CHECK(stringify(std::string_view("\b\f\n\r\t\0\x01\x1f\x7f", 9)) == "\"\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\x7f\"");
    CHECK(stringify("é\u2028😀") == "\"é\u2028😀\"");
    CHECK(stringify("</script>&") == "\"</script>&\"");
    CHECK(stringify("</script>&é\n", write_options{.escape = true}) == R"("\u003c/script\u003e\u0026é\n")");
}

TEST_CASE("an octet that needs escaping is found at every place", "[json]") {
    for (std::size_t length = 0; length < 70; ++length)
        for (std::size_t place = 0; place < length; ++place)
            for (char c : {'"', '\\', '\n', '\x10', ' ', '\x7f'}) {
                std::string s(length, 'x');
                s[place] = c;
                if (stringify(s) != slowly(s)) FAIL(length << " " << place << " " << stringify(s));
            }
    std::string all;
    for (int i = 0; i < 5000; ++i) all += "x\"y\\\n\x10"[i * 7 % 6];
    CHECK(stringify(all) == slowly(all));
    CHECK(stringify(std::string(5000, '\x10')) == slowly(std::string(5000, '\x10')));
}

TEST_CASE("invalid UTF-8 is replaced, one U+FFFD for each longest wrong piece", "[json]") {
    const auto q = [](std::string_view s) { return '"' + std::string(s) + '"'; };
    CHECK(stringify("\x80") == q("\uFFFD"));
    CHECK(stringify("a\xC3") == q("a\uFFFD"));
    CHECK(stringify("a\xC3z") == q("a\uFFFDz"));
    CHECK(stringify("\xC0\x80") == q("\uFFFD\uFFFD"));         // overlong
    CHECK(stringify("\xE0\x9F\xBF") == q("\uFFFD\uFFFD\uFFFD")); // overlong
    CHECK(stringify("\xED\xA0\x80") == q("\uFFFD\uFFFD\uFFFD")); // surrogate
    CHECK(stringify("\xF0\x9F\x98") == q("\uFFFD"));           // cut off
    CHECK(stringify("\xF0\x9F\x98z") == q("\uFFFDz"));
    CHECK(stringify("\xF4\x90\x80\x80") == q("\uFFFD\uFFFD\uFFFD\uFFFD"));
    CHECK(stringify("\xF5\xFF") == q("\uFFFD\uFFFD"));
    CHECK(stringify("\xE2\x82\"") == "\"\uFFFD\\\"\"");
    // A sequence across the border of every internal piece.
    for (std::size_t n = 0; n < 300; ++n) {
        const std::string s = std::string(n, 'x') + "😀" + std::string(n % 7, 'y');
        if (stringify(s) != q(s)) FAIL(n);
        const std::string cut = std::string(n, 'x') + "\xF0\x9F\x98";
        if (stringify(cut) != q(std::string(n, 'x') + "\uFFFD")) FAIL(n);
    }
}

TEST_CASE("long texts pass through the small buffer whole", "[json]") {
    for (std::size_t n : {100, 127, 128, 129, 300, 2000, 2046, 2047, 2048, 2049, 4096, 100000}) {
        const std::string s(n, 'x');
        if (stringify(s) != '"' + s + '"') FAIL(n);
        std::string out;
        writer w(out);
        w.begin_array();
        w.raw(s);
        w.value(std::string_view(s));
        w.end_array();
        w.finish();
        if (out != std::string("[") + s + ",\"" + s + "\"]") FAIL(n);
    }
}

TEST_CASE("structure is written piece by piece, commas by themselves", "[json]") {
    std::string out;
    writer w(out);
    w.begin_object();
    w.member("id", 7);
    w.key("list");
    w.begin_array();
    w.value("a");
    w.begin_object();
    w.end_object();
    w.begin_array();
    w.value(nullptr);
    w.end_array();
    w.raw("[1,2]");
    w.end_array();
    w.member("last", crema::value{{"x", 1}});
    w.end_object();
    w.finish();
    CHECK(out == R"({"id":7,"list":["a",{},[null],[1,2]],"last":{"x":1}})");
}

TEST_CASE("white space is that of JSON.stringify", "[json]") {
    const crema::value v{{"a", {1, {{"b", 2}}}}, {"none", crema::value::object()}, {"empty", crema::value::array()}};
    CHECK(stringify(v, {.spaces = 2}) == "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"none\": {},\n  \"empty\": []\n}");
    CHECK(stringify(crema::value{1, 2}, {.indent = "\t"}) == "[\n\t1,\n\t2\n]");
    CHECK(stringify(crema::value{1}, {.spaces = 99}) == "[\n          1\n]");
    CHECK(stringify(crema::value{1}, {.indent = "--more than ten--"}) == "[\n--more tha1\n]");
    CHECK(stringify(crema::value{1}, {.spaces = -1}) == "[1]");
    CHECK(stringify(crema::value{{"a", 1}}, {.escape = true}) == R"({"a":1})");
    CHECK(stringify(3, {.spaces = 2}) == "3");

    std::string out;
    writer w(out, {.spaces = 1});
    w.begin_object();
    w.key("a");
    w.begin_array();
    w.end_array();
    w.member("b", 1);
    w.end_object();
    w.finish();
    CHECK(out == "{\n \"a\": [],\n \"b\": 1\n}");
}

TEST_CASE("any class with append is a sink, and its errors come through", "[json]") {
    struct counting {
        std::size_t total = 0;
        void append(const char*, std::size_t n) {
            total += n;
            if (total > 10000) throw 7;
        }
    } sink;
    crema::json::write(sink, std::string(4000, 'x'));
    CHECK(sink.total == 4002);
    CHECK_THROWS_AS(crema::json::write(sink, std::string(40000, 'x')), int);
}
