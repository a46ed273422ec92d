// Queries: pairs, decoding, repeated names, limits.
// SPDX-License-Identifier: MIT
#include <crema/http/query.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;
using crema::value;

TEST_CASE("a query becomes an object of strings", "[query]") {
    CHECK(parse_query("a=1&b=x+y&c=%C3%A9") == value{{"a", "1"}, {"b", "x y"}, {"c", "é"}});
    CHECK(parse_query("a=b=c&=d&e&f=") == value{{"a", "b=c"}, {"", "d"}, {"e", ""}, {"f", ""}});
    CHECK(parse_query("") == value::object());
    CHECK(parse_query("&&&") == value::object());
    CHECK(parse_query("a+b%3D=1") == value{{"a b=", "1"}});
}

TEST_CASE("repeated names have an array", "[query]") {
    const auto q = parse_query("a=1&b=2&a=3&a=");
    CHECK(q["a"] == value::array({"1", "3", ""}));
    CHECK(q["b"] == value("2"));
    CHECK(q.members()[0].first == "a");
}

TEST_CASE("malformed escapes stay, broken UTF-8 is replaced", "[query]") {
    CHECK(parse_query("a=%zz&b=%&c=%2&d=%ff|%C3") ==
          value{{"a", "%zz"}, {"b", "%"}, {"c", "%2"}, {"d", "\ufffd|\ufffd"}});
    CHECK(decode_query("\xff+x") == "\ufffd x");
    CHECK(decode_query("%00") == std::string(1, '\0'));
}

TEST_CASE("names that JavaScript treats specially are just names", "[query]") {
    CHECK(parse_query("__proto__=1&constructor=2")["__proto__"] == value("1"));
}

TEST_CASE("pairs are limited, empty ones count", "[query]") {
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "n" + std::to_string(i) + "=" + std::to_string(i) + "&";
    CHECK(parse_query(many).size() == 1000);
    CHECK(parse_query(many, {.max_pairs = 0}).size() == 2000);
    CHECK(parse_query(many, {.max_pairs = 0})["n1999"] == value("1999"));
    CHECK(parse_query(std::string(999, '&') + "a&b").size() == 1);
    const auto repeated = parse_query(many + many, {.max_pairs = 0});
    CHECK(repeated.size() == 2000);
    CHECK(repeated["n7"] == value::array({"7", "7"}));
}

TEST_CASE("separators can be others", "[query]") {
    CHECK(parse_query("a:1;b:2", {.separator = ";", .equals = ":"}) == value{{"a", "1"}, {"b", "2"}});
    CHECK(parse_query("a==1&&b==2", {.separator = "&&", .equals = "=="}) == value{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("one value can be found without parsing all", "[query]") {
    CHECK(find_query("a=1&%62=x+y&b=2", "b") == "x y");
    CHECK(find_query("a", "a") == "");
    CHECK_FALSE(find_query("ab=1", "a"));
    std::string names;
    for (const auto& pair : query_pairs("a=%20&&b")) names.append(pair.name).append("|").append(pair.value).append("|");
    CHECK(names == "a|%20|b||");
}

TEST_CASE("an object is written as a query", "[query]") {
    CHECK(stringify_query(value{{"a", "x y"}, {"b", {1, true, 2.5, nullptr}}, {"é", "&="}}) ==
          "a=x%20y&b=1&b=true&b=2.5&b=&%C3%A9=%26%3D");
    CHECK(stringify_query(value::object()).empty());
    CHECK(stringify_query(value("text")).empty());
    CHECK(stringify_query(value{{"a", 1}, {"b", 2}}, {.separator = ";", .equals = ":"}) == "a:1;b:2");
}
