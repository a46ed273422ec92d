// Reading: what fits which C++ type, and the pointer to what does not.
// SPDX-License-Identifier: MIT
#include <crema/json/parse.hpp>
#include <crema/json/read.hpp>
#include <crema/json/write.hpp>
#include <catch2/catch.hpp>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

using crema::value;
using crema::json::parse;
using crema::json::parse_options;
using crema::json::stringify;

namespace market {
enum class state { open, sold_out };
struct price {
    double amount;
    std::string currency;
    bool operator==(const price&) const = default;
};
struct item {
    int id;
    std::string name;
    std::optional<price> cost;
    std::vector<std::string> tags;
    market::state state;
};
struct order {
    std::vector<item> items;
    std::map<std::string, price> by_name;
};
} // namespace market

namespace {
struct lenient {
    int page = 1;
    std::string sort = "date";
    static constexpr bool json_defaults = true;
};
struct paging {
    int page = 1;
    int size = 20;
};
struct holder {
    std::optional<int> maybe;
    std::unique_ptr<int> owned;
    std::shared_ptr<int> shared;
};
struct circle {
    double radius;
};
struct square {
    double side;
    std::optional<std::string> label;
};
using shape = std::variant<circle, square>;
struct arrays {
    int three[3];
    std::array<bool, 2> two;
    char name[4];
};
struct node_of_tree {
    int label;
    std::vector<node_of_tree> children;
};
struct renamed {
    int class_;
    static constexpr crema::json::rename json_names[] = {{"class_", "class"}};
};
struct flat {
    std::optional<int> a, b;
};
struct twice {
    flat inner;
    std::vector<int> list;
    flat pair[1];
};

// The message of the failure, and its pointer in brackets.
template <class T>
std::string why(std::string_view text, parse_options o = {}) {
    std::string pointer = "none";
    o.pointer = &pointer;
    const auto r = parse<T>(text, o);
    if (r) return "fine";
    return r.error().message() + " [" + pointer + "]";
}
template <class T>
std::string again(std::string_view text) {
    const auto r = parse<T>(text);
    return r ? stringify(*r) : r.error().message();
}
} // namespace

TEST_CASE("an aggregate is read whole", "[json]") {
    const auto r = parse<market::item>(R"({"id":7,"name":"cup","cost":{"amount":9.5,"currency":"EUR"},"tags":["new","red"],"state":"sold_out"})");
    REQUIRE(r);
    CHECK(r->id == 7);
    CHECK(r->name == "cup");
    CHECK(r->cost == market::price{9.5, "EUR"});
    CHECK(r->tags == std::vector<std::string>{"new", "red"});
    CHECK(r->state == market::state::sold_out);
    // in any order, with strangers
    CHECK(parse<market::item>(R"({"x":[{}],"state":"open","tags":[],"name":"","y":null,"id":-1})")->id == -1);
    const char* text = R"({"items":[{"id":1,"name":"a","tags":[],"state":"open"}],"by_name":{"x/y":{"amount":1,"currency":"EUR"}}})";
    CHECK(again<market::order>(text) == text);
    CHECK(again<renamed>(R"({"class":3})") == R"({"class":3})");
}

TEST_CASE("a value that does not fit is named by its JSON pointer", "[json]") {
    CHECK(why<market::item>(R"({"id":"7"})") == "expected an integer at /id [/id]");
    CHECK(why<market::item>("[]") == "expected an object at the root []");
    CHECK(why<market::item>("null") == "expected an object at the root []");
    CHECK(why<market::item>(R"({"id":1,"name":null})") == "expected a string at /name [/name]");
    CHECK(why<market::item>(R"({"id":1,"name":"","cost":{"amount":"x"}})") == "expected a number at /cost/amount [/cost/amount]");
    CHECK(why<market::item>(R"({"id":1,"name":"","tags":["a",1]})") == "expected a string at /tags/1 [/tags/1]");
    CHECK(why<market::item>(R"({"state":"closed"})") == R"(expected one of "open", "sold_out" at /state [/state])");
    CHECK(why<market::item>(R"({"state":0})") == R"(expected one of "open", "sold_out" at /state [/state])");
    CHECK(why<market::order>(R"({"items":[{"id":1,"name":"","tags":[],"state":"open"},{"id":2.5}]})") == "expected an integer at /items/1/id [/items/1/id]");
    CHECK(why<market::order>(R"({"by_name":{"a/b~c":{"amount":true}}})") == "expected a number at /by_name/a~1b~0c/amount [/by_name/a~1b~0c/amount]");
    CHECK(why<market::order>(R"({"by_name":{"":1}})") == "expected an object at /by_name/ [/by_name/]");
    CHECK(why<int>("{") == "unexpected end of JSON at position 1 (line 1, column 2) [none]");
}

TEST_CASE("the position is that of the value", "[json]") {
    const std::string_view text = R"({"items":[{"id":1,"name":"é","tags":[],"state":"open"},{"id": "x"}]})";
    const auto r = parse<market::order>(text);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == crema::error::bad_value);
    CHECK(r.error().position == text.find("\"x\""));
    CHECK(parse<market::item>(R"( {"id":1})").error().position == 1); // the object that lacks a member
}

TEST_CASE("members that are absent", "[json]") {
    CHECK(why<market::item>(R"({"id":1,"tags":[],"state":"open"})") == "missing member at /name [/name]");
    CHECK(why<market::order>(R"({"items":[{}],"by_name":{}})") == "missing member at /items/0/id [/items/0/id]");
    const auto h = parse<holder>("{}");
    REQUIRE(h);
    CHECK((!h->maybe && !h->owned && !h->shared));
    CHECK(why<paging>(R"({"page":2})") == "missing member at /size [/size]");
    const auto p = parse<paging>(R"({"page":2})", {.missing = crema::json::missing_members::defaults});
    REQUIRE(p);
    CHECK(p->page == 2);
    CHECK(p->size == 20);
    CHECK(parse<lenient>(R"({"sort":"name"})")->page == 1);
    CHECK(parse<lenient>("{}")->sort == "date");
    CHECK(why<lenient>(R"({"page":null})") == "expected an integer at /page [/page]");
}

TEST_CASE("unknown members are ignored or refused", "[json]") {
    CHECK(why<paging>(R"({"page":1,"size":2,"x/y":3})") == "fine");
    CHECK(why<paging>(R"({"page":1,"size":2,"x/y":3})", {.unknown = crema::json::unknown_members::refuse}) == "unknown member at /x~1y [/x~1y]");
    CHECK(why<std::vector<paging>>(R"([{"page":1,"size":2,"Page":3}])", {.unknown = crema::json::unknown_members::refuse}) ==
          "unknown member at /0/Page [/0/Page]");
}

TEST_CASE("the last of several members of one name counts, and nothing of the others stays", "[json]") {
    CHECK(parse<paging>(R"({"page":1,"size":2,"page":3})")->page == 3);
    const auto r = parse<twice>(R"({"inner":{"a":1},"inner":{"b":2},"list":[1,2],"list":[3],"pair":[{"a":1}],"pair":[{"b":2}]})");
    REQUIRE(r);
    CHECK((!r->inner.a && r->inner.b == 2));
    CHECK(r->list == std::vector{3});
    CHECK((!r->pair[0].a && r->pair[0].b == 2));
    CHECK(why<paging>(R"({"page":"x","size":2,"page":3})") == "expected an integer at /page [/page]"); // each is looked at
}

TEST_CASE("integers keep to their range", "[json]") {
    CHECK(*parse<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    CHECK(*parse<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
    CHECK(*parse<std::int8_t>("-128") == -128);
    CHECK(*parse<std::uint8_t>("255") == 255);
    CHECK(*parse<int>("1.0") == 1);
    CHECK(*parse<int>("1e3") == 1000);
    CHECK(*parse<int>("-0.0") == 0);
    CHECK(*parse<unsigned>("-0") == 0);
    CHECK(why<std::int8_t>("128") == "expected an integer from -128 to 127 at the root []");
    CHECK(why<std::int8_t>("-129") == "expected an integer from -128 to 127 at the root []");
    CHECK(why<std::uint8_t>("-1") == "expected an integer from 0 to 255 at the root []");
    CHECK(why<std::uint8_t>("256.0") == "expected an integer from 0 to 255 at the root []");
    CHECK(why<std::uint64_t>("-1") == "expected an integer from 0 to 18446744073709551615 at the root []");
    CHECK(why<std::int64_t>("9223372036854775808") == "expected an integer from -9223372036854775808 to 9223372036854775807 at the root []");
    CHECK(why<std::int64_t>("1e19") == "expected an integer at the root []");
    CHECK(why<int>("1e400") == "expected an integer at the root []");
    CHECK(why<int>("1.5") == "expected an integer at the root []");
    CHECK(why<int>("true") == "expected an integer at the root []");
    CHECK(why<int>("\"1\"") == "expected an integer at the root []");
}

TEST_CASE("numbers, booleans, characters, null", "[json]") {
    CHECK(*parse<double>("1") == 1.0);
    CHECK(*parse<double>("18446744073709551615") == 18446744073709551615.0);
    CHECK(*parse<float>("0.1") == 0.1f);
    CHECK(why<float>("1e39") == "expected a number that fits a float at the root []");
    CHECK(why<double>("\"1\"") == "expected a number at the root []");
    CHECK(*parse<bool>("true"));
    CHECK(why<bool>("1") == "expected true or false at the root []");
    CHECK(*parse<char>("\"x\"") == 'x');
    CHECK(why<char>("\"é\"") == "expected a string of one ASCII character at the root []");
    CHECK(why<char>("\"\"") == "expected a string of one ASCII character at the root []");
    CHECK(parse<std::monostate>("null"));
    CHECK(why<std::monostate>("0") == "expected null at the root []");
    CHECK(*parse<std::string>(R"("a\u0000b")") == std::string("a\0b", 3));
}

TEST_CASE("optionals and owners", "[json]") {
    const auto h = parse<holder>(R"({"maybe":1,"owned":2,"shared":3})");
    REQUIRE(h);
    CHECK((h->maybe == 1 && *h->owned == 2 && *h->shared == 3));
    const auto n = parse<holder>(R"({"maybe":null,"owned":null,"shared":null})");
    REQUIRE(n);
    CHECK((!n->maybe && !n->owned && !n->shared));
    CHECK(why<holder>(R"({"owned":"x"})") == "expected an integer at /owned [/owned]");
    CHECK(again<std::vector<std::optional<int>>>("[1,null]") == "[1,null]");
}

TEST_CASE("containers", "[json]") {
    CHECK(again<std::vector<int>>("[3,1,2]") == "[3,1,2]");
    CHECK(again<std::vector<bool>>("[true,false]") == "[true,false]");
    CHECK(again<std::list<int>>("[1]") == "[1]");
    CHECK(again<std::deque<std::string>>("[\"a\"]") == "[\"a\"]");
    CHECK(again<std::set<int>>("[2,1,2]") == "[1,2]");
    CHECK(again<std::vector<std::vector<int>>>("[[],[1]]") == "[[],[1]]");
    CHECK(again<std::map<std::string, int>>(R"({"b":1,"a":2,"b":3})") == R"({"a":2,"b":3})");
    CHECK(again<std::unordered_map<std::string, int>>(R"({"b":1})") == R"({"b":1})");
    CHECK(again<std::multimap<std::string, int>>(R"({"b":1,"b":2})") == R"({"b":1,"b":2})");
    CHECK(again<std::map<int, int>>(R"({"-1":1})") == R"({"-1":1})");
    CHECK(again<std::map<market::state, int>>(R"({"sold_out":1})") == R"({"sold_out":1})");
    CHECK(again<std::pair<int, std::string>>("[1,\"a\"]") == "[1,\"a\"]");
    CHECK(again<std::tuple<>>("[]") == "[]");
    CHECK(again<arrays>(R"({"three":[1,2,3],"two":[true,false],"name":"abc"})") == R"({"three":[1,2,3],"two":[true,false],"name":"abc"})");
    CHECK(why<std::vector<int>>("{}") == "expected an array at the root []");
    CHECK(why<std::vector<bool>>("[true,1]") == "expected true or false at /1 [/1]");
    CHECK(why<std::set<int>>("[1,\"\"]") == "expected an integer at /1 [/1]");
    CHECK(why<std::map<std::string, int>>("[]") == "expected an object at the root []");
    CHECK(why<std::map<int, int>>(R"({"1x":1})") == "expected an integer as name at /1x [/1x]");
    CHECK(why<std::map<market::state, int>>(R"({"x":1})") == "unknown name at /x [/x]");
    CHECK(why<std::pair<int, int>>("[1]") == "expected an array of 2 elements at the root []");
    CHECK(why<std::pair<int, int>>("[1,\"x\"]") == "expected an integer at /1 [/1]");
    CHECK(why<std::array<int, 1>>("[1,2]") == "expected an array of 1 element at the root []");
    CHECK(why<arrays>(R"({"three":[1,2]})") == "expected an array of 3 elements at /three [/three]");
    CHECK(why<arrays>(R"({"three":[1,2,"x"]})") == "expected an integer at /three/2 [/three/2]");
    CHECK(why<arrays>(R"({"name":"abcd"})") == "expected a string of at most 3 octets at /name [/name]");
}

TEST_CASE("a variant takes the first alternative that fits", "[json]") {
    using v = std::variant<std::monostate, bool, int, double, std::string, std::vector<int>, market::price>;
    const auto index = [](std::string_view text) { return parse<v>(text)->index(); };
    CHECK(index("null") == 0);
    CHECK(index("true") == 1);
    CHECK(index("1") == 2);
    CHECK(index("1.5") == 3);
    CHECK(index("3000000000") == 3); // no int
    CHECK(index("\"x\"") == 4);
    CHECK(index("[1]") == 5);
    CHECK(index(R"({"amount":1,"currency":""})") == 6);
    CHECK(why<v>("{}") == "none of the types that may stand here fits at the root []");
    CHECK(why<v>("[\"x\"]") == "expected an integer at /0 [/0]"); // an array it is
    CHECK(why<std::vector<std::variant<int, bool>>>("[1,\"x\"]") == "none of the types that may stand here fits at /1 [/1]");

    CHECK(parse<shape>(R"({"radius":1})")->index() == 0);
    CHECK(parse<shape>(R"({"side":1})")->index() == 1);
    CHECK(parse<shape>(R"({"side":1,"label":"x"})")->index() == 1);
    CHECK(why<shape>(R"({"width":1})") == "none of the types that may stand here fits at the root []");
    CHECK(why<shape>(R"({"side":"x"})") == "expected a number at /side [/side]");
    CHECK(parse<std::variant<market::state, std::string>>("\"open\"")->index() == 0);
    CHECK(parse<std::variant<market::state, std::string>>("\"other\"")->index() == 1);
    CHECK(parse<std::variant<std::pair<int, int>, std::tuple<int, int, int>>>("[1,2,3]")->index() == 1);
    CHECK(parse<std::variant<int, std::unique_ptr<circle>>>("null")->index() == 1);
}

TEST_CASE("types that contain themselves are read", "[json]") {
    const char* text = R"({"label":1,"children":[{"label":2,"children":[]},{"label":3,"children":[{"label":4,"children":[]}]}]})";
    CHECK(again<node_of_tree>(text) == text);
    CHECK(why<node_of_tree>(R"({"label":1,"children":[{"label":2,"children":[]},{"label":3,"children":[{"label":"x"}]}]})") ==
          "expected an integer at /children/1/children/0/label [/children/1/children/0/label]");
}

TEST_CASE("trees inside of aggregates", "[json]") {
    struct with_tree {
        int id;
        value extra;
    };
    const auto r = parse<with_tree>(R"({"id":1,"extra":{"a":[1,{"b":null}]}})");
    REQUIRE(r);
    CHECK(r->extra == value{{"a", {1, {{"b", nullptr}}}}});
    CHECK(why<with_tree>(R"({"id":1})") == "missing member at /extra [/extra]");
}
