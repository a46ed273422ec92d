// h1_body: how the body of a request comes through the room of its connection.
// SPDX-License-Identifier: MIT
#include <crema/server/h1_body.hpp>

#include "peer.hpp"

#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>

#include <catch2/catch.hpp>
#include <algorithm>
#include <cstdio>
#include <string>

using namespace crema_test;

namespace {

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
    return text;
}

std::string in_chunks(std::string_view text, std::size_t size) {
    std::string all;
    for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
        char head[20];
        std::snprintf(head, sizeof head, "%zx\r\n", std::min(size, text.size()));
        all.append(head).append(text.substr(0, size)).append("\r\n");
    }
    return all + "0\r\n\r\n";
}

// Answers with the body, which it reads piece by piece, and the target, which is looked at afterwards.
task<> echo(exchange& x) {
    std::string body;
    for (;;) {
        const auto piece = co_await x.read();
        if (piece.empty()) break;
        body += piece;
    }
    body += x.head().target();
    x.respond(200, {}, {}, body);
}

task<> hold(exchange& x) {
    struct release {
        exchange& x;
        ~release() { x.release(); }
    } const r{x};
    co_await echo(x);
}

void run_echo(exchange& x) {
    x.retain();
    spawn(hold(x), &x.scope());
}

} // namespace

TEST_CASE("a body of any size comes through, and the head stays where it is", "[h1_body]") {
    bench b;
    b.handle = run_echo;
    for (const std::size_t size : {1u, 100u, 16'000u, 16'384u, 20'000u, 200'000u, 1'000'000u}) {
        const auto text = pattern(size);
        for (const std::size_t segment : {std::size_t{0}, std::size_t{1000}}) {
            if (segment && size > 20'000) continue;
            CAPTURE(size, segment);
            auto c = b.connect({.capacity = 4 << 20, .segment = segment});
            c.put(post("/with-length", text) + chunked("/chunked", in_chunks(text, 5000)) + get("/none"));
            for (int i = 0; i < 5000 && b.l.run_once(); ++i) {}
            CHECK(c.response().body() == text + "/with-length");
            CHECK(c.response().body() == text + "/chunked");
            CHECK(c.response().body() == "/none");
        }
    }
}

TEST_CASE("chunks of one octet, cut anywhere, are the same body", "[h1_body]") {
    bench b;
    b.handle = run_echo;
    const auto text = pattern(40);
    const auto request = chunked("/c", in_chunks(text, 1)) + get("/next");
    auto c = b.connect({.segment = 1});
    c.put(request);
    for (int i = 0; i < 2000 && b.l.run_once(); ++i) {}
    CHECK(c.response().body() == text + "/c");
    CHECK(c.response().body() == "/next");
}

TEST_CASE("a body that says it is too long is refused before any handler sees it", "[h1_body]") {
    limits l;
    l.body = 1000;
    bench b({.limit = l});
    auto c = b.connect();
    const auto r = c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n").response();
    CHECK(r.status() == 413);
    CHECK_THAT(r.body(), Catch::Contains("body is too large"));
    CHECK(b.requests == 0);
    CHECK(c.ended);
}

TEST_CASE("a body that turns out to be too long fails for who reads it", "[h1_body]") {
    limits l;
    l.body = 1000;
    bench b({.limit = l});
    std::error_code error;
    int status = 0;
    b.handle = [&](exchange& x) {
        x.read_all(1 << 20, [&](std::error_code ec, std::string) {
            error = ec;
            status = x.body_status();
            x.respond(status, {}, {}, "mine");
        });
    };
    auto c = b.connect();
    c.send(chunked("/", in_chunks(pattern(1001), 100)) + get("/bad"));
    CHECK(error == error::would_exceed_limit);
    CHECK(status == 413);
    CHECK(c.response().status() == 413);
    CHECK(c.ended);
    CHECK(b.requests == 1);
}

TEST_CASE("a body that ends early refuses the request, and who reads is told", "[h1_body]") {
    bench b;
    std::error_code error;
    b.handle = [&](exchange& x) {
        x.read_all(1 << 20, [&](std::error_code ec, std::string) { error = ec; });
    };
    auto c = b.connect();
    c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    c.end();
    CHECK(error);
    CHECK(c.response().status() == 400);
    CHECK(c.ended);
}
