// h1_connection: requests in any pieces, answers in order, and connections that end as they should.
// SPDX-License-Identifier: MIT
#include "peer.hpp"

#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

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

} // namespace

TEST_CASE("a request is answered and the connection goes on", "[h1_connection]") {
    bench b;
    auto c = b.connect();
    for (int i = 0; i < 3; ++i) {
        const auto r = c.send(get("/a")).response();
        CHECK(r.status() == 200);
        CHECK(r.body() == "GET /a");
        CHECK(r.field("Content-Length") == "6");
        CHECK(r.field("Date"));
        CHECK_FALSE(r.field("Connection"));
        CHECK_FALSE(c.over());
    }
    CHECK(c.got.empty());
    CHECK(b.engine->connections() == 1);
}

TEST_CASE("every division of the octets gives the same answers", "[h1_connection]") {
    const auto all = get("/1") + post("/2", "hello") + chunked("/3", "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n") + "\r\n" + get("/4", "A: b\r\n");
    bench b;
    b.handle = [](exchange& x) {
        x.read_all(100, [&x](std::error_code ec, std::string body) {
            x.respond(ec ? 400 : 200, {}, {}, std::string(x.head().target()) + "=" + body);
        });
    };
    const auto expect = [&](client& c) {
        std::string bodies;
        for (int i = 0; i < 4; ++i) bodies += c.response().body() + " ";
        CHECK(bodies == "/1= /2=hello /3=abcde /4= ");
        CHECK(c.got.empty());
        CHECK_FALSE(c.over());
    };
    {
        auto c = b.connect();
        c.send(all);
        expect(c);
    }
    {
        auto c = b.connect();
        c.drip(all);
        expect(c);
    }
    for (std::size_t i = 1; i < all.size(); ++i) {
        auto c = b.connect();
        c.send(all.substr(0, i)).send(all.substr(i));
        expect(c);
    }
    for (const std::size_t segment : {2u, 3u, 7u, 50u}) {
        auto c = b.connect({.segment = segment});
        c.send(all);
        b.turn();
        b.turn();
        b.turn();
        expect(c);
    }
}

TEST_CASE("pipelined requests are answered in order", "[h1_connection]") {
    bench b;
    auto c = b.connect();
    std::string all;
    for (int i = 0; i < 16; ++i) all += get("/" + std::to_string(i));
    c.put(all);
    b.turn();
    CHECK(b.requests == 16);
    for (int i = 0; i < 16; ++i) CHECK(c.response().body() == "GET /" + std::to_string(i));
}

TEST_CASE("a request waits until the one before it has been answered", "[h1_connection]") {
    bench b;
    std::deque<exchange*> held;
    b.handle = [&](exchange& x) {
        x.retain();
        held.push_back(&x);
    };
    auto c = b.connect();
    c.send(get("/1") + get("/2") + get("/3"));
    for (const auto* body : {"one", "two", "three"}) {
        REQUIRE(held.size() == 1);
        CHECK(c.got.empty());
        auto& x = *held.front();
        held.pop_front();
        b.l.callback([&] {
            x.respond(200, {}, {}, body);
            CHECK(held.empty()); // the next one never starts on top of this
            x.release();
            CHECK(held.empty());
        });
        b.turn();
        CHECK(c.response().body() == body);
    }
    CHECK(held.empty());
}

TEST_CASE("what is written in one callback leaves at once", "[h1_connection]") {
    bench b;
    exchange* held = nullptr;
    b.handle = [&](exchange& x) {
        x.retain();
        held = &x;
    };
    auto c = b.connect({.segment = 0});
    c.send(get("/"));
    b.l.callback([&] {
        held->begin(200, {}, {}, std::nullopt);
        held->write_now("a");
        held->write_now("b");
        held->end();
        CHECK(c.stream->available() == 0);
        held->release();
    });
    CHECK(c.stream->available() != 0);
    b.turn();
    CHECK(c.response().body() == "ab");
}

TEST_CASE("HTTP/1.0 and Connection decide whether the connection goes on", "[h1_connection]") {
    bench b;
    const auto ask = [&](std::string_view request) {
        auto c = b.connect();
        c.send(request);
        const auto r = c.response();
        CHECK(r.status() == 200);
        return std::string(r.field("Connection").value_or("none")) + (c.over() ? " closed" : " open");
    };
    CHECK(ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n") == "none open");
    CHECK(ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") == "close closed");
    CHECK(ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, CLOSE\r\n\r\n") == "close closed");
    CHECK(ask("GET / HTTP/1.0\r\n\r\n") == "close closed");
    CHECK(ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == "keep-alive open");
    CHECK(ask("GET http://other/x HTTP/1.1\r\nHost: h\r\n\r\n") == "none open");
}

TEST_CASE("nothing behind a closing answer is taken for a request", "[h1_connection]") {
    bench b;
    auto c = b.connect();
    c.send(get("/1", "Connection: close\r\n") + get("/2"));
    CHECK(b.requests == 1);
    CHECK(c.response().body() == "GET /1");
    CHECK(c.got.empty());
    c.send(get("/3"));
    CHECK(b.requests == 1);
    CHECK(b.engine->connections() == 1); // it lingers, so that the client can read the answer
    c.end();
    CHECK(b.engine->connections() == 0);
}

TEST_CASE("a refused HEAD gets no body, wherever the octets are cut", "[h1_connection]") {
    for (const std::string rest : {" / HTTP/1.1\r\n\r\n", " / HTTP/1.1\r\nHost: h\r\nA b\r\n", " / HTTP/2.0\r\n", " # HTTP/1.1\r\n",
                                   " / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n"})
        for (const std::size_t cut : {std::size_t{0}, std::size_t{5}, rest.size()}) {
            CAPTURE(rest, cut);
            bench b;
            auto c = b.connect();
            const auto request = "HEAD" + rest;
            if (cut != 0) c.send(request.substr(0, cut));
            c.send(request.substr(cut));
            const auto r = c.response(http::response_parser::to::head);
            CHECK(r.status() >= 400);
            CHECK_FALSE(r.field("Content-Length")); // so that the end of the connection is the end of the answer in any case
            CHECK(c.got.empty());
            CHECK(c.ended);
        }
}

TEST_CASE("HEAD, 204 and 304 have no body", "[h1_connection]") {
    bench b;
    b.handle = [](exchange& x) {
        const int status = x.head().target() == "/204" ? 204 : x.head().target() == "/304" ? 304 : 200;
        x.respond(status, {}, {}, "body");
    };
    auto c = b.connect();
    c.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + get("/204") + get("/304") + get("/"));
    const auto head = c.response(http::response_parser::to::head);
    CHECK(head.field("Content-Length") == "4");
    CHECK(head.body().empty());
    for (const int status : {204, 304}) {
        const auto r = c.response();
        CHECK(r.status() == status);
        CHECK_FALSE(r.field("Content-Length"));
        CHECK(r.body().empty());
    }
    CHECK(c.response().body() == "body");
}

TEST_CASE("a handler that throws is answered 500 and reported", "[h1_connection]") {
    bench b;
    b.handle = [](exchange& x) {
        if (x.head().target() == "/late") x.begin(200, {}, {}, std::nullopt);
        throw std::runtime_error("oops");
    };
    {
        auto c = b.connect();
        const auto r = c.send(get("/")).response();
        CHECK(r.status() == 500);
        CHECK(c.ended);
        CHECK_THAT(r.body(), !Catch::Contains("oops"));
    }
    {
        auto c = b.connect();
        c.send(get("/late"));
        CHECK(c.broken); // the client must not take it for whole
    }
    CHECK(b.errors.size() == 2);
}

TEST_CASE("a handler that neither answers nor holds the exchange is answered 500", "[h1_connection]") {
    bench b;
    b.handle = [](exchange&) {};
    auto c = b.connect();
    CHECK(c.send(get("/")).response().status() == 500);
    CHECK(c.ended);
}

TEST_CASE("work that goes on behind the answer keeps its request, and the connection goes on", "[h1_connection]") {
    bench b;
    notes n;
    exchange* held = nullptr;
    b.handle = [&](exchange& x) {
        if (x.head().target() != "/slow") return x.respond(200, {}, {}, "fast");
        x.listen(&n);
        x.retain();
        held = &x;
        x.respond(200, {}, {}, "slow");
    };
    auto c = b.connect();
    c.send(get("/slow", "A: something to look at\r\n") + get("/1"));
    CHECK(c.response().body() == "slow");
    CHECK(c.response().body() == "fast");
    c.send(get("/2"));
    CHECK(c.response().body() == "fast");
    CHECK(n.log == "finish ");
    c.close(); // what was answered is not cancelled
    CHECK(b.engine->connections() == 0);
    CHECK_FALSE(held->scope().is_cancelled());
    CHECK(held->head().target() == "/slow");
    CHECK(held->head().get("a") == "something to look at");
    held->release();
    CHECK(n.log == "finish destroy ");
}

TEST_CASE("many requests whose work goes on behind their answers share the room that they came in", "[h1_connection]") {
    bench b;
    std::vector<exchange*> held;
    b.handle = [&](exchange& x) {
        x.retain();
        held.push_back(&x);
        x.respond(200, {}, {}, x.head().target());
    };
    auto c = b.connect();
    std::string all;
    constexpr int count = 1500;
    for (int i = 0; i < count; ++i) all += get("/" + std::to_string(i));
    c.put(all);
    for (int i = 0; i < 30; ++i) b.turn();
    REQUIRE(held.size() == count);
    const auto base_of = [&](int i) { return held[static_cast<std::size_t>(i)]->head().base(); };
    std::size_t rooms = 1;
    for (int i = 1; i < count; ++i) rooms += std::abs(base_of(i) - base_of(i - 1)) > 1000;
    CHECK(rooms <= 4); // of 16 KiB, for 42 KiB of requests
    for (int i = 0; i < count; ++i) {
        CHECK(c.response().body() == "/" + std::to_string(i));
        CHECK(held[static_cast<std::size_t>(i)]->head().target() == "/" + std::to_string(i));
    }
    c.close();
    for (auto* x : held) x->release();
}

TEST_CASE("an empty line behind the last body is no request", "[h1_connection]") {
    for (const auto* line : {"\r\n", "\r"}) {
        bench b;
        auto c = b.connect();
        c.send(post("/", "abc") + line);
        CHECK(c.response().status() == 200);
        c.end();
        CHECK(c.got.empty());
        CHECK(c.over());
        CHECK(b.engine->connections() == 0);
        auto d = b.connect();
        d.put(post("/", "abc") + line); // everything at once
        d.end();
        CHECK(d.response().status() == 200);
        CHECK(d.got.empty());
        CHECK(d.over());
        auto e = b.connect();
        e.send(post("/", "abc") + line).send(std::string("\r\n").substr(std::string_view(line).size()) + get("/"));
        CHECK(e.response().status() == 200);
        CHECK(e.response().status() == 200);
    }
}

TEST_CASE("a client that takes nothing holds its own requests back", "[h1_connection]") {
    limits l;
    l.backlog = 1000;
    bench b({.limit = l});
    b.handle = [](exchange& x) { x.respond(200, {}, {}, std::string(600, 'x')); };
    auto c = b.connect({.capacity = 1000});
    c.pause(true);
    std::string all;
    for (int i = 0; i < 20; ++i) all += get("/");
    c.put(all);
    b.turn();
    CHECK(b.requests < 6);
    c.pause(false);
    for (int i = 0; i < 10; ++i) b.turn();
    CHECK(b.requests == 20);
    while (c.response().done()) {}
    CHECK(c.got.empty());
}

TEST_CASE("many connections at once do not mix", "[h1_connection]") {
    bench b;
    std::vector<std::unique_ptr<client>> all;
    for (int i = 0; i < 300; ++i) {
        auto [far, near] = net::memory_stream::pair(b.l);
        b.engine->serve(std::move(near));
        all.push_back(std::make_unique<client>(b, std::move(far)));
        all.back()->put(get("/" + std::to_string(i)).substr(0, 10));
    }
    b.turn();
    CHECK(b.engine->connections() == 300);
    for (int i = 0; i < 300; ++i) all[static_cast<std::size_t>(i)]->put(get("/" + std::to_string(i)).substr(10));
    b.turn();
    for (int i = 0; i < 300; ++i) CHECK(all[static_cast<std::size_t>(i)]->response().body() == "GET /" + std::to_string(i));
}
