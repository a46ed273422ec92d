// Patterns as Express 5 has them: what matches, what is captured.
// SPDX-License-Identifier: MIT
#include <crema/route/pattern.hpp>

#include <catch2/catch.hpp>

using namespace crema::route;
using crema::error;

namespace {

// Shows a match as "path name=value name=value", undecoded; "no" when there is none.
std::string shown(const pattern& p, std::string_view path) {
    path_match m;
    if (!p.match(path, m)) return "no";
    std::string out(m.path());
    for (std::size_t i = 0; i < m.size(); ++i) out += " " + std::string(m[i].name) + "=" + std::string(m[i].value);
    return out;
}
std::string shown(std::string_view source, std::string_view path, const pattern_options& o = {}) {
    return shown(pattern::parse(source, o).value(), path);
}

} // namespace

TEST_CASE("text matches itself, a slash at the end is optional", "[route][pattern]") {
    CHECK(shown("/about", "/about") == "/about");
    CHECK(shown("/about", "/about/") == "/about/");
    CHECK(shown("/about", "/about//") == "no");
    CHECK(shown("/about", "/abouts") == "no");
    CHECK(shown("/about", "/abou") == "no");
    CHECK(shown("/about", "") == "no");
    CHECK(shown("/", "/") == "/");
    CHECK(shown("/", "//") == "//");
    CHECK(shown("", "/") == "/");
    CHECK(shown("/about", "/about/", {.trailing = false}) == "no");
    CHECK(shown("/about/", "/about", {.trailing = false}) == "no");
    CHECK(shown("/about/", "/about/", {.trailing = false}) == "/about/");
}

TEST_CASE("case is ignored for ASCII letters unless told", "[route][pattern]") {
    CHECK(shown("/About/:Id", "/aBOUT/X") == "/aBOUT/X Id=X");
    CHECK(shown("/About", "/about", {.sensitive = true}) == "no");
    CHECK(shown("/About", "/About", {.sensitive = true}) == "/About");
    CHECK(shown("/a@z", "/a`z") == "no"); // '@' and '`' differ in the same bit as 'A' and 'a'
    CHECK(shown("/caf\xC3\xA9", "/CAF\xC3\xA9") == "/CAF\xC3\xA9");
}

TEST_CASE("a parameter is one segment, or a part of one", "[route][pattern]") {
    CHECK(shown("/users/:id", "/users/42") == "/users/42 id=42");
    CHECK(shown("/users/:id", "/users/42/") == "/users/42/ id=42");
    CHECK(shown("/users/:id", "/users/") == "no");
    CHECK(shown("/users/:id", "/users/a/b") == "no");
    CHECK(shown("/:from-:to", "/a-b-c") == "/a-b-c from=a-b to=c");
    CHECK(shown("/:from-:to", "/---") == "/--- from=- to=-");
    CHECK(shown("/:name.:ext", "/a.tar.gz") == "/a.tar.gz name=a.tar ext=gz");
    CHECK(shown("/@:user", "/@me") == "/@me user=me");
    CHECK(shown("/:a/:b", "/x/y") == "/x/y a=x b=y");
}

TEST_CASE("a wildcard is one octet or more, across segments", "[route][pattern]") {
    CHECK(shown("/files/*path", "/files/a/b.txt") == "/files/a/b.txt path=a/b.txt");
    CHECK(shown("/files/*path", "/files/") == "no");
    CHECK(shown("/files/*path", "/files/a/") == "/files/a/ path=a/");
    CHECK(shown("/*path/edit", "/a/edit/edit") == "/a/edit/edit path=a/edit");
    CHECK(shown("/x/*a/y/*b/z", "/x/1/2/y/3/z") == "/x/1/2/y/3/z a=1/2 b=3");
    CHECK(shown("{/*path}", "") == "");
    CHECK(shown("/*path", "/\n") == "/\n path=\n");
}

TEST_CASE("groups are tried with what they hold first", "[route][pattern]") {
    CHECK(shown("/users{/:id}", "/users") == "/users");
    CHECK(shown("/users{/:id}", "/users/7") == "/users/7 id=7");
    CHECK(shown("/users{/:id}/delete", "/users/delete") == "/users/delete");
    CHECK(shown("/users{/:id}/delete", "/users/7/delete") == "/users/7/delete id=7");
    CHECK(shown("{/:a}{/:b}", "/x") == "/x a=x");
    CHECK(shown("/{:a-}:b", "/1-2") == "/1-2 a=1 b=2");
    CHECK(shown("/{:a-}:b", "/2") == "/2 b=2");
}

TEST_CASE("the last capture of a name counts", "[route][pattern]") {
    CHECK(shown("/:a/:b/:a", "/1/2/3") == "/1/2/3 a=3 b=2");
    CHECK(shown("/:a/*a", "/1/2/3") == "/1/2/3 a=2/3");
}

TEST_CASE("without an end the match stops before a slash", "[route][pattern]") {
    CHECK(shown("/api", "/api/users", {.end = false}) == "/api");
    CHECK(shown("/api", "/api/", {.end = false}) == "/api/");
    CHECK(shown("/api", "/apis", {.end = false}) == "no");
    CHECK(shown("/:tenant/api", "/acme/api/x", {.end = false}) == "/acme/api tenant=acme");
    CHECK(shown("/", "/x", {.end = false}) == "no"); // (a layer mounted at "/" matches all the same)
}

TEST_CASE("another delimiter bounds the parameters", "[route][pattern]") {
    CHECK(shown(":host.example.com", "a.example.com", {.delimiter = "."}) == "a.example.com host=a");
    CHECK(shown(":host.example.com", "a.b.example.com", {.delimiter = "."}) == "no");
    CHECK(shown(":a--:b", "x-y--z", {.delimiter = "--"}) == "x-y--z a=x-y b=z");
    CHECK(shown(":a", "xAy", {.delimiter = "a"}) == "no");
    CHECK(shown(":a", "xAy", {.sensitive = true, .delimiter = "a"}) == "xAy a=xAy");
    CHECK(shown("*a", "x/y", {.delimiter = ""}) == "x/y a=x/y");
}

TEST_CASE("every option of a pattern has its effect", "[route][pattern]") {
    CHECK(shown("/a", "/a/b") == "no");
    CHECK(shown("/a", "/a/b", {.end = false}) == "/a");
    CHECK(shown("/A", "/a") == "/a");
    CHECK(shown("/A", "/a", {.sensitive = true}) == "no");
    CHECK(shown("/a", "/a/") == "/a/");
    CHECK(shown("/a", "/a/", {.trailing = false}) == "no");
    CHECK(shown(":a", "x.y") == "x.y a=x.y");
    CHECK(shown(":a", "x.y", {.delimiter = "."}) == "no");
    const auto value_of = [](const pattern_options& o) {
        const auto p = pattern::parse("/:a", o).value();
        path_match m;
        REQUIRE(p.match("/x%20y", m));
        return m.decoded(0).value();
    };
    CHECK(value_of({}) == "x y");
    CHECK(value_of({.decode = false}) == "x%20y");
}

TEST_CASE("parameters and wildcards stand beside each other with text between them", "[route][pattern]") {
    CHECK(shown("/:a/*b", "/1/2/3") == "/1/2/3 a=1 b=2/3");
    CHECK(shown("/*a/:b", "/1/2/3") == "/1/2/3 a=1/2 b=3");
    CHECK(shown("/*a-:b", "/x/y-z") == "/x/y-z a=x/y b=z");
    CHECK(shown("/:a-*b", "/x-y/z") == "/x-y/z a=x b=y/z");
    CHECK_FALSE(pattern::parse("/:a*b"));
    CHECK_FALSE(pattern::parse("/*a:b"));
}

TEST_CASE("several patterns are tried in order", "[route][pattern]") {
    const auto p = pattern::parse({"/:foo/new", "/:bar/:baz"}).value();
    CHECK(shown(p, "/a/new") == "/a/new foo=a");
    CHECK(shown(p, "/a/b") == "/a/b bar=a baz=b");
    CHECK(p.source() == "/:foo/new");
    CHECK(std::vector<std::string>(p.names().begin(), p.names().end()) ==
          std::vector<std::string>{"foo", "bar", "baz"});
    const auto none = pattern::parse(std::span<const std::string_view>{}).value();
    CHECK(shown(none, "/") == "no");
}

TEST_CASE("values are decoded on demand, a plus sign stays", "[route][pattern]") {
    const auto p = pattern::parse("/:a/*b").value();
    path_match m;
    const std::string path = "/x%20y+z/caf%C3%A9/%2F";
    REQUIRE(p.match(path, m));
    CHECK(m.decoded(0).value() == "x y+z");
    CHECK(m.segments(1).value() == std::vector<std::string>{"café", "/"});
    CHECK(m.decoded(1).value() == "café//");
    CHECK(m[1].wildcard);
    CHECK(m.find("b")->value == "caf%C3%A9/%2F");
    CHECK_FALSE(m.find("c"));
    CHECK(m.segments(0).value() == std::vector<std::string>{"x y+z"});
}

TEST_CASE("malformed escapes are an error of the value, not of the match", "[route][pattern]") {
    const auto p = pattern::parse("/:a").value();
    path_match m;
    for (const std::string_view value : {"%", "%z", "%zz", "%FF", "%C3%28", "a%"}) {
        const std::string path = "/" + std::string(value);
        REQUIRE(p.match(path, m));
        const auto text = m.decoded(0);
        REQUIRE_FALSE(text);
        CHECK(text.error().code == error::bad_syntax);
        CHECK(text.error().detail == "Failed to decode param '" + std::string(value) + "'");
        CHECK_FALSE(m.segments(0));
    }
    const auto raw = pattern::parse("/:a", {.decode = false}).value();
    REQUIRE(raw.match("/%zz", m));
    CHECK(m.decoded(0).value() == "%zz");
}

TEST_CASE("a match has room for more captures than its own, and is used again", "[route][pattern]") {
    std::string source, path;
    for (int i = 0; i < 20; ++i) {
        source += "/:p" + std::to_string(i);
        path += "/" + std::to_string(i);
    }
    const auto many = pattern::parse(source).value();
    const auto one = pattern::parse("/:only").value();
    path_match m;
    for (int round = 0; round < 2; ++round) {
        REQUIRE(many.match(path, m));
        REQUIRE(m.size() == 20);
        CHECK(m.find("p19")->value == "19");
        REQUIRE(one.match("/x", m));
        REQUIRE(m.size() == 1);
        CHECK(m[0].value == "x");
        CHECK_FALSE(one.match("/x/y", m));
    }
}

TEST_CASE("layers ignore slashes at the end of the pattern unless strict", "[route][pattern]") {
    const auto route = [](std::string_view s, bool strict) { return pattern::layer(s, {.strict = strict}).value(); };
    CHECK(shown(route("/a/", false), "/a") == "/a");
    CHECK(shown(route("/a//", false), "/a/") == "/a/");
    CHECK(shown(route("/a/", true), "/a") == "no");
    CHECK(shown(route("/a", true), "/a/") == "no");
    CHECK(shown(route("/", false), "/") == "/");
    CHECK(shown(pattern::layer("/A", {.sensitive = true}).value(), "/a") == "no");
}

TEST_CASE("mounts match a prefix, and the mount of / matches everything", "[route][pattern]") {
    const layer_options mount{.is = layer_options::kind::mount};
    CHECK(shown(pattern::layer("/api/", mount).value(), "/api/x") == "/api");
    CHECK(shown(pattern::layer("/api", mount).value(), "/apix") == "no");
    const auto all = pattern::layer("/", mount).value();
    CHECK(all.matches_everything());
    CHECK(shown(all, "/any/thing") == "");
    CHECK(shown(all, "*") == "");
    const std::string_view two[] = {"/a", "/b/:c"};
    const auto list = pattern::layer(two, mount).value();
    CHECK(shown(list, "/b/x/y") == "/b/x c=x");
    CHECK_FALSE(list.matches_everything());
}

TEST_CASE("bad patterns say what, where, and how it is written", "[route][pattern]") {
    const auto bad = pattern::parse("/:id?");
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == error::bad_pattern);
    CHECK(bad.error().position == 4);
    CHECK_THAT(bad.error().detail,
               Catch::StartsWith("Unexpected ? at index 4: /:id?; visit") && Catch::EndsWith("write \"{/:id}\""));
    CHECK_THROWS_AS(pattern::parse("/:id?").value(), crema::system_error);

    const auto adjacent = check_pattern("/:foo:bar");
    REQUIRE(adjacent);
    CHECK(adjacent->message ==
          "Missing text before \"bar\" param: /:foo:bar; visit https://git.new/pathToRegexpError for info");
    CHECK(check_pattern("/:a*b")->message ==
          "Missing text before \"b\" wildcard: /:a*b; visit https://git.new/pathToRegexpError for info");
    CHECK_FALSE(check_pattern("/:a{-}b"));
    CHECK(check_pattern("/:a{-}:b")); // one of its two ways has nothing between
    CHECK(pattern::parse(token_list().param("a").param("b"))
              .error()
              .detail.starts_with("Missing text before \"b\" param; visit"));

    std::string groups;
    for (int i = 0; i < 8; ++i) groups += "{/x}";
    CHECK_FALSE(check_pattern(groups)); // 256 ways
    CHECK(check_pattern(groups + "{/x}")->message.starts_with("Too many path combinations: {/x}"));
    CHECK(check_pattern(std::string(5000, '{') + std::string(5000, '}'))->fault ==
          pattern_fault::too_many_combinations);
}
