// JSON pointers: the examples of RFC 6901, and what points nowhere.
// SPDX-License-Identifier: MIT
#include <crema/json/pointer.hpp>
#include <catch2/catch.hpp>

using crema::value;
using crema::json::find;
using crema::json::pointer;

namespace {
const value document = value::object({{"foo", {"bar", "baz"}}, {"", 0}, {"a/b", 1}, {"c%d", 2}, {"e^f", 3}, {"g|h", 4},
                                      {"i\\j", 5}, {"k\"l", 6}, {" ", 7}, {"m~n", 8}});
}

TEST_CASE("the examples of RFC 6901 section 5", "[pointer]") {
    CHECK(find(document, "") == &document);
    CHECK(*find(document, "/foo") == value{"bar", "baz"});
    CHECK(*find(document, "/foo/0") == "bar");
    CHECK(*find(document, "/") == 0);
    CHECK(*find(document, "/a~1b") == 1);
    CHECK(*find(document, "/c%d") == 2);
    CHECK(*find(document, "/e^f") == 3);
    CHECK(*find(document, "/g|h") == 4);
    CHECK(*find(document, "/i\\j") == 5);
    CHECK(*find(document, "/k\"l") == 6);
    CHECK(*find(document, "/ ") == 7);
    CHECK(*find(document, "/m~0n") == 8);
}

TEST_CASE("a pointer to nothing finds nothing", "[pointer]") {
    CHECK(find(document, "/none") == nullptr);
    CHECK(find(document, "/foo/2") == nullptr);
    CHECK(find(document, "/foo/-") == nullptr);
    CHECK(find(document, "/foo/-1") == nullptr);
    CHECK(find(document, "/foo/00") == nullptr);
    CHECK(find(document, "/foo/01") == nullptr);
    CHECK(find(document, "/foo/1x") == nullptr);
    CHECK(find(document, "/foo/") == nullptr);
    CHECK(find(document, "/foo/99999999999999999999999") == nullptr);
    CHECK(find(document, "/foo/0/1") == nullptr);
    CHECK(find(document, "foo") == nullptr);
}

TEST_CASE("steps are escaped and read back", "[pointer]") {
    CHECK(pointer::parse("/~01")->steps() == std::vector<std::string>{"~1"}); // not a slash
    CHECK(pointer({"a/b", "m~n", "", "~1"}).text() == "/a~1b/m~0n//~01");
    for (const char* text : {"", "/", "//", "/a/b/c", "/~0~1", "/a~1b/m~0n//~01"}) CHECK(pointer::parse(text)->text() == text);
    CHECK(*pointer::parse("/a") == pointer({"a"}));
    CHECK(pointer() == *pointer::parse(""));
}

TEST_CASE("what is no pointer is refused with its place", "[pointer]") {
    for (const char* text : {"a", "#/a", "/~", "/~2", "/a~/b", "/ab~"}) {
        const auto p = pointer::parse(text);
        REQUIRE_FALSE(p);
        CHECK(p.error().code == crema::error::bad_syntax);
    }
    CHECK(pointer::parse("/ab~x").error().position == 3);
}

TEST_CASE("what is found can be changed", "[pointer]") {
    value v{{"a", {1, 2}}};
    *pointer::parse("/a/1")->find(v) = "changed";
    CHECK(v["a"][1] == "changed");
}
