// exchange: bodies in pieces, streamed answers, and what happens when either goes wrong.
// SPDX-License-Identifier: MIT
#include <crema/server/exchange.hpp>

#include "peer.hpp"

#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <utility>

using namespace crema_test;
constexpr auto head_only = http::response_parser::to::head;

namespace {

// Runs a coroutine for each request; keeps the exchange until it has ended. Notes how it ended.
struct coroutine {
    task<> (*run)(exchange&, std::string&);
    std::string log{};
    void operator()(exchange& x) {
        x.retain();
        spawn(start(x, *this), &x.scope());
    }
    static task<> start(exchange& x, coroutine& self) {
        struct hold {
            exchange& x;
            ~hold() { x.release(); }
        } const held{x};
        try {
            co_await self.run(x, self.log);
            self.log += "end ";
        } catch (const cancelled& e) {
            self.log += "cancelled" + std::to_string(static_cast<int>(e.reason())) + " ";
        } catch (const std::exception& e) {
            self.log += "[" + std::string(e.what()) + "] ";
        }
    }
};

task<> echo_pieces(exchange& x, std::string& log) {
    std::string body;
    for (;;) {
        const auto piece = co_await x.read();
        if (piece.empty()) break;
        log += std::to_string(piece.size()) + " ";
        body += piece;
    }
    x.respond(200, {}, {}, body);
}

} // namespace

TEST_CASE("a body is read piece by piece as it comes", "[exchange]") {
    bench b;
    coroutine f{&echo_pieces};
    b.handle = std::ref(f);
    auto c = b.connect();
    const auto all = post("/", "0123456789");
    c.send(all.substr(0, all.size() - 7)).send("345").send("6789");
    CHECK(f.log == "3 3 4 end ");
    CHECK(c.response().body() == "0123456789");
    f.log.clear();
    c.send(chunked("/", "3\r\nabc\r\n2\r\nde\r\n")).send("1").send("\r\nf\r\n").send("0\r\n\r\n" + get("/"));
    CHECK(f.log == "5 1 end end ");
    CHECK(c.response().body() == "abcdef");
    CHECK(c.response().status() == 200);
    CHECK_FALSE(c.over());
}

TEST_CASE("a body that is large comes through a small room, and holds the client back", "[exchange]") {
    bench b;
    std::string body;
    for (int i = 0; i < 300'000; ++i) body += static_cast<char>('a' + i % 26);
    coroutine f{&echo_pieces};
    b.handle = std::ref(f);
    SECTION("with a length") {
        auto c = b.connect();
        std::string_view rest(body);
        c.put("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
        while (!rest.empty()) {
            c.send(rest.substr(0, 50'000));
            rest.remove_prefix(50'000);
        }
        CHECK(c.response().body() == body);
    }
    SECTION("behind a head that fills the room") {
        auto c = b.connect();
        c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\nA: " + std::string(15'900, 'x') + "\r\n\r\n" + body.substr(0, 100));
        c.send(body.substr(100, 49'900));
        CHECK(c.response().body() == body.substr(0, 50'000));
        CHECK(c.send(get("/")).response().status() == 200);
    }
    SECTION("in chunks") {
        auto c = b.connect();
        c.put("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 30; ++i) c.send("2710\r\n" + body.substr(static_cast<std::size_t>(i) * 10'000, 10'000) + "\r\n");
        c.send("0\r\n\r\n");
        CHECK(c.response().body() == body);
    }
    SECTION("and nobody reads it yet") {
        exchange* held = nullptr;
        b.handle = [&](exchange& x) {
            x.retain();
            held = &x;
        };
        auto c = b.connect({.capacity = 400'000});
        c.put("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + body);
        b.turn();
        REQUIRE(held);
        std::string got;
        std::error_code ec;
        held->read_all(1'000'000, [&](std::error_code e, std::string text) {
            ec = e;
            got = text;
            held->respond(200, {}, {}, "ok");
        });
        b.turn();
        CHECK_FALSE(ec);
        CHECK(got == body);
        held->release();
        b.turn();
        CHECK(c.response().body() == "ok");
    }
}

TEST_CASE("buffered_body gives the whole body when it is there, without a copy", "[exchange]") {
    bench b;
    std::string seen;
    b.handle = [&](exchange& x) {
        const auto body = x.buffered_body();
        seen = body ? "<" + std::string(*body) + ">" : "not yet";
        if (body) {
            const auto* head = x.head().base();
            CHECK((body->data() > head && body->data() < head + 16'384));
            x.respond(200, {}, {}, *body);
        } else {
            x.retain();
            x.read_all(100, [&x](std::error_code, std::string all) {
                x.respond(200, {}, {}, all);
                x.release();
            });
        }
    };
    auto c = b.connect();
    c.send(post("/", "hello"));
    CHECK(seen == "<hello>");
    c.send(chunked("/", "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"));
    CHECK(seen == "<hello>");
    c.send(get("/"));
    CHECK(seen == "not yet"); // there is none
    c.send(chunked("/", "3\r\nhel\r\n")).send("2\r\nlo\r\n0\r\n\r\n");
    CHECK(seen == "not yet");
    for (const auto* body : {"hello", "hello", "", "hello"}) CHECK(c.response().body() == body);
}

TEST_CASE("100 Continue is sent when the body is asked for, and only then", "[exchange]") {
    const auto head = std::string("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    bench b;
    SECTION("asked for") {
        coroutine f{&echo_pieces};
        b.handle = std::ref(f);
        auto c = b.connect();
        c.send(head);
        CHECK(c.take() == "HTTP/1.1 100 Continue\r\n\r\n");
        CHECK(c.send("hello").response().body() == "hello");
        c.send(head + "world"); // did not wait
        CHECK(c.response().informational().empty());
        CHECK_FALSE(c.over());
    }
    SECTION("not asked for: the connection ends, since nobody knows whether the body comes") {
        auto c = b.connect();
        const auto r = c.send(head).response();
        CHECK(r.informational().empty());
        CHECK(r.status() == 200);
        CHECK(r.field("Connection") == "close");
        CHECK(c.ended);
        c.send("hello" + get("/smuggled"));
        CHECK(b.requests == 1);
    }
    SECTION("HTTP/1.0 does not know it") {
        coroutine f{&echo_pieces};
        b.handle = std::ref(f);
        auto c = b.connect();
        c.send("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        CHECK(c.got.empty());
        CHECK(c.send("hello").response().body() == "hello");
    }
}

TEST_CASE("a malformed body is an error of read, and ends the connection", "[exchange]") {
    bench b;
    coroutine f{[](exchange& x, std::string& log) -> task<> {
        try {
            while (!(co_await x.read()).empty()) {}
        } catch (const system_error& e) {
            log += e.code().message() + " ";
            x.respond(x.body_status(), {}, {}, e.what());
        }
    }};
    b.handle = std::ref(f);
    const auto ask = [&](const std::string& request) {
        auto c = b.connect();
        c.send(request + get("/smuggled"));
        const auto r = c.response();
        CHECK(r.field("Connection") == "close");
        CHECK(c.ended);
        CHECK(c.got.empty());
        return r.status();
    };
    CHECK(ask(chunked("/", "x\r\n")) == 400);
    CHECK(ask(chunked("/", "3\r\nabcd\r\n")) == 400);
    CHECK(ask(chunked("/", "1;" + std::string(20'000, 'e') + "\r\n")) == 413);
    CHECK(ask(chunked("/", "0\r\n" + std::string(20'000, 't') + ": v\r\n\r\n")) == 431);
    CHECK(f.log == "syntax error end syntax error end limit exceeded end limit exceeded end ");
    CHECK(b.requests == 4);
}

TEST_CASE("a chunked body has a limit", "[exchange]") {
    limits l;
    l.body = 10;
    bench b({.limit = l});
    coroutine f{&echo_pieces};
    b.handle = std::ref(f);
    auto c = b.connect();
    c.send(chunked("/", "5\r\nabcde\r\n")).send("6\r\nabcdef\r\n");
    CHECK_THAT(f.log, Catch::Contains("limit exceeded"));
}

TEST_CASE("trailers are there at the end of a chunked body", "[exchange]") {
    bench b;
    b.handle = [](exchange& x) {
        x.read_all(100, [&x](std::error_code, std::string) { x.respond(200, {}, {}, x.trailers()); });
    };
    auto c = b.connect();
    CHECK(c.send(chunked("/", "1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n")).response().body() == "A: b\r\nC: d\r\n");
    CHECK(c.send(post("/", "x")).response().body().empty());
}

TEST_CASE("trailers stay as long as the exchange", "[exchange]") {
    bench b;
    exchange* held = nullptr;
    std::string_view seen;
    b.handle = [&](exchange& x) {
        if (held) return x.read_all(100, [&x](std::error_code, std::string) { x.respond(200, {}, {}, x.trailers()); });
        held = &x;
        x.retain();
        x.read_all(100, [&](std::error_code, std::string) {
            seen = held->trailers();
            held->respond(200, {}, {}, "ok");
        });
    };
    auto c = b.connect();
    const std::string name(100, 'a');
    CHECK(c.send(chunked("/", "1\r\na\r\n0\r\n" + name + ": b\r\n\r\n")).response().status() == 200);
    CHECK(c.send(chunked("/", "1\r\na\r\n0\r\nOther: c\r\n\r\n")).response().body() == "Other: c\r\n");
    CHECK(seen == name + ": b\r\n");
    CHECK(held->trailers() == seen);
    c.close();
    CHECK(held->trailers() == seen);
    held->release();
}

TEST_CASE("trailers are those of their own request, also while its answer is on its way", "[exchange]") {
    struct notes : exchange::listener {
        void on_finish() noexcept override { seen += std::string(of->trailers()); }
        exchange* of = nullptr;
        std::string seen;
    } first;
    bench b;
    b.handle = [&](exchange& x) {
        if (!first.of) {
            first.of = &x;
            x.listen(&first);
        }
        x.read_all(100, [&x](std::error_code, std::string) { x.respond(200, {}, {}, std::string(20'000, 'l')); });
    };
    auto c = b.connect({.capacity = 1000});
    c.pause(true);
    c.put(chunked("/", "1\r\na\r\n0\r\nFirst: 1\r\n\r\n"));
    b.turn();
    c.put(chunked("/", "1\r\na\r\n0\r\nSecond: 2\r\n\r\n"));
    b.turn();
    c.pause(false);
    for (int i = 0; i < 5; ++i) b.turn();
    CHECK(c.response().body().size() == 20'000);
    CHECK(c.response().body().size() == 20'000);
    CHECK(first.seen == "First: 1\r\n");
}

TEST_CASE("a body that nobody reads is thrown away, up to a limit", "[exchange]") {
    limits l;
    l.drain = 1000;
    bench b({.limit = l});
    const auto ask = [&](const std::string& request, bool goes_on) {
        b.requests = 0;
        auto c = b.connect();
        c.send(request);
        const auto r = c.response();
        CHECK(r.status() == 200);
        c.send(get("/next"));
        CHECK(b.requests == (goes_on ? 2 : 1));
        CHECK(c.ended != goes_on);
        return std::string(r.field("Connection").value_or("none"));
    };
    CHECK(ask(post("/", std::string(900, 'x')), true) == "none");
    CHECK(ask(post("/", std::string(15'000, 'x')), true) == "none"); // is here already
    CHECK(ask(post("/", std::string(90'000, 'x')), false) == "close");
    CHECK(ask(chunked("/", "3\r\nabc\r\n0\r\n\r\n"), true) == "none");
    CHECK(ask(chunked("/", "3\r\nabc\r\nx"), false) == "none"); // seen too late for the answer
    std::string many;
    for (int i = 0; i < 5000; ++i) many += "3\r\nabc\r\n";
    CHECK(ask(chunked("/", many + "0\r\n\r\n"), false) == "none");

    auto c = b.connect(); // the rest comes after the answer
    auto request = post("/", std::string(900, 'x'));
    c.send(request.substr(0, 500));
    CHECK(c.response().status() == 200);
    c.send(request.substr(500) + get("/next"));
    CHECK(c.response().body() == "GET /next");
}

TEST_CASE("drain throws a body away before the answer", "[exchange]") {
    limits l;
    l.drain = 100'000;
    bench b({.limit = l});
    exchange* held = nullptr;
    b.handle = [&](exchange& x) {
        x.retain();
        x.drain();
        held = &x;
    };
    auto c = b.connect({.capacity = 200'000});
    c.send(post("/", std::string(90'000, 'x')) + get("/next").substr(0, 5));
    CHECK(c.stream->available() == 0);
    b.l.callback([&] {
        held->respond(200, {}, {}, "ok");
        held->release();
    });
    b.turn();
    CHECK(c.response().body() == "ok");
    CHECK_FALSE(c.over());
}

TEST_CASE("a body that is thrown away does not keep the loop busy when it may not go on", "[exchange]") {
    limits l;
    l.drain = 1000;
    bench b({.limit = l});
    exchange* held = nullptr;
    b.handle = [&](exchange& x) {
        if (!x.has_body()) return x.respond(200, {}, {}, "ok");
        held = &x;
        x.retain();
        x.drain();
    };
    const auto quiet = [&](const std::string& octets) {
        auto c = b.connect();
        c.send(octets);
        int turns = 0;
        while (b.l.run_once()) REQUIRE(++turns < 30); // else there is always something to do
        REQUIRE(held);
        b.l.callback([&] {
            held->respond(200, {}, {}, "late");
            std::exchange(held, nullptr)->release();
        });
        b.turn();
        CHECK(c.response().body() == "late");
    };
    std::string more;
    for (int i = 0; i < 2000; ++i) more += get("/");
    quiet(post("/", "abc") + more);
    quiet(post("/", std::string(1'000'000, 'x')));
}

TEST_CASE("waiting twice for room is a mistake that is told", "[exchange]") {
    bench b({.limit = [] {
        limits l;
        l.backlog = 1000;
        return l;
    }()});
    std::string log;
    exchange* held = nullptr;
    b.handle = [&](exchange& x) {
        held = &x;
        x.retain();
        x.begin(200, {}, {}, std::nullopt);
        const auto writes = [](exchange& to, std::string& into, std::string name) -> task<> {
            try {
                co_await to.write(std::string(100'000, 'x'));
                into += name + " went on ";
            } catch (const std::logic_error&) {
                into += name + " was told ";
            }
        };
        spawn(writes(x, log, "first"));
        spawn(writes(x, log, "second"));
    };
    auto c = b.connect({.capacity = 1000});
    b.turn();
    c.pause(true);
    c.send(get("/"));
    CHECK(log == "second was told ");
    c.pause(false);
    for (int i = 0; i < 10; ++i) b.turn();
    CHECK(log == "second was told first went on ");
    held->end();
    held->release();
    b.turn();
}

TEST_CASE("reading twice at once is a mistake that is told", "[exchange]") {
    bench b;
    std::string wrong;
    b.handle = [&](exchange& x) {
        x.retain();
        x.read_all(10, [&x](std::error_code, std::string) {
            x.respond(200, {}, {}, {});
            x.release();
        });
        try {
            x.read_all(10, [](std::error_code, std::string) {});
        } catch (const std::logic_error& e) {
            wrong = e.what();
        }
    };
    auto c = b.connect();
    const auto all = post("/", "hello");
    c.send(all.substr(0, all.size() - 1)).send(all.substr(all.size() - 1));
    CHECK_THAT(wrong, Catch::Contains("read already"));
    CHECK(c.response().status() == 200);
}

TEST_CASE("read_all has a limit of its own", "[exchange]") {
    bench b;
    b.handle = [&](exchange& x) {
        x.read_all(5, [&x](std::error_code ec, std::string text) {
            CHECK(text.size() <= 5);
            x.respond(ec ? 413 : 200, {}, {}, text);
        });
    };
    auto c = b.connect();
    CHECK(c.send(post("/", "12345")).response().status() == 200);
    CHECK(c.send(post("/", "123456")).response().status() == 413);
    CHECK(c.send(chunked("/", "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")).response().status() == 413);
    CHECK(c.send(get("/")).response().status() == 200);
}

TEST_CASE("a client that leaves cancels who waits for its body", "[exchange]") {
    bench b;
    coroutine f{&echo_pieces};
    b.handle = std::ref(f);
    auto c = b.connect();
    const auto all = post("/", "hello");
    c.send(all.substr(0, all.size() - 3));
    CHECK(f.log == "2 ");
    SECTION("reset") {
        c.reset();
        CHECK(f.log == "2 cancelled3 ");
    }
    SECTION("ended in the middle") {
        c.end();
        CHECK(f.log == "2 cancelled3 ");
        CHECK(c.response().status() == 400);
    }
    SECTION("shutdown") {
        b.engine.reset();
        CHECK(f.log == "2 cancelled4 ");
    }
    CHECK(b.errors.empty());
}

TEST_CASE("an answer is streamed in chunks, by length, or until the connection ends", "[exchange]") {
    bench b;
    coroutine f{[](exchange& x, std::string&) -> task<> {
        const bool sized = x.head().target() == "/sized";
        x.begin(200, {}, "A: b\r\n", sized ? std::optional<std::uint64_t>(6) : std::nullopt);
        co_await x.write("abc");
        co_await x.write("");
        co_await x.write("def");
        x.end(sized ? "" : "T: v\r\n");
    }};
    b.handle = std::ref(f);
    auto c = b.connect();
    const auto chunks = c.send(get("/")).take();
    CHECK_THAT(chunks, Catch::Contains("Transfer-Encoding: chunked\r\n") && Catch::Contains("A: b\r\n"));
    CHECK_THAT(chunks, Catch::EndsWith("\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\nT: v\r\n\r\n"));
    const auto sized = c.send(get("/sized")).response();
    CHECK(sized.field("Content-Length") == "6");
    CHECK(sized.body() == "abcdef");
    for (const auto* target : {"/", "/sized"}) {
        const auto head = c.send("HEAD " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n").response(head_only);
        CHECK(head.status() == 200);
        CHECK(c.got.empty());
    }
    CHECK_FALSE(c.over());
    const auto old = c.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").response();
    CHECK_FALSE(old.field("Transfer-Encoding"));
    CHECK(old.field("Connection") == "close");
    CHECK(old.body() == "abcdef");
    CHECK(c.ended);
    CHECK(f.log == "end end end end end ");
}

TEST_CASE("writing waits for a client that reads slowly", "[exchange]") {
    limits l;
    l.backlog = 10'000;
    bench b({.limit = l});
    coroutine f{[](exchange& x, std::string& log) -> task<> {
        x.begin(200, {}, {}, 100'000);
        for (int i = 0; i < 10; ++i) {
            const std::string piece(10'000, static_cast<char>('0' + i));
            co_await x.write(piece);
            log += static_cast<char>('0' + i);
        }
        x.end();
        log += " ";
    }};
    b.handle = std::ref(f);
    auto c = b.connect({.capacity = 20'000});
    c.pause(true);
    c.send(get("/"));
    const auto before = f.log.size();
    CHECK(before < 6);
    SECTION("it goes on") {
        c.pause(false);
        for (int i = 0; i < 5; ++i) b.turn();
        CHECK(f.log == "0123456789 end ");
        const auto r = c.response();
        CHECK(r.body().size() == 100'000);
        CHECK(r.body().back() == '9');
    }
    SECTION("it leaves") {
        c.reset();
        CHECK_THAT(f.log, Catch::EndsWith("cancelled3 "));
    }
    SECTION("the handler is cancelled for another reason, and another answer is impossible") {
        b.engine->close(0ms);
        b.turn();
        CHECK_THAT(f.log, Catch::EndsWith("cancelled4 "));
        CHECK(b.engine->connections() == 0);
    }
}

TEST_CASE("a client that takes everything at once is not the only one", "[exchange]") {
    static std::size_t most = 0, in_a_row = 0;
    bench b;
    coroutine f{[](exchange& x, std::string&) -> task<> {
        x.begin(200, {}, {}, std::nullopt);
        const std::string piece(64 * 1024, 'x');
        for (int i = 0; i < 200; ++i) {
            in_a_row += piece.size();
            most = std::max(most, in_a_row);
            co_await x.write(piece);
        }
        x.end();
    }};
    b.handle = std::ref(f);
    auto c = b.connect({.capacity = 1 << 30});
    int turns = 0;
    std::function<void()> other = [&] {
        in_a_row = 0;
        if (++turns < 1000) b.l.set_immediate([&] { other(); });
    };
    other();
    for (int i = 0; i < 40; ++i) c.send(i == 0 ? get("/") : std::string());
    CHECK(c.response().body().size() == 200 * 64 * 1024);
    CHECK(most <= 2 * 512 * 1024);
}

TEST_CASE("a wrong length of a streamed answer breaks the connection", "[exchange]") {
    bench b;
    coroutine f{[](exchange& x, std::string&) -> task<> {
        x.begin(200, {}, {}, 5);
        co_await x.write(x.head().target() == "/long" ? "123456" : "1234");
        x.end();
    }};
    b.handle = std::ref(f);
    auto c1 = b.connect();
    c1.send(get("/long"));
    CHECK(c1.broken);
    CHECK_THAT(f.log, Catch::Contains("longer than its Content-Length"));
    auto c2 = b.connect();
    c2.send(get("/short"));
    CHECK(c2.broken);
    CHECK_THAT(f.log, Catch::Contains("shorter than its Content-Length"));
    auto c3 = b.connect(); // no body is sent, so nothing can be wrong
    CHECK(c3.send("HEAD /short HTTP/1.1\r\nHost: h\r\n\r\n").response(head_only).status() == 200);
}

TEST_CASE("a second answer throws", "[exchange]") {
    bench b;
    std::string log;
    b.handle = [&](exchange& x) {
        const auto note = [&](auto f) {
            try {
                f();
            } catch (const system_error& e) {
                log += e.code() == error::already_answered ? "answered " : e.code() == error::bad_value ? "bad " : "other ";
            }
        };
        note([&] { x.write_now("x"); });
        note([&] { x.end(); });
        note([&] { x.respond(99, {}, {}, {}); });
        note([&] { x.respond(101, {}, {}, {}); });
        note([&] { x.informational(200, {}); });
        x.respond(200, {}, {}, "once");
        note([&] { x.respond(200, {}, {}, "twice"); });
        note([&] { x.begin(200, {}, {}, 1); });
        note([&] { x.write_now("x"); });
        note([&] { x.end(); });
    };
    auto c = b.connect();
    CHECK(c.send(get("/")).response().body() == "once");
    CHECK(c.got.empty());
    CHECK(log == "bad bad bad bad bad answered answered bad bad ");
}

TEST_CASE("informational responses go before the answer, to HTTP/1.1 only", "[exchange]") {
    bench b;
    b.handle = [](exchange& x) {
        x.informational(103, "Link: </a.css>; rel=preload\r\n");
        x.respond(200, {}, {}, "ok");
    };
    auto c = b.connect();
    const auto r = c.send(get("/")).response();
    CHECK(r.informational() == std::vector<int>{103});
    CHECK(r.body() == "ok");
    CHECK(c.send("GET / HTTP/1.0\r\n\r\n").response().informational().empty());
}

TEST_CASE("close_after ends the connection behind the answer", "[exchange]") {
    bench b;
    b.handle = [](exchange& x) {
        x.close_after();
        x.respond(200, "Fine", "A: b\r\n", "ok");
    };
    auto c = b.connect();
    const auto r = c.send(get("/1") + get("/2")).response();
    CHECK(r.reason() == "Fine");
    CHECK(r.field("A") == "b");
    CHECK(r.field("Connection") == "close");
    CHECK(c.ended);
    CHECK(b.requests == 1);
}

TEST_CASE("large answers arrive whole, whatever the client takes at once", "[exchange]") {
    std::string body;
    for (int i = 0; i < 500'000; ++i) body += static_cast<char>(i * 7 + i / 256);
    bench b;
    b.handle = [&](exchange& x) { x.respond(200, {}, {}, body); };
    for (const std::size_t capacity : {100u, 10'000u, 64'000u, 1'000'000u}) {
        auto c = b.connect({.capacity = capacity});
        c.put(get("/") + get("/"));
        for (int i = 0; i < 200; ++i) b.turn();
        CHECK(c.response().body() == body);
        CHECK(c.response().body() == body);
    }
}

TEST_CASE("the memory of an exchange ends with it, its room stays", "[exchange]") {
    bench b;
    const void* first = nullptr;
    b.handle = [&](exchange& x) {
        auto* p = x.memory().allocate(100);
        if (first) CHECK(p == first);
        first = p;
        x.respond(200, {}, {}, x.peer().host() + x.local().host());
        CHECK_FALSE(x.secure());
        CHECK(&x.loop() == &b.l);
    };
    auto c = b.connect();
    c.send(get("/")).send(get("/"));
    CHECK(b.requests == 2);
}
