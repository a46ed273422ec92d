// type_is: types, patterns, suffixes and extensions against a Content-Type.
// SPDX-License-Identifier: MIT
#include <crema/http/type_is.hpp>

#include <catch2/catch.hpp>

using namespace crema::http;

TEST_CASE("what was asked for is returned, patterns return the type", "[type_is]") {
    CHECK(type_is("text/html; charset=utf-8", {"json", "html"}) == "html");
    CHECK(type_is("text/html", {"text/html"}) == "text/html");
    CHECK(type_is("Text/HTML", {"text/*"}) == "text/html");
    CHECK(type_is("image/png", {"*/*"}) == "image/png");
    CHECK(type_is("application/vnd.api+json", {"+json"}) == "application/vnd.api+json");
    CHECK(type_is("application/vnd.api+json", {"application/*+json"}) == "application/vnd.api+json");
    CHECK(type_is("application/json", {"*/json"}) == "application/json");
    CHECK(type_is("multipart/form-data; boundary=x", {"multipart"}) == "multipart");
    CHECK(type_is("application/x-www-form-urlencoded", {"urlencoded"}) == "urlencoded");
    CHECK(type_is("image/png", {}) == "image/png");
}

TEST_CASE("what does not fit, or is no type, is nothing", "[type_is]") {
    CHECK(type_is("text/html", {"json", "text/plain", "application/*", "nope", "text/html/", "*"}).empty());
    CHECK(type_is("application/json", {"+json"}).empty());
    CHECK(type_is("", {"*/*"}).empty());
    CHECK(type_is("text/html**", {"text/*"}).empty());
    CHECK(type_is("text", {}).empty());
}

TEST_CASE("short forms stand for types", "[type_is]") {
    CHECK(normalize_type("json") == "application/json");
    CHECK(normalize_type("+json") == "*/*+json");
    CHECK(normalize_type("multipart") == "multipart/*");
    CHECK(normalize_type("a/b") == "a/b");
    CHECK(normalize_type("nope").empty());
    CHECK_FALSE(type_matches("", "text/html"));
    CHECK(type_matches("*/*", "text/html"));
}

// What cost more than in proportion would take minutes, or hours.
TEST_CASE("a type with very many parameters is read in proportion", "[type_is]") {
    std::string type = "text/html";
    for (int i = 0; i < 200'000; ++i) type += "; p" + std::to_string(i) + "=1";
    CHECK(type_is(type, {"json", "html"}) == "html");
    CHECK(type_is(std::string(1'000'000, '/'), {"html", "*/*"}).empty());
    CHECK(type_is("a/" + std::string(1'000'000, '+') + "json", {"+json", "html"}).empty());
}
