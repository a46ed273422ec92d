// Types of files: the table and what is asked of it.
// SPDX-License-Identifier: MIT
#include <crema/http/mime.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;

TEST_CASE("an extension, a name and a path have a type", "[mime]") {
    for (auto path : {"html", ".html", "index.html", "/a.b/index.HTML", "a/b/.c.html", "x.json/y.html/"})
        CHECK(mime_type(path) == "text/html");
    CHECK(mime_type("js") == "text/javascript");
    CHECK(mime_type("json") == "application/json");
    CHECK(mime_type("mp4") == "video/mp4");
    CHECK(mime_type("woff2") == "font/woff2");
    CHECK(mime_type("123") == "application/vnd.lotus-1-2-3");
    CHECK(mime_type("zmm") == "application/vnd.handheld-entertainment+xml");
}

TEST_CASE("without a known extension there is none", "[mime]") {
    for (auto path : {"", ".", "nope", "html.", "a/html", "/a/.html", "htm l", "\xff", "application/json",
                      "an-extension-longer-than-all-of-them"})
        CHECK(mime_type(path).empty());
}

TEST_CASE("every line of the table is found", "[mime]") {
    auto lines = detail::mime_lines;
    std::string_view before;
    std::size_t count = 0;
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(line.size() + 1);
        const auto extension = line.substr(0, line.find(' '));
        auto type = line.substr(extension.size() + 1);
        const bool usual = !type.ends_with('-');
        if (!usual) type.remove_suffix(1);
        CHECK(before < extension); // sorted, or the search is wrong
        CHECK(mime_type(extension) == type);
        if (usual) CHECK(mime_type(mime_extension(type)) == type);
        before = extension;
        ++count;
    }
    CHECK(count > 1200);
}

TEST_CASE("a type has a usual extension and charset", "[mime]") {
    CHECK(mime_extension("text/html; charset=x") == "html");
    CHECK(mime_extension(" Application/JSON ") == "json");
    CHECK(mime_extension("text/xml") == "xml");
    CHECK(mime_extension("image/jpeg") == "jpg");
    CHECK(mime_extension("no/such").empty());
    CHECK(mime_extension("").empty());
    CHECK(mime_charset("text/anything") == "UTF-8");
    CHECK(mime_charset("application/json;x=y") == "UTF-8");
    CHECK(mime_charset("application/news-groupinfo") == "US-ASCII");
    CHECK(mime_charset("image/png").empty());
}

TEST_CASE("a Content-Type value has a charset when one is usual", "[mime]") {
    CHECK(content_type_of("html") == "text/html; charset=utf-8");
    CHECK(content_type_of("application/json") == "application/json; charset=utf-8");
    CHECK(content_type_of("text/html; charset=iso-8859-1") == "text/html; charset=iso-8859-1");
    CHECK(content_type_of("png") == "image/png");
    CHECK(content_type_of("nope").empty());
}

TEST_CASE("some types are worth compressing", "[mime]") {
    for (auto type :
         {"text/html", "application/json; charset=utf-8", "image/svg+xml", "application/vnd.x+json", "font/ttf"})
        CHECK(is_compressible(type));
    for (auto type : {"image/png", "video/mp4", "application/zip", "", "font/woff2"})
        CHECK_FALSE(is_compressible(type));
}
