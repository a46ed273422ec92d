// transaction: what becomes of a request: answered, thrown, held, forgotten, abandoned.
#include <crema/web/transaction.hpp>

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

auto body_has(std::string text) {
    return [text](const testing::reply& r) { CHECK_THAT(r.body, Contains(text)); };
}

} // namespace

TEST_CASE("a throw in a handler, sync or coroutine, early or late, is an error", "[transaction]") {
    app a;
    a.get("/sync", [](request&, response&) { throw std::runtime_error("sync"); });
    a.get("/early", [](request&, response&) -> task<> {
        throw std::runtime_error("early");
        co_return;
    });
    a.get("/late", [](request&, response&) -> task<> {
        co_await sleep(10ms);
        throw http_error(409, "late");
    });
    a.get("/number", [](request&, response&) { throw 7; });
    testing::client c(a);
    c.get("/sync").expect(500).expect(body_has("sync"));
    c.get("/early").expect(500).expect(body_has("early"));
    c.get("/late").expect(409).expect(body_has("late"));
    c.get("/number").expect(500);
}

TEST_CASE("a throw behind next() reaches the error handlers behind, once", "[transaction]") {
    app a;
    int errors = 0;
    a.use([](request&, response&, next& next) -> task<> {
        co_await next();
        throw std::runtime_error("afterthought");
    });
    a.get("/", [](request&, response& res) { res.send("fine"); });
    a.use([&](std::exception_ptr, request&, response& res, next&) {
        ++errors;
        CHECK(res.headers_sent());
    });
    testing::client c(a);
    c.get("/").expect(200, "fine");
    c.run();
    CHECK(errors == 1);
}

TEST_CASE("a handler that neither answers nor calls next nor holds is reported with its place", "[transaction]") {
    app a;
    a.get("/sync", [](request&, response&) {});
    a.get("/coroutine", [](request&, response&) -> task<> { co_await sleep(1ms); });
    a.use("/middleware", [](request&, response&, next&) {});
    testing::client c(a);
    c.get("/sync").expect(500).expect(body_has("did not answer"));
    c.get("/coroutine").expect(500).expect(body_has("did not answer"));
    c.get("/middleware").expect(500);
}

TEST_CASE("hold() keeps the exchange for a callback that answers later", "[transaction][hold]") {
    app a;
    a.get("/", [](request&, response& res) {
        set_timeout([later = res.hold()] { later.res().send(later.req().path()); }, 100ms);
    });
    testing::client(a).get("/").expect(200, "/");
}

TEST_CASE("hold() works behind a co_await, and from a callback", "[transaction][hold]") {
    app a;
    a.get("/task", [](request&, response& res) -> task<> {
        co_await sleep(10ms);
        set_timeout([later = res.hold()] { later.res().send("later"); }, 100ms);
    });
    a.get("/callback", [](request&, response& res) {
        set_timeout([first = res.hold()]() mutable {
            set_timeout([second = first.res().hold()] { second.res().send("second"); }, 100ms);
        }, 100ms);
    });
    testing::client c(a);
    c.get("/task").expect(200, "later");
    c.get("/callback").expect(200, "second");
}

TEST_CASE("a hold that goes without an answer is reported", "[transaction][hold]") {
    app a;
    a.get("/sync", [](request&, response& res) { set_timeout([later = res.hold()] {}, 100ms); });
    a.get("/task", [](request&, response& res) -> task<> {
        co_await sleep(10ms);
        set_timeout([later = res.hold()] {}, 100ms);
    });
    a.get("/callback", [](request&, response& res) {
        set_timeout([first = res.hold()] { set_timeout([second = first.res().hold()] {}, 100ms); }, 100ms);
    });
    testing::client c(a);
    c.get("/sync").expect(500);
    c.get("/task").expect(500);
    c.get("/callback").expect(500);
}

TEST_CASE("a second answer throws, and does no harm to the first", "[transaction]") {
    app a;
    std::string what;
    a.get("/", [&](request&, response& res) {
        res.send("first");
        try {
            res.send("second");
        } catch (const already_answered& e) {
            what = e.what();
        }
    });
    a.get("/uncaught", [](request&, response& res) {
        res.send("first");
        res.json("second");
    });
    testing::client c(a);
    c.get("/").expect(200, "first");
    CHECK_THAT(what, Contains("send()"));
    c.get("/uncaught").expect(200, "first");
}

TEST_CASE("an error after the answer has begun cuts the connection", "[transaction]") {
    app a;
    a.get("/", [](request&, response& res) -> task<> {
        co_await res.write("half");
        throw std::runtime_error("lost");
    });
    testing::client c(a);
    CHECK_THROWS_AS(c.get("/").result(), testing::failure);
}

TEST_CASE("a client that leaves cancels the handler, which is neither answered nor an error", "[transaction]") {
    app a;
    bool cancelled_here = false, error_handler = false;
    a.get("/", [&](request&, response& res) -> task<> {
        try {
            co_await sleep(1h);
        } catch (const cancelled&) {
            cancelled_here = true;
            throw;
        }
        res.send("late");
    });
    a.use([&](std::exception_ptr, request&, response&, next&) { error_handler = true; });
    testing::client c(a);
    auto call = c.get("/");
    call.start();
    c.run();
    call.disconnect();
    c.run();
    CHECK(cancelled_here);
    CHECK_FALSE(error_handler);
}

TEST_CASE("on_finish and on_close are called once the answer is out and the exchange over", "[transaction]") {
    app a;
    std::string log;
    a.get("/", [&](request&, response& res) {
        res.on_finish([&] { log += "finish "; });
        res.on_close([&] { log += "close "; });
        res.send("x");
    });
    testing::client c(a);
    c.get("/").expect(200);
    c.run();
    CHECK(log == "finish close ");
}

TEST_CASE("values of the context follow the coroutines of one request, not of another", "[transaction]") {
    static const context_key<std::size_t> number;
    app a;
    a.use([](request& req, response&, next& next) {
        req.context().set(number, req.url().size());
        next();
    });
    a.use([](request&, response& res) -> task<> {
        co_await sleep(10ms);
        const auto* n = co_await context_value(number);
        res.send(n ? std::to_string(*n) : "none");
    });
    testing::client c(a);
    auto first = c.get("/a").start(), second = c.get("/abc").start();
    first.expect(200, "2");
    second.expect(200, "4");
}

TEST_CASE("many requests through a deep stack of coroutines", "[transaction]") {
    app a;
    for (int i = 0; i < 300; ++i)
        a.use([](request&, response&, next& next) -> task<> { co_await next(); });
    a.get("/", [](request&, response& res) -> task<> {
        co_await sleep(1ms);
        res.send("x");
    });
    testing::client c(a);
    for (int i = 0; i < 20; ++i) c.get("/").expect(200, "x");
}

TEST_CASE("a synchronous handler has the JSON of its request, however that comes", "[transaction]") {
    app a;
    a.post("/sum", [](request& req, response& res) {
        int sum = 0;
        for (const int n : req.json<std::vector<int>>()) sum += n;
        res.json(sum);
    });
    testing::client c(a);
    c.post("/sum").json("[1,2,3]").expect(200, "6");
    c.post("/sum").json("[1,2,3]").chunked(2).expect(200, "6");
    c.post("/sum").json("[1,2,3]").set("Expect", "100-continue").expect(200, "6");
    c.post("/sum").json("[1,2").chunked(2).expect(400);
    const auto large = "[" + std::string(200'000, ' ') + "1]";
    c.post("/sum").send(large, "application/json").expect(413);
    c.post("/sum").send(large, "application/json").chunked(50'000).expect(413);
}

TEST_CASE("a handler that does not want the body is not kept from answering by its size", "[transaction]") {
    app a;
    a.set("env", "test");
    a.post("/refuse", [](request&, response& res) { res.status(401).send("who are you?"); });
    a.post("/read", [](request& req, response& res) { res.json(req.json<value>()); });
    testing::client c(a);
    const std::string large = "[\"" + std::string(110'000, 'x') + "\"]";
    c.post("/refuse").json(large).chunked(5000).expect(401, "who are you?");
    c.post("/read").json(large).chunked(5000).expect(413);
    c.post("/read").json("[1]").chunked(1).expect(200, "[1]");
    c.post("/refuse").json("[1]").chunked(1).expect(401);
}
