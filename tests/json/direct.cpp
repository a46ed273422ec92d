// Direct reading: what it reads is what is read from the tape, and it accepts nothing that is refused there.
// SPDX-License-Identifier: MIT
#include <crema/json/parse.hpp>
#include <crema/json/write.hpp>
#include <bit>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace sample {
enum class colour { red, green };
struct point {
    double x, y;
};
struct tree {
    int n;
    std::vector<tree> children;
};
struct all_kinds {
    int id;
    std::string name;
    bool active;
    std::optional<std::string> nick;
    point at;
    std::vector<std::string> tags;
    std::vector<int> numbers;
    std::vector<point> path;
    std::array<int, 2> pair;
    std::tuple<int, std::string> both;
    std::map<std::string, int> counts;
    std::unique_ptr<int> owned;
    colour paint;
    std::uint64_t large;
    std::int8_t small;
    float ratio;
    char letter;
    std::vector<bool> flags;
    std::vector<std::vector<int>> matrix;
};
} // namespace sample

namespace {

using namespace crema;

template <class T>
bool directly(std::string_view text, T& out, const json::parse_options& options = {}) {
    const std::unique_ptr<char[]> exact(new char[text.size()]); // so that sanitizers see what is read beyond
    text.copy(exact.get(), text.size());
    return detail::parse_directly(std::string_view(exact.get(), text.size()), options, out);
}
template <class T>
bool from_tape(std::string_view text, T& out, const json::parse_options& options = {}) {
    detail::parsed_json parsed(text, options);
    json::reader r(options);
    return !parsed.failed() && r.read(parsed.root(), out);
}
// Tells what both ways make of a text: whatever is read directly has to be the same.
template <class T>
bool agree(std::string_view text, bool& direct, const json::parse_options& options = {}) {
    T one{}, two{};
    direct = directly(text, one, options);
    if (!direct) return true;
    return from_tape(text, two, options) && json::stringify(one) == json::stringify(two);
}
template <class T>
bool reads(std::string_view text, const json::parse_options& options = {}) {
    bool direct = false;
    CHECK(agree<T>(text, direct, options));
    return direct;
}

constexpr std::string_view whole =
    R"({"id":-7,"name":"Grace \"Hopper\"\n\u00e9 é","active":true,"nick":null,"at":{"x":1.25,"y":-100},"tags":["a","b,]","c"],)"
    R"("numbers":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18],"path":[{"x":0.1,"y":0.2},{"x":3,"y":4}],"pair":[1,2],)"
    R"("both":[5,"five"],"counts":{"one":1,"two":2},"owned":3,"paint":"green","large":999999999999999999,"small":-128,)"
    R"("ratio":0.5,"letter":"z","flags":[true,false],"matrix":[[1],[],[2,3]]})";

} // namespace

TEST_CASE("every kind of member is read directly", "[json]") {
    sample::all_kinds a{};
    REQUIRE(directly(whole, a));
    CHECK(a.name == "Grace \"Hopper\"\n\u00e9 é");
    CHECK(a.at.y == -100);
    CHECK(a.tags == std::vector<std::string>{"a", "b,]", "c"});
    CHECK(a.numbers.size() == 18);
    CHECK(a.numbers.capacity() == 18);
    CHECK(*a.owned == 3);
    CHECK(a.small == -128);
    CHECK(reads<sample::all_kinds>(whole));
    CHECK(json::parse<sample::all_kinds>(whole)->matrix == std::vector<std::vector<int>>{{1}, {}, {2, 3}});
}

TEST_CASE("white space, order, unknown members and other spellings of names make no difference", "[json]") {
    CHECK(reads<sample::point>(" \r\n\t{ \"x\" : 1 , \"y\" : 2 } "));
    CHECK(reads<sample::point>(R"({"y":2,"x":1})"));
    CHECK(reads<sample::point>(R"({"a":[1,{"b":null,"c":[]}],"y":2,"b":"\u0041","x":1,"c":{}})"));
    CHECK(reads<sample::point>(R"({"\u0078":1,"y":2})"));
    CHECK_FALSE(reads<sample::point>(R"({"x":1,"y":2,"a":3})", {.unknown = json::unknown_members::refuse}));
    CHECK(reads<sample::point>(R"({"x":1})", {.missing = json::missing_members::defaults}));
    CHECK(reads<std::vector<int>>("[]"));
    CHECK(reads<std::vector<sample::point>>("[ ]"));
}

TEST_CASE("what does not fit or is no JSON is left to the parser that knows why", "[json]") {
    for (auto text : {R"({"x":1})", R"({"x":1,"y":"2"})", R"({"x":1,"y":2},)", R"({"x":1,"y":2)", R"({"x":1 "y":2})",
                      R"({"x":1,"y":2,})", R"({,"x":1,"y":2})", R"({"x":01,"y":2})", R"({"x":1.,"y":2})", R"({"x":.5,"y":2})", R"({"x":-,"y":2})",
                      R"({"x":1..2,"y":2})", R"({"x":+1,"y":2})", R"({"x":1,"y":2}x)", R"({"x":1,"y":2,"a":tru})", R"({"x":1,"y":2,"a":[1,]})",
                      R"({"x":1,"y":2,"a":01})", "{\"x\":1,\"y\":2,\"a\":\"\x80\"}", "{\"x\":1,\"y\":2,\"a\":\"\n\"}", R"({"x":1,"y":2,"\q":1})", "", " ",
                      "\xEF\xBB\xBF{\"x\":1,\"y\":2}", "{\"x\":1,\"y\":2}\v", "[]", "null", R"({"x":1,"y":2,"a":"\u12"})", R"({"x" 1,"y":2})"}) {
        sample::point p{};
        INFO(text);
        CHECK_FALSE(directly(text, p));
        CHECK_FALSE(json::parse<sample::point>(text));
    }
    for (auto text : {"\"\xc3\"", "\"\xed\xa0\x80\"", "\"\\\"", "\"a\\", "\"a", "\"\\ud800\"", "\"\x1f\"", "\"\\x\""}) {
        std::string s;
        CHECK_FALSE(directly(text, s));
    }
}

TEST_CASE("what is rare is read all the same", "[json]") {
    for (auto text : {R"({"x":1e3,"y":2})", R"({"x":-0,"y":-0.0})", R"({"x":123456789012345678901,"y":0.12345678901234567890})",
                      R"({"x":9007199254740993.5,"y":1})", R"({"x":1,"y":2,"x":3})"}) {
        INFO(text);
        sample::point p{};
        CHECK_FALSE(directly(text, p));
        CHECK(json::parse<sample::point>(text));
    }
    CHECK(std::signbit(json::parse<sample::point>(R"({"x":-0.0,"y":0})")->x));
    CHECK(*json::parse<std::string>(R"("\ud83d\ude00")") == "😀");
    CHECK(*json::parse<int>("1.0") == 1);
}

TEST_CASE("integers read directly keep to their range", "[json]") {
    CHECK(reads<std::int8_t>("127"));
    CHECK(reads<std::int8_t>("-128"));
    CHECK_FALSE(reads<std::int8_t>("128"));
    CHECK_FALSE(reads<std::int8_t>("-129"));
    CHECK(reads<std::uint8_t>("255"));
    CHECK(reads<std::uint8_t>("-0"));
    CHECK_FALSE(reads<std::uint8_t>("-1"));
    CHECK_FALSE(reads<std::uint64_t>("-1"));
    CHECK(reads<std::int64_t>("-999999999999999999"));
    CHECK(*json::parse<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    CHECK(*json::parse<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("depth is counted as the other parser counts it", "[json]") {
    for (std::size_t depth = 1; depth < 6; ++depth)
        for (std::size_t nested = 0; nested < 7; ++nested) {
            std::string text = R"({"n":1,"children":[)"; // each tree is two levels, the last array is empty
            for (std::size_t i = 0; i < nested; ++i) text += R"({"n":1,"children":[)";
            for (std::size_t i = 0; i < nested; ++i) text += "]}";
            text += "]}";
            const json::parse_options options{.max_depth = depth};
            sample::tree direct{}, tape{};
            const bool fits = from_tape(text, tape, options);
            if (directly(text, direct, options)) CHECK(fits);
            CHECK(json::parse<sample::tree>(text, options).has_value() == fits);
        }
}

TEST_CASE("numbers are rounded like everywhere", "[json]") {
    std::mt19937_64 random(5);
    std::size_t direct_ones = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string text = random() % 2 ? "-" : "";
        const auto digits = random() % 20;
        for (std::size_t k = 0; k <= digits; ++k) {
            if (k != 0 && random() % 8 == 0 && text.find('.') == text.npos) text += '.';
            text += static_cast<char>('0' + random() % 10);
        }
        bool direct = false;
        double one = 0, two = 0;
        if ((direct = directly(text, one))) {
            ++direct_ones;
            if (!from_tape(text, two) || std::bit_cast<std::uint64_t>(one) != std::bit_cast<std::uint64_t>(two)) FAIL(text);
        }
        if (!agree<int>(text, direct) || !agree<std::int64_t>(text, direct) || !agree<std::uint32_t>(text, direct)) FAIL(text);
    }
    CHECK(direct_ones > 5000);
}

TEST_CASE("damaged texts never surprise it", "[json]") {
    std::mt19937 random(11);
    constexpr std::string_view octets = "{}[]\",:\\0123456789.-+eEtrufalsn\n \x80\xc3\xe9";
    std::size_t direct_ones = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string text(whole);
        for (auto n = random() % 3 + 1; n > 0; --n) {
            const auto at = random() % text.size();
            switch (random() % 4) {
            case 0: text[at] = octets[random() % octets.size()]; break;
            case 1: text.erase(at, random() % 4); break;
            case 2: text.insert(at, 1, octets[random() % octets.size()]); break;
            default: text.resize(at + 1);
            }
        }
        bool direct = false;
        if (!agree<sample::all_kinds>(text, direct)) FAIL(text);
        direct_ones += direct;
    }
    CHECK(direct_ones > 500);
}
