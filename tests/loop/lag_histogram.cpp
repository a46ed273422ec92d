#include <crema/loop/lag_histogram.hpp>
#include <crema/loop/clock.hpp>
#include <crema/loop/loop.hpp>
#include <asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

using namespace crema;
using namespace std::chrono_literals;

namespace {

// A loop whose time stands still until it is moved.
struct bench {
    bench() { l.clock(&clock); }
    void turn() { l.run_once(); }
    // Lets time pass, in steps in which a timer may fire.
    void pass(std::chrono::milliseconds time, std::chrono::milliseconds step = 1ms) {
        for (; time > 0ms; time -= step) {
            clock.advance(step);
            turn();
        }
    }
    // The loop stands still for that long.
    void block(std::chrono::milliseconds time) {
        l.callback([&] { clock.advance(time); });
    }
    manual_clock clock;
    loop l;
};

} // namespace

TEST_CASE("a loop that is never late has no delay", "[loop][lag_histogram]") {
    bench b;
    lag_histogram h({}, b.l);
    CHECK(h.enable());
    CHECK_FALSE(h.enable());
    b.pass(100ms);
    CHECK(h.count() == 10);
    CHECK(h.max() == 0ms);
    CHECK(h.percentile(99) == 0ms);
    CHECK(h.mean() == 0ms);
    CHECK(h.recent() == 0ms);
}

TEST_CASE("nothing is measured before enable and after disable", "[loop][lag_histogram]") {
    bench b;
    lag_histogram h({}, b.l);
    b.pass(50ms);
    CHECK(h.count() == 0);
    CHECK_FALSE(h.disable());
    h.enable();
    b.pass(20ms);
    CHECK(h.disable());
    b.pass(100ms);
    CHECK(h.count() == 2);
    CHECK(h.max() == 0ms);
    CHECK(h.enable()); // goes on
    b.pass(10ms);
    CHECK(h.count() == 3);
}

TEST_CASE("a block counts as all the timers that it made late", "[loop][lag_histogram]") {
    bench b;
    lag_histogram h({.resolution = 10ms}, b.l);
    h.enable();
    b.pass(100ms);
    b.block(100ms);
    b.turn();
    // due after 10 ms, it came 90 ms late; those due meanwhile 80, 70 … 10
    CHECK(h.count() == 10 + 9);
    CHECK(h.max() == 90ms);
    CHECK(h.min() == 0ms);
    CHECK(h.mean() == std::chrono::nanoseconds(450ms) / 19);
    CHECK(h.percentile(100) == 90ms);
    CHECK(h.percentile(50) == 0ms); // ten of nineteen had none
    CHECK(h.percentile(94) >= 80ms);
    CHECK(h.percentile(94) <= 83ms);
    CHECK(h.stddev() > 20ms);
    h.reset();
    CHECK(h.count() == 0);
    CHECK(h.max() == 0ms);
    CHECK(h.recent() == 0ms);
}

TEST_CASE("who asks before the late timer learns of the block as well", "[loop][lag_histogram]") {
    bench b;
    lag_histogram h({}, b.l);
    h.enable();
    b.pass(50ms);
    std::chrono::nanoseconds recent{}, max{};
    b.l.post([&] { // in the poll phase, which comes before the timers
        recent = h.recent();
        max = h.max();
    });
    b.block(300ms);
    b.turn();
    CHECK(recent == 290ms);
    CHECK(max == 290ms);
    CHECK(h.max() == 290ms);
}

TEST_CASE("recent forgets what max remembers", "[loop][lag_histogram]") {
    bench b;
    lag_histogram h({}, b.l);
    h.enable();
    b.pass(50ms);
    b.block(60ms);
    b.turn();
    CHECK(h.recent() == 50ms);
    b.pass(900ms);
    CHECK(h.recent() == 50ms);
    b.pass(1200ms);
    CHECK(h.recent() == 0ms);
    CHECK(h.max() == 50ms);
}

TEST_CASE("the longest standstill is bounded work", "[loop][lag_histogram]") {
    bench b;
    lag_histogram h({.resolution = 0ms}, b.l); // 1 ms at least
    h.enable();
    b.block(std::chrono::hours(24));
    b.turn();
    CHECK(h.count() <= 100'001);
    CHECK(h.max() == std::chrono::hours(24) - 1ms);
}

TEST_CASE("it does not keep the loop alive, and may go before its timer fires", "[loop][lag_histogram]") {
    loop l;
    {
        auto h = monitor_event_loop_delay({.resolution = 1ms});
        h.enable();
        l.run();
        l.set_timeout([] {}, 20);
        l.run();
        CHECK(h.count() >= 1);
    }
    l.set_timeout([] {}, 5);
    l.run();
}

TEST_CASE("on the real clock a real block is seen", "[loop][lag_histogram]") {
    loop l;
    lag_histogram h({.resolution = 5ms}, l);
    h.enable();
    l.set_timeout([] { std::this_thread::sleep_for(60ms); }, 20);
    l.set_timeout([] {}, 100);
    l.run();
    CHECK(h.max() >= 50ms);
    CHECK(h.recent() == h.max());
    CHECK(h.count() > 8);
}

TEST_CASE("it goes on while only an operation of Asio keeps the loop alive", "[loop][lag_histogram]") {
    loop l;
    lag_histogram h({.resolution = 5ms}, l);
    h.enable();
    asio::steady_timer operation(l.context(), 200ms);
    operation.async_wait([](std::error_code) {});
    l.run();
    CHECK(h.count() >= 5);
}
