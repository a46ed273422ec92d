#include "run.hpp"
#include <crema/async/race.hpp>
#include <crema/async/when_all.hpp>
#include <crema/loop/sleep.hpp>
#include <catch2/catch.hpp>
#include <vector>

using namespace crema;
using namespace std::chrono_literals;
using testing_loop::run;

namespace {

task<> sleeps(std::chrono::steady_clock::duration d) {
    co_await sleep(d);
}

struct jumping {
    manual_clock clock{loop_clock::when_idle::jump};
    loop l;
    jumping() { l.clock(&clock); }
};

} // namespace

TEST_CASE("sleep never ends early: it is rounded up to the next millisecond", "[loop][sleep]") {
    jumping j;
    for (const auto d : {1ns, 999999ns, 1000000ns, 1500000ns, 50000000ns}) {
        j.clock.advance(123456ns);
        const auto start = j.clock.now();
        run(j.l, sleeps(d));
        CHECK(j.clock.now() - start >= d);
        CHECK(j.clock.now() - start < d + 2ms);
    }
}

TEST_CASE("sleeps of different lengths end in the order of their length", "[loop][sleep]") {
    jumping j;
    std::vector<int> seen;
    const auto one = [](std::vector<int>& s, int ms) -> task<> {
        co_await sleep(std::chrono::milliseconds(ms));
        s.push_back(ms);
    };
    for (int ms : {30, 10, 20}) spawn(one(seen, ms));
    j.l.run();
    CHECK(seen == std::vector<int>{10, 20, 30});
}

TEST_CASE("sleeps longer than the longest timer", "[loop][sleep]") {
    jumping j;
    const auto start = j.clock.now();
    run(j.l, sleeps(24h * 60));
    CHECK(j.clock.now() - start >= 24h * 60);
    CHECK(j.clock.now() - start < 24h * 60 + 2ms);
}

TEST_CASE("sleep_until goes on inline when the time is past", "[loop][sleep]") {
    jumping j;
    const auto until = [](loop_clock::time_point t) -> task<> { co_await sleep_until(t); };
    const auto start = j.clock.now();
    run(j.l, until(start - 1s));
    CHECK(j.clock.now() == start);
    run(j.l, until(start + 1s));
    CHECK(j.clock.now() == start + 1s);
}

TEST_CASE("cancellation ends a sleep at once", "[loop][sleep]") {
    jumping j;
    const auto start = j.clock.now();
    cancel_scope scope;
    j.l.set_timeout([&] { scope.cancel(cancel_reason::disconnected); }, 5);
    CHECK_THROWS_AS(run(j.l, sleeps(1h), &scope), cancelled);
    CHECK(j.clock.now() - start < 1s);
    CHECK_THROWS_AS(run(j.l, sleeps(1h), &scope), cancelled);
    CHECK(j.clock.now() - start < 1s);
}

TEST_CASE("two sleeps side by side take as long as the longer one", "[loop][sleep]") {
    jumping j;
    const auto both = []() -> task<> { co_await when_all(sleep(50ms), sleep(40ms)); };
    const auto start = j.clock.now();
    run(j.l, both());
    CHECK(j.clock.now() - start >= 50ms);
    CHECK(j.clock.now() - start < 52ms);
}

TEST_CASE("a race of sleeps ends with the shorter one and leaves no timer", "[loop][sleep]") {
    jumping j;
    const auto shorter = []() -> task<> { co_await race(sleeps(10ms), sleeps(1h)); };
    const auto start = j.clock.now();
    run(j.l, shorter());
    CHECK(j.clock.now() - start < 12ms);
    CHECK_FALSE(j.l.run_once());
}

TEST_CASE("on the real clock a sleep takes its time", "[loop][sleep]") {
    const auto start = std::chrono::steady_clock::now();
    loop l;
    run(l, sleeps(20ms));
    CHECK(std::chrono::steady_clock::now() - start >= 20ms);
}
