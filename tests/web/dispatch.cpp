// dispatch: what a request shows on its way, parameter callbacks, HEAD, OPTIONS, what cannot be decoded.
#include <crema/web/dispatch.hpp>

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using log_type = std::vector<std::string>;

namespace {

std::string shown(const request& req) {
    return std::string(req.base_url()) + "|" + std::string(req.url()) + "|" + std::string(req.path());
}
auto says(std::string text) {
    return [text](request&, response& res) { res.send(text); };
}

} // namespace

TEST_CASE("what a mount has taken is given back behind it", "[dispatch]") {
    app a;
    log_type log;
    router inner;
    inner.use("/b", [&](request& req, response&, next& next) { log.push_back(shown(req)), next(); });
    inner.use([&](request& req, response&, next& next) { log.push_back(shown(req)), next(); });
    a.use("/a", inner);
    a.use([&](request& req, response& res) { log.push_back(shown(req)), res.send(""); });
    testing::client(a).get("/a/b/c?d").expect(200);
    CHECK(log == log_type{"/a/b|/c?d|/c", "/a|/b/c?d|/b/c", "|/a/b/c?d|/a/b/c"});
}

TEST_CASE("a rewritten url counts for the layers behind, also behind the mount", "[dispatch]") {
    app a;
    a.use("/old", [](request& req, response&, next& next) { req.url("/new?x=1"), next(); });
    a.use([](request& req, response&, next& next) {
        if (req.url() == "/plain") req.url("/old/new");
        next();
    });
    a.get("/old/new", [](request& req, response& res) { res.send(shown(req) + "|" + std::string(req.original_url())); });
    testing::client c(a);
    c.get("/old").expect(200, "|/old/new?x=1|/old/new|/old");
    c.get("/plain").expect(200, "|/old/new|/old/new|/plain");
}

TEST_CASE("targets in absolute form are matched by their path", "[dispatch]") {
    app a;
    a.use("/in", [](request& req, response& res) { res.send(shown(req)); });
    a.get("/x", [](request& req, response& res) { res.send(shown(req)); });
    testing::client c(a);
    c.get("http://h.example/x?y").expect(200, "|http://h.example/x?y|/x");
    c.get("http://h.example/in/z").expect(200, "/in|http://h.example/z|/z");
}

TEST_CASE("host_of and path_of read targets as Express does", "[dispatch]") {
    CHECK(detail::host_of("/a").empty());
    CHECK(detail::host_of("http://h/a") == "http://h");
    CHECK(detail::host_of("http://h").empty());
    CHECK(detail::host_of("/a?b=http://h/").empty());
    CHECK(detail::path_of("/a?b") == "/a");
    CHECK(detail::path_of("/a#b?c") == "/a");
    CHECK(detail::path_of("http://h") == "/");
    CHECK(detail::path_of("http://h?x") == "/");
    CHECK(detail::path_of("http://h/p?x") == "/p");
    CHECK(detail::path_of("*") == "*");
    CHECK(detail::path_of("?x").data() == nullptr); // no path: nothing matches
}

TEST_CASE("HEAD is answered by GET, unless it has a handler of its own", "[dispatch]") {
    app a;
    a.get("/get", says("get"));
    a.route("/both").get(says("get")).head([](request&, response& res) { res.set("X-Head", "1").send(""); });
    a.post("/post", says("post"));
    testing::client c(a);
    c.head("/get").expect(200, "").expect("Content-Length", "3");
    c.head("/both").expect(200).expect("X-Head", "1");
    c.head("/post").expect(404);
}

TEST_CASE("OPTIONS without an answer lists the methods of the path", "[dispatch]") {
    app a;
    a.use([](request&, response&, next& next) { next(); }); // does not count
    a.get("/x", says(""));
    a.route("/x").post(says("")).put(says(""));
    a.del("/:any", says(""));
    a.get("/own", says(""));
    a.options("/own", says("mine"));
    testing::client c(a);
    c.options("/x").expect(200, "DELETE, GET, HEAD, POST, PUT").expect([](const testing::reply& r) {
        CHECK(r.header("Allow") == "DELETE, GET, HEAD, POST, PUT");
        CHECK(r.header("Content-Type") == "text/plain");
        CHECK(r.header("X-Content-Type-Options") == "nosniff");
    });
    c.options("/y").expect(200, "DELETE");
    c.options("/y/z").expect(404);
    c.options("/own").expect(200, "mine");
}

TEST_CASE("a mounted router answers OPTIONS for what it has", "[dispatch]") {
    app a;
    router inner;
    inner.get("/x", says(""));
    a.post("/in/x", says(""));
    a.use("/in", inner);
    a.put("/in/x", says(""));
    testing::client(a).options("/in/x").expect(200, "GET, HEAD");
}

TEST_CASE("another method is a 404 as in Express, or a 405 with Allow when asked for", "[dispatch]") {
    app a;
    a.get("/x", says(""));
    a.put("/x", says(""));
    testing::client c(a);
    c.post("/x").expect(404);
    a.enable("method not allowed");
    c.post("/x").expect(405).expect("Allow", "GET, HEAD, PUT");
    c.post("/y").expect(404);
    c.get("/x").expect(200);
}

TEST_CASE("what cannot be decoded is a 400", "[dispatch]") {
    app a;
    a.get("/static%20text", says("raw")); // paths are matched as they were sent
    a.get("/:id", says("id"));
    a.get("/files/*path", says("path"));
    testing::client c(a);
    c.get("/%zz").expect(400).expect([](const testing::reply& r) {
        CHECK_THAT(r.body, Contains("Failed to decode param &#39;%zz&#39;"));
    });
    c.get("/files/a/%e0/b").expect(400).expect([](const testing::reply& r) { CHECK_THAT(r.body, Contains("&#39;%e0&#39;")); });
    c.get("/static%20text").expect(200, "raw");
    c.get("/caf%C3%A9").expect(200, "id");
}

TEST_CASE("an error handler sees what could not be decoded", "[dispatch]") {
    app a;
    a.get("/:id", says("id"));
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send("bad path"); });
    testing::client(a).get("/%").expect(400, "bad path");
}

TEST_CASE("errors skip what is no error handler, mounted routers too", "[dispatch]") {
    app a;
    router inner;
    inner.use([](std::exception_ptr, request&, response& res, next&) { res.send("inner"); });
    a.use([](request&, response&) { throw std::runtime_error("boom"); });
    a.use("/", inner);
    a.get("/", says("route"));
    a.use("/elsewhere", [](std::exception_ptr, request&, response& res, next&) { res.send("elsewhere"); });
    a.use([](std::exception_ptr, request&, response& res, next&) { res.send("here"); });
    testing::client(a).get("/").expect(200, "here");
}

TEST_CASE("error handlers stand in routers and in routes, too", "[dispatch]") {
    app a;
    router inner;
    inner.get("/", [](request&, response&) { throw std::runtime_error("boom"); });
    inner.use([](std::exception_ptr e, request&, response&, next& next) { next(e); });
    a.use("/in", inner);
    a.get("/route", [](request&, response&) { throw std::runtime_error("boom"); }, says("skipped"),
          [](std::exception_ptr, request&, response& res, next&) { res.send("by the route"); });
    a.use([](std::exception_ptr, request&, response& res, next&) { res.send("by the app"); });
    testing::client c(a);
    c.get("/in").expect(200, "by the app");
    c.get("/route").expect(200, "by the route");
}

TEST_CASE("an error handler that recovers calls next()", "[dispatch]") {
    app a;
    a.use([](request&, response&) { throw std::runtime_error("boom"); });
    a.use([](std::exception_ptr, request&, response& res, next& next) { res.set("X-Recovered", "1"), next(); });
    a.get("/", says("fine"));
    testing::client(a).get("/").expect(200, "fine").expect("X-Recovered", "1");
}

TEST_CASE("param callbacks run before the handlers, once for each value", "[dispatch][param]") {
    app a;
    log_type log;
    a.param("id", [&](request&, response&, next& next, std::string_view value, std::string_view name) {
        log.push_back(std::string(name) + "=" + std::string(value));
        next();
    });
    a.param({"id", "other"}, [&](request&, response&, next& next, std::string_view value) -> task<> {
        co_await sleep(1ms);
        log.push_back("second " + std::string(value));
        next();
    });
    a.use("/:id", [&](request&, response&, next& next) { log.push_back("use"), next(); });
    a.get("/:id/x", [&](request&, response&, next& next) { log.push_back("get"), next(); });
    a.get("/7/:id", says("done"));
    testing::client c(a);
    c.get("/7/x").expect(200, "done");
    CHECK(log == log_type{"id=7", "second 7", "use", "get", "id=x", "second x"});
    log.clear();
    c.get("/1/y").expect(404);
    CHECK(log == log_type{"id=1", "second 1", "use"});
}

TEST_CASE("param callbacks may replace the value, which is remembered", "[dispatch][param]") {
    app a;
    a.param("id", [](request& req, response&, next& next, std::string_view value) {
        req.params("id", "user " + std::string(value));
        next();
    });
    a.get("/:id", [](request& req, response&, next& next) {
        CHECK(req.params("id") == "user 7");
        next();
    });
    a.get("/:id", [](request& req, response& res) { res.send(req.params("id")); });
    testing::client(a).get("/7").expect(200, "user 7");
}

TEST_CASE("what a param callback throws is the error of every path with that value", "[dispatch][param]") {
    app a;
    int calls = 0;
    a.param("id", [&](request&, response&, next&, std::string_view value) {
        ++calls;
        throw http_error(404, "no user " + std::string(value));
    });
    a.get("/:id", says("never"));
    a.use([](std::exception_ptr, request&, response&, next& next) { next(); }); // recovers
    a.get("/:id", says("never"));
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.what()); });
    testing::client(a).get("/7").expect(404, "no user 7");
    CHECK(calls == 1);
}

TEST_CASE("next(\"route\") in a param callback passes over the path", "[dispatch][param]") {
    app a;
    a.param("id", [](request&, response&, next& next, std::string_view) { next("route"); });
    a.get("/:id", says("never"));
    a.get("/7", says("fixed"));
    testing::client(a).get("/7").expect(200, "fixed");
}

TEST_CASE("a target that a param callback writes counts behind this layer, which takes as many octets of it", "[dispatch][param]") {
    app a;
    log_type log;
    a.param("id", [](request& req, response&, next& next, std::string_view) { req.url("/new/x"), next(); });
    a.use("/:id", [&](request& req, response&, next& next) { log.push_back(shown(req)), next(); });
    a.use([&](request& req, response& res) { log.push_back(shown(req)), res.send(""); });
    testing::client(a).get("/abc/y").expect(200);
    CHECK(log == log_type{"/abc|/x|/x", "|/abc/x|/abc/x"});
}

TEST_CASE("a wildcard gives its segments, each decoded", "[dispatch]") {
    app a;
    a.get("/*path", [](request& req, response& res) {
        const auto& p = *req.params().begin();
        CHECK(p.segments() == std::vector<std::string>{"a", "b/c", "d"});
        CHECK(p.raw == "a/b%2Fc/d");
        res.send(p.value);
    });
    testing::client(a).get("/a/b%2Fc/d").expect(200, "a/b/c/d");
}

TEST_CASE("a coroutine that throws before it waits fails behind the code after next(), as a promise does", "[dispatch]") {
    app a;
    log_type log;
    a.use([&](request&, response&, next& next) {
        next();
        log.push_back("after");
    });
    a.use([](request&, response&) -> task<> {
        throw std::runtime_error("rejected");
        co_return;
    });
    a.use([&](std::exception_ptr, request&, response& res, next&) { log.push_back("error"), res.send("x"); });
    testing::client(a).get("/").expect(200, "x");
    CHECK(log == log_type{"after", "error"});
}

TEST_CASE("param callbacks are those of the router that captured, not of those around", "[dispatch][param]") {
    app a;
    log_type log;
    router inner(router_options{.merge_params = true});
    inner.param("id", [&](request&, response&, next& next, std::string_view v) { log.push_back("inner " + std::string(v)), next(); });
    inner.get("/x", says("x"));
    inner.get("/:id", says("id"));
    a.param("id", [&](request&, response&, next& next, std::string_view v) { log.push_back("outer " + std::string(v)), next(); });
    a.use("/:id", inner);
    testing::client c(a);
    c.get("/7/x").expect(200, "x");
    CHECK(log == log_type{"outer 7"});
    c.get("/7/8").expect(200, "id");
    CHECK(log == log_type{"outer 7", "outer 7", "inner 8"});
}

TEST_CASE("a param callback that neither answers nor calls next is reported", "[dispatch][param]") {
    app a;
    a.param("id", [](request&, response&, next&, std::string_view) {});
    a.get("/:id", says("never"));
    testing::client(a).get("/7").expect(500);
    router r;
    CHECK_THROWS_WITH(r.param("", [](request&, response&, next&, std::string_view) {}), Contains("argument name is required"));
}

TEST_CASE("what a wildcard has captured is never remembered: a list in Express, and no two lists are the same", "[dispatch][param]") {
    app a;
    int calls = 0;
    a.param("x", [&](request&, response&, next& next, std::string_view) { ++calls, next(); });
    a.use("/*x/:y", [](request&, response&, next& next) { next(); });
    a.use("/:x", [](request&, response&, next& next) { next(); });
    a.use([](request&, response& res) { res.send("end"); });
    testing::client(a).get("/1.2/b").expect(200, "end");
    CHECK(calls == 2);
}

TEST_CASE("a method that is set counts for the layers behind", "[dispatch]") {
    app a;
    a.set("env", "test");
    a.use([](request& req, response&, next& next) {
        if (const auto m = req.query("_method")) req.method(*m);
        next();
    });
    a.post("/", says("posted"));
    a.put("/", [](request& req, response& res) { res.send(std::string(req.method())); });
    a.all("/any", [](request& req, response& res) { res.send(std::string(req.method())); });
    testing::client c(a);
    c.post("/").expect(200, "posted");
    c.post("/?_method=PUT").expect(200, "PUT");
    c.post("/any?_method=FROB").expect(200, "FROB");
    c.post("/?_method=DELETE").expect(404);
    c.post("/?_method=a%20b").expect(500);
    c.post("/any").expect(200, "POST");
}

TEST_CASE("a url that was emptied below a mount is given back empty", "[dispatch]") {
    app a;
    a.set("env", "test");
    a.param("x", [](request& req, response&, next& next, std::string_view) { req.url("/b"), next(); });
    a.use("/:x", [](request& req, response&, next& next) { req.url(""), next(); });
    a.use("/a", says("found"));
    testing::client(a).get("/a").expect(200, "found");
}
