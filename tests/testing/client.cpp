#include <crema/testing/client.hpp>

#include <crema.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct post {
    int id = 0;
    std::string title;
};

app sample() {
    app a;
    a.use(body_json());
    a.get("/", [](request&, response& res) { res.send("hello"); });
    a.post("/posts", [](request& req, response& res) { res.status(201).json(req.json<post>()); });
    a.get("/slow", [](request&, response& res) -> task<> {
        co_await sleep(1h);
        res.send("at last");
    });
    a.get("/pool", [](request&, response& res) -> task<> {
        const int n = co_await offload([] {
            std::this_thread::sleep_for(5ms);
            return 42;
        });
        res.send(std::to_string(n));
    });
    return a;
}

} // namespace

TEST_CASE("a client asks an app and checks the answer", "[client]") {
    testing::client c(sample());
    c.get("/").expect(200, "hello").expect("Content-Type", "text/html; charset=utf-8").expect([](const testing::reply& r) {
        CHECK(r.header("content-length") == "5");
    });
    c.post("/posts").json(post{7, "seven"}).expect(201, R"({"id":7,"title":"seven"})");
    CHECK(c.post("/posts").json(R"({"id":8,"title":"eight"})").result().json<post>().title == "eight");
    c.head("/").expect(200, "").expect("content-length", "5");
    c.get("/nowhere").expect(404);
    CHECK(c.server().connections() == 1); // kept alive
}

TEST_CASE("what was not expected is told", "[client]") {
    testing::client c(sample());
    CHECK_THROWS_WITH(c.get("/").expect(404), "GET /: expected status 404, got 200 OK\nhello");
    CHECK_THROWS_WITH(c.get("/").expect(200, "bye"), "GET /: expected the body\n  bye\ngot\n  hello");
    CHECK_THROWS_WITH(c.get("/").expect("X-Y", "z"), "GET /: expected\n  X-Y: z\ngot no such field");
    CHECK_THROWS_WITH(c.get("/").result().json(), Contains("the body is no such JSON"));
}

TEST_CASE("time passes only when nothing else can happen", "[client]") {
    testing::client c(sample());
    const auto started = std::chrono::steady_clock::now();
    const auto before = c.clock().now();
    c.get("/slow").expect(200, "at last");
    CHECK(c.clock().now() - before == 1h);
    c.get("/pool").expect(200, "42"); // the pool is waited for, in real time
    CHECK(c.clock().now() - before == 1h);
    CHECK(std::chrono::steady_clock::now() - started < 60s);
}

TEST_CASE("requests run beside each other", "[client]") {
    testing::client c(sample());
    auto slow = c.get("/slow").start();
    c.get("/").expect(200);
    CHECK_FALSE(slow.done());
    CHECK(c.server().connections() == 2);
    c.advance(59min);
    CHECK_FALSE(slow.done());
    c.advance(1min);
    CHECK(slow.done());
    slow.expect(200, "at last");
}

TEST_CASE("a client leaves half-way", "[client]") {
    app a;
    std::string happened;
    a.get("/wait", [&](request&, response& res) -> task<> {
        try {
            co_await sleep(1h);
        } catch (const cancelled& e) {
            happened = e.reason() == cancel_reason::disconnected ? "disconnected" : e.what();
            throw;
        }
        res.send("never");
    });
    a.post("/body", [&](request& req, response& res) -> task<> {
        try {
            (void)co_await req.read_text(1000);
        } catch (const std::exception&) {
            happened = "no body";
            throw;
        }
        res.send("got it");
    });
    testing::client c(a);
    SECTION("while its handler waits") {
        auto waits = c.get("/wait");
        waits.start();
        c.run();
        CHECK(happened.empty());
        waits.disconnect();
        CHECK_THAT(happened, Contains("disconnected"));
        CHECK_THROWS_WITH(waits.result(), "GET /wait: was not answered: the client has left");
    }
    SECTION("without a word") {
        auto waits = c.get("/wait");
        waits.start();
        c.run();
        waits.reset();
        CHECK_THAT(happened, Contains("disconnected"));
    }
    SECTION("in the middle of its body") {
        auto sends = c.post("/body").send("0123456789");
        sends.start_part(105);
        c.run();
        sends.disconnect();
        CHECK(happened == "no body");
    }
    SECTION("by being forgotten") {
        {
            auto waits = c.get("/wait");
            waits.start();
            c.run();
        }
        c.run();
        CHECK_THAT(happened, Contains("disconnected"));
    }
}

TEST_CASE("a handler that can never answer is found", "[client]") {
    app a;
    std::optional<exchange_hold> kept;
    a.get("/", [&](request&, response& res) { kept.emplace(res.hold()); });
    testing::client c(a);
    CHECK_THROWS_WITH(c.get("/").result(), Contains("was not answered, and nothing is left"));
    kept.reset();
}

TEST_CASE("an exception that nobody catches reaches the test", "[client]") {
    app a;
    a.get("/", [](request&, response& res) {
        set_timeout([] { throw std::runtime_error("late"); }, 10);
        res.send("ok");
    });
    testing::client c(a);
    c.get("/").expect(200);
    CHECK_THROWS_WITH(c.advance(10ms), "late");
}

TEST_CASE("bodies go in chunks, in pieces, with queries", "[client]") {
    app a;
    a.post("/", [](request& req, response& res) -> task<> {
        auto text = std::string(co_await req.read_text(1000));
        res.send(text + "/" + std::string(req.query("q").value_or("-")));
    });
    testing::client_options o;
    o.connection.segment = 1;
    testing::client c(a, o);
    c.post("/").query("q", "a b&c").send(std::string(300, 'x')).chunked(17).expect(200, std::string(300, 'x') + "/a b&c");
}

TEST_CASE("octets may be sent as they are", "[client]") {
    testing::client c(sample());
    CHECK_THAT(c.raw("GET / HTTP/1.1\r\n\r\n"), Contains("HTTP/1.1 400 "));
    CHECK_THAT(c.raw("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), Contains("hello") && Contains("helloHTTP", Catch::CaseSensitive::No));
}
