// Media types: Content-Type values and names of types.
// SPDX-License-Identifier: MIT
#include <crema/http/media_type.hpp>

#include <catch2/catch.hpp>

using namespace crema::http;

TEST_CASE("a Content-Type value is taken apart leniently", "[media_type]") {
    const auto m = parse_media_type(" Text/HTML ; Charset=\"utf-8\" ;a=b ; a=c; x ; q = \"d\\\"e;f\" ");
    CHECK(m.type == "text/html");
    CHECK(m.parameter("charset") == "utf-8");
    CHECK(m.parameter("a") == "b");
    CHECK(m.parameter("q") == "d\"e;f");
    CHECK(m.parameters.size() == 3);
    CHECK(parse_media_type("").type.empty());
    CHECK(parse_media_type("not a type").type == "not a type");
    CHECK(parse_media_type("a/b; c=\"open").parameters.empty());
    CHECK(parse_media_type("a/b;=x;;c").parameters.size() == 1);
}

TEST_CASE("elements of a list are read one after the other", "[media_type]") {
    const std::string_view list = "a/b;x=\"1,2\" , C/d;q=0.5,";
    std::size_t at = 0;
    CHECK(parse_media_type_at(list, at).parameter("x") == "1,2");
    CHECK(list[at] == ',');
    const auto second = parse_media_type_at(list, ++at);
    CHECK(second.type == "c/d");
    CHECK(second.parameter("q") == "0.5");
    CHECK(parse_media_type_at(list, ++at).type.empty());
    CHECK(at == list.size());
}

TEST_CASE("a Content-Type value is written, quoted where needed", "[media_type]") {
    CHECK(format_media_type({"text/html", {{"charset", "utf-8"}}}).value() == "text/html; charset=utf-8");
    CHECK(format_media_type({"a/b", {{"c", "d e\"\\"}, {"f", ""}}}).value() == "a/b; c=\"d e\\\"\\\\\"; f=\"\"");
    CHECK(format_media_type({"text/", {}}).error().message() == "Invalid type: text/");
    CHECK(format_media_type({"a/b", {{"c d", "e"}}}).error().message() == "Invalid parameter name: c d");
    CHECK_FALSE(format_media_type({"a/b", {{"c", "x\r\ny"}}}));
    CHECK_FALSE(format_media_type({"a/b/c", {}}));
}

TEST_CASE("a charset is added or replaced", "[media_type]") {
    CHECK(with_charset("text/html") == "text/html; charset=utf-8");
    CHECK(with_charset("html") == "text/html; charset=utf-8");
    CHECK(with_charset("image/png") == "image/png");
    CHECK(with_charset("nope") == "nope");
    CHECK(with_utf8("text/plain") == "text/plain; charset=utf-8");
    CHECK(with_utf8("text/plain; charset=iso-8859-1; x=y") == "text/plain; charset=utf-8; x=y");
    CHECK(with_utf8("nonsense") == "nonsense");
    CHECK(essence(" text/html ; charset=utf-8") == "text/html");
}

TEST_CASE("the name of a type has type, subtype and suffix", "[media_type]") {
    const auto svg = parse_type_name(" image/svg+xml ").value();
    CHECK(svg.type == "image");
    CHECK(svg.subtype == "svg");
    CHECK(svg.suffix == "xml");
    CHECK(parse_type_name("a/b+c+d").value().subtype == "b+c");
    CHECK(format_type_name({"image", "svg", "xml"}).value() == "image/svg+xml");
    for (auto bad : {"", " ", "null", "/", "text/;plain", "text/\"plain\"", "text/p\xc2\xa3", "text/(plain)",
                     "text/plain,wrong", "a/b/c", "*/*", "+a/b", "a/-b"}) {
        CHECK_FALSE(is_type_name(bad));
        CHECK_FALSE(parse_type_name(bad));
    }
    CHECK_FALSE(is_type_name("a/" + std::string(128, 'b')));
    CHECK(is_type_name("a/" + std::string(127, 'b')));
    CHECK(format_type_name({"text/", "html", ""}).error().message() == "invalid type");
    CHECK(format_type_name({"text", "a+b", ""}).error().message() == "invalid subtype");
    CHECK(format_type_name({"text", "html", "x\\"}).error().message() == "invalid suffix");
}
