// Writing: every kind of C++ value as JSON.
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>
#include <catch2/catch.hpp>
#include <array>
#include <cstdlib>
#include <deque>
#include <list>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

using crema::json::stringify;

namespace shop {
enum class state { open, sold_out };
struct price {
    double amount;
    std::string currency = "EUR";
};
struct item {
    int id;
    std::string name;
    std::optional<price> cost;
    std::vector<std::string> tags;
    shop::state state = shop::state::open;
};
// A type with a hook.
class money {
public:
    explicit money(int cents) : cents_(cents) {}
    int cents() const { return cents_; }

private:
    int cents_;
};
void to_json(crema::json::writer& w, const money& m) {
    w.value(std::to_string(m.cents() / 100) + "." + std::to_string(m.cents() % 100 / 10) + std::to_string(m.cents() % 10));
}
struct silent {
    int ignored;
};
void to_json(crema::json::writer&, const silent&) {}
struct structured {
    int a;
};
void to_json(crema::json::writer& w, const structured& s) {
    w.begin_object();
    w.member("double", s.a * 2);
    w.member("list", std::vector{s.a, s.a});
    w.end_object();
}
struct wallet {
    money first;
    silent second;
    structured third;
    std::vector<money> rest;
};
} // namespace shop

namespace {
struct empty {};
struct all_optional {
    std::optional<int> a, b, c;
};
struct arrays {
    int grid[2][3];
    char name[8];
    std::array<bool, 2> flags;
};
struct tree {
    int label;
    std::vector<tree> children;
    std::unique_ptr<tree> next;
    std::shared_ptr<tree> shared;
};
struct message {
    std::string_view message;
};
enum class flags : unsigned { read = 1, write = 2 };
struct renamed {
    int class_;
    std::optional<int> quote;
    static constexpr crema::json::rename json_names[] = {{"class_", "<class>"}, {"quote", "\"q\""}};
};
} // namespace

TEST_CASE("aggregates are objects, members in order", "[json]") {
    CHECK(stringify(message{"Hello, World!"}) == R"({"message":"Hello, World!"})");
    CHECK(stringify(shop::item{7, "cup", shop::price{9.5}, {"new", "red"}, shop::state::sold_out}) ==
          R"({"id":7,"name":"cup","cost":{"amount":9.5,"currency":"EUR"},"tags":["new","red"],"state":"sold_out"})");
    CHECK(stringify(empty{}) == "{}");
    CHECK(stringify(std::vector<empty>(2)) == "[{},{}]");
}

TEST_CASE("an empty optional member is left out, and is null elsewhere", "[json]") {
    CHECK(stringify(shop::item{1, "", {}, {}}) == R"({"id":1,"name":"","tags":[],"state":"open"})");
    CHECK(stringify(all_optional{}) == "{}");
    CHECK(stringify(all_optional{{}, 2, {}}) == R"({"b":2})");
    CHECK(stringify(all_optional{1, {}, 3}) == R"({"a":1,"c":3})");
    CHECK(stringify(all_optional{1, {}, {}}, {.keep_empty = true}) == R"({"a":1,"b":null,"c":null})");
    CHECK(stringify(std::vector<std::optional<int>>{1, {}, 3}) == "[1,null,3]");
    CHECK(stringify(std::map<std::string, std::optional<int>>{{"a", {}}}) == R"({"a":null})");
    CHECK(stringify(std::optional<int>()) == "null");
}

TEST_CASE("aggregates are indented and escaped too", "[json]") {
    CHECK(stringify(all_optional{1, {}, 3}, {.spaces = 2}) == "{\n  \"a\": 1,\n  \"c\": 3\n}");
    CHECK(stringify(all_optional{}, {.spaces = 2}) == "{}");
    CHECK(stringify(empty{}, {.spaces = 2}) == "{}");
    CHECK(stringify(std::vector{message{"<"}}, {.spaces = 1}) == "[\n {\n  \"message\": \"<\"\n }\n]");
    CHECK(stringify(renamed{1, 2}) == R"({"<class>":1,"\"q\"":2})");
    CHECK(stringify(renamed{1, {}}, {.escape = true}) == R"({"\u003cclass\u003e":1})");
    CHECK(stringify(message{"<a>"}, {.spaces = 1, .escape = true}) == "{\n \"message\": \"\\u003ca\\u003e\"\n}");
}

TEST_CASE("plain values", "[json]") {
    CHECK(stringify(true) == "true");
    CHECK(stringify(false) == "false");
    CHECK(stringify(nullptr) == "null");
    CHECK(stringify('x') == "\"x\"");
    CHECK(stringify(std::string("s")) == "\"s\"");
    const char* none = nullptr;
    CHECK(stringify(none) == "null");
    int seven = 7;
    int* p = &seven;
    CHECK(stringify(p) == "7");
    p = nullptr;
    CHECK(stringify(p) == "null");
    CHECK(stringify(1.5L) == "1.5");
}

TEST_CASE("ranges, tuples and maps", "[json]") {
    CHECK(stringify(std::vector<int>{}) == "[]");
    CHECK(stringify(std::vector<bool>{true, false}) == "[true,false]");
    CHECK(stringify(std::list<std::string>{"a"}) == "[\"a\"]");
    CHECK(stringify(std::deque<int>{1}) == "[1]");
    CHECK(stringify(std::set<int>{2, 1}) == "[1,2]");
    int raw[] = {1, 2};
    CHECK(stringify(raw) == "[1,2]");
    CHECK(stringify(std::span<const int>(raw)) == "[1,2]");
    CHECK(stringify(std::pair<int, std::string>{1, "a"}) == "[1,\"a\"]");
    CHECK(stringify(std::tuple<int, bool, empty>{}) == "[0,false,{}]");
    CHECK(stringify(std::tuple<>{}) == "[]");
    CHECK(stringify(std::map<std::string, int>{{"b", 2}, {"a", 1}}) == R"({"a":1,"b":2})");
    CHECK(stringify(std::map<int, int>{{-1, 2}}) == R"({"-1":2})");
    CHECK(stringify(std::map<shop::state, int>{{shop::state::open, 1}, {shop::state(9), 2}}) == R"({"open":1,"9":2})");
    CHECK(stringify(std::unordered_map<std::string_view, int>{}) == "{}");
    CHECK(stringify(arrays{{{1, 2, 3}, {4, 5, 6}}, "name", {true, false}}) == R"({"grid":[[1,2,3],[4,5,6]],"name":"name","flags":[true,false]})");
    CHECK(stringify(arrays{{}, {'1', '2', '3', '4', '5', '6', '7', '8'}, {}}).find("\"12345678\"") != std::string::npos);
}

TEST_CASE("variants are what they hold, enumerations their names", "[json]") {
    using v = std::variant<std::monostate, int, std::string, shop::price>;
    CHECK(stringify(std::vector<v>{v(), v(1), v("s"), v(shop::price{1})}) == R"([null,1,"s",{"amount":1,"currency":"EUR"}])");
    CHECK(stringify(shop::state::sold_out) == "\"sold_out\"");
    CHECK(stringify(static_cast<flags>(3)) == "3");
}

TEST_CASE("types that contain themselves are written", "[json]") {
    tree t{1, {}, std::make_unique<tree>(), nullptr};
    t.children.push_back(tree{2, {}, {}, {}});
    CHECK(stringify(t) == R"({"label":1,"children":[{"label":2,"children":[],"next":null,"shared":null}],)"
                          R"("next":{"label":0,"children":[],"next":null,"shared":null},"shared":null})");
}

TEST_CASE("a type writes itself by to_json, one value each", "[json]") {
    const shop::wallet w{shop::money(1234), {1}, {4}, {shop::money(199), shop::money(250)}};
    CHECK(stringify(w) == R"({"first":"12.34","second":null,"third":{"double":8,"list":[4,4]},"rest":["1.99","2.50"]})");
    CHECK(stringify(w.third) == R"({"double":8,"list":[4,4]})");
    CHECK(stringify(w, {.spaces = 1}).find("\"third\": {\n  \"double\": 8,\n  \"list\": [\n   4,\n   4\n  ]\n },") != std::string::npos);
    std::string out;
    crema::json::writer direct(out);
    direct.begin_array();
    direct.value(w.third);
    direct.value(w);
    direct.value(1);
    direct.end_array();
    direct.finish();
    CHECK(out == std::string("[") + stringify(w.third) + "," + stringify(w) + ",1]");
}

TEST_CASE("trees are written", "[json]") {
    CHECK(stringify(crema::value{{"s", "x"}, {"n", -1}, {"u", 18446744073709551615u}, {"d", 1.5}, {"b", true}, {"z", nullptr}, {"a", {1, 2}}}) ==
          R"({"s":"x","n":-1,"u":18446744073709551615,"d":1.5,"b":true,"z":null,"a":[1,2]})");
}

TEST_CASE("text is appended to what is there", "[json]") {
    std::string out = "before ";
    crema::json::write(out, 1);
    crema::json::write(out, message{"x"});
    CHECK(out == R"(before 1{"message":"x"})");
}
