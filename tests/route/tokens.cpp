// The grammar of route patterns: what it reads, what it refuses and in which words.
// SPDX-License-Identifier: MIT
#include <crema/route/tokens.hpp>

#include <catch2/catch.hpp>

using namespace crema::route;

namespace {

// Shows tokens as a line: `text`, `:name`, `*name`, `{`, `}`, separated by spaces.
std::string shown(std::string_view source) {
    token_list list;
    if (const auto e = parse_pattern(source, list)) return "error: " + e->message;
    std::string out;
    for (const token& t : list.tokens()) {
        if (!out.empty()) out += ' ';
        if (t.kind == token_kind::param) out += ':';
        if (t.kind == token_kind::wildcard) out += '*';
        if (t.kind == token_kind::group_open) out += '{';
        if (t.kind == token_kind::group_close) out += '}';
        out += list.text_of(t);
    }
    return out;
}

pattern_error refused(std::string_view source) {
    token_list list;
    const auto e = parse_pattern(source, list);
    REQUIRE(e);
    return *e;
}

} // namespace

TEST_CASE("a pattern is text, parameters, wildcards and groups", "[route][tokens]") {
    CHECK(shown("") == "");
    CHECK(shown("/users/:id/edit") == "/users/ :id /edit");
    CHECK(shown("/files/*path") == "/files/ *path");
    CHECK(shown("/a{/:b{-:c}}") == "/a { / :b { - :c } }");
    CHECK(shown("/:from-:to.:ext") == "/ :from - :to . :ext");
    CHECK(shown("{}") == "{ }");
}

TEST_CASE("a backslash makes any character ordinary", "[route][tokens]") {
    CHECK(shown("/\\:id\\{\\}\\(\\*\\\\x") == "/:id{}(*\\x");
    CHECK(shown("/\\é") == "/é");
}

TEST_CASE("names are identifiers or stand in quotes", "[route][tokens]") {
    CHECK(shown("/:$a_1-") == "/ :$a_1 -");
    CHECK(shown("/:café/x") == "/ :café /x");
    CHECK(shown("/:\"user-id\"s") == "/ :user-id s");
    CHECK(shown("/:\"1\\\"\\2\\\"3\"") == "/ :1\"2\"3");
    CHECK(shown("/*\"a b\"") == "/ *a b");
}

TEST_CASE("messages are those of path-to-regexp", "[route][tokens]") {
    const std::string end = "; visit https://git.new/pathToRegexpError for info";
    CHECK(refused("/a(b)").message == "Unexpected ( at index 2: /a(b)" + end);
    CHECK(refused("/a)").message == "Unexpected ) at index 2: /a)" + end);
    CHECK(refused("/a[").message == "Unexpected [ at index 2: /a[" + end);
    CHECK(refused("/a]").message == "Unexpected ] at index 2: /a]" + end);
    CHECK(refused("/a+").message == "Unexpected + at index 2: /a+" + end);
    CHECK(refused("/a?").message == "Unexpected ? at index 2: /a?" + end);
    CHECK(refused("/a!").message == "Unexpected ! at index 2: /a!" + end);
    CHECK(refused("/a}").message == "Unexpected } at index 2: /a}" + end);
    CHECK(refused("/:/").message == "Missing parameter name at index 2: /:/" + end);
    CHECK(refused("/*/").message == "Missing parameter name at index 2: /*/" + end);
    CHECK(refused("/:\"\"").message == "Missing parameter name at index 4: /:\"\"" + end);
    CHECK(refused("/:\"foo").message == "Unterminated quote at index 2: /:\"foo" + end);
    CHECK(refused("/:\"foo\\").message == "Unterminated quote at index 2: /:\"foo\\" + end);
    CHECK(refused("/foo\\").message == "Unexpected end after \\ at index 5: /foo\\" + end);
    CHECK(refused("/{:foo,").message == "Unexpected end at index 7, expected }: /{:foo," + end);
}

TEST_CASE("places are counted in characters for the message, in octets for the program", "[route][tokens]") {
    const auto e = refused("/é😀(");
    CHECK(e.index == 3);
    CHECK(e.position == 7);
    CHECK(e.fault == pattern_fault::unexpected_character);
    CHECK(e.as_failure().position == 7);
    CHECK(e.as_failure().code == crema::error::bad_pattern);
}

TEST_CASE("habits of version 4 are answered with the spelling of version 8", "[route][tokens]") {
    CHECK(refused("/:id?").hint == "write \"{/:id}\"");
    CHECK(refused("/a-:id?").hint == "write \"{:id}\"");
    CHECK(refused("/:path*").hint == "write \"{/*path}\"");
    CHECK(refused("/:path+").hint == "write \"/*path\"");
    CHECK_THAT(refused("/:id(\\d+)").hint, Catch::Contains("\":id\"") && Catch::Contains("no regular expressions"));
    CHECK_THAT(refused("/(a|b)").hint, Catch::Contains("list of paths"));
    CHECK_THAT(refused("/(.*)").hint, Catch::Contains("*name"));
    CHECK_THAT(refused("/*").hint, Catch::Contains("\"/*path\"") && Catch::Contains("\"{/*path}\""));
    CHECK_THAT(refused("*").hint, Catch::Contains("\"*path\""));
    CHECK_THAT(refused("/:1").hint, Catch::Contains("in quotes"));
    CHECK_THAT(refused("/a:").hint, Catch::Contains("\\:"));
    CHECK_THAT(refused("/a+").hint, Catch::Contains("\\+"));
    CHECK_THAT(refused("/a?").hint, Catch::Contains("braces"));
    CHECK_THAT(refused("/{a").hint, Catch::Contains("\"}\""));
    CHECK_THAT(refused("/a}").hint, Catch::Contains("no \"{\""));
    CHECK(refused("/:id?").as_failure().detail ==
          "Unexpected ? at index 4: /:id?; visit https://git.new/pathToRegexpError for info; write \"{/:id}\"");
}

TEST_CASE("tokens are written back as a pattern", "[route][tokens]") {
    for (const std::string_view source : {"/", "/users{/:id}/delete", "/*path", "/:\"0\"", "/:\"test\"stuff", "/:café-",
                                          "{{a}b}", "\\{\\}\\(\\)\\[\\]\\+\\?\\!\\:\\*\\\\"}) {
        token_list list;
        REQUIRE_FALSE(parse_pattern(source, list));
        CHECK(stringify(list) == source);
    }
    CHECK(stringify(token_list().text("/:+?*").param("a\"b\\").open().wildcard("").close()) ==
          "/\\:\\+\\?\\*:\"a\\\"b\\\\\"{*\"\"}");
}

TEST_CASE("groups know their ends", "[route][tokens]") {
    token_list list;
    REQUIRE_FALSE(parse_pattern("{a{b}}{c}", list));
    const auto& t = list.tokens();
    REQUIRE(t.size() == 9);
    CHECK(t[0].partner == 5);
    CHECK(t[2].partner == 4);
    CHECK(t[4].partner == 2);
    CHECK(t[6].partner == 8);
    token_list unbalanced;
    CHECK(unbalanced.close().tokens().empty());
}
