// The watchdog and an app: whatever blocks, and wherever, is named with its method, its whole pattern and its place.
#include <crema/loop/watchdog.hpp>

#include <crema.hpp>
#include <crema/loop/asio_bridge.hpp>
#include <crema/testing/client.hpp>

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

using namespace crema;
using namespace std::chrono_literals;

namespace {

// Handlers block until the watchdog has said something, so that nothing depends on how fast the machine is.
class notes {
public:
    watchdog_options options() {
        watchdog_options o;
        o.threshold = 8ms;
        o.on_block = [this](const block_report& r) {
            const std::lock_guard lock(guard_);
            if (!r.ended) all_.push_back(r);
            changed_.notify_all();
        };
        return o;
    }
    void block() {
        std::unique_lock lock(guard_);
        changed_.wait_for(lock, 20s, [&] { return !all_.empty(); });
    }
    // "GET /pattern handler", and the line
    std::pair<std::string, unsigned> take() {
        const std::lock_guard lock(guard_);
        REQUIRE_FALSE(all_.empty());
        const auto r = all_.front();
        all_.clear();
        CHECK(std::string(r.where().file_name()).find("testing/watchdog.cpp") != std::string::npos);
        return {std::string(r.method) + (r.method.empty() ? "" : " ") + r.pattern + " " + std::string(r.kind()), r.where().line()};
    }

private:
    std::mutex guard_;
    std::condition_variable changed_;
    std::vector<block_report> all_;
};

constexpr unsigned line(std::source_location at = std::source_location::current()) { return at.line(); }
using named = std::pair<std::string, unsigned>;

} // namespace

TEST_CASE("a handler that blocks is named", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    const auto at = line() + 1;
    a.get("/users/:id", [&](request&, response& res) {
        said.block();
        res.send("late");
    });
    testing::client c(a);
    c.get("/users/7").expect(200, "late");
    CHECK(said.take() == named("GET /users/:id handler", at));
}

TEST_CASE("a handler that blocks after a co_await is named, and not the one that was begun meanwhile", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    const auto at = line() + 1;
    a.post("/slow", [&](request&, response& res) -> task<> {
        co_await sleep(10ms);
        said.block();
        res.send("late");
    });
    a.get("/other", [&](request&, response& res) -> task<> {
        co_await sleep(20ms);
        res.send("other");
    });
    testing::client c(a);
    auto other = c.get("/other").start();
    c.post("/slow").expect(200, "late");
    other.expect(200, "other");
    CHECK(said.take() == named("POST /slow handler", at));
}

TEST_CASE("a handler that is an asio::awaitable is named", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    const auto at = line() + 1;
    a.get("/asio", [&](request&, response& res) -> asio::awaitable<void> {
        asio::steady_timer t(co_await asio::this_coro::executor, 1ms);
        co_await t.async_wait(asio::use_awaitable);
        said.block();
        res.send("late");
    });
    testing::client c(a);
    c.get("/asio").expect(200, "late");
    CHECK(said.take() == named("GET /asio handler", at));
}

TEST_CASE("what continues after concurrent work is named by its handler", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    const auto at = line() + 1;
    a.get("/both", [&](request&, response& res) -> task<> {
        const auto part = [&](std::chrono::milliseconds d) -> task<int> {
            co_await sleep(d);
            if (d == 2ms) said.block();
            co_return 1;
        };
        auto [one, two] = co_await when_all(part(1ms), part(2ms));
        res.send(std::to_string(one + two));
    });
    testing::client c(a);
    c.get("/both").expect(200, "2");
    CHECK(said.take() == named("GET /both handler", at));
}

TEST_CASE("what continues after work of the pool is named by its handler", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    const auto at = line() + 1;
    a.get("/offload", [&](request&, response& res) -> task<> {
        co_await offload([] { std::this_thread::sleep_for(1ms); });
        said.block();
        res.send("late");
    });
    testing::client c(a);
    c.get("/offload").expect(200, "late");
    CHECK(said.take() == named("GET /offload handler", at));
}

TEST_CASE("middleware that blocks is named, and not the handler behind it", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    const auto at = line() + 1;
    a.use([&](request&, response&, next& go_on) {
        said.block();
        go_on();
    });
    a.get("/", [](request&, response& res) { res.send("hello"); });
    testing::client c(a);
    c.get("/").expect(200, "hello");
    CHECK(said.take() == named("GET  middleware", at));
}

TEST_CASE("middleware of a path that blocks once the handlers behind it are done is named", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    const auto at = line() + 1;
    a.use("/api", [&](request&, response&, next& go_on) -> task<> {
        co_await go_on();
        said.block();
    });
    a.get("/api/x", [](request&, response& res) -> task<> {
        co_await sleep(1ms);
        res.send("hello");
    });
    testing::client c(a);
    c.get("/api/x").expect(200, "hello");
    said.block();
    CHECK(said.take() == named("GET /api middleware", at));
}

TEST_CASE("a handler of mounted routers has the whole pattern", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    router v1, users;
    const auto at = line() + 1;
    users.put("/:id", [&](request&, response& res) {
        said.block();
        res.send("late");
    });
    v1.use("/users", users);
    a.use("/api/v1", v1);
    testing::client c(a);
    c.request("PUT", "/api/v1/users/7").expect(200, "late");
    CHECK(said.take() == named("PUT /api/v1/users/:id handler", at));
}

TEST_CASE("an error handler that blocks is named", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    a.get("/", [](request&, response&) { throw std::runtime_error("no"); });
    const auto at = line() + 1;
    a.use([&](std::exception_ptr, request&, response& res, next&) {
        said.block();
        res.status(500).send("sorry");
    });
    testing::client c(a);
    c.get("/").expect(500, "sorry");
    CHECK(said.take() == named("GET  error handler", at));
}

TEST_CASE("a timer that a handler has set is named by the place that set it", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    unsigned at = 0;
    a.get("/", [&](request&, response& res) {
        at = line() + 1;
        set_timeout([&] { said.block(); }, 5);
        res.send("soon");
    });
    testing::client c(a);
    c.get("/").expect(200, "soon");
    c.advance(10ms);
    CHECK(said.take() == named(" timer", at));
}

TEST_CASE("what other requests do meanwhile is not named", "[watchdog]") {
    notes said;
    const watchdog dog(said.options());
    app a;
    a.get("/wait", [](request&, response& res) -> task<> {
        co_await sleep(1h);
        res.send("at last");
    });
    const auto at = line() + 1;
    a.get("/block", [&](request&, response& res) {
        said.block();
        res.send("late");
    });
    testing::client c(a);
    std::vector<testing::call> waiting;
    for (int i = 0; i < 10; ++i) waiting.push_back(c.get("/wait").start());
    c.run();
    c.get("/block").expect(200, "late");
    CHECK(said.take() == named("GET /block handler", at));
}
