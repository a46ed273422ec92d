// h1_answer: what stands on the wire around an answer.
// SPDX-License-Identifier: MIT
#include <crema/server/h1_answer.hpp>

#include "peer.hpp"

#include <catch2/catch.hpp>
#include <cctype>
#include <memory>
#include <string>
#include <vector>

using namespace crema_test;

TEST_CASE("an answer has a date, a length, and says when the connection ends", "[h1_answer]") {
    bench b;
    b.handle = [](exchange& x) { x.respond(200, {}, "X-A: b\r\n", "hello"); };
    auto c = b.connect();
    const auto text = c.send(get("/")).take();
    CHECK_THAT(text, Catch::StartsWith("HTTP/1.1 200 OK\r\n") && Catch::EndsWith("\r\n\r\nhello"));
    CHECK_THAT(text, Catch::Contains("\r\nX-A: b\r\n") && Catch::Contains("\r\nContent-Length: 5\r\n") &&
                         Catch::Contains("\r\nDate: ") && Catch::Contains(" GMT\r\n"));
    CHECK_THAT(text, !Catch::Contains("Connection"));
    CHECK_THAT(c.send(get("/", "Connection: close\r\n")).take(), Catch::Contains("\r\nConnection: close\r\n"));
    auto old = b.connect();
    CHECK_THAT(old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").take(), Catch::Contains("\r\nConnection: keep-alive\r\n"));
    CHECK_FALSE(old.over());
}

TEST_CASE("a HEAD whose body is malformed is answered as one that is refused", "[h1_answer]") {
    bench b;
    b.handle = [](exchange& x) {
        x.read_all(100, [&x](std::error_code ec, std::string) { x.respond(ec ? 400 : 200, {}, {}, "body"); });
    };
    for (const bool good : {true, false}) {
        auto c = b.connect();
        c.send("HEAD / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(good ? "" : "+") + "0\r\n\r\n");
        const auto r = c.response(http::response_parser::to::head);
        CHECK(r.status() == (good ? 200 : 400));
        CHECK(r.field("Content-Length").has_value() == good);
        CHECK(c.got.empty());
        CHECK(c.ended == !good);
    }
}

TEST_CASE("an answer has the phrase it is given, or the standard one, or none", "[h1_answer]") {
    bench b;
    int status = 0;
    std::string phrase;
    b.handle = [&](exchange& x) { x.respond(status, phrase, {}, {}); };
    auto c = b.connect();
    const auto line = [&](int s, std::string p) {
        status = s;
        phrase = std::move(p);
        const auto text = c.send(get("/")).take();
        return text.substr(0, text.find("\r\n"));
    };
    CHECK(line(200, "Fine") == "HTTP/1.1 200 Fine");
    CHECK(line(404, "") == "HTTP/1.1 404 Not Found");
    CHECK_THAT(line(799, ""), Catch::StartsWith("HTTP/1.1 799 "));
}

TEST_CASE("a status that is none is an error of the handler", "[h1_answer]") {
    bench b;
    int status = 0;
    b.handle = [&](exchange& x) {
        CHECK_THROWS_AS(x.respond(status, {}, {}, {}), system_error);
        CHECK_THROWS_AS(x.begin(status, {}, {}, {}), system_error);
        CHECK_THROWS_AS(x.informational(status + 500, {}), system_error);
        CHECK_FALSE(x.head_sent());
        x.respond(500, {}, {}, "ours");
    };
    auto c = b.connect();
    for (const int wrong : {-1, 0, 99, 100, 101, 199, 1000}) {
        status = wrong;
        CAPTURE(wrong);
        CHECK(c.send(get("/")).response().body() == "ours");
    }
    b.handle = [](exchange& x) {
        CHECK_THROWS_AS(x.informational(101, {}), system_error); // that is another protocol
        CHECK_THROWS_AS(x.informational(200, {}), system_error);
        x.respond(204, {}, {}, {});
    };
    CHECK(c.send(get("/")).response().status() == 204);
}

TEST_CASE("a large body goes past the buffer, in order with what is before and behind it", "[h1_answer]") {
    bench b;
    std::string large(300'000, '.');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 23);
    b.handle = [&](exchange& x) { x.respond(200, {}, {}, x.head().target() == "/large" ? std::string_view(large) : "small"); };
    for (const std::size_t capacity : {std::size_t{1}, std::size_t{1000}, std::size_t{1 << 20}}) {
        CAPTURE(capacity);
        auto c = b.connect({.capacity = std::max<std::size_t>(capacity, 512)});
        c.put(get("/") + get("/large") + get("/large") + get("/"));
        for (int i = 0; i < 2000 && b.l.run_once(); ++i) {}
        CHECK(c.response().body() == "small");
        CHECK(c.response().body() == large);
        CHECK(c.response().body() == large);
        CHECK(c.response().body() == "small");
    }
}

TEST_CASE("a tunnel that nobody has taken over ends with its answer", "[h1_answer]") {
    bench b;
    b.handle = [](exchange& x) { x.respond(200, {}, {}, "not sent"); };
    auto c = b.connect();
    const auto text = c.send("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n").take();
    CHECK_THAT(text, Catch::Contains("Connection: close") && !Catch::Contains("not sent") && !Catch::Contains("Content-Length"));
    CHECK(c.ended);
}

TEST_CASE("writing without an answer to write to is an error", "[h1_answer]") {
    bench b;
    b.handle = [](exchange& x) {
        CHECK_THROWS_AS(x.write_now("early"), system_error);
        CHECK_THROWS_AS(x.end(), system_error);
        x.begin(200, {}, {}, 4);
        x.write_now("");
        x.write_now("1234");
        x.end();
        CHECK_THROWS_AS(x.write_now("late"), system_error);
        CHECK_THROWS_AS(x.end(), system_error);
    };
    auto c = b.connect();
    CHECK(c.send(get("/")).response().body() == "1234");
    CHECK_FALSE(c.over());
}

namespace {

// What speaks on a connection that was taken over: everything comes back in capitals.
struct shouter final : net::stream_handler {
    explicit shouter(upgraded_stream u) : from(std::move(u.stream)) {
        from->start(*this);
        say(u.unsent);
        shout(u.received);
    }
    void shout(std::string text) {
        for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        say(text);
    }
    void say(std::string_view text) {
        const std::string_view piece[] = {text};
        if (!text.empty()) from->write(piece);
    }
    void on_readable() override {
        char room[100];
        const auto r = from->read(room);
        if (!r.error && r.size != 0) return shout({room, r.size});
        ended = true;
        from->close();
    }
    void on_writable() override {}
    void on_peer_closed() override {}
    void on_broken(std::error_code) override { ended = true; }
    std::unique_ptr<net::stream> from;
    bool ended = false;
};

const std::string ask_for_more = "GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n";

} // namespace

TEST_CASE("a connection is taken over by another protocol, with what came behind the request", "[h1_answer]") {
    bench b;
    std::unique_ptr<shouter> taken;
    exchange* later = nullptr;
    b.handle = [&](exchange& x) {
        if (x.head().target() == "/") return x.respond(200, {}, {}, "plain");
        if (x.head().target() == "/later") {
            x.retain();
            later = &x;
            return;
        }
        taken = std::make_unique<shouter>(x.upgrade(101, "Upgrade: shout\r\n"));
        CHECK(x.ended());
        CHECK_THROWS_AS((x.respond(200, {}, {}, {}), throw 1), int); // goes nowhere
        CHECK_FALSE(x.scope().is_cancelled());
    };
    auto c = b.connect();
    SECTION("in the handler") {
        c.send(get("/") + ask_for_more + "first ");
        CHECK(c.response().body() == "plain");
    }
    SECTION("later") {
        c.send(get("/later", "Connection: Upgrade\r\n") + "first ");
        REQUIRE(later);
        b.l.callback([&] {
            taken = std::make_unique<shouter>(later->upgrade(101, "Upgrade: shout\r\n"));
            later->release();
        });
        b.turn();
    }
    CHECK(b.engine->connections() == 0); // not the server's any more
    c.send("second");
    const auto text = c.take();
    CHECK_THAT(text, Catch::StartsWith("HTTP/1.1 101 Switching Protocols\r\n") && Catch::Contains("\r\nConnection: Upgrade\r\nUpgrade: shout\r\n"));
    CHECK_THAT(text, Catch::EndsWith("\r\n\r\nFIRST SECOND") && !Catch::Contains("Content-Length"));
    b.advance(100s); // no deadline of the server's
    CHECK_FALSE(taken->ended);
    c.close();
    CHECK(taken->ended);
}

TEST_CASE("CONNECT becomes a tunnel", "[h1_answer]") {
    bench b;
    std::unique_ptr<shouter> taken;
    b.handle = [&](exchange& x) { taken = std::make_unique<shouter>(x.upgrade(200, {})); };
    auto c = b.connect();
    c.send("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\nhello");
    CHECK_THAT(c.take(), Catch::StartsWith("HTTP/1.1 200 OK\r\n") && Catch::EndsWith("\r\n\r\nHELLO"));
}

TEST_CASE("what cannot be taken over is an error, and can still be answered", "[h1_answer]") {
    bench b;
    b.handle = [&](exchange& x) {
        CHECK_THROWS_AS(x.upgrade(200, {}), system_error);
        if (x.has_body()) CHECK_THROWS_AS(x.upgrade(101, {}), system_error);
        x.respond(400, {}, {}, "no");
        CHECK_THROWS_AS(x.upgrade(101, {}), system_error);
    };
    auto c = b.connect();
    CHECK(c.send(get("/")).response().body() == "no");
    CHECK(c.send(post("/", "body")).response().body() == "no");
    exchange* held = nullptr;
    b.handle = [&](exchange& x) {
        x.retain();
        held = &x;
    };
    c.send(ask_for_more);
    c.reset();
    CHECK_FALSE(held->upgrade(101, {}).stream); // the client has left
    held->release();
}
