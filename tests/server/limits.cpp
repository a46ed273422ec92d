// limits: every deadline and every bound, on a clock that the test moves.
// SPDX-License-Identifier: MIT
#include <crema/server/limits.hpp>

#include "peer.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <string>

using namespace crema_test;

namespace {

// Moves a client that sends its octets one by one, with time between them.
void drip_slowly(bench& b, client& c, std::string_view octets, std::chrono::milliseconds between) {
    for (const char o : octets) {
        if (c.over()) return;
        c.send({&o, 1});
        b.advance(between);
    }
}

} // namespace

TEST_CASE("limits print as a table", "[limits]") {
    limits l;
    l.connections = 0; // nobody
    l.requests_per_connection = 0; // as many as they like
    const auto text = to_string(l);
    CHECK_THAT(text, Catch::Contains("header deadline           10000 ms\n"));
    CHECK_THAT(text, Catch::Contains("\nconnections               0\n"));
    CHECK_THAT(text, Catch::Contains("\nrequests per connection   none\n"));
    CHECK(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == 17);
}

TEST_CASE("as many header fields as a head can count are the most", "[limits]") {
    limits l;
    l.header_count = 1'000'000;
    l.header_bytes = 1 << 20;
    l.idle = l.header_deadline = 1h;
    bench b({.limit = l});
    std::string fields;
    for (int i = 0; i < 65'534; ++i) fields += "a:5\r\n";
    auto c = b.connect({.capacity = 1 << 20});
    CHECK(c.send(get("/", fields)).response().status() == 200); // with Host
    CHECK(c.send(get("/", fields + "a:5\r\n")).response().status() == 431);
}

TEST_CASE("a client that sends many requests at once leaves the others their turn", "[limits]") {
    limits l;
    l.pipeline_depth = 10;
    for (const bool later : {false, true}) {
        bench b({.limit = l});
        std::string order;
        std::deque<exchange*> held;
        b.handle = [&](exchange& x) {
            order += x.head().target().back();
            if (!later) return x.respond(200, {}, {}, "ok");
            x.retain();
            held.push_back(&x);
        };
        auto greedy = b.connect(), modest = b.connect();
        std::string many;
        for (int i = 0; i < 35; ++i) many += get("/g");
        greedy.put(many);
        modest.put(get("/m"));
        for (int i = 0; later && i < 40; ++i) {
            b.turn();
            b.l.callback([&] {
                while (!held.empty()) {
                    auto& x = *held.front();
                    held.pop_front();
                    x.respond(200, {}, {}, "ok");
                    x.release();
                }
            });
        }
        b.turn();
        CHECK(order.size() == 36);
        CHECK(order.find('m') <= 10);
        for (int i = 0; i < 35; ++i) CHECK(greedy.response().status() == 200);
        CHECK(modest.response().status() == 200);
        if (!later) CHECK(greedy.send(get("/g")).response().status() == 200);
        CHECK(b.errors.empty());
    }
}

TEST_CASE("a connection on which nothing happens is closed", "[limits]") {
    bench b;
    auto fresh = b.connect();
    b.advance(30s);
    auto used = b.connect();
    CHECK(used.send(get("/")).response().status() == 200);
    b.advance(31s);
    CHECK(fresh.over());
    CHECK_FALSE(used.over());
    CHECK(used.send(get("/")).response().status() == 200); // begins anew
    b.advance(59s);
    CHECK_FALSE(used.over());
    b.advance(2s);
    CHECK(used.over());
    CHECK(used.got.empty()); // nobody asked anything
    CHECK(b.engine->connections() == 0);
}

TEST_CASE("a header has a deadline from its first octet, however it drips", "[limits]") {
    bench b;
    SECTION("it stops") {
        auto c = b.connect();
        c.send("GET / HTTP/1.1\r\n");
        b.advance(9s);
        CHECK_FALSE(c.over());
        b.advance(2s);
        const auto r = c.response();
        CHECK(r.status() == 408);
        CHECK(r.field("Connection") == "close");
        CHECK_THAT(r.body(), Catch::Contains("header"));
        CHECK(c.ended);
    }
    SECTION("it drips") {
        auto c = b.connect();
        drip_slowly(b, c, get("/", "A: " + std::string(100, 'x') + "\r\n"), 500ms);
        CHECK(c.response().status() == 408);
        CHECK(b.requests == 0);
    }
    SECTION("empty lines do not help") {
        auto c = b.connect();
        c.send("\r\n");
        b.advance(59s);
        CHECK_FALSE(c.over());
        b.advance(2s);
        CHECK(c.over());
        CHECK(c.got.empty()); // nobody asked anything
        auto used = b.connect();
        used.send(get("/") + "\r\n");
        CHECK(used.response().status() == 200);
        b.advance(30s);
        used.send("GET /y HTTP/1.1\r\n"); // its time begins here
        b.advance(9s);
        CHECK(used.send("Host: h\r\n\r\n").response().status() == 200);
        used.send("\r\n");
        b.advance(30s);
        used.send("G");
        b.advance(11s);
        CHECK(used.response().status() == 408);
    }
    SECTION("the second request has its own") {
        auto c = b.connect();
        c.send(get("/"));
        b.advance(8s);
        c.send("GET ");
        b.advance(8s);
        CHECK(c.response().status() == 200);
        CHECK_FALSE(c.over());
        CHECK(c.send("/x HTTP/1.1\r\nHost: h\r\n\r\n").response().status() == 200);
    }
}

TEST_CASE("a body has to come at a rate", "[limits]") {
    bench b;
    std::string log;
    b.handle = [&](exchange& x) {
        x.read_all(1 << 20, [&](std::error_code ec, std::string) {
            log += ec ? ec.message() + " " : "read ";
            x.respond(200, {}, {}, "ok");
        });
    };
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n";
    SECTION("it stops") {
        auto c = b.connect();
        c.send(head + "some");
        b.advance(4s);
        CHECK_FALSE(c.over());
        b.advance(8s);
        const auto r = c.response();
        CHECK(r.status() == 408);
        CHECK_THAT(r.body(), Catch::Contains("too slowly"));
        CHECK(log == "operation cancelled ");
    }
    SECTION("it drips") {
        auto c = b.connect();
        c.send(head);
        drip_slowly(b, c, std::string(60, 'x'), 500ms);
        CHECK(c.response().status() == 408);
    }
    SECTION("it begins fast and then stops") {
        auto c = b.connect();
        c.send(head + std::string(15'000, 'x'));
        b.advance(20s); // it has been faster than it had to be, and may rest for a while
        CHECK_FALSE(c.over());
        SECTION("for good") {
            b.advance(20s);
            CHECK(c.response().status() == 408);
        }
        SECTION("for a moment") {
            c.send(std::string(5'000, 'x'));
            CHECK(c.response().status() == 200);
        }
    }
    SECTION("it is slow, but not too slow") {
        auto c = b.connect();
        c.send(head);
        for (int i = 0; i < 50; ++i) {
            c.send(std::string(400, 'x'));
            b.advance(1s);
        }
        CHECK(log == "read ");
        CHECK(c.response().status() == 200);
    }
    SECTION("nobody reads it: that is not the client's fault") {
        exchange* held = nullptr;
        b.handle = [&](exchange& x) {
            x.retain();
            held = &x;
        };
        auto c = b.connect();
        c.send(head + "some");
        b.advance(100s);
        CHECK_FALSE(c.over());
        held->respond(200, {}, {}, "ok");
        held->release();
    }
    SECTION("it is not wanted any more") {
        b.handle = {};
        auto c = b.connect();
        c.send(head + "some");
        CHECK(c.response().status() == 200);
        b.advance(15s);
        CHECK(c.over());
        CHECK(b.engine->connections() == 0);
    }
}

TEST_CASE("who takes its answers slowly enough has time for the body that nobody reads meanwhile", "[limits]") {
    bench b;
    struct : exchange::listener {} wants_to_know;
    const std::string large(100'000, 'l');
    b.handle = [&](exchange& x) {
        if (!x.has_body()) {
            x.listen(&wants_to_know);
            return x.respond(200, {}, {}, large);
        }
        x.read_all(1 << 20, [&x](std::error_code ec, std::string body) { x.respond(200, {}, {}, ec ? ec.message() : std::to_string(body.size())); });
    };
    auto c = b.connect({.capacity = 8000});
    c.pause(true);
    c.put(get("/") + "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n" + std::string(5000, 'b'));
    b.turn();
    std::size_t left = 45'000;
    for (int i = 0; i < 60; ++i) { // 4 000 octets a second, both ways
        b.advance(500ms);
        char room[2000];
        if (const auto r = c.stream->read(room); !r.error) c.got.append(room, r.size);
        const auto n = std::min<std::size_t>(left, 2000);
        const std::string body(n, 'b');
        const std::string_view piece[] = {body};
        left -= c.stream->write(piece).size;
    }
    c.pause(false);
    while (left != 0 && !c.over()) {
        const std::string body(std::min<std::size_t>(left, 2000), 'b');
        const std::string_view piece[] = {body};
        left -= c.stream->write(piece).size;
        b.turn();
    }
    CHECK(c.response().body() == large);
    CHECK(c.response().body() == "50000");
    CHECK_FALSE(c.over());
}

TEST_CASE("a head of which nobody reads the rest is not late", "[limits]") {
    bench b;
    struct : exchange::listener {} wants_to_know;
    b.handle = [&](exchange& x) {
        if (x.head().target() == "/next") return x.respond(200, {}, {}, "next");
        x.listen(&wants_to_know);
        x.respond(200, {}, {}, std::string(100'000, 'l'));
    };
    auto c = b.connect({.capacity = 4000});
    c.pause(true);
    c.send(get("/") + get("/next").substr(0, 10));
    c.put(get("/next").substr(10));
    for (int i = 0; i < 40; ++i) { // 20 seconds, 2 000 octets in each
        b.advance(500ms);
        char room[1000];
        if (const auto r = c.stream->read(room); !r.error) c.got.append(room, r.size);
    }
    c.pause(false);
    for (int i = 0; i < 5; ++i) b.turn();
    CHECK(c.response().body().size() == 100'000);
    CHECK(c.response().body() == "next");
}

TEST_CASE("an answer has to be taken at a rate", "[limits]") {
    bench b;
    b.handle = [&](exchange& x) { x.respond(200, {}, {}, std::string(200'000, 'x')); };
    SECTION("the client stops reading") {
        auto c = b.connect({.capacity = 1000});
        c.pause(true);
        c.send(get("/"));
        b.advance(4s);
        CHECK(b.engine->connections() == 1);
        b.advance(8s);
        CHECK(b.engine->connections() == 0);
        c.pause(false);
        CHECK(c.broken);
    }
    SECTION("it stops after it has taken a lot") {
        auto c = b.connect({.capacity = 20'000});
        c.pause(true);
        c.send(get("/"));
        for (int i = 0; i < 5; ++i) {
            char some[20'000];
            c.stream->read(some);
            b.advance(100ms);
        }
        b.advance(20s);
        CHECK(b.engine->connections() == 1);
        SECTION("and goes on") {
            c.pause(false);
            b.advance(1s);
            CHECK(c.got.ends_with("xxx"));
            CHECK(b.engine->connections() == 1);
        }
        SECTION("for good") {
            b.advance(20s);
            CHECK(b.engine->connections() == 0);
        }
    }
    SECTION("what the system has taken in its stead does not count") {
        auto c = b.connect({.capacity = 150'000});
        c.pause(true);
        c.send(get("/"));
        b.advance(12s);
        CHECK(b.engine->connections() == 0);
    }
    SECTION("it reads one octet now and then") {
        auto c = b.connect({.capacity = 1000});
        c.pause(true);
        c.send(get("/"));
        for (int i = 0; i < 30 && b.engine->connections() == 1; ++i) {
            char one[100];
            c.stream->read(one);
            b.advance(1s);
        }
        CHECK(b.engine->connections() == 0);
    }
    SECTION("it reads slowly, but not too slowly") {
        auto c = b.connect({.capacity = 1000});
        c.pause(true);
        c.send(get("/"));
        for (int i = 0; i < 100; ++i) {
            char some[600];
            CHECK(c.stream->read(some).size > 0);
            b.advance(1s);
        }
        CHECK(b.engine->connections() == 1);
    }
}

TEST_CASE("a refused client has some time to read why", "[limits]") {
    bench b;
    auto c = b.connect();
    c.send("GARBAGE\r\n\r\n");
    CHECK(c.response().status() == 400);
    CHECK(b.engine->connections() == 1);
    for (int i = 0; i < 10 && b.engine->connections() == 1; ++i) {
        c.send(std::string(1000, 'x')); // does not prolong it
        b.advance(500ms);
    }
    CHECK(b.engine->connections() == 0);
}

TEST_CASE("a connection serves so many requests", "[limits]") {
    limits l;
    l.requests_per_connection = 3;
    bench b({.limit = l});
    auto c = b.connect();
    for (int i = 0; i < 2; ++i) CHECK_FALSE(c.send(get("/")).response().field("Connection"));
    CHECK(c.send(get("/") + get("/4")).response().field("Connection") == "close");
    CHECK(c.ended);
    CHECK(b.requests == 3);
}

TEST_CASE("short deadlines are looked at more often", "[limits]") {
    limits l;
    l.idle = 200ms;
    bench b({.limit = l});
    auto c = b.connect();
    b.advance(125ms);
    CHECK_FALSE(c.over());
    b.advance(250ms);
    CHECK(c.over());
}

TEST_CASE("when the loop was blocked, octets that came meanwhile count", "[limits]") {
    bench b;
    auto c = b.connect();
    c.send("GET / HTTP/1.1\r\n");
    b.clock.advance(20s); // all of it at once
    c.put("Host: h\r\n\r\n");
    b.turn();
    CHECK(c.response().status() == 200);
    b.clock.advance(20s);
    c.put("GET ");
    b.turn();
    CHECK_FALSE(c.over());
}

// Two thousand of each kind of slow client at once.
TEST_CASE("slow clients by the thousand are cut, and an honest one is served all the time", "[limits]") {
    bench b;
    const std::string large(100'000, 'x');
    b.handle = [&](exchange& x) {
        if (x.has_body()) return x.read_all(1 << 20, [&x](std::error_code, std::string) { x.respond(200, {}, {}, "read"); });
        x.respond(200, {}, {}, x.head().target() == "/large" ? std::string_view(large) : "ok");
    };
    std::deque<client> slow;
    const auto add = [&](const net::memory_stream_options& o = {}) -> client& {
        auto [far, near] = net::memory_stream::pair(b.l, o);
        b.engine->serve(std::move(near));
        return slow.emplace_back(b, std::move(far));
    };
    constexpr int each = 2000;
    for (int i = 0; i < each; ++i) add().put("GET / HTTP/1.1\r\nHost: h\r\nX-A: ");
    for (int i = 0; i < each; ++i) add().put("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < each; ++i) {
        auto& c = add({.capacity = 1000});
        c.stream->want(false, false); // reads nothing
        c.put(get("/large"));
    }
    for (int i = 0; i < each; ++i) add(); // says nothing at all
    b.turn();
    CHECK(b.engine->connections() == 4 * each);
    auto honest = b.connect();
    int served = 0;
    for (int second = 1; second <= 20; ++second) {
        for (auto& c : slow)
            if (!c.over()) c.put("x");
        b.advance(1s);
        served += honest.send(get("/")).response().status() == 200;
        if (second == 9) CHECK(b.engine->connections() == 2 * each + 1); // slow bodies and slow readers are gone
        if (second == 15) CHECK(b.engine->connections() == 1);           // slow headers, too
    }
    CHECK(served == 20);
    CHECK(b.engine->connections() == 1);
}
