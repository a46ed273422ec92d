// Parsing: RFC 8259, the fast parser against the careful one, trees, hostile input.
// SPDX-License-Identifier: MIT
#include <crema/json/parse.hpp>
#include <crema/json/scan.hpp>
#include <crema/json/write.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <thread>

using crema::value;
using crema::json::parse;
using crema::json::parse_value;
using crema::json::stringify;

namespace {
std::string again(std::string_view text) { // parsed and written
    const auto v = parse_value(text);
    return v ? stringify(*v) : v.error().message();
}
} // namespace

TEST_CASE("trees are parsed and written back", "[json]") {
    for (const char* text : {"null", "true", "false", "0", "-1", "1.5", "1e+21", "1e-7", "\"\"", "\"x\"", "[]", "{}", "[1,[2,[3]]]",
                             R"({"b":1,"a":{"c":[null,true]}})", R"(["é","\"","\\","\n","\u0000"])", "9223372036854775807", "-9223372036854775808",
                             "18446744073709551615", "[[[[[[[[]]]]]]]]"})
        CHECK(again(text) == text);
    CHECK(again(" { \"a\" : [ 1 , 2 ] } ") == R"({"a":[1,2]})");
    CHECK(again("1.0") == "1");
    CHECK(again("-0") == "0");
    CHECK(again(R"("\u00e9\ud83d\ude00\/")") == "\"é😀/\"");
}

TEST_CASE("what the fast parser refuses is read as JSON.parse reads it", "[json]") {
    CHECK(again("18446744073709551616") == "18446744073709552000");
    CHECK(again("[1,123456789012345678901234567890]") == "[1,1.2345678901234568e+29]");
    CHECK(parse_value("1e400")->as_double() == INFINITY);
    CHECK(again("[\"\\ud800\"]") == "[\"\uFFFD\"]");
    CHECK(again("[\"\\udc00\"]") == "[\"\uFFFD\"]");
    CHECK(again(R"("\ud800\u0041")") == "\"\uFFFDA\"");
    CHECK(again(R"("\\ud800")") == R"("\\ud800")");
    CHECK(again(R"("\ud83d\ude00\ud83d")") == "\"😀\uFFFD\"");
}

TEST_CASE("errors of syntax tell their place", "[json]") {
    const auto r = parse_value("{\n \"a\": 1,\n \"b\": }");
    REQUIRE_FALSE(r);
    CHECK(r.error().code == crema::error::bad_syntax);
    CHECK(r.error().position == 17);
    CHECK(r.error().message() == "unexpected '}' at position 17 (line 3, column 7)");
    CHECK(again("") == "unexpected end of JSON at position 0 (line 1, column 1)");
    CHECK(again("{} {}") == "unexpected '{' at position 3 (line 1, column 4)");
    CHECK(again("[1,2]\n\n]") == "unexpected ']' at position 7 (line 3, column 1)");
    CHECK(again("\xEF\xBB\xBF{}") == "unexpected octet 0xEF at position 0 (line 1, column 1)");
    CHECK(again(std::string_view("1\0", 2)) == "unexpected octet 0x00 at position 1 (line 1, column 2)");
    CHECK(again("\"\xFF\"") == "invalid UTF-8 at position 1 (line 1, column 2)");
}

TEST_CASE("what nobody reads is validated all the same", "[json]") {
    struct only_a {
        int a;
    };
    CHECK(parse<only_a>(R"({"a":1,"b":[1,{"c":"x"}]})"));
    for (const char* text : {R"({"a":1,"b":[1,}]})", R"({"a":1,"b":01})", R"({"a":1,"b":nul})", R"({"a":1,"b":"\x"})", R"({"a":1,"b":truee})",
                             "{\"a\":1,\"b\":\"\xFF\"}", R"({"a":1}})", R"({"a":1} x)", R"({"a":1,"b":1.e1})"}) {
        const auto r = parse<only_a>(text);
        REQUIRE_FALSE(r);
        CHECK(r.error().code == crema::error::bad_syntax);
    }
}

TEST_CASE("nesting is bounded", "[json]") {
    const auto nested = [](std::size_t n) { return std::string(n, '[') + "1" + std::string(n, ']'); };
    CHECK(parse_value(nested(64)));
    CHECK(parse_value(nested(65)).error().code == crema::error::too_deep);
    CHECK(parse_value(nested(65)).error().position == 64);
    CHECK(parse_value(nested(3), {.max_depth = 3}));
    CHECK_FALSE(parse_value(nested(4), {.max_depth = 3}));
    CHECK(parse_value(nested(1024), {.max_depth = 5000}));
    CHECK_FALSE(parse_value(nested(1025), {.max_depth = 5000}));
    CHECK(parse_value(nested(64))); // the limit of one call is no limit of the next
    CHECK(parse_value("[1]", {.max_depth = 0})); // at least 1
    CHECK_FALSE(parse_value("[[1]]", {.max_depth = 0}));
    const std::string objects = [] {
        std::string s;
        for (int i = 0; i < 65; ++i) s += "{\"a\":";
        return s + "1" + std::string(65, '}');
    }();
    CHECK(parse_value(objects).error().code == crema::error::too_deep);
    CHECK(parse_value(std::string(100000, '[')).error().code == crema::error::too_deep);
    CHECK(parse_value("[" + std::string(64, '{')).error().code == crema::error::bad_syntax);
}

TEST_CASE("the last of several members of one name counts, in the place of the first", "[json]") {
    CHECK(again(R"({"a":1,"b":2,"a":3})") == R"({"a":3,"b":2})");
    CHECK(again(R"({"a":1,"a":2,"a":3,"a":4})") == R"({"a":4})");
    std::string text = "{", expected = "{";
    for (int i = 0; i < 100; ++i) text += "\"k" + std::to_string(i % 40) + "\":" + std::to_string(i) + ",";
    for (int i = 0; i < 40; ++i) expected += "\"k" + std::to_string(i) + "\":" + std::to_string(i < 20 ? i + 80 : i + 40) + ",";
    text.back() = expected.back() = '}';
    CHECK(again(text) == expected);
}

TEST_CASE("hostile input costs linear time and bounded memory", "[json]") {
    std::string many = "{";
    for (int i = 0; i < 200000; ++i) many += "\"k" + std::to_string(i % 1000) + "\":0,";
    many.back() = '}';
    CHECK(parse_value(many)->size() == 1000);
    std::string zeros = "[";
    for (int i = 0; i < 500000; ++i) zeros += "0,";
    zeros.back() = ']';
    CHECK(parse_value(zeros)->size() == 500000);
    struct large {
        char room[4000];
    };
    CHECK_FALSE(parse<std::vector<large>>(zeros)); // does not reserve 2 GB first
    CHECK(parse_value("[" + std::string(2000000, ' ') + "]"));
    CHECK(parse_value("\"" + std::string(3000000, 'x') + "\"")->size() == 3000000);
    CHECK_FALSE(parse_value("\"" + std::string(3000000, '\\')));
    CHECK(parse_value("1")); // and the parser still works, with its buffers given back
}

TEST_CASE("text need not end in padding, and ends where it says", "[json]") {
    const std::string text = R"({"a":[1,2,3]}garbage)";
    CHECK(parse_value(std::string_view(text).substr(0, 13)));
    std::vector<char> exact(text.begin(), text.begin() + 13); // the sanitizer watches its end
    CHECK(parse_value({exact.data(), exact.size()}));
    CHECK_FALSE(parse_value({exact.data(), 12}));
    CHECK_FALSE(parse_value({}));
}

TEST_CASE("threads have parsers of their own", "[json]") {
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 200; ++i) good += parse_value(stringify(std::vector{t * i}))->at(0) == value(t * i);
        });
    for (auto& t : threads) t.join();
    CHECK(good == 800);
}

TEST_CASE("the first text that a thread parses may be empty", "[json]") {
    bool refused = false;
    std::thread([&] { refused = !parse_value("") && !parse_value("").has_value(); }).join();
    CHECK(refused);
}

namespace nest {
struct embedded { // JSON inside of a string inside of JSON
    std::vector<int> numbers;
};
bool from_json(crema::json::reader& r, crema::json::node n, embedded& e) {
    std::string text;
    if (!r.read(n, text)) return false;
    auto inner = crema::json::parse<std::vector<int>>(text);
    if (!inner) return r.fail(n, "bad text inside");
    e.numbers = std::move(*inner);
    return true;
}
struct throws {};
bool from_json(crema::json::reader&, crema::json::node, throws&) { throw 5; }
} // namespace nest

TEST_CASE("a hook may parse again, and may throw", "[json]") {
    const auto r = parse<std::vector<nest::embedded>>(R"(["[1,2]","[3]"])");
    REQUIRE(r);
    CHECK(r->at(0).numbers == std::vector{1, 2});
    CHECK(r->at(1).numbers == std::vector{3});
    CHECK(parse<std::vector<nest::embedded>>(R"(["[1,2]","[x]"])").error().message() == "bad text inside at /1");
    CHECK_THROWS_AS(parse<std::vector<nest::throws>>("[1]"), int);
    CHECK(parse_value("[1]"));
}

TEST_CASE("the fast and the careful parser make the same tape and the same verdict", "[json]") {
    std::mt19937 random(20240917);
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    const std::string_view pieces[] = {"{",    "}",     "[",    "]",    ",",       ":",      "\"a\"", "\"\"",     "1",    "-0",       "1.5",  "1e5", "true",
                                       "null", "false", " ",    "\n",   "\"\\n\"", "\"é\"",  "\"\\u0041\"", "\\", "\"",   "01",       "-",    "1.",  "\xC3",
                                       "tru",  "\x01",  "{\"a\":", "[1,", "],",   "},",     "\"k\":",    "2,",       "12345678901234567890",      "-9223372036854775808", "0"};
    std::vector<std::string> documents = {R"({"id":7,"name":"cup","list":[1,2.5,{"x":null}],"deep":[[[[]]]],"text":"a\u00e9\"\\","big":12345678901234567890})"};
    std::size_t valid = 0, total = 0;
    crema::detail::json_parser fast;
    for (int round = 0; round < 20000; ++round) {
        std::string text;
        if (round % 2) {
            for (std::size_t n = 1 + pick(9); n > 0; --n) text += pieces[pick(std::size(pieces))];
        } else { // a good one, damaged a little
            text = documents[0];
            for (std::size_t n = pick(3); n > 0; --n) {
                const std::size_t at = pick(text.size());
                switch (pick(3)) {
                case 0: text.erase(at, 1); break;
                case 1: text.insert(at, pieces[pick(std::size(pieces))]); break;
                default: text[at] = static_cast<char>(pick(256));
                }
            }
        }
        const bool accepted = fast.parse(text, 64);
        crema::detail::json_scanner careful(text, 64);
        const bool also = !careful.run();
        ++total;
        if (accepted != also) {
            INFO(text);
            // Only what the careful one reads on purpose: large numbers and halves of surrogates.
            REQUIRE(also);
            continue;
        }
        if (!accepted || !crema::detail::surrogates_are_paired(text)) continue;
        ++valid;
        const auto tape = careful.tape();
        const std::uint64_t* words = fast.parser.doc.tape.get();
        const std::size_t size = static_cast<std::uint32_t>(words[0]);
        REQUIRE(size == static_cast<std::uint32_t>(tape.words[0]));
        for (std::size_t i = 1; i + 1 < size; ++i) {
            const char mark = static_cast<char>(words[i] >> 56);
            REQUIRE(mark == static_cast<char>(tape.words[i] >> 56));
            if (mark == '"') {
                const crema::detail::json_tape other{words, reinterpret_cast<const char*>(fast.parser.doc.string_buf.get())};
                REQUIRE(crema::json::node(tape, i).as_string() == crema::json::node(other, i).as_string());
                continue;
            }
            REQUIRE(words[i] == tape.words[i]);
            if (mark == 'l' || mark == 'u' || mark == 'd') {
                ++i;
                REQUIRE(words[i] == tape.words[i]);
            }
        }
    }
    CHECK(valid > total / 10);
    CHECK(valid < total / 2);
}
