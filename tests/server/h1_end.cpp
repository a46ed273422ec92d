// h1_end: how connections end, and who hears of it.
// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>

#include <catch2/catch.hpp>
#include <deque>
#include <string>

using namespace crema_test;

namespace {

// Notes what an exchange tells.
struct notes : exchange::listener {
    void on_finish() noexcept override { log += "finish "; }
    void on_close(cancel_reason why) noexcept override { log += "close" + std::to_string(static_cast<int>(why)) + " "; }
    void on_destroy() noexcept override { log += "destroy "; }
    bool wants_finish() const noexcept override { return wants; }
    std::string log;
    bool wants = true;
};
constexpr auto disconnected = "close3 destroy ", shut_down = "close4 destroy ";

} // namespace

TEST_CASE("what cannot be understood is refused with a reason", "[h1_end]") {
    struct row {
        std::string request;
        int status;
        const char* reason;
    };
    const row rows[] = {
        {"GARBAGE\r\n\r\n", 400, "method"},
        {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400, "field name"},
        {"GET / HTTP/1.1\r\n\r\n", 400, "no Host"},
        {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414, "request line too long"},
        {get("/", "A: " + std::string(20000, 'a') + "\r\n"), 431, "too large"},
        {get("/", [] { std::string s; for (int i = 0; i < 200; ++i) s += "A: b\r\n"; return s; }()), 431, "too many"},
        {post("/", "", "Expect: something\r\n"), 417, "expectation"},
        {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505, "version"},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "coding"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n", 413, "body is too large"},
    };
    for (const auto& [request, status, reason] : rows) {
        CAPTURE(request.substr(0, 80));
        bench b;
        auto c = b.connect();
        c.send(get("/good") + request + get("/bad"));
        CHECK(c.response().status() == 200);
        const auto r = c.response();
        CHECK(r.status() == status);
        CHECK(r.field("Connection") == "close");
        CHECK(r.field("Content-Type") == "text/plain; charset=utf-8");
        CHECK_THAT(r.body(), Catch::Contains(reason));
        CHECK_THAT(r.body(), Catch::StartsWith(std::to_string(status) + " "));
        CHECK(c.ended);
        CHECK(b.requests == 1);
        c.send(get("/worse"));
        CHECK(b.requests == 1);
        CHECK(c.got.empty());
    }
}

TEST_CASE("the application may word refusals, and sees them", "[h1_end]") {
    std::string seen;
    bench b({.on_client_error = [&](client_error& e) {
        seen = std::to_string(e.status) + " " + std::string(e.received.substr(0, 7));
        e.type = "application/json";
        e.body = "{\"error\":" + std::to_string(e.status) + "}";
    }});
    auto c = b.connect();
    const auto r = c.send("GARBAGE\r\n\r\n").response();
    CHECK(seen == "400 GARBAGE");
    CHECK(r.field("Content-Type") == "application/json");
    CHECK(r.body() == "{\"error\":400}");
    CHECK(c.ended);
}

TEST_CASE("the application may answer a refusal with another status and fields, or not at all", "[h1_end]") {
    std::string seen;
    bool silent = false;
    bench b({.on_client_error = [&](client_error& e) {
        seen = e.received;
        e.status = 404;
        e.fields = {{"X-Why", std::string(e.reason)}, {"X-Bad", "a\r\nX-More: b"}, {"no name", "x"}, {"content-length", "0"},
                    {"Transfer-Encoding", "chunked"}, {"Connection", "keep-alive"}};
        e.silent = silent;
    }});
    auto c = b.connect();
    const auto r = c.send("GARBAGE\r\n\r\n").response();
    CHECK(r.status() == 404);
    CHECK(r.field("X-Why"));
    CHECK_FALSE(r.field("X-Bad"));
    CHECK_FALSE(r.field("X-More"));
    CHECK_FALSE(r.field("Transfer-Encoding"));
    CHECK(r.field("Connection") == "close");
    CHECK_THAT(r.body(), Catch::StartsWith("400 "));
    silent = true;
    auto d = b.connect();
    d.send("GARBAGE\r\n\r\n");
    CHECK(d.over());
    CHECK(d.got.empty());
    // of several requests it sees the one that is refused
    silent = false;
    auto e = b.connect();
    e.send(get("/first", "Authorization: Bearer secret\r\n") + "POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\nabc");
    CHECK(e.response().status() == 200);
    CHECK(e.response().status() == 404);
    CHECK_THAT(seen, Catch::StartsWith("POST /second") && Catch::EndsWith("abc"));
}

TEST_CASE("listeners hear of the end, in every way it can come", "[h1_end]") {
    notes n;
    bench b;
    exchange* held = nullptr;
    b.handle = [&](exchange& x) {
        x.listen(&n);
        if (x.head().target() == "/now") return x.respond(200, {}, {}, "now");
        x.retain();
        held = &x;
    };
    const auto answer = [&] {
        b.l.callback([&] {
            held->respond(200, {}, {}, "later");
            held->release();
        });
        b.turn();
    };
    SECTION("answered within the handler") {
        auto c = b.connect();
        c.send(get("/now"));
        CHECK(n.log == "finish destroy ");
    }
    SECTION("nobody cares about the send") {
        n.wants = false;
        auto c = b.connect();
        c.send(get("/now"));
        CHECK(n.log == "destroy ");
    }
    SECTION("answered later") {
        auto c = b.connect();
        c.send(get("/later"));
        CHECK(n.log.empty());
        answer();
        CHECK(n.log == "finish destroy ");
    }
    SECTION("the client leaves") {
        auto c = b.connect();
        c.send(get("/later"));
        c.close();
        CHECK(n.log == "close3 ");
        CHECK(held->scope().reason() == cancel_reason::disconnected);
        CHECK(held->ended());
        CHECK(b.engine->connections() == 0);
        answer(); // goes nowhere
        CHECK(n.log == disconnected);
    }
    SECTION("the client breaks the connection") {
        auto c = b.connect();
        c.send(get("/later"));
        c.reset();
        answer();
        CHECK(n.log == disconnected);
    }
    SECTION("the client leaves while its answer is on the way") {
        auto c = b.connect({.capacity = 10});
        c.pause(true);
        c.drip(get("/later"));
        REQUIRE(held);
        answer();
        CHECK(n.log.empty());
        c.reset();
        CHECK(n.log == disconnected);
    }
    SECTION("the server ends") {
        auto c = b.connect();
        c.send(get("/later"));
        b.engine.reset();
        CHECK(n.log == "close4 ");
        held->release();
        CHECK(n.log == shut_down);
    }
    SECTION("the handler aborts") {
        auto c = b.connect();
        c.send(get("/later"));
        b.l.callback([&] {
            held->abort();
            held->release();
        });
        b.turn();
        CHECK(c.broken);
        CHECK(n.log == "close1 destroy ");
    }
}

TEST_CASE("a request keeps its octets until its answer has left, whatever becomes of the connection", "[h1_end]") {
    struct : exchange::listener {
        void on_finish() noexcept override { noted += of->head().target(); }
        void on_destroy() noexcept override { noted += of->head().get("x-id"); }
        exchange* of = nullptr;
        std::string noted;
    } n;
    bench b;
    b.handle = [&](exchange& x) {
        if (x.head().target() != "/first") return x.respond(200, {}, {}, "ok");
        n.of = &x;
        x.listen(&n);
        x.respond(200, {}, {}, std::string(20'000, 'l'));
    };
    auto c = b.connect({.capacity = 1000});
    c.pause(true);
    c.send(get("/first", "X-Id: one\r\n") + "POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n");
    for (int i = 0; i < 3; ++i) { // others whose octets would lie there
        auto other = b.connect();
        CHECK(other.send(get("/other", "A: " + std::string(12'000, 'x') + "\r\n")).response().status() == 200);
    }
    CHECK(n.noted.empty());
    c.pause(false);
    CHECK(c.response().body().size() == 20'000);
    CHECK(c.response().status() == 413);
    CHECK(n.noted == "/firstone");
    CHECK(c.over());
}

TEST_CASE("a client that has ended its side gets what is answered without waiting", "[h1_end]") {
    bench b;
    auto c = b.connect();
    c.put(get("/1") + post("/2", "x"));
    c.end();
    CHECK(c.response().body() == "GET /1");
    CHECK(c.response().body() == "POST /2");
    CHECK(c.ended);
    CHECK(b.engine->connections() == 0);
}

TEST_CASE("a client that has ended its side cancels what waits, unless half_open", "[h1_end]") {
    for (const bool half_open : {false, true}) {
        CAPTURE(half_open);
        bench b({.half_open = half_open});
        exchange* held = nullptr;
        b.handle = [&](exchange& x) {
            x.retain();
            held = &x;
        };
        auto c = b.connect();
        c.put(get("/"));
        c.end();
        REQUIRE(held);
        CHECK(held->scope().is_cancelled() != half_open);
        b.l.callback([&] {
            held->respond(200, {}, {}, "late");
            held->release();
        });
        b.turn();
        if (half_open) CHECK(c.response().body() == "late");
        else CHECK(c.got.empty());
        CHECK(c.over());
        CHECK(b.engine->connections() == 0);
    }
}

TEST_CASE("a client that has gone cancels what waits, though nobody has read its body", "[h1_end]") {
    bench b;
    exchange* held = nullptr;
    b.handle = [&](exchange& x) {
        x.retain();
        held = &x;
    };
    auto c = b.connect();
    c.put(post("/", std::string(100'000, 'x')));
    b.turn();
    REQUIRE(held);
    CHECK_FALSE(held->scope().is_cancelled());
    c.end();
    CHECK(held->scope().is_cancelled());
    held->release();
    b.turn();
    CHECK(b.engine->connections() == 0);
}

TEST_CASE("a request that ends in the middle is refused", "[h1_end]") {
    bench b;
    b.handle = [](exchange& x) {
        x.read_all(1000, [&x](std::error_code ec, std::string) { x.respond(ec ? 400 : 200, {}, {}, ec.message()); });
    };
    auto cut = post("/", "hello");
    cut.resize(cut.size() - 2);
    for (const auto& request : {get("/").substr(0, 20), cut, chunked("/", "3\r\nab")}) {
        CAPTURE(request);
        auto c = b.connect();
        c.put(request);
        c.end();
        const auto r = c.response();
        CHECK(r.status() == 400);
        CHECK_THAT(r.body(), Catch::Contains("not complete"));
        CHECK(c.ended);
        CHECK(b.engine->connections() == 0);
    }
}

TEST_CASE("handlers may close the connections of others", "[h1_end]") {
    bench b;
    std::vector<exchange*> held;
    b.handle = [&](exchange& x) {
        if (x.head().target() == "/hold") {
            x.retain();
            held.push_back(&x);
            return;
        }
        for (auto* other : std::exchange(held, {})) {
            other->abort();
            other->release();
        }
        x.respond(200, {}, {}, "done");
    };
    auto c1 = b.connect(), c2 = b.connect(), c3 = b.connect();
    c1.put(get("/hold"));
    c2.put(get("/hold"));
    b.turn();
    c1.put("x");
    c3.put(get("/end"));
    c2.put("x");
    b.turn();
    CHECK(c1.over());
    CHECK(c2.over());
    CHECK(c3.response().body() == "done");
    CHECK(b.engine->connections() == 1);
}
