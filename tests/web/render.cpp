// render: app.render and res.render: engines, where views are looked for, what a template may name, the cache.
#include <crema/web/render.hpp>

#include "files.hpp"

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>

using namespace crema;

namespace {

// Says which file it was given, and all values but those every template has.
std::string tell(const std::string& path, const value& options) {
    std::string all = std::filesystem::path(path).filename().string();
    for (const auto& [name, v] : options.members())
        if (name != "settings" && name != "cache") all += " " + name + "=" + (v.is_string() ? v.as_string() : std::string("?"));
    return all;
}

struct site : served_files {
    site() {
        write("index.t", "");
        write("user/index.t", "");
    }
};

template <class F>
app serving(const site& s, F handler) {
    app a;
    a.set("views", value(s.root().string())).set("view engine", value("t")).engine(".t", tell);
    a.get("/", std::move(handler));
    a.use([](std::exception_ptr e, request&, response& res, next&) {
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& x) {
            res.status(500).send(x.what());
        }
    });
    return a;
}

} // namespace

TEST_CASE("res.render sends what the engine makes of a view", "[render]") {
    site s;
    auto a = serving(s, [](request&, response& res) { res.render("index", {{"title", "Hey"}}); });
    testing::client(a).get("/").expect(200, "index.t title=Hey").expect("Content-Type", "text/html; charset=utf-8");
}

TEST_CASE("a view may be the index of a directory, and may say its extension", "[render]") {
    site s;
    auto a = serving(s, [](request& req, response& res) { res.render(req.query("name").value()); });
    testing::client c(a);
    c.get("/?name=user").expect(200, "index.t");
    c.get("/?name=index.t").expect(200, "index.t");
}

TEST_CASE("values of the call hide those of the answer, which hide those of the app", "[render]") {
    site s;
    auto a = serving(s, [](request&, response& res) {
        res.locals()["b"] = "answer";
        res.locals()["c"] = "answer";
        res.render("index", {{"c", "call"}});
    });
    a.locals()["a"] = "app";
    a.locals()["b"] = "app";
    a.locals()["c"] = "app";
    testing::client(a).get("/").expect(200, "index.t a=app b=answer c=call");
}

TEST_CASE("a view that is nowhere goes to the error handlers with Express' message", "[render]") {
    site s;
    auto a = serving(s, [](request&, response& res) { res.render("none"); });
    testing::client(a).get("/").expect(500, "Failed to lookup view \"none\" in views directory \"" + s.root().string() + "\"");
    a.set("views", value::array({s.root().string(), "/nowhere"}));
    testing::client(a).get("/").expect(500, "Failed to lookup view \"none\" in views directories \"" + s.root().string() +
                                                "\" or \"/nowhere\"");
}

TEST_CASE("a name without an extension needs a view engine, and an extension its engine", "[render]") {
    site s;
    auto a = serving(s, [](request& req, response& res) { res.render(req.query("name").value()); });
    testing::client(a).get("/?name=x.pug").expect(500, "No engine is registered for \".pug\": app.engine(\"pug\", …)");
    a.set("view engine", value(nullptr));
    testing::client(a).get("/?name=x").expect(500, "No default engine was specified and no extension was provided.");
}

TEST_CASE("what an engine throws goes to the error handlers; one that forgets to call back is reported", "[render]") {
    site s;
    s.write("a.bad", "");
    s.write("a.lost", "");
    auto a = serving(s, [](request& req, response& res) { res.render(req.query("name").value()); });
    a.engine("bad", [](const std::string&, const value&) -> std::string { throw std::runtime_error("line 3: oops"); });
    a.engine("lost", [](const std::string&, value, rendered_callback) {});
    testing::client c(a);
    c.get("/?name=a.bad").expect(500, "line 3: oops");
    c.get("/?name=a.lost").expect(500);
}

TEST_CASE("with a callback that answers; what it throws goes to the error handlers", "[render]") {
    site s;
    auto a = serving(s, [](request& req, response& res) {
        const bool fails = req.query("fail").has_value();
        res.render(fails ? "none" : "index", [&res](std::exception_ptr e, std::string text) {
            if (e) std::rethrow_exception(e);
            res.type("text").send("<" + text + ">");
        });
    });
    testing::client c(a);
    c.get("/").expect(200, "<index.t>").expect("Content-Type", "text/plain; charset=utf-8");
    c.get("/?fail").expect(500);
}

TEST_CASE("callbacks are called later, even when the engine is done at once", "[render]") {
    site s;
    std::string order;
    auto a = serving(s, [&](request&, response& res) {
        res.render("index", value(), [&](std::exception_ptr, std::string) {
            order += "called ";
            res.end();
        });
        order += "returned ";
    });
    testing::client(a).get("/").expect(200);
    CHECK(order == "returned called ");
}

TEST_CASE("an engine may work on the pool; the answer waits for it", "[render]") {
    site s;
    s.write("a.slow", "");
    auto a = serving(s, [](request&, response& res) { res.render("a.slow", {{"n", "1"}}); });
    const auto here = std::this_thread::get_id();
    std::thread::id there;
    a.engine("slow", [&](const std::string& path, const value& options) -> task<std::string> {
        auto text = co_await offload([&] {
            there = std::this_thread::get_id();
            return tell(path, options);
        });
        co_return text;
    });
    testing::client(a).get("/").expect(200, "a.slow n=1");
    CHECK(there != here);
}

TEST_CASE("app.render gives the text to a coroutine or a callback", "[render]") {
    site s;
    auto a = serving(s, [](request& req, response& res) -> task<> {
        const value values{{"to", "Ada"}};
        auto text = co_await req.app().render("index", values);
        std::string why;
        try {
            (void)co_await req.app().render("none");
        } catch (const view_error& e) {
            why = e.name();
        }
        res.send(text + " " + why);
    });
    a.locals()["from"] = "app";
    testing::client c(a);
    c.get("/").expect(200, "index.t from=app to=Ada none");
    a.get("/callback", [&](request& req, response& res) {
        req.app().render("index", [later = res.hold()](std::exception_ptr e, std::string text) {
            later.res().send(e ? "failed" : text);
        });
    });
    c.get("/callback").expect(200, "index.t from=app");
}

TEST_CASE("views that were found are kept with view cache, or as the call says", "[render]") {
    site s;
    const auto file = s.write("gone.t", "");
    bool keep = false;
    auto a = serving(s, [&](request&, response& res) {
        if (keep) res.render("gone", {{"cache", true}});
        else res.render("gone");
    });
    testing::client c(a);
    c.get("/").expect(200);
    std::filesystem::remove(file);
    c.get("/").expect(500); // not kept
    s.write("gone.t", "");
    a.enable("view cache");
    c.get("/").expect(200);
    std::filesystem::remove(file);
    c.get("/").expect(200); // kept
    a.disable("view cache");
    c.get("/").expect(500);
    keep = true;
    c.get("/").expect(200);
}

TEST_CASE("a mounted app has the engines of the app around it, but views of its own", "[render]") {
    site s;
    s.write("below/index.t", "");
    app top, below;
    top.set("view engine", value("t")).set("views", value("/nowhere")).engine("t", tell);
    below.set("views", value((s.root() / "below").string()));
    below.get("/", [](request&, response& res) { res.render("index"); });
    top.use("/below", below);
    testing::client(top).get("/below").expect(200, "index.t");
    CHECK(below.get("views").as_string() == (s.root() / "below").string());
}

TEST_CASE("the setting view makes views of anything", "[render]") {
    struct text final : view {
        std::string name;
        explicit text(std::string_view n) : name(n) {}
        void render(value options, rendered_callback done) override { done(nullptr, name + " " + options["x"].as_string()); }
    };
    site s;
    auto a = serving(s, [](request& req, response& res) { res.render(req.query("name").value(), {{"x", "y"}}); });
    a.set("view", [](std::string_view name, const view_options& o) -> std::shared_ptr<view> {
        if (name == "none" || o.default_engine != "t") return nullptr;
        return std::make_shared<text>(name);
    });
    testing::client c(a);
    c.get("/?name=any").expect(200, "any y");
    c.get("/?name=none").expect(500);
}

TEST_CASE("a template may name the settings", "[render]") {
    site s;
    s.write("a.s", "");
    auto a = serving(s, [](request&, response& res) { res.render("a.s"); });
    a.engine("s", [](const std::string&, const value& o) { return o["settings"]["title"].as_string(); });
    a.set("title", value("My site"));
    testing::client(a).get("/").expect(200, "My site");
}

TEST_CASE("req.app and res.app are the app whose handler runs", "[render]") {
    app top, below;
    top.locals()["name"] = "top";
    below.locals()["name"] = "below";
    below.get("/x", [](request& req, response& res) {
        res.send(req.app().locals()["name"].as_string() + " in " + res.app().parent()->locals()["name"].as_string());
    });
    top.use("/b", below);
    top.get("/y", [](request& req, response& res) { res.send(req.app().locals()["name"].as_string()); });
    testing::client c(top);
    c.get("/b/x").expect(200, "below in top");
    c.get("/y").expect(200, "top");
}

TEST_CASE("res.req is the request, and req.res its answer", "[render]") {
    app a;
    a.get("/", [](request& req, response& res) { res.send(&res.req() == &req && &req.res() == &res ? "both" : "neither"); });
    testing::client(a).get("/").expect(200, "both");
}

TEST_CASE("headers_sent and status_code tell how far the answer is", "[render]") {
    app a;
    a.get("/", [](request&, response& res) {
        CHECK_FALSE(res.headers_sent());
        CHECK(res.status_code() == 200);
        res.status(201).flush_headers();
        CHECK(res.headers_sent());
        CHECK(res.status_code() == 201);
        CHECK_FALSE(res.finished());
        res.end("made");
        CHECK(res.finished());
    });
    testing::client(a).get("/").expect(201, "made");
}
