// Paths made of patterns and values.
// SPDX-License-Identifier: MIT
#include <crema/route/pattern.hpp>
#include <crema/route/url_for.hpp>

#include <catch2/catch.hpp>
#include <list>

using namespace crema::route;
using crema::error;
using crema::param;
using crema::url_for;

namespace {

std::string failed(std::string_view pattern, const url_params& params, error code) {
    const auto made = compile(pattern).value()(params);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == code);
    return made.error().message();
}

} // namespace

TEST_CASE("values go where their names stand, escaped", "[route][url_for]") {
    CHECK(url_for("/about") == "/about");
    CHECK(url_for("/users/:id", {{"id", 7}}) == "/users/7");
    CHECK(url_for("/users/:id", {{"id", "a/b c"}, {"unused", "x"}}) == "/users/a%2Fb%20c");
    CHECK(url_for("/:a-:b", {{"a", "caf\xC3\xA9"}, {"b", std::string("?")}}) == "/caf%C3%A9-%3F");
    CHECK(url_for("/files/*path", {{"path", {"a", "b c"}}}) == "/files/a/b%20c");
    CHECK(url_for("/\\:x\\*", {}) == "/:x*");
    CHECK(url_for("/:a:b", {{"a", "1"}, {"b", "2"}}) == "/12"); // (does not match, but can be made)
}

TEST_CASE("a group that lacks a value is left out", "[route][url_for]") {
    CHECK(url_for("/users{/:id}/delete") == "/users/delete");
    CHECK(url_for("/users{/:id}/delete", {{"id", 1}}) == "/users/1/delete");
    CHECK(url_for("/a{/:b{/:c}}", {{"b", 1}}) == "/a/1");
    CHECK(url_for("/a{/:b{/:c}}", {{"c", 1}}) == "/a");
    CHECK(url_for("/a{/b}") == "/a/b");
    CHECK(url_for("/a{/:b}", {{"b", std::nullopt}}) == "/a");
    CHECK(url_for("/a{/:b}", {{"b", std::optional<int>()}}) == "/a");
    CHECK(url_for("/a{/:b}", {{"b", std::optional<int>(5)}}) == "/a/5");
}

TEST_CASE("errors are worded as path-to-regexp does", "[route][url_for]") {
    CHECK(failed("/:a/:b/*c", {{"b", 1}}, error::not_found) == "Missing parameters: a, c");
    CHECK(failed("/:a", {{"a", {"x"}}}, error::bad_value) == "Expected \"a\" to be a string");
    CHECK(failed("/*a", {{"a", "x"}}, error::bad_value) == "Expected \"a\" to be a non-empty array");
    CHECK(failed("/*a", {{"a", std::vector<std::string>()}}, error::bad_value) ==
          "Expected \"a\" to be a non-empty array");
    CHECK(failed("/*a", {{"a", {"x", std::vector<url_value>()}}}, error::bad_value) ==
          "Expected \"a/1\" to be a string");
    CHECK(failed("/a{/:b}{/:c}/:d", {}, error::not_found) == "Missing parameters: d");
    CHECK(failed("/{:a}", {{"a", {"x"}}}, error::bad_value) == "Expected \"a\" to be a string");
    CHECK_THROWS_AS(url_for("/:a"), crema::system_error);
    CHECK_THROWS_WITH(url_for("/:a"), Catch::Contains("Missing parameters: a"));
    CHECK_THROWS_WITH(url_for("/:a?"), Catch::Contains("Unexpected ? at index 3"));
    CHECK(compile("/{").error().code == error::bad_pattern);
}

TEST_CASE("values may go in as they are, and segments be separated otherwise", "[route][url_for]") {
    CHECK(compile("/:a", {.encode = false}).value()({{"a", "x/y z"}}).value() == "/x/y z");
    CHECK(compile("/*a", {.encode = false}).value()({{"a", "x/y"}}).value() == "/x/y");
    CHECK(compile("*a.org", {.delimiter = "."}).value()({{"a", {"www", "example"}}}).value() == "www.example.org");
    CHECK(compile(token_list().text("/:").param("a")).value()({{"a", "x"}}).value() == "/:x");
}

TEST_CASE("the compiler counts the values and knows the names", "[route][url_for]") {
    CHECK(url_for<"/about">() == "/about");
    CHECK(url_for<"/users/:id">(7) == "/users/7");
    CHECK(url_for<"/users/:id/:name">(7, "a b") == "/users/7/a%20b");
    CHECK(url_for<"/users{/:id}">() == "/users");
    CHECK(url_for<"/users{/:id}">(7) == "/users/7");
    CHECK(url_for<"/users{/:id}">(std::nullopt) == "/users");
    CHECK(url_for<"/users{/:id}">(std::optional<int>()) == "/users");
    CHECK(url_for<"{/:lang}/users/:id">(7) == "/users/7");
    CHECK(url_for<"{/:lang}/users/:id">("de", 7) == "/de/users/7");
    CHECK(url_for<"/:a/:b/:a">(1, 2) == "/1/2/1");
    const std::vector<std::string> path{"a", "b c"};
    CHECK(url_for<"/files/*path">(path) == "/files/a/b%20c");
    CHECK(url_for<"/files/*path">(std::list<std::string_view>{"x"}) == "/files/x");
    CHECK(url_for<"/files{/*path}">() == "/files");
    CHECK(url_for<"/:id">(std::string_view("x")) == "/x");
}

TEST_CASE("arguments of a handler find their places by name", "[route][url_for]") {
    const param<"id", int> id(7);
    const param<"post", std::optional<int>> post(std::nullopt);
    CHECK(url_for<"/users/:id{/posts/:post}">(post, id) == "/users/7");
    CHECK(url_for<"/users/:id{/posts/:post}">(param<"post", int>(3), id) == "/users/7/posts/3");
    CHECK_THROWS_WITH(url_for<"/users/:id/:post">(id), Catch::Contains("Missing parameters: post"));
}

TEST_CASE("an empty list or optional is found out when it runs", "[route][url_for]") {
    CHECK_THROWS_WITH(url_for<"/files/*path">(std::vector<std::string>()), Catch::Contains("non-empty array"));
    CHECK_THROWS_WITH(url_for<"/users/:id">(std::optional<int>()), Catch::Contains("Missing parameters: id"));
}

TEST_CASE("what is made matches", "[route][url_for]") {
    for (const std::string value : {"plain", "a b", "100%", "caf\xC3\xA9", "?#&=+", "a/b"}) {
        const auto path = url_for("/x/:v/y", {{"v", value}});
        path_match m;
        const auto p = pattern::parse("/x/:v/y").value();
        REQUIRE(p.match(path, m));
        CHECK(m.decoded(0).value() == value);
    }
}
