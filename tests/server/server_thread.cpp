// server_thread: one handler served by several threads.
// SPDX-License-Identifier: MIT
#include <crema/server/census.hpp>
#include <crema/server/server.hpp>
#include <crema/server/server_thread.hpp>

#include "sockets.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace crema;
using namespace crema_test;
using namespace std::chrono_literals;

namespace {

// Notes on which threads it is called; `/slow` is answered later.
struct echo_handler final : exchange_handler {
    void on_request(exchange& x) override {
        {
            const std::lock_guard lock(mutex);
            threads.insert(std::this_thread::get_id());
        }
        if (x.head().target() == "/stop") x.loop().stop();
        if (x.head().target() != "/slow") return x.respond(200, {}, {}, "ok");
        ++slow;
        x.retain();
        const std::shared_ptr<exchange> held(&x, [](exchange* e) { e->release(); }); // also when the timer never fires
        x.loop().set_timeout([held] { held->respond(200, {}, {}, "slow"); }, 200ms);
    }
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::atomic<int> slow{0};
};

} // namespace

TEST_CASE("a server with threads serves one port on all of them", "[server_thread][socket]") {
    echo_handler h;
    loop l;
    std::atomic<int> guards{0};
    server_options options;
    options.threads = 3;
    options.on_thread = [&] {
        ++guards;
        return std::shared_ptr<void>(nullptr, [&](void*) { --guards; });
    };
    auto s = std::make_unique<server>(l, h, options);
    s->listen("127.0.0.1", 0);
    int answered = 0;
    std::thread clients([&, port = s->port()] {
        for (int i = 0; i < 100; ++i) {
            const tcp_client c(port);
            c.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            answered += c.all().value_or("").ends_with("ok");
        }
        l.post([&] { s->close(1s); });
    });
    l.run();
    clients.join();
    CHECK(answered == 100);
    CHECK(h.threads.size() == 3); // the chance that one of them gets nothing is less than 10^-17
    CHECK(guards == 2);
    s.reset();
    CHECK(guards == 0);
}

TEST_CASE("connections are counted over all threads, and all sockets can be handed on", "[server_thread][socket]") {
    echo_handler h;
    loop l;
    server_options options;
    options.threads = 3;
    options.limit.connections_per_address = 5;
    server s(l, h, options);
    s.listen("127.0.0.1", 0);
    CHECK(s.sockets().size() == 3);
    int served = 0;
    std::thread clients([&, port = s.port()] {
        std::vector<std::unique_ptr<tcp_client>> all;
        for (int i = 0; i < 30; ++i) {
            all.push_back(std::make_unique<tcp_client>(port));
            all.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            served += all.back()->some(15) == "HTTP/1.1 200 OK";
        }
        all.clear();
        l.post([&] { s.close(1s); });
    });
    l.run();
    clients.join();
    CHECK(served == 5);
    CHECK(s.sockets().empty());
}

TEST_CASE("closing waits for all threads and adds up what they have cut", "[server_thread][socket]") {
    echo_handler h;
    loop l;
    server_options options;
    options.threads = 2;
    server s(l, h, options);
    s.listen("127.0.0.1", 0);
    std::optional<drain_report> report;
    bool closed = false;
    const auto grace = GENERATE(std::chrono::milliseconds(5000), std::chrono::milliseconds(0));
    CAPTURE(grace.count());
    s.on_closed([&] { closed = true; });
    std::thread clients([&, port = s.port()] {
        std::vector<std::unique_ptr<tcp_client>> all;
        for (int i = 0; i < 20; ++i) {
            all.push_back(std::make_unique<tcp_client>(port));
            all.back()->send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
        }
        while (h.slow < 20) std::this_thread::sleep_for(1ms);
        l.post([&] { s.close(grace, [&](const drain_report& r) { report = r; }); });
        int whole = 0;
        for (auto& c : all) whole += c->all().value_or("").ends_with("slow");
        CHECK(whole == (grace > 0ms ? 20 : 0));
    });
    l.run();
    clients.join();
    CHECK(h.threads.size() == 2);
    REQUIRE(report);
    CHECK(report->finished == (grace > 0ms ? 20 : 0));
    CHECK(report->cut == (grace > 0ms ? 0 : 20));
    CHECK(closed);
}

TEST_CASE("a thread that cannot listen says so where it was told to", "[server_thread][socket]") {
    echo_handler h;
    loop l;
    detail::server_thread t(l, h, {}, std::make_shared<detail::census>());
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); // it does not listen
    CHECK_THROWS_AS(t.listen_on_socket(fd), std::system_error);
    CHECK(::close(fd) != 0); // it was closed
}

TEST_CASE("a server with threads may be destroyed at any time", "[server_thread][socket]") {
    echo_handler h;
    loop l;
    server_options options;
    options.threads = 2;
    {
        const server never(l, h, options);
    }
    {
        server s(l, h, options);
        s.listen("127.0.0.1", 0);
        const tcp_client c(s.port());
        c.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
        for (int i = 0; i < 20; ++i) l.run_once();
        s.close(10s, [](const drain_report&) { FAIL("it is gone"); });
    }
    l.run();
}

TEST_CASE("a handler that stops the loop of a thread does not end the thread", "[server_thread][socket]") {
    echo_handler h;
    loop l;
    server_options options;
    options.threads = 2;
    server s(l, h, options);
    s.listen("127.0.0.1", 0);
    int answered = 0;
    std::thread clients([&, port = s.port()] {
        while (h.threads.size() < 2) { // until both have been stopped once
            const tcp_client c(port);
            c.send("GET /stop HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            answered += c.all().value_or("").ends_with("ok");
        }
        l.post([&] { s.close(0ms); });
    });
    for (bool closed = false; !closed;) {
        s.on_closed([&] { closed = true; });
        l.run();
    }
    clients.join();
    CHECK(answered > 0);
}

TEST_CASE("a port that is taken is an error with threads, too", "[server_thread][socket]") {
    echo_handler h;
    loop l;
    server first(l, h), second(l, h, [] {
        server_options o;
        o.threads = 2;
        return o;
    }());
    first.listen("127.0.0.1", 0);
    CHECK_THROWS_AS(second.listen("127.0.0.1", static_cast<std::uint16_t>(first.port())), system_error);
    CHECK_THROWS_AS(second.listen_on_socket(-1), system_error);
}
