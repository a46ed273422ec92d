// Tests of middleware/logger.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/logger.hpp>

#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <atomic>
#include <fcntl.h>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace crema;
using namespace std::chrono_literals;
using Catch::Matchers::Matches;

namespace {

struct logged {
    std::vector<std::string> lines;
    std::vector<logger_handler> made;

    logger_handler add(logger_options options = {}) {
        options.write = [this](std::string_view line) { lines.emplace_back(line); };
        options.collect = 1h; // until flush
        made.emplace_back(std::move(options));
        return made.back();
    }
    app make(logger_options options = {}) {
        app a;
        a.use(add(std::move(options)));
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
    const std::vector<std::string>& get(testing::client& c) {
        c.run();
        for (auto& m : made) m.flush();
        return lines;
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
    const auto& lines = log.get(c);
    REQUIRE(lines.size() == 5);
    CHECK_THAT(lines[0], Matches(R"(GET /\?x=1 200 \d+\.\d ms)"));
    CHECK_THAT(lines[1], Matches(R"(POST /new 201 \d+\.\d ms)"));
    CHECK_THAT(lines[2], Matches(R"(GET /nowhere 404 \d+\.\d ms)"));
    CHECK_THAT(lines[3], Matches(R"(GET /bad 500 \d+\.\d ms)"));
    CHECK_THAT(lines[4], Matches(R"(GET /slow 200 \d+\.\d ms)"));
}

TEST_CASE("a client that leaves before an answer has hyphens for status and time", "[middleware][logger]") {
    logged log;
    testing::client c(log.make());
    c.get("/slow").start().disconnect();
    CHECK(log.get(c) == std::vector<std::string>{"GET /slow - - ms"});
}

TEST_CASE("a router is logged with the target as it was sent", "[middleware][logger]") {
    logged log;
    app a;
    router r;
    r.use(log.add({.format = ":url :status"}));
    r.get("/in", [](request&, response& res) { res.send("in"); });
    a.use("/deep", r);
    testing::client c(a);
    c.get("/deep/in").expect(200);
    c.get("/elsewhere").expect(404);
    CHECK(log.get(c) == std::vector<std::string>{"/deep/in 200"});
}

TEST_CASE("requests can be skipped, and logged when they come", "[middleware][logger]") {
    logged log;
    auto a = log.make({.format = ":url", .skip = [](request&, response& res) { return res.status_code() < 400; }});
    a.use(log.add({.format = "came :url :status", .immediate = true}));
    testing::client c(a);
    c.get("/").expect(200);
    c.get("/nowhere").expect(404);
    CHECK(log.get(c) == std::vector<std::string>{"/nowhere", "came /nowhere -"});
}

TEST_CASE("the address is that of the client behind proxies that are trusted", "[middleware][logger]") {
    logged log;
    auto a = log.make({.format = ":remote-addr"});
    a.set("trust proxy", true);
    testing::client c(a);
    c.get("/").set("X-Forwarded-For", "203.0.113.7").expect(200);
    CHECK(log.get(c) == std::vector<std::string>{"203.0.113.7"});
}

TEST_CASE("what does not fit is counted, and told in the log", "[middleware][logger]") {
    logged log;
    testing::client c(log.make({.format = ":url", .queue = 200}));
    c.get("/?1").expect(200);
    c.get("/?" + std::string(300, 'x')).expect(200);
    CHECK(log.get(c) == std::vector<std::string>{"/?1", "crema: 1 log lines were dropped"});
    CHECK(log.made[0].dropped() == 1);
}

TEST_CASE("a token that fails costs its line alone", "[middleware][logger]") {
    logged log;
    testing::client c(log.make({.format = ":own", .tokens = {{"own", [](request& req, response&) -> std::string {
                                                                  if (req.url() == "/?bad") throw std::runtime_error("bad token");
                                                                  return "fine";
                                                              }}}}));
    c.get("/?bad").expect(200);
    c.get("/").expect(200);
    CHECK(log.get(c) == std::vector<std::string>{"fine"});
}

TEST_CASE("the last copy writes what waits", "[middleware][logger]") {
    std::vector<std::string> lines;
    {
        app a;
        a.use(logger({.format = ":url", .write = [&](std::string_view line) { lines.emplace_back(line); }, .collect = 1h}));
        testing::client c(a);
        c.get("/last").expect(404);
    }
    CHECK(lines == std::vector<std::string>{"/last"});
}

TEST_CASE("a pipe that nobody reads does not keep the end waiting", "[middleware][logger]") {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    REQUIRE(::fcntl(pipe[1], F_SETFL, O_NONBLOCK) == 0);
    const std::string much(4096, 'x');
    while (::write(pipe[1], much.data(), much.size()) > 0) {}
    REQUIRE(::fcntl(pipe[1], F_SETFL, 0) == 0);
    const auto begun = std::make_shared<std::atomic<bool>>(false);
    const auto ended = std::make_shared<std::atomic<int>>(0);
    {
        app a;
        a.use(logger({.format = ":url",
                      .write = [begun, ended, to = pipe[1]](std::string_view line) {
                          *begun = true;
                          static_cast<void>(!::write(to, line.data(), line.size()));
                          ++*ended;
                      },
                      .collect = 0ms,
                      .patience = 10ms}));
        testing::client c(a);
        c.get("/last").expect(404);
        c.run();
        while (!*begun) std::this_thread::yield();
    }
    CHECK(*ended == 0); // it still writes
    char taken[4096];
    while (*ended == 0) REQUIRE(::read(pipe[0], taken, sizeof taken) > 0);
    while (ended.use_count() > 1) std::this_thread::yield();
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_CASE("lines that could not be written are counted and told", "[middleware][logger]") {
    std::vector<std::string> lines;
    bool full = true;
    const auto l = logger({.format = ":url",
                           .write = [&](std::string_view line) {
                               if (full && line != "/1") throw std::runtime_error("no space left");
                               lines.emplace_back(line);
                           },
                           .collect = 1h});
    app a;
    a.use(l);
    testing::client c(a);
    for (int i = 0; i < 3; ++i) c.get("/" + std::to_string(i)).expect(404);
    c.run();
    l.flush();
    CHECK(lines == std::vector<std::string>{"/1"});
    CHECK(l.dropped() == 2);
    full = false;
    c.get("/3").expect(404);
    c.run();
    l.flush();
    CHECK(lines == std::vector<std::string>{"/1", "/3", "crema: 2 log lines were dropped"});
}

TEST_CASE("a token that is not known is refused where the logger is made", "[middleware][logger]") {
    CHECK_THROWS_AS(logger({.format = ":what"}), std::invalid_argument);
}
