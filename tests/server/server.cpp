// server: closing in good order, bounds on connections, real sockets.
// SPDX-License-Identifier: MIT
#include <crema/server/server.hpp>

#include "peer.hpp"
#include "sockets.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace crema_test;

namespace {

// Keeps requests to `/hold`, answers others.
struct holder {
    std::deque<exchange*> held{};
    void operator()(exchange& x) {
        if (x.head().target() != "/hold") return x.respond(200, {}, {}, "ok");
        x.retain();
        held.push_back(&x);
    }
    void answer(bench& b) {
        b.l.callback([&] {
            auto& x = *held.front();
            held.pop_front();
            x.respond(200, {}, {}, "held");
            x.release();
        });
        b.turn();
    }
};

// Runs a server on a real socket, and clients in another thread, until these end.
template <class Handle, class Clients>
void with_sockets(Handle handle, Clients clients, server_options options = {}) {
    struct handler : exchange_handler {
        Handle* handle = nullptr;
        void on_request(exchange& x) override { (*handle)(x); }
    } h;
    h.handle = &handle;
    loop l;
    server s(l, h, std::move(options));
    s.listen("127.0.0.1", 0);
    std::thread other([&, port = s.port()] {
        clients(port);
        l.post([&] { s.close(0ms); });
    });
    l.run();
    other.join();
}

} // namespace

TEST_CASE("a server that closes finishes what runs", "[server]") {
    bench b;
    holder h;
    b.handle = std::ref(h);
    auto idle = b.connect(), running = b.connect(), half = b.connect();
    idle.send(get("/"));
    CHECK(idle.response().status() == 200);
    running.send(get("/hold"));
    half.send(get("/half").substr(0, 10));
    std::optional<drain_report> report;
    b.engine->close(10s, [&](const drain_report& r) { report = r; });
    b.turn();
    CHECK(idle.over());
    CHECK_FALSE(running.over());
    CHECK_FALSE(report);
    b.advance(1s);
    half.send(get("/half").substr(10));
    const auto last = half.response();
    CHECK(last.status() == 200);
    CHECK(last.field("Connection") == "close");
    half.end();
    h.answer(b);
    const auto r = running.response();
    CHECK(r.body() == "held");
    CHECK(r.field("Connection") == "close");
    CHECK(running.ended);
    running.end();
    REQUIRE(report);
    CHECK(report->finished == 2); // what ran, and what came since
    CHECK(report->cut == 0);
    CHECK(b.engine->connections() == 0);
}

TEST_CASE("a server that closes cancels what takes longer than the grace", "[server]") {
    bench b;
    holder h;
    b.handle = std::ref(h);
    auto c1 = b.connect(), c2 = b.connect();
    c1.send(get("/hold"));
    c2.send(get("/hold"));
    std::optional<drain_report> report;
    int closed = 0;
    b.engine->on_closed([&] { ++closed; });
    b.engine->close(5s, [&](const drain_report& r) { report = r; });
    b.advance(1s);
    h.answer(b);
    c1.end();
    CHECK_FALSE(h.held.front()->scope().is_cancelled());
    b.advance(5s);
    CHECK(h.held.front()->scope().reason() == cancel_reason::shutdown);
    CHECK(c2.broken);
    CHECK_FALSE(report); // it has not ended yet
    h.held.front()->release();
    b.turn();
    REQUIRE(report);
    CHECK(report->finished == 1);
    CHECK(report->cut == 1);
    CHECK(closed == 1);
}

TEST_CASE("a server that is closed twice tells everybody, and counts what it cuts once", "[server]") {
    bench b;
    holder h;
    b.handle = std::ref(h);
    auto running = b.connect(), late = b.connect();
    running.send(get("/hold"));
    late.send(get("/").substr(0, 10));
    std::vector<drain_report> reports;
    b.engine->close(5s, [&](const drain_report& r) { reports.push_back(r); });
    late.send(get("/").substr(10)); // a request that comes while it closes
    CHECK(late.response().status() == 200);
    late.end();
    b.advance(6s); // the handler does not listen
    CHECK(reports.empty());
    b.engine->close(0s, [&](const drain_report& r) { reports.push_back(r); });
    b.engine->close(0s);
    h.held.front()->release();
    b.turn();
    REQUIRE(reports.size() == 2);
    for (const auto& r : reports) {
        CHECK(r.finished == 1);
        CHECK(r.cut == 1);
    }
}

TEST_CASE("a server with nothing to do closes at once, and may be destroyed by its callback", "[server]") {
    bench b;
    auto c = b.connect();
    c.send(get("/"));
    bool done = false;
    b.engine->close(10s, [&](const drain_report& r) {
        CHECK(r.finished == 0);
        b.engine.reset();
        done = true;
    });
    CHECK_FALSE(done); // never before it returns
    b.turn();
    CHECK(done);
    CHECK(c.over());
}

TEST_CASE("work behind the answer is waited for, too", "[server]") {
    bench b;
    exchange* held = nullptr;
    b.handle = [&](exchange& x) {
        x.retain();
        held = &x;
        x.respond(200, {}, {}, "ok");
    };
    auto c = b.connect();
    c.send(get("/"));
    c.close();
    bool done = false;
    b.engine->close(5s, [&](const drain_report&) { done = true; });
    b.turn();
    CHECK_FALSE(done);
    CHECK_FALSE(held->scope().is_cancelled());
    b.advance(6s);
    CHECK(held->scope().is_cancelled());
    held->release();
    b.turn();
    CHECK(done);
}

TEST_CASE("exchanges may outlive the server", "[server]") {
    bench b;
    holder h;
    b.handle = std::ref(h);
    auto c = b.connect();
    c.send(get("/hold"));
    b.engine.reset();
    auto& x = *h.held.front();
    CHECK(x.scope().reason() == cancel_reason::shutdown);
    CHECK(x.ended());
    CHECK(x.head().target() == "/hold");
    x.respond(200, {}, {}, "nobody hears");
    x.release();
}

TEST_CASE("requests and answers go over real sockets", "[server][socket]") {
    const auto answer = [](exchange& x) {
        x.read_all(1 << 20, [&x](std::error_code, std::string body) {
            x.respond(200, {}, {}, std::string(x.head().target()) + body + " " + x.peer().host() + " " + x.local().host());
        });
    };
    std::string first, second;
    with_sockets(answer, [&](int port) {
        const tcp_client c(port);
        c.send(get("/a") + post("/b", "body", "Connection: close\r\n"));
        first = c.all().value_or("broken");
        std::vector<std::unique_ptr<tcp_client>> many;
        for (int i = 0; i < 50; ++i) many.push_back(std::make_unique<tcp_client>(port));
        for (auto& m : many) m->send(get("/m").substr(0, 7));
        for (auto& m : many) m->send(get("/m").substr(7));
        for (auto& m : many) m->end();
        for (auto& m : many) second += m->all().value_or("broken").find("/m 127") != std::string::npos ? '+' : '-';
    });
    CHECK_THAT(first, Catch::Contains("/a 127.0.0.1 127.0.0.1") && Catch::Contains("/bbody 127.0.0.1"));
    CHECK(second == std::string(50, '+'));
}

TEST_CASE("a client that sends on behind a refusal can read it", "[server][socket]") {
    std::optional<std::string> got;
    with_sockets([](exchange& x) { x.respond(200, {}, {}, {}); },
                 [&](int port) {
                     const tcp_client c(port);
                     c.send("BROKEN\r\n\r\n" + std::string(300'000, 'x'));
                     c.end();
                     got = c.all();
                 });
    REQUIRE(got); // no reset, which would have taken the answer away
    CHECK_THAT(*got, Catch::StartsWith("HTTP/1.1 400 "));
}

TEST_CASE("a large answer crosses a real socket, and a client that leaves in it does no harm", "[server][socket]") {
    const std::string body(8'000'000, 'z');
    std::size_t size = 0;
    with_sockets([&](exchange& x) { x.respond(200, {}, {}, body); },
                 [&](int port) {
                     const tcp_client c(port);
                     c.send(get("/", "Connection: close\r\n"));
                     {
                         const tcp_client leaves(port);
                         leaves.send(get("/"));
                         leaves.some(1000);
                     }
                     size = c.all().value_or("").size();
                 });
    CHECK(size > 8'000'000);
}

TEST_CASE("connections in all and from one address are bounded", "[server][socket]") {
    limits l;
    SECTION("in all") { l.connections = 2; }
    SECTION("from one address") { l.connections_per_address = 2; }
    std::string log;
    with_sockets([](exchange& x) { x.respond(200, {}, {}, "ok"); },
                 [&](int port) {
                     const auto ask = [&](const tcp_client& c) {
                         c.send(get("/"));
                         const auto answer = c.some(77); // all of it
                         log += answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok") ? '+' : '-';
                     };
                     const tcp_client a(port);
                     ask(a);
                     {
                         const tcp_client b(port);
                         ask(b);
                         const tcp_client c(port);
                         ask(c);
                         b.end();
                         (void)b.all();
                     }
                     const tcp_client d(port);
                     ask(d);
                     ask(a);
                 },
                 {.limit = l});
    CHECK(log == "++-++");
}

TEST_CASE("a connection on which nothing goes on makes room for a new one", "[server][socket]") {
    limits l;
    l.connections = 2;
    std::string log;
    with_sockets([](exchange& x) { x.respond(200, {}, {}, "ok"); },
                 [&](int port) {
                     const auto ask = [&](const tcp_client& c) {
                         c.send(get("/"));
                         log += c.some(77).ends_with("ok") ? '+' : '-';
                     };
                     const tcp_client quiet(port), works(port);
                     ask(quiet);
                     ask(works);
                     for (int i = 0; i < 5; ++i) { // more than a second
                         std::this_thread::sleep_for(300ms);
                         ask(works);
                     }
                     const tcp_client fresh(port);
                     ask(fresh);
                     log += quiet.all() == "" ? 'c' : '?';
                     ask(works);
                 },
                 {.limit = l});
    CHECK(log == "+++++++" "+c+");
}

TEST_CASE("a port in use is an error that names it", "[server][socket]") {
    loop l;
    bench b;
    server first(l, b), second(l, b);
    first.listen("127.0.0.1", 0);
    CHECK(first.port() != 0);
    try {
        second.listen("127.0.0.1", static_cast<std::uint16_t>(first.port()));
        FAIL("it could listen");
    } catch (const system_error& e) {
        CHECK(e.code() == std::errc::address_in_use);
        CHECK_THAT(e.subject(), Catch::Contains("127.0.0.1:" + std::to_string(first.port())));
    }
    CHECK_THROWS_AS(second.listen("no address", 0), system_error);
}

TEST_CASE("a server that has run out of descriptors goes on when there are some again", "[server][socket]") {
    std::string log;
    with_sockets([](exchange& x) { x.respond(200, {}, {}, "ok"); },
                 [&](int port) {
                     rlimit before{};
                     ::getrlimit(RLIMIT_NOFILE, &before);
                     auto c = std::make_unique<tcp_client>(port); // connected, waits in the backlog
                     c->send(get("/"));
                     log += c->some(15) == "HTTP/1.1 200 OK" ? '+' : '-';
                     const int probe = ::dup(0);
                     ::close(probe);
                     const tcp_client waits(port);
                     rlimit none = before;
                     none.rlim_cur = static_cast<rlim_t>(probe);
                     ::setrlimit(RLIMIT_NOFILE, &none);
                     const tcp_client late(port); // cannot even get a socket
                     c->send(get("/"));
                     waits.send(get("/"));
                     std::this_thread::sleep_for(50ms);
                     ::setrlimit(RLIMIT_NOFILE, &before);
                     log += waits.some(15) == "HTTP/1.1 200 OK" ? '+' : '-';
                 });
    CHECK(log == "++");
}

TEST_CASE("idle connections of a server that closes may send one more request, when it is told so", "[server]") {
    server_options options;
    options.drain_idle = 2s;
    bench b(options);
    auto asks = b.connect(), quiet = b.connect(), fresh = b.connect();
    asks.send(get("/"));
    quiet.send(get("/"));
    CHECK(asks.response().status() == 200);
    bool done = false;
    b.engine->close(10s, [&](const drain_report&) { done = true; });
    b.turn();
    CHECK_FALSE(asks.over());
    b.advance(1s);
    const auto last = asks.send(get("/last")).response();
    CHECK(last.body() == "GET /last");
    CHECK(last.field("Connection") == "close");
    CHECK(asks.ended);
    asks.close();
    CHECK(fresh.send(get("/")).response().field("Connection") == "close");
    fresh.close();
    CHECK_FALSE(quiet.over());
    CHECK_FALSE(done);
    b.advance(2s);
    CHECK(quiet.over());
    CHECK(done);
}

TEST_CASE("a server listens on a path, where addresses are not counted", "[server][socket]") {
    const auto path = (std::filesystem::temp_directory_path() / ("crema_server_" + std::to_string(::getpid()))).string();
    struct handler : exchange_handler {
        void on_request(exchange& x) override { x.respond(200, {}, {}, "from " + x.peer().host() + "."); }
    } h;
    loop l;
    server_options options;
    options.limit.connections_per_address = 1;
    server s(l, h, options);
    s.listen_on_path(path);
    CHECK(s.port() == 0);
    std::string got;
    std::thread other([&] {
        const tcp_client first(path), second(path);
        for (const auto* c : {&first, &second}) c->send(get("/", "Connection: close\r\n"));
        for (const auto* c : {&first, &second}) got += c->all().value_or("broken").substr(9, 3);
        l.post([&] { s.close(0ms); });
    });
    l.run();
    other.join();
    ::unlink(path.c_str());
    CHECK(got == "200200");
}

// Clients that never stop ask one server, then the one that takes over from it on the same socket.
TEST_CASE("two generations of a server hand over under load and lose no request", "[server][socket]") {
    struct handler : exchange_handler {
        const char* name = "";
        std::atomic<int> asked{0};
        void on_request(exchange& x) override {
            ++asked;
            x.respond(200, {}, {}, name);
        }
    } old_one, new_one;
    old_one.name = "old";
    new_one.name = "new";
    std::atomic<bool> go_on{true};
    std::atomic<int> port{0}, socket{-1};
    std::atomic<loop*> old_loop{nullptr};
    server* closing = nullptr;
    std::thread first([&] {
        loop l;
        server_options options;
        options.drain_idle = 1s;
        server s(l, old_one, options);
        s.listen("127.0.0.1", 0);
        socket = ::dup(s.sockets().at(0)); // as a child process would inherit it
        closing = &s;
        old_loop = &l;
        port = s.port();
        l.run();
    });
    while (port == 0) std::this_thread::sleep_for(1ms);
    std::atomic<int> answered{0}, lost{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i)
        clients.emplace_back([&, keep = i % 2 == 0] {
            std::unique_ptr<tcp_client> c;
            while (go_on) {
                if (!c) c = std::make_unique<tcp_client>(port);
                c->send(keep ? get("/") : get("/", "Connection: close\r\n"));
                const auto answer = c->answer();
                ++(answer.ends_with("old") || answer.ends_with("new") ? answered : lost);
                if (answer.find("Connection: close") != answer.npos || answer.empty()) c.reset();
            }
        });
    while (old_one.asked < 500) std::this_thread::sleep_for(1ms);
    std::thread second([&] {
        loop l;
        server s(l, new_one);
        s.listen_on_socket(socket);
        old_loop.load()->post([&] { closing->close(5s); });
        l.set_timeout([&] { go_on = false; }, 1500ms);
        l.set_timeout([&] { s.close(1s); }, 2000ms);
        l.run();
    });
    first.join();
    second.join();
    for (auto& c : clients) c.join();
    CHECK(lost == 0);
    CHECK(answered == old_one.asked + new_one.asked);
    CHECK(new_one.asked > 500);
}
