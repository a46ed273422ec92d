// set_wait: what is new is told once, what is still there only to who asks anew; ended waits may begin again at once.
// SPDX-License-Identifier: MIT
#include <crema/loop/loop.hpp>
#include <crema/net/set_wait.hpp>

#include "sockets.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <unistd.h>

using namespace crema;
using namespace crema_test;
using detail::set_wait;
using detail::waiting_for;

namespace {

struct waiter {
    explicit waiter(loop& l, int fd)
        : wait(std::make_shared<set_wait>(l.context(), ::dup(fd), [](void* w) { ++static_cast<waiter*>(w)->calls; }, this)) {}
    void start(waiting_for what) { wait->start(wait, what); }
    std::shared_ptr<set_wait> wait;
    int calls = 0;
};

} // namespace

TEST_CASE("octets are told once for each wait", "[set_wait]") {
    loop l;
    socket_pair s;
    waiter w(l, s.near);
    w.start(waiting_for::anew);
    turn(l);
    CHECK(w.calls == 0);
    s.send("x");
    turn(l);
    CHECK(w.calls == 1);
    turn(l);
    CHECK(w.calls == 1);
    w.start(waiting_for::anew); // it is still there
    turn(l);
    CHECK(w.calls == 2);
}

#if CREMA_NET_QUIET_WAIT
TEST_CASE("who waits for news is told of what came since", "[set_wait]") {
    loop l;
    socket_pair s;
    waiter w(l, s.near);
    w.start(waiting_for::anew);
    s.send("x");
    turn(l);
    CHECK(w.calls == 1);
    w.start(waiting_for::news);
    turn(l);
    CHECK(w.calls == 1); // the octet is no news
    s.send("y");
    turn(l);
    CHECK(w.calls == 2);
    s.send("z"); // while nobody waits
    turn(l);
    CHECK(w.calls == 2);
    w.start(waiting_for::news);
    turn(l);
    CHECK(w.calls == 3);
}
#endif

TEST_CASE("a wait that was ended may begin again before the loop has turned", "[set_wait]") {
    loop l;
    socket_pair s;
    waiter w(l, s.near);
    for (int i = 0; i < 3; ++i) {
        w.start(waiting_for::anew);
        w.wait->cancel();
    }
    turn(l);
    CHECK(w.calls == 0);
    CHECK_FALSE(l.run_once()); // nothing keeps the loop
    w.start(waiting_for::anew);
    w.wait->cancel();
    w.start(waiting_for::anew);
    s.send("x");
    turn(l);
    CHECK(w.calls == 1);
}

TEST_CASE("a wait may be closed, and left behind", "[set_wait]") {
    std::weak_ptr<set_wait> seen;
    {
        loop l;
        socket_pair s;
        waiter w(l, s.near);
        w.start(waiting_for::anew);
        w.wait->close();
        CHECK_FALSE(w.wait->is_open());
        seen = w.wait;
        s.send("x");
        turn(l);
        CHECK(w.calls == 0);
        waiter other(l, s.near);
        other.start(waiting_for::anew); // goes with the loop
        other.wait->close();
    }
    CHECK(seen.expired());
}
