// listener: connections as they come, and a system that has run out of descriptors.
// SPDX-License-Identifier: MIT
#include <crema/core/error.hpp>
#include <crema/loop/clock.hpp>
#include <crema/net/listener.hpp>

#include "sockets.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <vector>

using namespace crema;
using namespace crema_test;
using namespace std::chrono_literals;
using net::listener;

namespace {

struct fixture {
    manual_clock clock;
    loop l;
    net::poller p{l};
    std::vector<int> accepted;
    std::vector<net::address> peers;
    listener::function note = [this](int fd, const net::address& peer) {
        accepted.push_back(fd);
        peers.push_back(peer);
    };
    std::vector<int> clients;
    fixture() { l.clock(&clock); }
    ~fixture() {
        for (const int fd : accepted) ::close(fd);
        for (const int fd : clients) ::close(fd);
    }
    void connect(const net::address& to) {
        const auto at = loopback(to.port());
        clients.push_back(::socket(AF_INET, SOCK_STREAM, 0));
        REQUIRE(clients.back() >= 0);
        REQUIRE(::connect(clients.back(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    }
};

} // namespace

TEST_CASE_METHOD(fixture, "a listener hands each connection on, with its peer, without blocking", "[listener]") {
    listener a(p, "127.0.0.1", 0, note);
    CHECK(a.local().host() == "127.0.0.1");
    CHECK(a.local().port() != 0);
    for (int i = 0; i < 100; ++i) connect(a.local());
    turn(l, 10);
    REQUIRE(accepted.size() == 100);
    CHECK(peers[0].host() == "127.0.0.1");
    CHECK(peers[0].port() != 0);
    CHECK((::fcntl(accepted[0], F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(accepted[0], F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE_METHOD(fixture, "a listener keeps the loop alive until it is destroyed", "[listener]") {
    std::unique_ptr<listener> a;
    a = std::make_unique<listener>(p, "127.0.0.1", 0, [&](int fd, const net::address&) {
        accepted.push_back(fd);
        a.reset();
    });
    connect(a->local());
    connect(a->local());
    l.run(); // ends
    CHECK(accepted.size() == 1);
}

TEST_CASE_METHOD(fixture, "two listeners may share one socket: what one leaves the other takes", "[listener]") {
    auto first = std::make_unique<listener>(p, "127.0.0.1", 0, note);
    const listener second(p, ::dup(first->native_handle()), note);
    CHECK(second.local().port() == first->local().port());
    connect(first->local()); // waits in the queue of the socket
    first.reset();
    turn(l);
    CHECK(accepted.size() == 1);
}

TEST_CASE_METHOD(fixture, "a listener takes a socket that listens, and nothing else", "[listener]") {
    CHECK_THROWS_AS(listener(p, -1, note), system_error);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    CHECK_THROWS_AS(listener(p, fd, note), system_error);
    CHECK(::fcntl(fd, F_GETFD) == -1); // closed all the same
}

TEST_CASE_METHOD(fixture, "an exception of who takes connections is reported, and the next ones come", "[listener]") {
    int reported = 0;
    l.on_error([&](std::exception_ptr) { ++reported; });
    const listener a(p, "127.0.0.1", 0, [&](int fd, const net::address& peer) {
        note(fd, peer);
        if (accepted.size() == 1) throw std::runtime_error("mine");
    });
    connect(a.local());
    connect(a.local());
    turn(l);
    CHECK(reported == 1);
    CHECK(accepted.size() == 2);
}

TEST_CASE_METHOD(fixture, "without descriptors a listener waits, and does not burn time", "[listener]") {
    int tries = 0;
    listener a(p, "127.0.0.1", 0, note);
    connect(a.local());
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int next = ::dup(0);
    ::close(next);
    rlimit none = before;
    none.rlim_cur = static_cast<rlim_t>(next);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    turn(l);
    const bool paused = a.paused();
    for (; tries < 50 && accepted.empty(); ++tries) { // still none: it tries now and then
        clock.advance(100ms);
        turn(l, 2);
    }
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(paused);
    CHECK(accepted.empty());
    clock.advance(101ms);
    turn(l);
    CHECK(accepted.size() == 1);
    CHECK_FALSE(a.paused());
}
