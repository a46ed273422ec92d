// Tests of web/answer_hooks.hpp: what is done before the head of an answer is sent, and before the answer ends.
// SPDX-License-Identifier: MIT
#include <crema/web/answer_hooks.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;

namespace {

app with(std::function<void(request&, response&)> before) {
    app a;
    a.set("env", "test");
    a.use([before = std::move(before)](request& req, response& res, next& next) {
        before(req, res);
        next();
    });
    a.get("/send", [](request&, response& res) { res.status(201).send("hello"); });
    a.get("/json", [](request&, response& res) { res.json({{"a", 1}}); });
    a.get("/end", [](request&, response& res) { res.end("bye"); });
    a.get("/nothing", [](request&, response& res) { res.status(204).end(); });
    a.get("/stream", [](request&, response& res) -> task<> {
        co_await res.write("one ");
        res.end("two");
    });
    a.get("/flush", [](request&, response& res) {
        res.set("Content-Length", 3);
        res.flush_headers();
        res.end("abc");
    });
    a.use([](const std::exception& e, request&, response& res, next&) {
        res.status(503).send(std::string("failed: ") + e.what());
    });
    return a;
}

auto failing(response::end_callback done) {
    return [done = std::move(done)]() mutable { done(std::make_exception_ptr(std::runtime_error("disk full"))); };
}

} // namespace

TEST_CASE("the head may be changed when it is about to be sent, whatever sends it", "[web][answer_hooks]") {
    testing::client c(with([](request&, response& res) {
        res.on_headers([&res] { res.set("X-Status", res.status_code()).append("X-Order", "1"); });
        res.on_headers([&res] { res.append("X-Order", "2"); });
    }));
    for (const char* path : {"/send", "/json", "/end", "/nothing", "/stream", "/flush", "/missing"}) {
        const auto r = c.get(path).result();
        INFO(path);
        CHECK(r.header("X-Status") == std::to_string(r.status));
        CHECK(r.headers("x-order") == std::vector<std::string_view>{"2", "1"});
    }
    const auto tag = std::string(c.get("/send").result().header("etag").value());
    c.get("/json").set("If-None-Match", "*").expect(304).expect("X-Status", "304");
}

TEST_CASE("a status that is changed late counts", "[web][answer_hooks]") {
    testing::client c(with([](request&, response& res) { res.on_headers([&res] { res.status(204); }); }));
    c.get("/send").expect(204, "");
    c.get("/end").expect(204, "");
}

TEST_CASE("what is thrown before the head comes out of the answer", "[web][answer_hooks]") {
    testing::client c(with([](request&, response& res) { res.on_headers([] { throw std::runtime_error("no"); }); }));
    c.get("/send").expect(503, "failed: no");
    c.get("/stream").expect(503, "failed: no");
    // Who answers instead takes the place of the answer; the first one finds that out.
    testing::client other(with([](request&, response& res) {
        res.on_headers([&res] { res.send("instead"); });
    }));
    other.get("/send").expect(201, "instead");
}

TEST_CASE("hooks are of one answer and cannot come too late", "[web][answer_hooks]") {
    int calls = 0;
    app a;
    a.get("/hook", [&](request&, response& res) {
        res.on_headers([&] { ++calls; });
        res.send("x");
        CHECK_THROWS_AS(res.on_headers([] {}), already_answered);
        CHECK_THROWS_AS(res.before_end([](auto) {}), already_answered);
    });
    a.get("/none", [](request&, response& res) { res.send("y"); });
    testing::client c(a);
    c.get("/hook").expect(200);
    c.get("/none").expect(200);
    CHECK(calls == 1);
}

TEST_CASE("an answer waits for what is to be done before its end", "[web][answer_hooks]") {
    std::vector<std::string> log;
    testing::client c(with([&](request& req, response& res) {
        const bool later = req.query("later").has_value();
        for (int i : {1, 2})
            res.before_end([&, i, later, &loop = req.raw().loop()](response::end_callback done) {
                log.push_back("begin " + std::to_string(i));
                auto go_on = [&log, i, done = std::move(done)]() mutable {
                    log.push_back("end " + std::to_string(i));
                    done(nullptr);
                };
                if (later) loop.set_timeout(std::move(go_on), 100ms);
                else go_on();
            });
        res.on_finish([&] { log.push_back("sent"); });
    }));
    const std::vector<std::string> wanted{"begin 2", "end 2", "begin 1", "end 1", "sent"};
    for (const char* how : {"", "?later"}) {
        const std::pair<const char*, const char*> answers[] = {{"/send", "hello"},      {"/json", R"({"a":1})"},
                                                               {"/end", "bye"},         {"/stream", "one two"},
                                                               {"/flush", "abc"},       {"/nothing", ""}};
        for (const auto& [path, body] : answers) {
            INFO(path << how);
            log.clear();
            const auto r = c.get(std::string(path) + how).result();
            CHECK(r.body == body);
            c.run();
            CHECK(log == wanted);
        }
    }
}

TEST_CASE("an answer that waits is held back, one that has begun all but its end", "[web][answer_hooks]") {
    testing::client c(with([](request& req, response& res) {
        res.before_end([&loop = req.raw().loop()](response::end_callback done) {
            loop.set_timeout([done = std::move(done)]() mutable { done(nullptr); }, 100ms);
        });
    }));
    auto whole = c.get("/send").start();
    auto part = c.get("/stream").start();
    c.advance(99ms);
    CHECK_FALSE(whole.done());
    CHECK(part.body_so_far() == "one ");
    c.advance(1ms);
    CHECK(whole.done());
    part.expect(200, "one two");
}

TEST_CASE("an answer whose end fails is not sent, the error is answered", "[web][answer_hooks]") {
    for (const bool later : {false, true}) {
        testing::client c(with([later](request& req, response& res) {
            res.before_end([later, &loop = req.raw().loop()](response::end_callback done) {
                if (!later) throw std::runtime_error("disk full");
                loop.set_timeout(failing(std::move(done)), 10ms);
            });
        }));
        c.get("/send").expect(503, "failed: disk full");
        c.get("/json").expect(503, "failed: disk full");
        CHECK_THROWS_AS(c.get("/stream").result(), testing::failure); // cut off
        c.get("/end").expect(503, "failed: disk full");
    }
}

TEST_CASE("a client that leaves while its answer waits harms nobody", "[web][answer_hooks]") {
    int ended = 0;
    testing::client c(with([&](request& req, response& res) {
        res.on_close([&] { ++ended; });
        res.before_end([&loop = req.raw().loop()](response::end_callback done) {
            loop.set_timeout(failing(std::move(done)), 100ms);
        });
    }));
    auto gone = c.get("/send").start();
    gone.disconnect();
    CHECK(ended == 1); // nobody is waited for any more
    c.advance(100ms);
    CHECK(ended == 1);
}

TEST_CASE("what an answer waits for may be given up, with an error or without", "[web][answer_hooks]") {
    std::exception_ptr why;
    bool waited = false, again = true;
    response::end_callback late;
    testing::client c(with([&](request& req, response& res) {
        CHECK_FALSE(res.give_up(nullptr));
        res.before_end([&](response::end_callback done) {
            CHECK_FALSE(res.give_up(why)); // not yet: who has answered goes on first
            late = std::move(done);
        });
        req.raw().loop().set_timeout([&, held = res.hold()] {
            waited = held.res().give_up(why);
            again = held.res().give_up(why);
        }, 50ms);
    }));
    c.get("/send").expect(201, "hello");
    CHECK(waited);
    CHECK_FALSE(again);
    late(nullptr); // calls nobody
    c.get("/stream").expect(200, "one two");
    why = std::make_exception_ptr(std::runtime_error("too late"));
    c.get("/send").expect(503, "failed: too late");
    late(why);
    CHECK_THROWS_AS(c.get("/stream").result(), testing::failure); // cut off
    c.run();
}

TEST_CASE("who is waited for and goes without a word has failed", "[web][answer_hooks]") {
    const std::string gone = "failed: crema: what before_end() was given is gone and was not called";
    const auto at_once = [](response& res, loop&) { res.before_end([](response::end_callback) {}); };
    const auto later = [](response& res, loop& l) {
        res.before_end([&l](response::end_callback done) { l.set_timeout([done = std::move(done)] {}, 10ms); });
    };
    for (const bool now : {true, false}) {
        testing::client c(with([&](request& req, response& res) { now ? at_once(res, req.raw().loop()) : later(res, req.raw().loop()); }));
        c.get("/send").expect(503, gone);
    }
    testing::client c(with([](request&, response& res) {
        res.before_end([](response::end_callback) { throw std::runtime_error("says more"); });
    }));
    c.get("/send").expect(503, "failed: says more");
}
