// Tests of middleware/logger.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/logger.hpp>

#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace crema;
using namespace std::chrono_literals;
using Catch::Matchers::Matches;

namespace {

struct logged {
    std::vector<std::string> lines;
    app make() {
        app a;
        a.use(logger({.write = [this](std::string_view line) { lines.emplace_back(line); }}));
        a.get("/", [](request&, response& res) { res.send("hello"); });
        a.post("/new", [](request&, response& res) { res.status(201).end(); });
        a.get("/bad", [](request&, response&) { throw std::runtime_error("no"); });
        a.get("/slow", [](request&, response& res) -> task<> {
            co_await sleep(10ms);
            res.send("late");
        });
        a.set("env", "test");
        return a;
    }
};

} // namespace

TEST_CASE("each request is one line with method, target, status and time", "[middleware][logger]") {
    logged log;
    testing::client c(log.make());
    c.get("/?x=1").expect(200);
    c.post("/new").expect(201);
    c.get("/nowhere").expect(404);
    c.get("/bad").expect(500);
    c.get("/slow").expect(200);
    c.run();
    REQUIRE(log.lines.size() == 5);
    CHECK_THAT(log.lines[0], Matches(R"(GET /\?x=1 200 \d+\.\d ms)"));
    CHECK_THAT(log.lines[1], Matches(R"(POST /new 201 \d+\.\d ms)"));
    CHECK_THAT(log.lines[2], Matches(R"(GET /nowhere 404 \d+\.\d ms)"));
    CHECK_THAT(log.lines[3], Matches(R"(GET /bad 500 \d+\.\d ms)"));
    CHECK_THAT(log.lines[4], Matches(R"(GET /slow 200 \d+\.\d ms)"));
}

TEST_CASE("a client that leaves before an answer has a hyphen for its status", "[middleware][logger]") {
    logged log;
    testing::client c(log.make());
    c.get("/slow").start().disconnect();
    c.run();
    REQUIRE(log.lines.size() == 1);
    CHECK_THAT(log.lines[0], Matches(R"(GET /slow - \d+\.\d ms)"));
}

TEST_CASE("a router is logged with the target as it was sent", "[middleware][logger]") {
    logged log;
    app a;
    router r;
    r.use(logger({.write = [&](std::string_view line) { log.lines.emplace_back(line); }}));
    r.get("/in", [](request&, response& res) { res.send("in"); });
    a.use("/deep", r);
    testing::client c(a);
    c.get("/deep/in").expect(200);
    c.get("/elsewhere").expect(404);
    c.run();
    REQUIRE(log.lines.size() == 1);
    CHECK_THAT(log.lines[0], Matches(R"(GET /deep/in 200 .*)"));
}

TEST_CASE("control characters never reach the log", "[middleware][logger]") {
    logged log;
    app a;
    a.use([](request& req, response&, next& next) {
        req.url("/");
        next();
    });
    a.use(log.make());
    testing::client c(a);
    c.raw("GET /a\x1b[31mb HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (const auto& line : log.lines)
        for (const char ch : line) CHECK(static_cast<unsigned char>(ch) >= 0x20);
}
