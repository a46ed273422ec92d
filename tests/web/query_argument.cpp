// query_argument: a tree of texts becomes an aggregate.
// SPDX-License-Identifier: MIT
#include <crema/web/query_argument.hpp>

#include <crema/web/error.hpp>

#include <catch2/catch.hpp>
#include <optional>

using namespace crema;

namespace {

struct inner {
    int a = 1;
};
struct outer {
    std::string text = "none";
    std::vector<inner> list;
    std::optional<double> share;
    inner one;
};

outer read(const value& from) {
    outer to;
    detail::read_query_members(to, from, "");
    return to;
}

} // namespace

TEST_CASE("members that are not there keep their defaults", "[query_argument]") {
    const auto o = read(value::object());
    CHECK(o.text == "none");
    CHECK(o.list.empty());
    CHECK_FALSE(o.share);
    CHECK(o.one.a == 1);
}

TEST_CASE("lists, optionals and aggregates are filled", "[query_argument]") {
    const auto o =
        read(value{{"text", ""}, {"list", value::array({value{{"a", "2"}}})}, {"share", "0.5"}, {"one", {{"a", "3"}}}});
    CHECK(o.text == "");
    REQUIRE(o.list.size() == 1);
    CHECK(o.list[0].a == 2);
    CHECK(o.share == 0.5);
    CHECK(o.one.a == 3);
}

TEST_CASE("what does not fit says which", "[query_argument]") {
    CHECK_THROWS_WITH(read(value{{"one", {{"a", "x"}}}}), "query parameter \"one[a]\": \"x\" is not an integer");
    CHECK_THROWS_WITH(read(value{{"list", value::array({value{{"a", ""}}})}}),
                      "query parameter \"list[0][a]\": \"\" is not an integer");
    CHECK_THROWS_AS(read(value{{"share", "much"}}), http_error);
    CHECK_THROWS_AS(read(value{{"text", value::object()}}), http_error);
}
