// poller: who is told of a ready descriptor, and who is not any more.
// SPDX-License-Identifier: MIT
#include <crema/core/error.hpp>
#include <crema/net/poller.hpp>

#include "sockets.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
#include <unistd.h>

using namespace crema;
using namespace crema_test;
using net::poller;

namespace {

struct watcher final : poller::watcher {
    explicit watcher(poller& from) noexcept : p(from) {}
    ~watcher() { p.remove(*this); }
    void on_ready(poller::readiness r) override {
        ++calls;
        seen = r;
        if (then) then();
    }
    poller& p;
    int calls = 0;
    poller::readiness seen{};
    std::function<void()> then;
};

} // namespace

TEST_CASE("a poller tells of octets as long as they are there", "[poller]") {
    loop l;
    poller p(l);
    socket_pair s;
    watcher w(p);
    p.add(w, s.near);
    turn(l);
    CHECK(w.calls == 0);
    s.send("x");
    turn(l);
    CHECK(w.calls >= 2); // nobody has read it
    CHECK(w.seen.readable);
    CHECK_FALSE(w.seen.writable);
    CHECK_FALSE(w.seen.peer_closed);
    p.change(w, false, false, true);
    turn(l);
    const int before = w.calls;
    turn(l);
    CHECK(w.calls == before);
}

TEST_CASE("a poller tells of room when that is wanted, and of a peer that sends no more", "[poller]") {
    loop l;
    poller p(l);
    socket_pair s;
    watcher w(p);
    p.add(w, s.near);
    p.change(w, false, true, true);
    turn(l);
    CHECK(w.calls > 0);
    CHECK(w.seen.writable);
    CHECK_FALSE(w.seen.readable);
#if CREMA_NET_EPOLL
    p.change(w, false, false, true);
    ::shutdown(s.far, SHUT_WR);
    turn(l);
    CHECK(w.seen.peer_closed);
    CHECK_FALSE(w.seen.broken);
    s.close_far();
    turn(l);
    CHECK(w.seen.broken);
#endif
}

TEST_CASE("a watcher may go while others of the same batch are told", "[poller]") {
    loop l;
    poller p(l);
    std::vector<std::unique_ptr<socket_pair>> sockets;
    std::vector<std::unique_ptr<watcher>> watchers;
    for (int i = 0; i < 8; ++i) {
        sockets.push_back(std::make_unique<socket_pair>());
        watchers.push_back(std::make_unique<watcher>(p));
        p.add(*watchers.back(), sockets.back()->near);
        sockets.back()->send("x");
    }
    int told = 0;
    for (auto& w : watchers)
        w->then = [&] {
            ++told;
            watchers.clear(); // all of them, also the one that is told
        };
    turn(l);
    CHECK(told == 1);
}

TEST_CASE("a poller knows whose turn it is, and whether that one is still there", "[poller]") {
    loop l;
    poller p(l);
    socket_pair s;
    auto w = std::make_unique<watcher>(p);
    p.add(*w, s.near);
    s.send("x");
    bool same = false, gone = false;
    w->then = [&] {
        same = p.current() == w.get();
        auto at = std::move(w->then); // outlives its watcher
        w.reset();
        gone = p.current() == nullptr;
    };
    turn(l);
    CHECK(same);
    CHECK(gone);
    CHECK(p.current() == nullptr);
}

TEST_CASE("watched descriptors keep the loop alive, forgotten ones do not", "[poller]") {
    loop l;
    poller p(l);
    socket_pair s;
    watcher w(p);
    p.add(w, s.near);
    CHECK(l.run_once());
    w.then = [&] { p.remove(w); };
    s.send("x");
    l.run(); // ends
    CHECK(w.calls == 1);
    p.remove(w); // once more: nothing
}

TEST_CASE("what cannot be watched is an error", "[poller]") {
    loop l;
    poller p(l);
    watcher w(p);
#if CREMA_NET_EPOLL
    CHECK_THROWS_AS(p.add(w, -1), system_error);
#endif
}

TEST_CASE("an exception of a watcher is the loop's to report, and the others are told", "[poller]") {
    loop l;
    int reported = 0;
    l.on_error([&](std::exception_ptr) { ++reported; });
    poller p(l);
    socket_pair s1, s2;
    watcher w1(p), w2(p);
    p.add(w1, s1.near);
    p.add(w2, s2.near);
    w1.then = [&] {
        p.remove(w1);
        throw std::runtime_error("mine");
    };
    w2.then = [&] { p.remove(w2); };
    s1.send("x");
    s2.send("x");
    turn(l);
    CHECK(reported == 1);
    CHECK(w1.calls == 1);
    CHECK(w2.calls == 1);
}

#if CREMA_NET_EPOLL && CREMA_NET_QUIET_WAIT
TEST_CASE("who has settled is told of what comes later, or of what was left when the poller looks again", "[poller]") {
    loop l;
    poller p(l);
    socket_pair s, t;
    watcher w(p), other(p);
    p.add(w, s.near);
    p.add(other, t.near);
    w.then = [&] { p.settled(w); };
    turn(l);
    s.send("x");
    turn(l);
    CHECK(w.calls == 1); // although it is still there
    turn(l);
    CHECK(w.calls == 1);
    p.look_again();
    turn(l, 2);
    CHECK(w.calls == 2);
    turn(l);
    CHECK(w.calls == 2);
    s.send("y");
    turn(l);
    CHECK(w.calls == 3);
    t.send("z"); // the other has not settled: all that is ready is told again and again
    turn(l);
    CHECK(other.calls >= 2);
    CHECK(w.calls >= 4);
}

TEST_CASE("what is wanted anew is told when it is ready already", "[poller]") {
    loop l;
    poller p(l);
    socket_pair s;
    watcher w(p);
    p.add(w, s.near);
    w.then = [&] { p.settled(w); };
    turn(l);
    s.send("x");
    turn(l);
    CHECK(w.calls == 1);
    p.change(w, true, true, true); // there is room to write all the time
    turn(l, 2);
    CHECK(w.calls >= 2);
    CHECK(w.seen.writable);
    p.change(w, true, false, true);
    turn(l);
    const int before = w.calls;
    s.send("y");
    w.then = [&] { p.change(w, true, true, true), p.settled(w); }; // while it is told
    turn(l);
    CHECK(w.calls >= before + 2);
}
#endif

#if CREMA_NET_EPOLL
namespace {

// Writes down what it is told, in one book with others.
struct recorder final : poller::watcher {
    recorder(poller& from, std::string& into, char as) noexcept : p(from), book(into), name(as) {}
    ~recorder() { p.remove(*this); }
    void on_arrival() noexcept override { book += {'a', name, ' '}; }
    void on_ready(poller::readiness) override {
        book += {'r', name, ' '};
        char room[8];
        (void)!::read(fd, room, sizeof room);
        if (puts_off) was_put_off = p.put_off(*this);
        if (then) then();
    }
    void on_flush() override {
        book += {'f', name, ' '};
        if (then_flush) then_flush();
    }
    poller& p;
    std::string& book;
    char name;
    int fd = -1;
    bool puts_off = true, was_put_off = false;
    std::function<void()> then, then_flush;
};

struct many_watched {
    explicit many_watched(std::size_t n) : sockets(n) {
        for (std::size_t i = 0; i < n; ++i) {
            watchers.push_back(std::make_unique<recorder>(p, book, static_cast<char>('0' + i)));
            watchers[i]->fd = sockets[i].near;
            p.add(*watchers[i], sockets[i].near);
        }
    }
    void send_all() {
        for (auto& s : sockets) s.send("x");
    }
    loop l;
    poller p{l};
    std::string book;
    std::vector<socket_pair> sockets;
    std::vector<std::unique_ptr<recorder>> watchers;
};

} // namespace

TEST_CASE("those that are ready together are told in rounds: arrival, ready, flush", "[poller]") {
    many_watched m(3);
    m.watchers[1]->puts_off = false;
    m.send_all();
    turn(m.l);
    CHECK(m.book == "a0 a1 a2 r0 r1 r2 f0 f2 ");
    CHECK(m.watchers[0]->was_put_off);

    m.book.clear(); // alone there is nothing to wait for
    m.sockets[2].send("x");
    turn(m.l);
    CHECK(m.book == "r2 ");
    CHECK_FALSE(m.watchers[2]->was_put_off);
    CHECK_FALSE(m.p.put_off(*m.watchers[2])); // nor outside of on_ready
}

TEST_CASE("what was put off does not wait for a handler that takes its time, but for one", "[poller]") {
    many_watched m(4);
    m.watchers[1]->then = [] {
        for (const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2); std::chrono::steady_clock::now() < until;) {}
    };
    m.send_all();
    turn(m.l);
    CHECK(m.book == "a0 a1 a2 a3 r0 r1 f0 f1 r2 r3 f2 f3 ");
}

TEST_CASE("a watcher may go in each of the rounds", "[poller]") {
    many_watched m(4);
    SECTION("before it is told") {
        m.watchers[0]->then = [&] { m.watchers[2].reset(); };
        m.send_all();
        turn(m.l);
        CHECK(m.book == "a0 a1 a2 a3 r0 r1 r3 f0 f1 f3 ");
    }
    SECTION("after it has put something off") {
        m.watchers[3]->then = [&] { m.watchers[0].reset(); };
        m.send_all();
        turn(m.l);
        CHECK(m.book == "a0 a1 a2 a3 r0 r1 r2 r3 f1 f2 f3 ");
    }
    SECTION("by the flush of another") {
        m.watchers[1]->then_flush = [&] { m.watchers[2].reset(); };
        m.send_all();
        turn(m.l);
        CHECK(m.book == "a0 a1 a2 a3 r0 r1 r2 r3 f0 f1 f3 ");
    }
}

TEST_CASE("a loop that stops among those that are ready tells the others when it goes on", "[poller]") {
    many_watched m(4);
    m.watchers[1]->then = [&] { m.l.stop(); };
    m.send_all();
    m.l.run();
    CHECK(m.book == "a0 a1 a2 a3 r0 r1 f0 f1 ");
    m.book.clear();
    turn(m.l);
    CHECK(m.book == "a2 a3 r2 r3 f2 f3 ");
}
#endif
