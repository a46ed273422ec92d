// router: what can be registered, under which paths, and which of it answers.
#include <crema/web/router.hpp>

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using Catch::Matchers::Contains;

namespace {

auto says(std::string text) {
    return [text](request&, response& res) { res.send(text); };
}
auto params(request& req, response& res) {
    value all = value::object();
    for (const auto& p : req.params()) all[p.name] = p.value;
    res.json(all);
}

} // namespace

TEST_CASE("patterns: text, :param, *wildcard, {optional}", "[router]") {
    app a;
    a.get("/users/:id", params);
    a.get("/files/*path", params);
    a.get("/posts{/:year{/:month}}", params);
    a.get("/:from-:to", params);
    a.get("/a\\:b", says("escaped"));
    a.get("/:\"two words\"/quoted", params);
    testing::client c(a);
    c.get("/users/7").expect(200, R"({"id":"7"})");
    c.get("/users/a%20b+c").expect(200, R"({"id":"a b+c"})"); // a plus sign stays one
    c.get("/users/").expect(404);
    c.get("/files/a/b/c").expect(200, R"({"path":"a/b/c"})");
    c.get("/posts").expect(200, "{}");
    c.get("/posts/2026").expect(200, R"({"year":"2026"})");
    c.get("/posts/2026/11").expect(200, R"({"year":"2026","month":"11"})");
    c.get("/berlin-rome").expect(200, R"({"from":"berlin","to":"rome"})");
    c.get("/a:b").expect(200, "escaped");
    c.get("/x/quoted").expect(200, R"({"two words":"x"})");
}

TEST_CASE("a list of paths is one route with several paths", "[router]") {
    app a;
    a.get({"/a", "/b/:id"}, params);
    const std::vector<std::string> more{"/c", "/d"};
    a.get(more, says("more"));
    a.use({"/x", "/y"}, [](request& req, response& res) { res.send(std::string(req.base_url()) + " " + std::string(req.url())); });
    testing::client c(a);
    c.get("/a").expect(200, "{}");
    c.get("/b/7").expect(200, R"({"id":"7"})");
    c.get("/c").expect(200, "more");
    c.get("/d").expect(200, "more");
    c.get("/x/1").expect(200, "/x /1");
    c.get("/y").expect(200, "/y /");
    c.get("/z").expect(404);
}

#define EACH_METHOD(X)                                                                                                         \
    X(head) X(get) X(post) X(put) X(del) X(patch) X(options) X(trace) X(acl) X(bind) X(checkout) X(copy) X(link) X(lock)       \
    X(m_search) X(merge) X(mkactivity) X(mkcalendar) X(mkcol) X(move) X(notify) X(propfind) X(proppatch) X(purge) X(query)     \
    X(rebind) X(report) X(search) X(source) X(subscribe) X(unbind) X(unlink) X(unlock) X(unsubscribe)

TEST_CASE("every method has a function of its name", "[router]") {
    const auto named = [](const char* name) {
        return [name](request&, response& res) { res.set("X-Function", name).end(); };
    };
    app a;
    router chained;
    auto chain = chained.route("/");
#define REGISTER(which)                                                                                                        \
    a.which("/", named(#which));                                                                                               \
    chain.which(named(#which));
    EACH_METHOD(REGISTER)
    a.connect("/", named("connect")); // whose targets are no paths
    a.use("/chained", chained);
    testing::client c(a);
    int methods = 0;
#define ASK(which)                                                                                                             \
    c.request(http::to_string(http::method::which), "/").expect(200).expect("X-Function", #which);                             \
    c.request(http::to_string(http::method::which), "/chained").expect(200).expect("X-Function", #which);                      \
    ++methods;
    EACH_METHOD(ASK)
    CHECK(methods == 34);
    c.request("BREW", "/").expect(404);
}

TEST_CASE("all answers every method, also those without a name", "[router]") {
    app a;
    a.all("/all", [](request& req, response& res) { res.send(req.method()); });
    testing::client c(a);
    c.get("/all").expect(200, "GET");
    c.request("UNLINK", "/all").expect(200, "UNLINK");
    c.request("BREW", "/all").expect(200, "BREW");
    c.options("/all").expect(200, "OPTIONS");
}

TEST_CASE("route() collects handlers of one path, in order", "[router]") {
    app a;
    a.route("/book")
        .all([](request&, response& res, next& next) { res.set("X-All", "1"), next(); })
        .get([](request&, response&, next& next) { next(); }, says("list"))
        .post(says("create"));
    testing::client c(a);
    c.get("/book").expect(200, "list").expect("X-All", "1");
    c.post("/book").expect(200, "create").expect("X-All", "1");
    c.del("/book").expect(404); // `all` alone does not answer
}

TEST_CASE("use takes a prefix that ends at a slash or at the end, and hides it", "[router]") {
    app a;
    a.use("/api", [](request& req, response& res) {
        res.send(std::string(req.base_url()) + "|" + std::string(req.url()) + "|" + std::string(req.path()) + "|" +
                 std::string(req.original_url()));
    });
    testing::client c(a);
    c.get("/api").expect(200, "/api|/|/|/api");
    c.get("/api/x?y=1").expect(200, "/api|/x?y=1|/x|/api/x?y=1");
    c.get("/api?y=1").expect(200, "/api|/?y=1|/|/api?y=1");
    c.get("/api/").expect(200, "/api|/|/|/api/");
    c.get("/API/X").expect(200, "/API|/X|/X|/API/X");
    c.get("/apix").expect(404);
}

TEST_CASE("routers are mounted, nested, and filled later", "[router]") {
    app a;
    router posts, comments;
    a.use("/posts", posts); // a handle: what is registered later counts
    posts.get("/", says("posts"));
    posts.use("/:post/comments", comments);
    comments.get("/:id", params);
    testing::client c(a);
    c.get("/posts").expect(200, "posts");
    c.get("/posts/1/comments/2").expect(200, R"({"id":"2"})"); // those of the mount are hidden
    c.get("/posts/1/comments").expect(404);
}

TEST_CASE("several routers and handlers are used at once", "[router]") {
    app a;
    router first, second;
    second.get("/x", says("second"));
    a.use("/in", [](request&, response& res, next& next) { res.set("X-A", "1"), next(); }, first, second);
    testing::client(a).get("/in/x").expect(200, "second").expect("X-A", "1");
}

TEST_CASE("several are used for every path, in their order", "[router]") {
    app a, below;
    router second;
    second.get("/x", says("second"));
    below.get("/y", says("below"));
    a.use([](request&, response& res, next& next) { res.set("X-A", "1"), next(); },
          [](request&, response& res, next& next) { res.set("X-B", std::string(*res.get("X-A")) + "2"), next(); }, second, below);
    testing::client c(a);
    c.get("/x").expect(200, "second").expect("X-B", "12");
    c.get("/y").expect(200, "below").expect("X-B", "12");
    c.get("/z").expect(404);
}

TEST_CASE("merge_params shows the parameters of the mount, a router's own hide them", "[router]") {
    app a;
    router inner(router_options{.merge_params = true});
    inner.get("/:b", params);
    inner.get("/own/:a", params);
    a.use("/:a/:c", inner);
    testing::client c(a);
    c.get("/1/2/3").expect(200, R"({"a":"1","c":"2","b":"3"})"); // in the order of Express
    c.get("/1/2/own/4").expect(200, R"({"a":"4","c":"2"})");
}

TEST_CASE("parameters of a router do not stay when it is left", "[router]") {
    app a;
    router inner;
    inner.get("/:b", [](request&, response&, next& next) { next(); });
    a.use("/:a", inner, params);
    testing::client(a).get("/1/2").expect(200, R"({"a":"1"})");
}

TEST_CASE("strict and case_sensitive are the router's own", "[router]") {
    app a;
    router exact(router_options{.case_sensitive = true, .strict = true});
    exact.get("/Foo", says("exact"));
    a.use("/exact", exact);
    a.get("/Bar", says("loose"));
    testing::client c(a);
    c.get("/EXACT/Foo").expect(200, "exact");
    c.get("/exact/foo").expect(404);
    c.get("/exact/Foo/").expect(404);
    c.get("/bar/").expect(200, "loose");
}

TEST_CASE("a bad pattern throws where it is registered: index, reason, hint and place", "[router]") {
    router r;
    CHECK_THROWS_WITH(r.get("/users/:id?", says("")), Contains("Unexpected ? at index 10") && Contains("router.cpp:"));
    CHECK_THROWS_WITH(r.get("/a/:id?", says("")), Contains("{/:id}")); // the habit of Express 4, and what to write now
    CHECK_THROWS_WITH(r.use("/*", says("")), Contains("Missing parameter name at index 2"));
    CHECK_THROWS_WITH(r.route("/{a"), Contains("Unexpected end at index 3, expected }"));
    CHECK_THROWS_WITH(r.get({"/fine", "/(x)"}, says("")), Contains("Unexpected ( at index 1"));
    try {
        r.get("/[", says(""));
        FAIL("no exception");
    } catch (const system_error& e) {
        CHECK(e.code() == error::bad_pattern);
    }
    app a;
    a.use(r); // nothing of these was registered
    testing::client(a).get("/fine").expect(404);
}

TEST_CASE("a router is not mounted in itself", "[router]") {
    router r;
    CHECK_THROWS_AS(r.use("/again", r), std::invalid_argument);
}

TEST_CASE("patterns of typed routes are checked by the compiler", "[router]") {
    app a;
    a.get<"/users/:id">([](param<"id", int> id, response& res) { res.send(std::to_string(*id + 1)); });
    a.post<"/x">(says("post"));
    a.all<"/y">(says("all"));
    testing::client c(a);
    c.get("/users/41").expect(200, "42");
    c.get("/users/abc").expect(400).expect([](const testing::reply& r) { CHECK_THAT(r.body, Contains("id")); });
    c.post("/x").expect(200, "post");
    c.put("/y").expect(200, "all");
}

TEST_CASE("a path may be an expression of one's own", "[router]") {
    // What ext/pcre2.hpp does with regular expressions.
    struct digits final : route::expression {
        outcome match(std::string_view path, found& into) const override {
            const auto at = path.find_first_of("0123456789");
            if (at == path.npos) return outcome::none;
            const auto end = std::min(path.find_first_not_of("0123456789", at), path.size());
            if (end - at > 9) return outcome::too_hard;
            into.begin = 0;
            into.length = end;
            into.groups = {{"0", path.substr(at, end - at)}};
            return outcome::matched;
        }
        std::string_view source() const noexcept override { return "digits"; }
    };
    const auto expression = std::make_shared<digits>();
    app a;
    router merging(router_options{.merge_params = true});
    merging.get(expression, params);
    a.get({route::shared_expression(expression), "/text/:word"}, params);
    a.post(expression, [](request& req, response& res) { res.send(req.params("0")); });
    a.use(expression, [](request& req, response& res, next& next) {
        if (req.method() != "PUT") return void(next());
        res.send(std::string(req.base_url()) + "|" + std::string(req.url()));
    });
    a.use("/m/:x", merging);
    testing::client c(a);
    c.get("/a12").expect(200, R"({"0":"12"})");
    c.get("/text/x").expect(200, R"({"word":"x"})");
    c.post("/7").expect(200, "7");
    c.put("/a12/b").expect(200, "/a12|/b");
    c.put("/a12b").expect(404); // does not end at a slash
    c.get("/1234567890").expect(400);
    c.get("/none").expect(404);
}

TEST_CASE("a row of handlers is shown below the mount that it runs in, wherever it ran first", "[router]") {
    std::string shown;
    const auto now = [] {
        std::string all;
        for (const auto* l = this_thread_activity().label.load(); l; l = l->below) all = std::string(l->name) + all;
        return all;
    };
    const auto show = [&](request&, response&, next& next) {
        const auto before = now();
        shown += before + " ";
        next();
        if (now() != before) shown += "now " + now() + " ";
    };
    app a, within;
    router r;
    r.use(show).use(show);
    r.get("/x", show, show, [](request&, response& res) { res.end(); });
    within.use(show, show).use("/in", r);
    a.use("/one", r).use("/two", r).use("/app", within);
    testing::client c(a), alone(within);
    const auto get = [&](testing::client& from, std::string_view path) {
        shown.clear();
        from.get(std::string(path)).expect(200);
        return shown;
    };
    for (int i = 0; i < 2; ++i) {
        CHECK(get(c, "/one/x") == "/one /one /one/x /one/x ");
        CHECK(get(c, "/two/x") == "/two /two /two/x /two/x ");
        CHECK(get(c, "/app/in/x") == "/app /app /app/in /app/in /app/in/x /app/in/x ");
        CHECK(get(alone, "/in/x") == "  /in /in /in/x /in/x ");
    }
    // What is registered when requests have come already stands below the same mount.
    router late;
    late.use(show);
    a.use("/late", late);
    shown.clear();
    c.get("/late").expect(404);
    CHECK(shown == "/late ");
    late.use(show, show);
    shown.clear();
    c.get("/late").expect(404);
    CHECK(shown == "/late /late /late ");
}

TEST_CASE("a typed route takes several handlers, each checked, in their order", "[router]") {
    app a;
    const auto positive = [](param<"id", int> id, response& res, next& next) {
        if (*id < 0) throw http_error(400, "negative");
        res.set("X-Seen", "1");
        next();
    };
    const auto show = [](param<"id", int> id, response& res) { res.send(std::to_string(*id + 1)); };
    a.get<"/users/:id">(positive, show);
    a.post<"/users/:id">([](request&, response&, next& next) { next(); }, positive, show);
    a.all<"/all/:id">(positive, show);
    a.put<"/users/:id">(positive, [](request&, response&) -> void { throw http_error(409, "no"); },
                        [](const http_error& e, request&, response& res, next&) { res.status(e.status()).send("caught"); });
    testing::client c(a);
    c.get("/users/1").expect(200, "2").expect("X-Seen", "1");
    c.get("/users/-1").expect(400);
    c.get("/users/x").expect(400);
    c.post("/users/4").expect(200, "5");
    c.put("/users/4").expect(409, "caught");
    c.request("BREW", "/all/1").expect(200, "2");
    CHECK(std::string_view(a.core().layers.front()->route->where.file_name()).ends_with("router.cpp"));
}
