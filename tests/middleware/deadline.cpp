// Tests of middleware/deadline.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/deadline.hpp>

#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <vector>

using namespace crema;
using namespace std::chrono_literals;

namespace {

struct ended {
    int& count;
    ~ended() { ++count; }
};

struct sample {
    int frames = 0, cancelled_ones = 0;
    app make() {
        app a;
        a.set("env", "test");
        a.use(deadline(100ms));
        a.get("/fast", [](request&, response& res) { res.send("fast"); });
        a.get("/slow/:ms", [this](request& req, response& res) -> task<> {
            const ended e{frames};
            try {
                co_await sleep(std::chrono::milliseconds(std::stoi(std::string(req.params("ms")))));
            } catch (const cancelled& c) {
                ++cancelled_ones;
                throw;
            }
            res.send("slow");
        });
        a.get("/stream", [this](request&, response& res) -> task<> {
            const ended e{frames};
            co_await res.write("begin");
            co_await sleep(1h);
            res.end();
        });
        a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.type()); });
        return a;
    }
};

} // namespace

TEST_CASE("who is fast enough does not notice", "[middleware][deadline]") {
    sample s;
    testing::client c(s.make());
    c.get("/fast").expect(200, "fast");
    c.get("/slow/99").expect(200, "slow");
    c.advance(1s);
    c.get("/fast").expect(200, "fast");
    CHECK(s.cancelled_ones == 0);
}

TEST_CASE("who is too slow is answered for, and cancelled", "[middleware][deadline]") {
    sample s;
    testing::client c(s.make());
    c.get("/slow/101").expect(503, "deadline.exceeded");
    c.run();
    CHECK(s.cancelled_ones == 1);
    CHECK(s.frames == 1);
    c.get("/fast").expect(200, "fast");
    for (int i = 0; i < 10; ++i) c.get("/slow/5000").expect(503);
    CHECK(s.frames == 11);
}

TEST_CASE("an answer that is being streamed is cut", "[middleware][deadline]") {
    sample s;
    testing::client c(s.make());
    CHECK_THROWS_AS(c.get("/stream").result(), testing::failure);
    c.run();
    CHECK(s.frames == 1);
}

TEST_CASE("a client that leaves takes its deadline along", "[middleware][deadline]") {
    sample s;
    testing::client c(s.make());
    c.get("/slow/50").start().disconnect();
    c.run();
    CHECK(s.frames == 1);
    CHECK(s.cancelled_ones == 1);
    c.advance(1s);
    c.get("/fast").expect(200, "fast");
}

TEST_CASE("status and message can be set", "[middleware][deadline]") {
    app a;
    a.use(deadline({.after = 10ms, .status = 504, .message = "gone"}));
    a.get("/", [](request&, response& res) -> task<> {
        co_await sleep(1s);
        res.send("late");
    });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.what()); });
    testing::client(a).get("/").expect(504, "gone");
}

TEST_CASE("an answer that waits for a store is late all the same", "[middleware][deadline]") {
    int ended = 0;
    std::vector<response::end_callback> kept; // never called
    app a;
    a.set("env", "test");
    a.use(deadline(100ms));
    a.use([&](request&, response& res, next& next) {
        res.on_close([&] { ++ended; });
        res.before_end([&](response::end_callback done) { kept.push_back(std::move(done)); });
        next();
    });
    a.get("/", [](request&, response& res) { res.send("done"); });
    a.get("/slow", [](request&, response&) -> task<> { co_await sleep(1h); });
    a.get("/stream", [](request&, response& res) -> task<> {
        co_await res.write("begin");
        res.end();
    });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.type()); });
    testing::client c(a);
    c.get("/").expect(503, "deadline.exceeded");
    c.get("/slow").expect(503, "deadline.exceeded"); // of which the store hears, without being waited for
    CHECK_THROWS_AS(c.get("/stream").result(), testing::failure);
    c.run();
    CHECK(kept.size() == 3);
    CHECK(ended == 3);
    for (auto& late : kept) late(nullptr);
}

TEST_CASE("deadline: wrong options are refused where they are given", "[middleware][deadline]") {
    CHECK_THROWS_AS(deadline(0ms), system_error);
    CHECK_THROWS_AS(deadline(-1s), system_error);
    for (const int status : {0, 200, 399, 600}) CHECK_THROWS_AS(deadline({.status = status}), system_error);
    CHECK_NOTHROW(deadline({.status = 599}));
}
