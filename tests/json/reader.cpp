// The reader: hooks of a user's types, their errors with pointer and position.
// SPDX-License-Identifier: MIT
#include <crema/json/parse.hpp>
#include <crema/json/reader.hpp>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

using crema::json::parse;

namespace travel {
class day {
public:
    int number = 0;

private:
    [[maybe_unused]] int hidden_ = 0;
};
bool from_json(crema::json::reader& r, crema::json::node n, day& d) {
    std::string text;
    if (!r.read(n, text)) return false;
    if (text.size() != 4 || text.substr(0, 3) != "day") return r.expected(n, "a day");
    d.number = text[3] - '0';
    return true;
}
struct span {
    day from, to;
};
struct polar {
    double r = 0, phi = 0;
};
bool from_json(crema::json::reader& r, crema::json::node n, polar& p) {
    std::optional<double> phi;
    if (!r.member(n, "r", p.r) || !r.member(n, "phi", phi)) return false;
    p.phi = phi.value_or(1);
    return true;
}
} // namespace travel

namespace {
template <class T>
std::string why(std::string_view text) {
    std::string pointer = "none";
    const auto r = parse<T>(text, {.pointer = &pointer});
    if (r) return "fine";
    return r.error().message() + " [" + pointer + "]";
}
} // namespace

TEST_CASE("a type reads itself by from_json, and its errors carry the pointer", "[json]") {
    const auto r = parse<travel::span>(R"({"from":"day1","to":"day7"})");
    REQUIRE(r);
    CHECK((r->from.number == 1 && r->to.number == 7));
    CHECK(why<travel::span>(R"({"from":"day1","to":"night"})") == "expected a day at /to [/to]");
    CHECK(why<travel::span>(R"({"from":1,"to":"day7"})") == "expected a string at /from [/from]");
    CHECK(parse<std::vector<travel::polar>>(R"([{"r":2}])")->at(0).phi == 1);
    CHECK(parse<travel::polar>(R"({"r":2,"phi":3,"r":4})")->r == 4);
    CHECK(why<std::vector<travel::polar>>(R"([{"r":2,"phi":"x"}])") == "expected a number at /0/phi [/0/phi]");
    CHECK(why<std::vector<travel::polar>>(R"([{}])") == "missing member at /0/r [/0/r]");
    CHECK(why<std::vector<travel::polar>>(R"([1])") == "expected an object at /0 [/0]");
}

TEST_CASE("a hook's failure has the position of the value", "[json]") {
    const std::string_view text = R"([ {"from":"day1","to": "night"} ])";
    CHECK(parse<std::vector<travel::span>>(text).error().position == text.find("\"night\""));
}

TEST_CASE("a reader builds its pointer from the inside to the outside", "[json]") {
    const crema::json::parse_options options;
    crema::json::reader r(options);
    const std::uint64_t words[] = {0, std::uint64_t('n') << 56};
    const crema::detail::json_tape tape{words, nullptr};
    CHECK_FALSE(r.expected(crema::json::node(tape, 1), "a day"));
    CHECK(r.message() == "expected a day at the root");
    CHECK_FALSE(r.inside("a/b"));
    CHECK_FALSE(r.inside(std::size_t(7)));
    CHECK_FALSE(r.inside("m~n"));
    CHECK(r.pointer() == "/m~0n/7/a~1b");
    CHECK(r.message() == "expected a day at /m~0n/7/a~1b");
    CHECK_FALSE(r.fail(crema::json::node(tape, 1), "anew"));
    CHECK(r.message() == "anew at the root");
}
