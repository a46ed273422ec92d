// mustache: templates from files, partials, what a template may name, and what is wrong with one.
#include <crema/ext/mustache.hpp>

#include "web/files.hpp"

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;

namespace {

auto has(std::string part) {
    return [part](const testing::reply& r) { CHECK_THAT(r.body, Catch::Contains(part)); };
}

} // namespace

TEST_CASE("values of every kind", "[mustache]") {
    const mustache m;
    const value v{{"text", "a<b"}, {"n", 7},    {"x", 1.5},   {"yes", true},
                  {"no", false},   {"nil", {}}, {"empty", ""}, {"list", value::array({"a", "b"})},
                  {"people", value::array({value{{"name", "Ada"}}, value{{"name", "Bob"}}})},
                  {"in", value{{"side", "deep"}}}};
    CHECK(m.render("{{text}} {{{text}}}", v) == "a&lt;b a<b");
    CHECK(m.render("{{n}} {{x}} {{missing}}.", v) == "7 1.5 .");
    CHECK(m.render("{{#yes}}y{{/yes}}{{#no}}n{{/no}}{{^nil}}0{{/nil}}{{^empty}}e{{/empty}}", v) == "y0e");
    CHECK(m.render("{{#list}}<{{.}}>{{/list}}", v) == "<a><b>");
    CHECK(m.render("{{#people}}{{name}},{{n}};{{/people}}", v) == "Ada,7;Bob,7;");
    CHECK(m.render("{{in.side}}", v) == "deep");
}

TEST_CASE("what is no template is an error that says where", "[mustache]") {
    const mustache m;
    CHECK_THROWS_WITH(m.render("{{#a}}", {}), Catch::Contains("a"));
    CHECK_THROWS_AS(m.render("{{", {}), view_error);
    CHECK_THROWS_AS(m.render("{{> other}}", {}), view_error); // nothing says where
}

TEST_CASE("an app renders views with partials beside them", "[mustache]") {
    served_files files;
    files.write("page.mustache", "{{> parts/head}}<p>{{text}}</p>\n");
    files.write("parts/head.mustache", "<h1>{{settings.title}}</h1>\n");
    files.write("lost.mustache", "{{> none}}");
    files.write("endless.mustache", "x{{> endless}}");
    files.write("tree.mustache", "({{name}}{{#below}}{{> tree}}{{/below}})");
    files.write("bad.mustache", "{{#open}}");
    app a;
    a.set("views", value(files.root().string())).set("view engine", value("mustache")).set("title", value("Site"));
    a.engine("mustache", mustache());
    a.get("/:view", [](request& req, response& res) {
        const value leaf{{"name", "c"}, {"below", value::array({})}};
        const value node{{"name", "b"}, {"below", value::array({leaf})}};
        res.render(req.params("view"), {{"text", "1 < 2"}, {"name", "a"}, {"below", value::array({node, leaf})}});
    });
    a.use([](std::exception_ptr e, request&, response& res, next&) {
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& x) {
            res.status(500).send(x.what());
        }
    });
    testing::client c(a);
    c.get("/page").expect(200, "<h1>Site</h1>\n<p>1 &lt; 2</p>\n");
    c.get("/tree").expect(200, "(a(b(c))(c))");
    c.get("/lost").expect(500).expect(has("none.mustache"));
    c.get("/endless").expect(500).expect(has("without an end"));
    c.get("/bad").expect(500).expect(has("bad.mustache"));
    // with the cache a file is read once
    a.enable("view cache");
    c.get("/page").expect(200);
    files.write("page.mustache", "changed");
    files.write("parts/head.mustache", "changed");
    c.get("/page").expect(200, "<h1>Site</h1>\n<p>1 &lt; 2</p>\n");
    a.disable("view cache");
    c.get("/page").expect(200, "changed");
}
