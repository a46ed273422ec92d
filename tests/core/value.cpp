// The tree: what brace lists become, access, comparison, and what refuses.
// SPDX-License-Identifier: MIT
#include <crema/core/value.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>

using crema::value;

namespace {
value same(value v) { return v; } // takes a value as res.json() does
} // namespace

TEST_CASE("a value is made from what it can hold", "[value]") {
    CHECK(value().is_null());
    CHECK(value(nullptr).is_null());
    CHECK(value(true).as_bool());
    CHECK(value(3).type() == value::kind::integer);
    CHECK(value(-3).as_int64() == -3);
    CHECK(value(3u).type() == value::kind::integer);
    CHECK(value(std::numeric_limits<std::uint64_t>::max()).type() == value::kind::natural);
    CHECK(value(1.5).as_double() == 1.5);
    CHECK(value("text").as_string() == "text");
    CHECK(value(std::string_view("view")).as_string() == "view");
    CHECK(value(std::string(100, 'x')).as_string().size() == 100);
    const char* none = nullptr;
    CHECK(value(none).is_null());
    CHECK(value(std::optional<int>(4)).as_int64() == 4);
    CHECK(value(std::optional<int>()).is_null());
    CHECK(value(std::vector<std::string>{"a", "b"}) == value{"a", "b"});
    CHECK(value(std::vector<bool>{true, false}) == value{true, false});
    CHECK(value(std::set<int>{2, 1}) == value{1, 2});
    CHECK(value(std::map<std::string, int>{{"b", 2}, {"a", 1}}) == value{{"a", 1}, {"b", 2}});
    CHECK(value(std::multimap<std::string, int>{{"a", 1}, {"a", 2}}) == value{{"a", 2}});
}

TEST_CASE("what has no JSON meaning does not convert", "[value]") {
    struct other {};
    CHECK_FALSE(std::is_constructible_v<value, other>);
    CHECK_FALSE(std::is_constructible_v<value, void*>); // and is no boolean
    CHECK_FALSE(std::is_constructible_v<value, char>);
    CHECK_FALSE(std::is_constructible_v<value, std::vector<other>>);
    CHECK_FALSE(std::is_constructible_v<value, std::map<int, int>>);
    CHECK_FALSE(std::is_constructible_v<value, std::optional<other>>);
    CHECK(value(std::filesystem::path("a/b")) == "a/b"); // a path is text, not a range of paths
}

TEST_CASE("brace lists of pairs that begin with a string are objects, others are arrays", "[value]") {
    const value v = same({{"status", "ok"}, {"n", 3}});
    REQUIRE(v.is_object());
    CHECK(v.members()[0].first == "status");
    CHECK(v["n"].as_int64() == 3);

    CHECK(same({{"one", 1}}).is_object());
    CHECK(same({1, 2, 3}).is_array());
    CHECK(same({"a", "b"}).is_array());
    CHECK(same({{"a", 1}, 2}).is_array());
    CHECK(same({}).is_null());
    CHECK(same({{1, "a"}}).is_array());

    const value deep{{"list", {1, "two", nullptr, 4.5, true}}, {"object", {{"x", {{"y", 1}}}}}, {"none", value::object()}, {"empty", value::array()}};
    CHECK(deep["list"].size() == 5);
    CHECK(deep["object"]["x"]["y"].as_int64() == 1);
    CHECK(deep["none"].is_object());
    CHECK(deep["empty"].is_array());

    CHECK(value::array({{"a", 1}, {"b", 2}}).is_array());
    CHECK(value::array({value::array({1})})[0].is_array());
    CHECK(value::object({{"a", 1}, {"a", 2}}) == value::object({{"a", 2}}));
    CHECK_THROWS_AS(value::object({1, 2}), crema::system_error);
}

TEST_CASE("variables in brace lists are copied, not moved", "[value]") {
    value kept("a string that is too long for the small buffer");
    std::string text(40, 't');
    const value v{{"kept", kept}, {"text", text}};
    CHECK(kept.is_string());
    CHECK(text.size() == 40);
    CHECK(v["kept"] == kept);
}

TEST_CASE("members are found, made, replaced and removed, in the order of insertion", "[value]") {
    value v;
    v["z"] = 1;
    v["a"] = "two";
    v["z"] = 3;
    REQUIRE(v.size() == 2);
    CHECK(v.members()[0].first == "z");
    CHECK(v.at("z").as_int64() == 3);
    CHECK(v.contains("a"));
    CHECK(v.find("nothing") == nullptr);
    CHECK(v.erase("z"));
    CHECK_FALSE(v.erase("z"));
    CHECK(v.size() == 1);

    v["list"].push_back(1).type();
    v["list"].push_back({{"x", 1}});
    CHECK(v["list"][1]["x"].as_int64() == 1);
    v["list"][0] = "changed";
    CHECK(v["list"][0] == "changed");

    std::string names;
    for (const auto& [name, content] : v.members()) names += name + (content.is_array() ? "[]" : "") + " ";
    CHECK(names == "a list[] ");
    for (const value& element : value(3).elements()) FAIL(element.size());
}

TEST_CASE("reading what is not there gives null or throws, as asked", "[value]") {
    const value v{{"list", {1, 2}}};
    CHECK(v["nothing"]["at"]["all"].is_null());
    CHECK(v["list"][2].is_null());
    CHECK(v["list"][-1].is_null());
    CHECK(v[0].is_null());
    CHECK_THROWS_AS(v.at("nothing"), crema::system_error);
    CHECK_THROWS_AS(v.at("list").at(2), crema::system_error);

    value w(3);
    CHECK_THROWS_AS(w["name"], crema::system_error);
    CHECK_THROWS_AS(w[0], crema::system_error);
    CHECK_THROWS_AS(w.push_back(1), crema::system_error);
    value list{1, 2};
    CHECK_THROWS_AS(list[-1], crema::system_error);
    CHECK_THROWS_AS(list[2], crema::system_error);
}

TEST_CASE("a wrong type throws and says what was found", "[value]") {
    try {
        (void)value("x").as_int64();
        FAIL();
    } catch (const crema::system_error& e) {
        CHECK(e.code() == crema::error::bad_value);
        CHECK(e.subject() == "expected an integer of 64 bits, found a string");
    }
    CHECK(value(3.0).as_int64() == 3);
    CHECK(value(3.0).as_uint64() == 3);
    CHECK_THROWS_AS(value(3.5).as_int64(), crema::system_error);
    CHECK_THROWS_AS(value(1e30).as_int64(), crema::system_error);
    CHECK_THROWS_AS(value(-1).as_uint64(), crema::system_error);
    CHECK_THROWS_AS(value(std::numeric_limits<double>::quiet_NaN()).as_int64(), crema::system_error);
    CHECK_THROWS_AS(value(9223372036854775808.0).as_int64(), crema::system_error);
    CHECK(value(9223372036854775808.0).as_uint64() == 9223372036854775808u);
    CHECK_THROWS_AS(value(1).as_bool(), crema::system_error);
    CHECK_THROWS_AS(value(1).as_string(), crema::system_error);
    CHECK_THROWS_AS(value(1).as_array(), crema::system_error);
    CHECK_THROWS_AS(value(1).as_object(), crema::system_error);
    CHECK_THROWS_AS(value().as_double(), crema::system_error);
}

TEST_CASE("comparison is deep, by numeric value, and blind to the order of members", "[value]") {
    CHECK(value(1) == value(1.0));
    CHECK(value(1) != value(1.5));
    CHECK(value(1) != value("1"));
    CHECK(value(0) != value(nullptr));
    CHECK(value(0) != value(false));
    CHECK(value(9007199254740993) != value(9007199254740992.0)); // no rounding on the way
    CHECK(value(std::numeric_limits<std::uint64_t>::max()) != value(18446744073709551616.0));
    CHECK(value(-1) != value(std::numeric_limits<std::uint64_t>::max()));
    CHECK(value(std::numeric_limits<double>::quiet_NaN()) != value(std::numeric_limits<double>::quiet_NaN()));
    CHECK(value{{"a", 1}, {"b", {1, 2}}} == value{{"b", {1, 2}}, {"a", 1}});
    CHECK(value{{"a", 1}, {"b", 2}} != value{{"a", 1}, {"c", 2}});
    CHECK(value{1, 2} != value{2, 1});
    CHECK(value{1, 2} != value{1, 2, 3});
}

TEST_CASE("moving leaves null, assigning a part of itself is safe", "[value]") {
    value v{{"child", {{"name", "a string that is too long for the small buffer"}}}};
    value moved = std::move(v);
    CHECK(v.is_null());
    moved = moved["child"];
    CHECK(moved.contains("name"));
    moved = std::move(moved["name"]);
    CHECK(moved.is_string());
    value& self = moved;
    moved = self;
    moved = std::move(self);
    CHECK(moved.is_string());

    value list{1, {2, 3}};
    list.push_back(list[1]);
    list.push_back(list);
    CHECK(list == value{1, {2, 3}, {2, 3}, {1, {2, 3}, {2, 3}}});
}
