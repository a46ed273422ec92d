#include <crema/testing/reply.hpp>

#include <catch2/catch.hpp>

using crema::testing::reply;

TEST_CASE("a reply gives its fields by name", "[reply]") {
    reply r;
    r.fields = {{"Set-Cookie", "a=1"}, {"X", "y"}, {"set-cookie", "b=2"}};
    CHECK(r.header("x") == "y");
    CHECK(r.header("SET-COOKIE") == "a=1");
    CHECK(r.headers("set-cookie") == std::vector<std::string_view>{"a=1", "b=2"});
    CHECK_FALSE(r.header("y").has_value());
}

TEST_CASE("a reply gives its body as JSON, or says why not", "[reply]") {
    reply r;
    r.body = "[1,2]";
    CHECK(r.json<std::vector<int>>() == std::vector<int>{1, 2});
    CHECK_THROWS_AS(r.json<std::string>(), crema::testing::failure);
    r.body = "{";
    CHECK_THROWS_AS(r.json(), crema::testing::failure);
}
