// h1_shared: lists, deadlines in ticks, and what is lent out and comes back.
// SPDX-License-Identifier: MIT
#include <crema/server/h1_shared.hpp>

#include "peer.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>

using namespace crema_test;
using crema::detail::h1_link;
using crema::detail::h1_room;
using crema::detail::h1_shared;

namespace {

struct nothing final : exchange_handler {
    void on_request(exchange&) override {}
};

int size_of(const h1_link& list) {
    int n = 0;
    for (const auto* l = list.next; l != &list; l = l->next) ++n;
    return n;
}

} // namespace

TEST_CASE("links are in one list at a time", "[h1_shared]") {
    h1_link first, second, a, b, c;
    first.push_back(a);
    first.push_back(b);
    first.push_back(c);
    CHECK(size_of(first) == 3);
    CHECK(first.next == &a);
    CHECK(first.prev == &c);
    second.push_back(b); // leaves the other
    CHECK(size_of(first) == 2);
    first.push_back(a); // to the end of its own
    CHECK(first.prev == &a);
    CHECK(size_of(first) == 2);
    second.take_all(first);
    CHECK(first.alone());
    CHECK(size_of(second) == 3);
    second.take_all(first); // of nothing
    CHECK(size_of(second) == 3);
    b.unlink();
    a.unlink();
    c.unlink();
    CHECK(second.alone());
    CHECK(a.alone());
}

TEST_CASE("deadlines become ticks, never too few", "[h1_shared]") {
    loop l;
    nothing h;
    limits given;
    const auto s = std::make_shared<h1_shared>(h, l, given);
    CHECK(s->period == 250ms);
    CHECK(s->ticks_of(1s) == 4);
    CHECK(s->ticks_of(1001ms) == 5);
    CHECK(s->ticks_of(0ms) == 1);
    CHECK(s->idle_ticks == 240);
    given.idle = 100ms;
    const auto fast = std::make_shared<h1_shared>(h, l, given);
    CHECK(fast->period == 25ms);
    given.idle = 1ms;
    const auto faster = std::make_shared<h1_shared>(h, l, given);
    CHECK(faster->period == 10ms);
}

TEST_CASE("rooms and outputs that come back are lent out again", "[h1_shared]") {
    loop l;
    nothing h;
    const auto s = std::make_shared<h1_shared>(h, l, limits{});
    auto* const room = s->take_room();
    std::memset(room, 'x', h1_room::size);
    s->give_room(h1_shared::share_room(room));
    CHECK_FALSE(h1_room::is_shared(room)); // it had two users
    s->give_room(room);
    auto* const again = s->take_room();
    CHECK(again == room);
    auto* const large = s->take_room(h1_room::size * 2); // of another size: not kept
    s->give_room(large);
    s->give_room(again);
    http::output_buffer out;
    s->take_output(out);
    out.append("left");
    const auto* const data = out.view().data();
    s->give_output(out);
    CHECK(out.capacity() == 0);
    http::output_buffer other;
    s->take_output(other);
    CHECK(other.empty());
    CHECK(other.view().data() == data);
    s->give_output(other);
}

TEST_CASE("time that passes at once because the loop was blocked is not held against clients", "[h1_shared]") {
    bench b;
    auto quiet = b.connect(), busy = b.connect();
    b.advance(20s);
    busy.send("GET / HTTP/1.1\r\n");
    b.clock.advance(30s); // blocked; the deadline of a header is 10 s
    b.turn();
    CHECK_FALSE(busy.over());
    CHECK(busy.send("Host: h\r\n\r\n").response().status() == 200);
    b.advance(11s); // 61 s since anything came
    CHECK(quiet.over());
    CHECK_FALSE(busy.over());
}
