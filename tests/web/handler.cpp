// What can be a handler: the signature decides.
#include <crema/web/handler.hpp>

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;

namespace {

struct not_found : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct point {
    int x, y;
};

void plain(request&, response& res) { res.send("function"); }

struct counter {
    int n = 0;
    void operator()(request&, response& res) { res.send(std::to_string(++n)); }
};

} // namespace

static_assert(handler<void (*)(request&, response&)>);
static_assert(handler<counter>);
static_assert(!handler<int>);
static_assert(!usable<int> && usable<router> && usable<app>);
static_assert(!param_callback<void (*)(request&, response&)>);

TEST_CASE("functions, lambdas and objects are handlers", "[handler]") {
    app a;
    a.get("/function", plain);
    a.get("/object", counter{});
    a.get("/generic", [](auto&, auto& res) { res.send("generic"); });
    a.get("/moved", [p = std::make_unique<int>(7)](request&, response& res) { res.send(std::to_string(*p)); });
    testing::client c(a);
    c.get("/function").expect(200, "function");
    c.get("/object").expect(200, "1");
    c.get("/object").expect(200, "2"); // the router owns it
    c.get("/generic").expect(200, "generic");
    c.get("/moved").expect(200, "7");
}

TEST_CASE("arguments come by type, in any order, as many as are wanted", "[handler]") {
    app a;
    a.use([](next& next, response& res) {
        res.set("X-First", "1");
        next();
    });
    a.get("/res", [](response& res) { res.send("res"); });
    a.get("/swapped", [](response& res, request& req) { res.send(req.path()); });
    testing::client c(a);
    c.get("/res").expect(200, "res").expect("X-First", "1");
    c.get("/swapped").expect(200, "/swapped");
}

TEST_CASE("what a handler returns is the answer", "[handler]") {
    app a;
    a.get("/text", [](request&) { return "hello"; });
    a.get("/string", [](request&) { return std::string("hello"); });
    a.get("/json", [](request&) { return point{1, 2}; });
    a.get("/later", [](request&) -> task<point> {
        co_await sleep(1ms);
        co_return point{3, 4};
    });
    testing::client c(a);
    c.get("/text").expect(200, "hello").expect("Content-Type", "text/html; charset=utf-8");
    c.get("/string").expect(200, "hello");
    c.get("/json").expect(200, R"({"x":1,"y":2})").expect("Content-Type", "application/json; charset=utf-8");
    c.get("/later").expect(200, R"({"x":3,"y":4})");
}

TEST_CASE("four arguments beginning with the error make an error handler", "[handler]") {
    app a;
    a.get("/not-found", [](request&, response&) { throw not_found("gone"); });
    a.get("/other", [](request&, response&) { throw std::runtime_error("other"); });
    a.use([](const not_found& e, request&, response& res, next&) { res.status(404).send(e.what()); }); // this class alone
    a.use([](std::exception_ptr e, request&, response& res, next&) -> task<> {
        co_await sleep(1ms);
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& x) {
            res.status(500).send(x.what());
        }
    });
    testing::client c(a);
    c.get("/not-found").expect(404, "gone");
    c.get("/other").expect(500, "other");
    c.get("/nowhere").expect(404); // no error: error handlers are passed over
}

TEST_CASE("sync and coroutine handlers mix in one chain", "[handler]") {
    app a;
    std::string log;
    a.get("/", [&](request&, response&, next& next) { log += 'a', next(); },
          [&](request&, response&, next& next) -> task<> {
              co_await sleep(1ms);
              log += 'b';
              co_await next();
          },
          [&](request&, response&, next& next) { log += 'c', next(); },
          [&](request&, response& res) -> task<> {
              log += 'd';
              res.send(log);
              co_return;
          });
    testing::client(a).get("/").expect(200, "abcd");
}

TEST_CASE("the captures of a lambda coroutine live as long as the handler runs", "[handler]") {
    testing::client c([] {
        app a;
        std::string long_text(100, 'x');
        a.get("/", [long_text](request&, response& res) -> task<> {
            co_await sleep(50ms);
            res.send(long_text);
        });
        return a;
    }());
    c.get("/").expect(200, std::string(100, 'x'));
}
