// Tests of middleware/health.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/health.hpp>

#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <vector>

using namespace crema;
using namespace std::chrono_literals;

namespace {

task<bool> well() { co_return true; }
task<bool> ill() { co_return false; }
task<bool> broken() {
    throw std::runtime_error("the password of the database is wrong");
    co_return true;
}
task<bool> slow() {
    co_await sleep(1h);
    co_return true;
}

testing::reply ready(health_options options) {
    app a;
    a.use(health(std::move(options)));
    return testing::client(a).get("/health/ready").result();
}

} // namespace

TEST_CASE("a process that answers lives, and is ready without checks", "[middleware][health]") {
    app a;
    a.use(health());
    a.get("/", [](request&, response& res) { res.send("page"); });
    testing::client c(a);
    c.get("/health/live").expect(200, R"({"status":"up"})").expect("Cache-Control", "no-store");
    c.get("/health/ready").expect(200, R"({"status":"up"})");
    c.head("/health/ready").expect(200, "");
    c.get("/").expect(200, "page");
    c.post("/health/live").expect(404);
    c.get("/health/live/more").expect(404);
}

TEST_CASE("it is ready when all checks say so", "[middleware][health]") {
    CHECK(ready({.checks = {{"a", well}, {"b", well}}}).body == R"({"status":"up","checks":{"a":"up","b":"up"}})");
    const auto r = ready({.checks = {{"a", well}, {"b", ill}}});
    CHECK(r.status == 503);
    CHECK(r.body == R"({"status":"down","checks":{"a":"up","b":"down"}})");
}

TEST_CASE("a check that throws or takes too long says no, and does not say why", "[middleware][health]") {
    const auto r = ready({.checks = {{"a", broken}, {"b", slow}, {"c", well}}, .timeout = 500ms});
    CHECK(r.status == 503);
    CHECK(r.body == R"({"status":"down","checks":{"a":"down","b":"down","c":"up"}})");
}

TEST_CASE("a check that was cancelled by others says no, and the next ones are asked", "[middleware][health]") {
    int asked = 0;
    app a;
    a.use(health({.checks = {{"a", [&]() -> task<bool> {
                                  if (++asked == 1) throw cancelled(cancel_reason::requested);
                                  co_return true;
                              }}}, .keep = 0ms}));
    testing::client c(a);
    c.get("/health/ready").expect(503, R"({"status":"down","checks":{"a":"down"}})");
    c.get("/health/ready").expect(200, R"({"status":"up","checks":{"a":"up"}})");
}

TEST_CASE("who drains is not ready but lives", "[middleware][health]") {
    bool closing = false;
    app a;
    auto h = health({.checks = {{"a", well}}, .draining = [&] { return closing; }});
    a.use(h);
    testing::client c(a);
    c.get("/health/ready").expect(200);
    closing = true;
    c.get("/health/ready").expect(503, R"({"status":"down"})");
    c.get("/health/live").expect(200);
    closing = false;
    h.drain();
    c.get("/health/ready").expect(503);
    h.drain(false);
    c.get("/health/ready").expect(200);
}

TEST_CASE("who asks at the same time, or soon after, is told what the same checks said", "[middleware][health]") {
    int asked = 0;
    bool good = true;
    app a;
    a.use(health({.checks = {{"a", [&]() -> task<bool> {
                                  ++asked;
                                  co_await sleep(100ms);
                                  co_return good;
                              }}}}));
    testing::client c(a);
    std::vector<testing::call> all;
    for (int i = 0; i < 50; ++i) all.push_back(c.get("/health/ready").start());
    all.front().disconnect(); // who came first does not take the others along
    for (int i = 1; i < 50; ++i) all[static_cast<std::size_t>(i)].expect(200, R"({"status":"up","checks":{"a":"up"}})");
    CHECK(asked == 1);
    good = false;
    c.advance(999ms);
    c.get("/health/ready").expect(200);
    CHECK(asked == 1);
    c.advance(1ms);
    c.get("/health/ready").expect(503);
    CHECK(asked == 2);
    testing::client other(a); // another loop, which nothing is known of
    other.get("/health/ready").expect(503);
    CHECK(asked == 3);
}

TEST_CASE("what each check said is for those who may know", "[middleware][health]") {
    app a;
    a.use(health({.checks = {{"a", ill}}, .details = [](request& req) { return req.get("x-key") == "secret"; }}));
    testing::client c(a);
    c.get("/health/ready").expect(503, R"({"status":"down"})");
    c.get("/health/ready").set("X-Key", "secret").expect(503, R"({"status":"down","checks":{"a":"down"}})");
}

TEST_CASE("health: wrong options are refused where they are given", "[middleware][health]") {
    CHECK_THROWS_AS(health({.checks = {{"a", nullptr}}}), system_error);
}
