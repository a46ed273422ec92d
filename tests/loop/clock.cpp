#include <crema/loop/clock.hpp>
#include <crema/loop/loop.hpp>
#include <catch2/catch.hpp>
#include <string>

using namespace crema;
using namespace std::chrono_literals;

TEST_CASE("a manual clock stands still until it is moved", "[loop][clock]") {
    manual_clock clock;
    const auto start = clock.now();
    CHECK(clock.now() == start);
    clock.advance(1500us);
    CHECK(clock.now() == start + 1500us);
}

TEST_CASE("timers follow a manual clock, turn by turn", "[loop][clock]") {
    manual_clock clock;
    loop l;
    l.clock(&clock);
    std::string seen;
    l.set_timeout([&] { seen += 'a'; }, 10);
    l.set_timeout([&] { seen += 'b'; }, 20);
    CHECK(l.run_once());
    CHECK(seen.empty());
    clock.advance(9ms);
    CHECK(l.run_once());
    CHECK(seen.empty());
    clock.advance(1ms);
    CHECK(l.run_once());
    CHECK(seen == "a");
    clock.advance(1h);
    CHECK_FALSE(l.run_once());
    CHECK(seen == "ab");
}

TEST_CASE("an interval that is late by far runs once", "[loop][clock]") {
    manual_clock clock;
    loop l;
    l.clock(&clock);
    int calls = 0;
    auto t = l.set_interval([&] { ++calls; }, 10);
    clock.advance(1s);
    l.run_once();
    CHECK(calls == 1);
    l.run_once();
    CHECK(calls == 1);
    clock.advance(10ms);
    l.run_once();
    CHECK(calls == 2);
    t.clear();
    CHECK_FALSE(l.run_once());
}

TEST_CASE("a clock that jumps lets days pass in no time", "[loop][clock]") {
    manual_clock clock(loop_clock::when_idle::jump);
    loop l;
    l.clock(&clock);
    const auto start = clock.now();
    std::string seen;
    l.set_timeout([&] { seen += 'c'; }, 24h);
    l.set_timeout([&] {
        seen += 'a';
        l.set_timeout([&] { seen += 'b'; }, 5h);
    }, 1h);
    l.set_interval([&] { seen += '.'; }, 20h).unref();
    l.run();
    CHECK(seen == "ab.c");
    CHECK(clock.now() - start == 24h);
}

TEST_CASE("a loop outlived by its clock no longer listens", "[loop][clock]") {
    manual_clock clock;
    {
        loop l;
        l.clock(&clock);
        l.set_timeout([] {}, 5);
    }
    clock.advance(10ms); // ASan would tell
    CHECK(true);
}
