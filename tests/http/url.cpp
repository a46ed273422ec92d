// URLs: parts, malformed ones, references resolved as RFC 3986 shows.
// SPDX-License-Identifier: MIT
#include <crema/http/url.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;

TEST_CASE("a URL is taken apart into views", "[url]") {
    const auto u = parse_url("HTTPS://user:pw@example.com:8443/a/b%20c;d?x=1&y=[2]#frag").value();
    CHECK(u.scheme == "HTTPS");
    CHECK(u.userinfo == "user:pw");
    CHECK(u.host == "example.com");
    CHECK(u.port() == 8443);
    CHECK(u.path == "/a/b%20c;d");
    CHECK(u.query == "x=1&y=[2]");
    CHECK(u.fragment == "frag");
    CHECK(u.request_target() == "/a/b%20c;d?x=1&y=[2]");
    CHECK(u.to_string() == "HTTPS://user:pw@example.com:8443/a/b%20c;d?x=1&y=[2]#frag");
}

TEST_CASE("parts that are absent differ from empty ones", "[url]") {
    const auto bare = parse_url("http://h").value();
    CHECK(bare.port() == 80);
    CHECK_FALSE(bare.port_text);
    CHECK_FALSE(bare.query);
    CHECK(bare.request_target() == "/");
    const auto full = parse_url("https://[::1]:?#").value();
    CHECK(full.host == "[::1]");
    CHECK(full.port() == 443);
    CHECK(full.port_text == "");
    CHECK(full.query == "");
    CHECK(full.fragment == "");
    CHECK(full.request_target() == "/?");
    CHECK(parse_url("ftp://h").value().port() == 0);
}

TEST_CASE("references need no scheme", "[url]") {
    CHECK(parse_url("").value().path.empty());
    CHECK(parse_url("a/b:c?d").value().path == "a/b:c");
    CHECK(parse_url("//h/p").value().host == "h");
    CHECK(parse_url("mailto:a@b").value().path == "a@b");
    CHECK_FALSE(parse_url("?q").value().has_authority());
}

TEST_CASE("malformed URLs are refused with the place", "[url]") {
    for (auto bad :
         {"http://h/a b", "http://h/\n", "http://h/%zz", "http://h/%2", "http://h/\xc3\xa9", "http://h/a\"b",
          "http://h:x/", "http://h:65536/", "http://h:1:2/", "http://[::1/", "http://[]/", "http://[::1]x/",
          "http://a b/", "1http://h/", ":x", "http://h/?a b", "http://h/#a#b", "http://u\\@h/"})
        CHECK_FALSE(parse_url(bad));
    CHECK(parse_url("http://h/ab c").error().position == 11);
}

TEST_CASE("dot segments are removed", "[url]") {
    CHECK(remove_dot_segments("/a/b/c/./../../g") == "/a/g");
    CHECK(remove_dot_segments("mid/content=5/../6") == "mid/6");
    CHECK(remove_dot_segments("/../../x/..") == "/");
    CHECK(remove_dot_segments("..") == "");
    CHECK(remove_dot_segments("/a/.") == "/a/");
}

TEST_CASE("references are resolved as RFC 3986 section 5.4 shows", "[url]") {
    const std::pair<const char*, const char*> examples[] = {{"g:h", "g:h"},
                                                            {"g", "http://a/b/c/g"},
                                                            {"./g", "http://a/b/c/g"},
                                                            {"g/", "http://a/b/c/g/"},
                                                            {"/g", "http://a/g"},
                                                            {"//g", "http://g"},
                                                            {"?y", "http://a/b/c/d;p?y"},
                                                            {"g?y", "http://a/b/c/g?y"},
                                                            {"#s", "http://a/b/c/d;p?q#s"},
                                                            {"g#s", "http://a/b/c/g#s"},
                                                            {";x", "http://a/b/c/;x"},
                                                            {"g;x?y#s", "http://a/b/c/g;x?y#s"},
                                                            {"", "http://a/b/c/d;p?q"},
                                                            {".", "http://a/b/c/"},
                                                            {"..", "http://a/b/"},
                                                            {"../g", "http://a/b/g"},
                                                            {"../..", "http://a/"},
                                                            {"../../g", "http://a/g"},
                                                            {"../../../g", "http://a/g"},
                                                            {"/./g", "http://a/g"},
                                                            {"g.", "http://a/b/c/g."},
                                                            {"..g", "http://a/b/c/..g"},
                                                            {"./g/.", "http://a/b/c/g/"},
                                                            {"g/../h", "http://a/b/c/h"},
                                                            {"g;x=1/../y", "http://a/b/c/y"},
                                                            {"g?y/../x", "http://a/b/c/g?y/../x"},
                                                            {"http:g", "http:g"}};
    for (auto [reference, want] : examples) CHECK(resolve_url("http://a/b/c/d;p?q", reference).value() == want);
    CHECK(resolve_url("http://a", "g").value() == "http://a/g");
    CHECK(resolve_url("http://u@a:8/x", "g").value() == "http://u@a:8/g");
    CHECK(resolve_url("x:/a", "/.//b").value() == "x:/.//b"); // not an authority
    CHECK_FALSE(resolve_url("/a", "g"));
    CHECK_FALSE(resolve_url("http://a/", "a b"));
}
