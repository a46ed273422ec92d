// Patterns that the compiler reads.
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

#include <catch2/catch.hpp>

using namespace crema::route;
using crema::param;

TEST_CASE("the compiler knows the parameters of a pattern", "[route][typed]") {
    using users = typed_pattern<"/users/:id{/posts/:post}/*rest">;
    static_assert(users::source() == "/users/:id{/posts/:post}/*rest");
    static_assert(users::size() == 3);
    static_assert(users::has_param("id") && users::has_param("post") && users::has_param("rest"));
    static_assert(!users::has_param("idd") && !users::has_param("i") && !users::has_param(""));
    static_assert(users::find("id") == 0 && users::find("post") == 1 && users::find("none") == 3);
    static_assert(!users::at(0).optional && users::at(1).optional && !users::at(2).optional);
    static_assert(users::at(2).wildcard && !users::at(0).wildcard);
    static_assert(users::at(1).name == "post");
    users::require<"id">();
    users::require<"id", int>();
    users::require<"post", std::optional<int>>();
    SUCCEED();
}

TEST_CASE("the compiler reads the whole grammar", "[route][typed]") {
    static_assert(typed_pattern<"">::size() == 0);
    static_assert(typed_pattern<"/\\:a\\{\\*">::size() == 0);
    static_assert(typed_pattern<"/:\"user-id\"/x">::at(0).name == "user-id");
    static_assert(typed_pattern<"/:\"a\\\"b\"">::at(0).name == "a\"b");
    static_assert(typed_pattern<"/:caf\xC3\xA9/:$_1">::at(0).name == "caf\xC3\xA9");
    static_assert(typed_pattern<"/{{:a-}:b}/:c">::at(0).optional);
    static_assert(!typed_pattern<"{/:a}/:a">::at(0).optional, "one of the two is always there");
    static_assert(typed_pattern<"/:a/:b/:a">::size() == 2);
    SUCCEED();
}

TEST_CASE("the compiler and the program read the same tokens", "[route][typed]") {
    const auto same = []<fixed_string Source>(std::integral_constant<int, 0>, const typed_pattern<Source>*) {
        token_list list;
        REQUIRE_FALSE(parse_pattern(Source.view(), list));
        const auto& p = typed_pattern<Source>::parsed();
        REQUIRE(p.count == list.tokens().size());
        for (std::uint32_t i = 0; i < p.count; ++i) {
            CHECK(p.tokens[i].kind == list.tokens()[i].kind);
            CHECK(p.tokens[i].partner == list.tokens()[i].partner);
            CHECK(p.text_of(p.tokens[i]) == list.text_of(list.tokens()[i]));
        }
    };
    same({}, static_cast<typed_pattern<"/a{/:b{-:\"c d\"}}/*e\\*">*>(nullptr));
    same({}, static_cast<typed_pattern<"{a}{{b}c}">*>(nullptr));
    same({}, static_cast<typed_pattern<"/\xE6\x97\xA5/:\xE6\x97\xA5-x">*>(nullptr));
}

TEST_CASE("a param behaves as its value", "[route][typed]") {
    const param<"id", int> id(7);
    static_assert(param<"id", int>::name() == "id");
    static_assert(std::is_same_v<param<"name">::value_type, std::string>);
    const int plain = id;
    CHECK(plain == 7);
    CHECK(id == 7);
    CHECK(id != 8);
    CHECK(*id + id == 14);
    const param<"name"> name("anna");
    CHECK(name->size() == 4);
    CHECK(name == "anna");
    const std::string& view = name;
    CHECK(&view == &name.value());
    param<"name"> other("moved away from the small room of a string");
    const std::string text = std::move(other).value();
    CHECK(text.size() == 42);
}

TEST_CASE("a param that does not convert names the parameter", "[route][typed]") {
    CHECK(param<"id", int>::from("12").value() == 12);
    const auto bad = param<"id", int>::from("abc");
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == crema::error::bad_value);
    CHECK(bad.error().detail == "parameter \"id\": \"abc\" is not an integer");
}
