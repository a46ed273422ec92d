// Cookies: what is read, what is written, what is refused.
// SPDX-License-Identifier: MIT
#include <crema/http/cookie.hpp>

#include <catch2/catch.hpp>

using namespace crema::http;
using namespace std::chrono_literals;

using pairs = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("cookies are trimmed, unquoted and decoded", "[cookie]") {
    CHECK(parse_cookies("foo=bar; n=%20x%C3%A9") == pairs{{"foo", "bar"}, {"n", " xé"}});
    CHECK(parse_cookies(" a \t=\t \"b c\" ;d=e=f") == pairs{{"a", "b c"}, {"d", "e=f"}});
    CHECK(parse_cookies("a=%zz;b=\"") == pairs{{"a", "%zz"}, {"b", ""}});
    CHECK(parse_cookies("a=;=b;c") == pairs{{"a", ""}, {"", "b"}});
    CHECK(parse_cookies("").empty());
    CHECK(parse_cookies("=").empty());
    CHECK(parse_cookies(";;no pair; ;").empty());
}

TEST_CASE("the first of several with one name counts", "[cookie]") {
    CHECK(parse_cookies("b=1; a=2; b=3; A=4; a=5") == pairs{{"b", "1"}, {"a", "2"}, {"A", "4"}});
    CHECK(find_cookie("b=1; a=%32; a=3", "a") == "2");
    CHECK_FALSE(find_cookie("b=1", "a"));
    CHECK_FALSE(find_cookie("A=1", "a"));
}

TEST_CASE("pairs can be walked over without decoding", "[cookie]") {
    std::string all;
    for (const auto& [name, value] : cookie_pairs("a=%20; x; b=\"2\""))
        all.append(name).append("=").append(value).append(";");
    CHECK(all == "a=%20;b=2;");
}

TEST_CASE("a cookie is written with its options in order", "[cookie]") {
    CHECK(serialize_cookie("foo", "bar +baz").value() == "foo=bar%20%2Bbaz; Path=/");
    cookie_options o;
    o.path = "";
    CHECK(serialize_cookie("foo", "", o).value() == "foo=");
    o = {.domain = ".example.com",
         .path = "/a",
         .expires = std::chrono::system_clock::time_point(977702399s),
         .max_age = 1000s,
         .http_only = true,
         .secure = true,
         .partitioned = true,
         .priority = cookie_priority::medium,
         .same_site = same_site_policy::lax};
    CHECK(serialize_cookie("foo", "bar", o).value() ==
          "foo=bar; Max-Age=1000; Domain=.example.com; Path=/a; Expires=Sun, 24 Dec 2000 23:59:59 GMT; "
          "HttpOnly; Secure; Partitioned; Priority=Medium; SameSite=Lax");
    CHECK(serialize_cookie("a", "b", {.same_site = same_site_policy::none}).value() == "a=b; Path=/; SameSite=None");
}

TEST_CASE("a raw value must be a valid one", "[cookie]") {
    const cookie_options raw{.path = "", .encoding = cookie_encoding::raw};
    CHECK(serialize_cookie("a", "\"x=y+z%\"", raw).value() == "a=\"x=y+z%\"");
    for (auto bad : {"x y", "x;y", "x,y", "x\\y", "\"x", "x\"y\"", "x\r\n", "\xe9"})
        CHECK_FALSE(serialize_cookie("a", bad, raw));
}

TEST_CASE("what could write attributes of its own is refused", "[cookie]") {
    for (auto bad : {"", "a b", "a;b", "a=b", "a\n", "\xe9", "a\"b"})
        CHECK(serialize_cookie(bad, "x").error().message() == "argument name is invalid");
    for (auto bad : {"example.com\n", "a b", "a..b", "-a.b", "a-.b", "a.b; Path=/", ".", "a."})
        CHECK(serialize_cookie("a", "x", {.domain = bad}).error().message() == "option domain is invalid");
    CHECK_FALSE(serialize_cookie("a", "x", {.domain = std::string(64, 'a') + ".b"}));
    for (auto bad : {"/\n", "/; Path=/x", "/<script>", "/\xe9", "/\x7f"})
        CHECK(serialize_cookie("a", "x", {.path = bad}).error().message() == "option path is invalid");
    CHECK(serialize_cookie("a", "x", {.path = "/\"=>~"}).has_value());
    CHECK(serialize_cookie("a", "x\r\nSet-Cookie: b=y").value() == "a=x%0D%0ASet-Cookie%3A%20b%3Dy; Path=/");
}
