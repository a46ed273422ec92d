// pcre2: regular expressions as paths, as Express takes them, with an end to what they may cost.
#include <crema/ext/pcre2.hpp>

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using Catch::Matchers::Contains;

namespace {

void params(request& req, response& res) {
    value all = value::object();
    for (const auto& p : req.params()) all[p.name] = p.value;
    res.json(all);
}

} // namespace

TEST_CASE("a regular expression is a path; its groups are parameters", "[pcre2]") {
    app a;
    a.get(regexp("^\\/user\\/(\\d+)\\/(?<tab>\\w+)(?:\\/(x))?$"), params);
    a.get(regexp(".*fly$"), params);
    testing::client c(a);
    c.get("/user/42/posts").expect(200, R"({"0":"42","tab":"posts"})");
    c.get("/user/42/posts/x").expect(200, R"({"0":"42","tab":"posts","1":"x"})");
    c.get("/butterfly").expect(200, "{}");
    c.get("/butterflyman").expect(404);
    c.get("/USER/42/posts").expect(404);
}

TEST_CASE("flags are those of JavaScript", "[pcre2]") {
    app a;
    a.get(regexp("^/ABC$", "i"), params);
    testing::client(a).get("/abc").expect(200);
    CHECK_THROWS_WITH(regexp("a", "x"), Contains("Invalid regular expression flag 'x'"));
    route::expression::found found;
    CHECK(regexp("a$")->match("a\n", found) == route::expression::outcome::none); // the end is the end
    CHECK(regexp("^.$", "u")->match("\xc3\xa9", found) == route::expression::outcome::matched);
    CHECK(regexp("^.$", "u")->match("\xc3", found) == route::expression::outcome::none); // no text at all
}

TEST_CASE("a mount by a regular expression takes what matched, when it stands at the front", "[pcre2]") {
    app a;
    a.use(regexp("^/v[0-9]+"), [](request& req, response& res) { res.send(std::string(req.base_url()) + " " + std::string(req.url())); });
    a.use(regexp("/elsewhere"), [](request&, response& res) { res.send("never"); });
    testing::client c(a);
    c.get("/v12/users").expect(200, "/v12 /users");
    c.get("/v12x").expect(404);
    c.get("/x/elsewhere").expect(404);
}

TEST_CASE("captures are decoded, and counted on behind those of the mount", "[pcre2]") {
    app a;
    router inner(router_options{.merge_params = true});
    inner.get(regexp("^/(.+)/(.+)$"), params);
    a.use(regexp("^/([^/]+)"), inner);
    testing::client c(a);
    c.get("/a/b/c%20d").expect(200, R"({"0":"a","1":"b","2":"c d"})");
    c.get("/a/b/%zz").expect(400);
}

TEST_CASE("a bad expression throws with its place", "[pcre2]") {
    CHECK_THROWS_WITH(regexp("^/(a"), Contains("missing closing parenthesis") && Contains("at index 4"));
    try {
        regexp("[");
        FAIL("no exception");
    } catch (const system_error& e) {
        CHECK(e.code() == error::bad_pattern);
    }
}

TEST_CASE("a hostile path is given up, not followed", "[pcre2]") {
    app a;
    a.get(regexp("^/(a+)+$"), params);
    testing::client c(a);
    c.get("/aaaa").expect(200);
    c.get("/" + std::string(40, 'a') + "!").expect(400);
    route::expression::found found;
    CHECK(regexp("^(a+)+$", "", {.steps = 10})->match(std::string(50, 'a') + "b", found) == route::expression::outcome::too_hard);
}
