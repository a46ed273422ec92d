// next: every way to hand a request on, and what runs when.
#include <crema/web/next.hpp>

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;
using log_type = std::vector<std::string>;

TEST_CASE("next() goes on with the next layer that matches, in order of registration", "[next]") {
    app a;
    log_type log;
    a.use([&](request&, response&, next& next) { log.push_back("1"), next(); });
    a.get("/other", [&](request&, response&) { log.push_back("other"); });
    a.get("/", [&](request&, response&, next& next) { log.push_back("2"), next(); },
          [&](request&, response&, next& next) { log.push_back("3"), next(); });
    a.get("/", [&](request&, response& res) { log.push_back("4"), res.send("done"); });
    a.get("/", [&](request&, response&) { log.push_back("never"); });
    testing::client(a).get("/").expect(200, "done");
    CHECK(log == log_type{"1", "2", "3", "4"});
}

TEST_CASE("code after a synchronous next() runs when the handlers behind have returned", "[next]") {
    app a;
    log_type log;
    a.use([&](request&, response&, next& next) {
        log.push_back("a before");
        next();
        log.push_back("a after");
    });
    a.use([&](request&, response&, next& next) {
        log.push_back("b before");
        next();
        log.push_back("b after");
    });
    a.get("/", [&](request&, response& res) { log.push_back("answer"), res.send("x"); });
    testing::client(a).get("/").expect(200);
    CHECK(log == log_type{"a before", "b before", "answer", "b after", "a after"});
}

TEST_CASE("code after co_await next() runs when the handlers behind have ended, as in Koa", "[next]") {
    app a;
    log_type log;
    a.use([&](request&, response& res, next& next) -> task<> {
        log.push_back("a before");
        co_await next();
        log.push_back("a after " + std::to_string(res.status_code()));
    });
    a.use([&](request&, response&, next& next) { log.push_back("sync"), next(); }); // one without a frame between
    a.use([&](request&, response&, next& next) -> task<> {
        co_await sleep(5ms);
        log.push_back("b before");
        co_await next();
        log.push_back("b after");
    });
    a.get("/", [&](request&, response& res) -> task<> {
        co_await sleep(10ms);
        log.push_back("answer");
        res.status(201).send("x");
    });
    testing::client c(a);
    c.get("/").expect(201, "x");
    c.run();
    CHECK(log == log_type{"a before", "sync", "b before", "answer", "b after", "a after 201"});
}

TEST_CASE("co_await next() waits for a handler that answers in a callback", "[next]") {
    app a;
    log_type log;
    a.use([&](request&, response&, next& next) -> task<> {
        co_await next();
        log.push_back("after");
    });
    a.get("/hold", [&](request&, response& res) {
        set_timeout([&log, later = res.hold()] { log.push_back("answer"), later.res().send("x"); }, 10ms);
    });
    a.get("/next", [&](request&, response&, next& n) {
        set_timeout([&log, later = next(n)]() mutable { log.push_back("next"), later(); }, 10ms);
    });
    a.get("/next", [&](request&, response& res) { log.push_back("answer"), res.send("x"); });
    testing::client c(a);
    c.get("/hold").expect(200, "x");
    c.run();
    CHECK(log == log_type{"answer", "after"});
    log.clear();
    c.get("/next").expect(200, "x");
    c.run();
    CHECK(log == log_type{"next", "answer", "after"});
}

TEST_CASE("co_await next() behind the last layer waits for the final handler", "[next]") {
    app a;
    int status = 0;
    a.use([&](request&, response& res, next& next) -> task<> {
        co_await next();
        status = res.status_code();
    });
    testing::client c(a);
    c.get("/").expect(404);
    c.run();
    CHECK(status == 404);
}

TEST_CASE("next(error) goes on with the next error handler", "[next]") {
    app a;
    a.get("/exception", [](request&, response&, next& next) { next(std::runtime_error("boom")); });
    a.get("/pointer", [](request&, response&, next& next) { next(std::make_exception_ptr(7)); });
    a.get("/text", [](request&, response&, next& next) { next("words"); });
    a.get("/http", [](request&, response&, next& next) { next(http_error(418, "teapot")); });
    a.use([](request&, response& res) { res.send("not for errors"); });
    a.use([](std::exception_ptr e, request&, response& res, next& next) {
        try {
            std::rethrow_exception(e);
        } catch (int n) {
            res.send("int " + std::to_string(n));
        } catch (const http_error&) {
            next(e);
        } catch (const std::exception& x) {
            res.send(x.what());
        }
    });
    testing::client c(a);
    c.get("/exception").expect(200, "boom");
    c.get("/pointer").expect(200, "int 7");
    c.get("/text").expect(200, "words");
    c.get("/http").expect(418).expect([](const testing::reply& r) { CHECK(r.body.find("teapot") != r.body.npos); });
    c.get("/").expect(200, "not for errors");
}

TEST_CASE("next with nothing in it is no error", "[next]") {
    app a;
    a.use([](request&, response&, next& next) { next(""); });
    a.use([](request&, response&, next& next) { next(std::exception_ptr()); });
    a.use([](request&, response& res) { res.send("x"); });
    testing::client(a).get("/").expect(200, "x");
}

TEST_CASE("next(\"route\") skips the other handlers of the route", "[next]") {
    app a;
    a.get("/", [](request&, response&, next& next) { next("route"); }, [](request&, response& res) { res.send("skipped"); });
    a.get("/", [](request&, response& res) { res.send("next route"); });
    testing::client(a).get("/").expect(200, "next route");
}

TEST_CASE("next(\"router\") leaves the router, and what it is mounted in goes on", "[next]") {
    app a;
    router inner;
    inner.use([](request&, response&, next& next) { next("router"); });
    inner.use([](request&, response& res) { res.send("skipped"); });
    a.use("/in", inner);
    a.use([](request& req, response& res) { res.send("outside " + std::string(req.url()) + std::string(req.base_url())); });
    testing::client(a).get("/in/x").expect(200, "outside /in/x");

    app top;
    top.get("/", [](request&, response&, next& next) { next("router"); });
    top.get("/", [](request&, response& res) { res.send("skipped"); });
    testing::client(top).get("/").expect(404);
}

TEST_CASE("a copy of next may be called later, from a callback", "[next]") {
    app a;
    a.use([](request&, response&, next n) { set_timeout([n]() mutable { n(); }, 100ms); });
    a.get("/", [](request&, response& res) { res.send("later"); });
    testing::client(a).get("/").expect(200, "later");
}

TEST_CASE("a copy of next that goes without being called is reported", "[next]") {
    app a;
    a.get("/", [](request&, response&, next n) { set_timeout([n] {}, 100ms); });
    testing::client(a).get("/").expect(500);
}

TEST_CASE("synchronous calls nest 100 deep, then the stack unwinds", "[next]") {
    app a;
    std::size_t deepest = 0, depth = 0;
    for (int i = 0; i < 1000; ++i)
        a.use([&](request&, response&, next& next) {
            deepest = std::max(deepest, ++depth);
            next();
            --depth;
        });
    a.get("/", [](request&, response& res) { res.send("x"); });
    testing::client c(a);
    c.get("/").expect(200, "x");
    CHECK(deepest == 100);

    app b;
    deepest = depth = 0;
    auto route = b.route("/");
    for (int i = 0; i < 1000; ++i)
        route.get([&](request&, response&, next& next) {
            deepest = std::max(deepest, ++depth);
            next();
            --depth;
        });
    route.get([](request&, response& res) { res.send("x"); });
    testing::client(b).get("/").expect(200, "x");
    CHECK(deepest == 100);
}

TEST_CASE("next() behind the last layer lets the handler finish before the 404", "[next]") {
    app a;
    a.use([](request&, response& res, next& next) {
        next();
        res.set("X-After", "yes");
    });
    testing::client(a).get("/").expect(404).expect("X-After", "yes");
}

TEST_CASE("in a row of synchronous middlewares each may keep, repeat, fail or rewrite", "[next]") {
    app a;
    log_type log;
    const auto pass = [&](const char* name) {
        return [&log, name](request&, response&, next& next) {
            log.push_back(name);
            next();
            log.push_back(std::string(name) + "'");
        };
    };
    a.use(pass("a"));
    a.use([&](request& req, response& res, next& next) {
        log.push_back("b");
        if (req.url() == "/throw") throw std::runtime_error("before");
        if (req.url() == "/hold") set_immediate([&log, later = res.hold()] { log.push_back("held"); });
        if (req.url() == "/nowhere") req.url("");
        if (req.url() == "/later") return (void)set_timeout([next]() mutable { next(); }, 5ms);
        next();
        if (req.url() == "/twice") next();
        if (req.url() == "/after") throw std::runtime_error("after");
        log.push_back("b'");
    });
    a.use(pass("c"));
    a.use([&](request&, response& res, next& next) {
        if (!res.headers_sent()) res.set("X-D", "yes");
        next();
    });
    a.get("/twice", [&](request&, response& res) { log.push_back("answer"), res.send("x"); });
    a.use([&](request&, response& res) {
        log.push_back("last");
        if (!res.headers_sent()) res.send("last");
    });
    a.use([&](const std::runtime_error& e, request&, response& res, next&) {
        log.push_back(e.what());
        if (!res.headers_sent()) res.send(e.what());
    });
    testing::client c(a);
    const auto logged = [&] {
        c.run();
        return std::exchange(log, {});
    };
    c.get("/plain").expect(200, "last").expect("X-D", "yes");
    CHECK(logged() == log_type{"a", "b", "c", "last", "c'", "b'", "a'"});
    c.get("/throw").expect(200, "before");
    CHECK(logged() == log_type{"a", "b", "before", "a'"});
    c.get("/after").expect(200, "last");
    CHECK(logged() == log_type{"a", "b", "c", "last", "c'", "after", "a'"});
    c.get("/hold").expect(200, "last");
    CHECK(logged() == log_type{"a", "b", "c", "last", "c'", "b'", "a'", "held"});
    c.get("/later").expect(200, "last");
    CHECK(logged() == log_type{"a", "b", "a'", "c", "last", "c'"});
    c.get("/twice").expect(200, "x"); // the second goes on behind what the first has come to
    CHECK(logged() == log_type{"a", "b", "c", "answer", "c'", "last", "b'", "a'"});
    c.get("/nowhere").expect(404);
    CHECK(logged() == log_type{"a", "b", "b'", "a'"});
}

TEST_CASE("so may handlers of one route, and middlewares of a mounted router", "[next]") {
    log_type log;
    const auto pass = [&](const char* name) {
        return [&log, name](request&, response&, next& next) {
            log.push_back(name);
            next();
            log.push_back(std::string(name) + "'");
        };
    };
    const auto odd = [&](request& req, response& res, next& next) {
        const auto what = req.query("do").value_or("");
        log.push_back("b");
        if (what == "throw") throw std::runtime_error("before");
        if (what == "fail") return (void)next(std::runtime_error("failed"));
        if (what == "route") return (void)next("route");
        if (what == "hold") set_immediate([&log, later = res.hold()] { log.push_back("held"); });
        if (what == "later") return (void)set_timeout([next]() mutable { next(); }, 5ms);
        next();
        if (what == "twice") next();
        log.push_back("b'");
    };
    const auto fail_and_repeat = [&](request& req, response&, next& next) {
        log.push_back("c");
        if (req.query("do") == "skip") next(std::runtime_error("skipped")), next();
        else next();
    };
    const auto failed = [&](const std::runtime_error& e, request&, response& res, next&) {
        log.push_back(e.what());
        if (!res.headers_sent()) res.send(e.what());
    };
    const auto answer = [&](request&, response& res) {
        log.push_back("answer");
        if (!res.headers_sent()) res.send("x");
    };
    app a;
    a.get("/route", pass("a"), odd, fail_and_repeat, pass("d"), answer);
    router r;
    r.use(pass("a")).use(odd).use(fail_and_repeat).use(pass("d")).use(answer);
    a.use("/router", r).use("/again", r);
    a.get("/*rest", [&](request&, response& res) { log.push_back("other"), res.send("other"); });
    a.use(failed);

    testing::client c(a);
    const auto logged = [&](std::string target) {
        c.get(target).expect(200);
        c.run();
        return std::exchange(log, {});
    };
    for (const std::string at : {"/route", "/router", "/again", "/router/below"}) {
        CAPTURE(at);
        CHECK(logged(at) == log_type{"a", "b", "c", "d", "answer", "d'", "b'", "a'"});
        const auto failing = [&](const char* query, log_type before, const char* error, log_type after) {
            // an error leaves a router when the stack has unwound
            if (at == "/route") before.push_back(error);
            else after.push_back(error);
            before.insert(before.end(), after.begin(), after.end());
            CHECK(logged(at + query) == before);
        };
        failing("?do=throw", {"a", "b"}, "before", {"a'"});
        failing("?do=fail", {"a", "b"}, "failed", {"a'"});
        failing("?do=skip", {"a", "b", "c"}, "skipped", {"b'", "a'"}); // what is behind is passed over for good
        CHECK(logged(at + "?do=hold") == log_type{"a", "b", "c", "d", "answer", "d'", "b'", "a'", "held"});
        CHECK(logged(at + "?do=later") == log_type{"a", "b", "a'", "c", "d", "answer", "d'"});
    }
    CHECK(logged("/route?do=route") == log_type{"a", "b", "other", "a'"});
    // the second goes on behind what the first has come to
    CHECK(logged("/route?do=twice") == log_type{"a", "b", "c", "d", "answer", "d'", "other", "b'", "a'"});
}

TEST_CASE("handlers of one route for other methods are passed over", "[next]") {
    app a;
    log_type log;
    const auto pass = [&](const char* name) {
        return [&log, name](request&, response&, next& next) { log.push_back(name), next(); };
    };
    a.route("/").all(pass("all")).get(pass("get")).post(pass("post")).all(pass("all again")).put(pass("put"));
    a.use([](request&, response& res) { res.send("x"); });
    testing::client c(a);
    const auto logged = [&](std::string_view m) {
        c.request(m, "/").expect(200);
        return std::exchange(log, {});
    };
    CHECK(logged("GET") == log_type{"all", "get", "all again"});
    CHECK(logged("POST") == log_type{"all", "post", "all again"});
    CHECK(logged("PUT") == log_type{"all", "all again", "put"});
    CHECK(logged("DELETE") == log_type{"all", "all again"});
}

TEST_CASE("a parameter that a middleware writes is gone behind it", "[next]") {
    app a;
    a.use([](request& req, response&, next& next) { req.params("id", "7"), next(); });
    a.use([](request& req, response& res, next& next) {
        if (!req.params().has("id")) res.set("X-None", "yes");
        next();
    });
    a.get("/", [](request& req, response&, next& next) { req.params("id", "8"), next(); },
          [](request& req, response& res) { res.send(*req.params().get("id")); }); // of one route: it stays
    testing::client(a).get("/").expect(200, "8").expect("X-None", "yes");
}

TEST_CASE("a middleware that is added by the one before it runs for this request", "[next]") {
    app a;
    bool added = false;
    a.use([&](request&, response&, next& next) {
        if (!std::exchange(added, true)) a.use([](request&, response& res) { res.send("added"); });
        next();
    });
    testing::client(a).get("/").expect(200, "added");
}
