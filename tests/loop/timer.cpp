#include <crema/loop/loop.hpp>
#include <crema/loop/schedule.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>

using namespace crema;
using namespace std::chrono_literals;

namespace {

// A loop on a clock that the test moves.
struct clocked {
    manual_clock clock;
    loop l;
    clocked() { l.clock(&clock); }
    bool after(std::chrono::milliseconds ms) {
        clock.advance(ms);
        return l.run_once();
    }
};

} // namespace

TEST_CASE("a delay is whole milliseconds from 1 to 2^31-1, everything else is 1", "[loop][timer]") {
    CHECK(timer_delay(0).count() == 1);
    CHECK(timer_delay(-5).count() == 1);
    CHECK(timer_delay(0.9).count() == 1);
    CHECK(timer_delay(2.9).count() == 2);
    CHECK(timer_delay(2147483647).count() == 2147483647);
    CHECK(timer_delay(2147483648.0).count() == 1);
    CHECK(timer_delay(std::nan("")).count() == 1);
    CHECK(timer_delay(std::numeric_limits<double>::infinity()).count() == 1);
    CHECK(timer_delay(2s).count() == 2000);
    CHECK(timer_delay(1500us).count() == 1);
    CHECK(timer_delay(std::chrono::hours::max()).count() == 1);
}

TEST_CASE("timers of one delay fire together, in the order of the deadlines of their first", "[loop][timer]") {
    clocked c;
    std::string seen;
    c.l.set_timeout([&] { seen += 'd'; }, 30);
    c.l.set_timeout([&] { seen += 'a'; }, 10);
    c.l.set_timeout([&] { seen += 'b'; }, 20);
    c.clock.advance(10ms);
    c.l.set_timeout([&] { seen += 'e'; }, 20); // due with d, made after it
    c.l.set_timeout([&] { seen += 'c'; }, 10); // due with b
    c.after(20ms);
    CHECK(seen == "acbed"); // as on Node: all lists are due
}

TEST_CASE("a cleared timer never fires, whichever function clears it", "[loop][timer]") {
    clocked c;
    int fired = 0;
    auto a = c.l.set_timeout([&] { ++fired; }, 5);
    auto b = c.l.set_interval([&] { ++fired; }, 5);
    clear_interval(a);
    clear_timeout(b);
    clear_timeout(b);
    clear_timeout(timer());
    CHECK_FALSE(c.after(10ms));
    CHECK(fired == 0);
    CHECK_FALSE(a.active());
    a.refresh(); // for good
    CHECK_FALSE(a.active());
}

TEST_CASE("an interval ends when it clears itself", "[loop][timer]") {
    clocked c;
    int fired = 0;
    timer t;
    t = c.l.set_interval([&] {
        if (++fired == 3) t.clear();
    }, 10);
    while (c.after(10ms)) {
    }
    CHECK(fired == 3);
}

TEST_CASE("refresh starts the delay anew, also of a timer that has fired or fires", "[loop][timer]") {
    clocked c;
    std::string seen;
    auto a = c.l.set_timeout([&] { seen += 'a'; }, 10);
    c.l.set_timeout([&] { seen += 'b'; }, 10);
    c.after(5ms);
    a.refresh();
    c.after(5ms);
    CHECK(seen == "b");
    c.after(5ms);
    CHECK(seen == "ba");
    CHECK_FALSE(a.active());
    a.refresh();
    CHECK(a.active());
    CHECK_FALSE(c.after(10ms));
    CHECK(seen == "baa");

    timer again;
    int left = 3;
    again = c.l.set_timeout([&] {
        if (--left > 0) again.refresh();
    }, 1);
    while (c.after(1ms)) {
    }
    CHECK(left == 0);
}

TEST_CASE("ref and unref decide what keeps the loop alive, not what fires", "[loop][timer]") {
    clocked c;
    std::string seen;
    auto a = c.l.set_timeout([&] { seen += 'a'; }, 10);
    CHECK(a.has_ref());
    a.unref();
    a.unref();
    CHECK_FALSE(a.has_ref());
    CHECK_FALSE(c.l.run_once());
    a.ref();
    CHECK(c.l.run_once());
    a.unref();
    auto b = c.l.set_timeout([&] { seen += 'b'; }, 20);
    c.after(10ms);
    CHECK(seen == "a");
    CHECK_FALSE(c.after(10ms));
    CHECK(seen == "ab");
    b.unref(); // of one that has fired: counts for nothing
    b.ref();
    CHECK_FALSE(c.l.run_once());
}

TEST_CASE("the callback is destroyed when the timer has ended and no handle is left", "[loop][timer]") {
    clocked c;
    auto token = std::make_shared<int>();
    SECTION("fired without a handle") {
        c.l.set_timeout([token] {}, 1);
        CHECK(token.use_count() == 2);
        c.after(1ms);
    }
    SECTION("cleared") {
        auto t = c.l.set_timeout([token] {}, 1);
        t.clear();
        CHECK(token.use_count() == 1);
    }
    SECTION("cleared, and the function holds the handle") {
        struct holder {
            timer t;
        };
        const auto h = std::make_shared<holder>();
        h->t = c.l.set_timeout([token, h] {}, 1);
        h->t.clear();
        CHECK(h.use_count() == 1);
    }
    SECTION("cleared by the function, which nobody else holds") {
        const auto t = std::make_shared<timer>();
        *t = c.l.set_interval([token, t] { t->clear(); }, 1);
        c.after(1ms);
        CHECK(t.use_count() == 1);
    }
    SECTION("a timer that clears the last handle to itself while it runs") {
        auto t = std::make_unique<timer>();
        *t = c.l.set_timeout([token, &t] {
            t->clear();
            t.reset();
            CHECK(token.use_count() == 2);
        }, 1);
        c.after(1ms);
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("handles outlive the loop", "[loop][timer]") {
    timer t, u;
    auto token = std::make_shared<int>();
    {
        loop l;
        t = l.set_timeout([token] {}, 1000);
        u = l.set_timeout([token] {}, 1000);
        l.set_interval([token] {}, 1000).unref();
    }
    CHECK_FALSE(t.active());
    t.refresh();
    t.unref();
    u.ref();
    t.clear();
    t = {};
    u = {};
    CHECK(token.use_count() == 1);
}

TEST_CASE("a callback that owns other timers may destroy them when the loop goes", "[loop][timer]") {
    auto l = std::make_unique<loop>();
    struct owner {
        timer mine;
        ~owner() { mine.clear(); }
    };
    for (int i = 0; i < 3; ++i) {
        auto o = std::make_shared<owner>();
        l->set_timeout([o] {}, 10 + i);
        o->mine = l->set_timeout([] {}, 5 - i);
    }
    l.reset();
    CHECK(true);
}

TEST_CASE("a loop_timer is a member: it can be restarted, destroyed, and destroy itself when it fires", "[loop][timer]") {
    clocked c;
    struct ticker : loop_timer {
        explicit ticker(int& n) : loop_timer([](loop_timer& t) { ++static_cast<ticker&>(t).count; }), count(n) {}
        int& count;
    };
    int n = 0;
    ticker t(n);
    t.start(c.l.timers(), 10);
    c.after(5ms);
    t.start(c.l.timers(), 10);
    c.after(5ms);
    CHECK(n == 0);
    c.after(5ms);
    CHECK(n == 1);
    CHECK_FALSE(t.active());
    t.start(c.l.timers(), 10);
    t.cancel();
    CHECK_FALSE(c.after(10ms));
    CHECK(n == 1);
    {
        ticker gone(n);
        gone.start(c.l.timers(), 10);
    }
    CHECK_FALSE(c.after(10ms));
    CHECK(n == 1);

    struct suicidal : loop_timer {
        suicidal() : loop_timer([](loop_timer& self) { delete static_cast<suicidal*>(&self); }) {}
    };
    (new suicidal)->start(c.l.timers(), 1);
    CHECK_FALSE(c.after(1ms));
}

TEST_CASE("a due timer that a tick destroys or moves is not run by mistake", "[loop][timer]") {
    clocked c;
    struct noted : loop_timer {
        explicit noted(int& n) : loop_timer([](loop_timer& t) { ++static_cast<noted&>(t).count; }), count(n) {}
        int& count;
    };
    int n = 0;
    std::optional<noted> gone(std::in_place, n);
    noted moved(n);
    c.l.set_timeout([&] { next_tick([&] { gone.reset(); }); }, 5);
    gone->start(c.l.timers(), 5);
    c.l.set_timeout([&] { c.l.next_tick([&] { moved.start(c.l.timers(), 100); }); }, 5);
    moved.start(c.l.timers(), 5);
    c.after(5ms);
    CHECK(n == 0);
    CHECK(moved.active());
    moved.cancel();
}

TEST_CASE("many timers of many durations fire in order", "[loop][timer]") {
    clocked c;
    unsigned seed = 7;
    const auto random = [&] { return (seed = seed * 1664525 + 1013904223) >> 8; };
    std::vector<std::int64_t> fired;
    std::vector<timer> handles;
    std::size_t expected = 0;
    for (int i = 0; i < 2000; ++i) {
        const int ms = 1 + static_cast<int>(random() % 300);
        handles.push_back(c.l.set_timeout([&fired, ms] { fired.push_back(ms); }, ms));
        ++expected;
        if (random() % 3 == 0) {
            auto& h = handles[random() % handles.size()];
            if (h.active()) --expected;
            h.clear();
        }
    }
    while (c.after(1ms)) {
    }
    CHECK(fired.size() == expected);
    CHECK(std::is_sorted(fired.begin(), fired.end()));
}
