#include <crema/loop/signal_set.hpp>
#include "run.hpp"
#include <crema/async/race.hpp>
#include <crema/loop/schedule.hpp>
#include <crema/loop/sleep.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace crema;
using namespace std::chrono_literals;
using testing_loop::run;

TEST_CASE("a coroutine waits for a signal, which keeps the loop alive", "[loop][signal_set]") {
    loop l;
    signal_set signals{SIGUSR1, SIGUSR2};
    const auto work = [](signal_set& s) -> task<int> { co_return co_await s.wait(); };
    std::thread sender([] {
        std::this_thread::sleep_for(5ms);
        std::raise(SIGUSR2);
    });
    CHECK(run(l, work(signals)) == SIGUSR2);
    sender.join();
}

TEST_CASE("a signal that nobody waits for is kept for the next wait", "[loop][signal_set]") {
    loop l;
    signal_set signals{SIGUSR1, SIGUSR2};
    std::raise(SIGUSR1);
    std::raise(SIGUSR1);
    std::raise(SIGUSR2);
    run(l, []() -> task<> { co_await sleep(1ms); }()); // they arrive
    const auto work = [](signal_set& s) -> task<std::string> {
        const int first = co_await s.wait();
        const int second = co_await s.wait();
        std::string text = std::to_string(first) + " " + std::to_string(second);
        const auto nothing = co_await race(s.wait(), sleep(2ms)); // the same number twice is one
        co_return text + (nothing.index() == 1 ? "" : " and more");
    };
    CHECK(run(l, work(signals)) == std::to_string(SIGUSR1) + " " + std::to_string(SIGUSR2));
}

TEST_CASE("a function gets each signal, as a callback, and does not keep the loop alive", "[loop][signal_set]") {
    loop l;
    signal_set signals({SIGUSR1}, l);
    std::vector<std::string> seen;
    signals.on_signal([&](int number) {
        CHECK(number == SIGUSR1);
        seen.push_back("signal");
        next_tick([&] { seen.push_back("tick"); });
    });
    std::raise(SIGUSR1);
    l.set_timeout([] { std::raise(SIGUSR1); }, 2);
    l.set_timeout([&] { seen.push_back("timer"); }, 10);
    l.run(); // ends: only the timers keep it alive
    CHECK(seen == std::vector<std::string>{"signal", "tick", "signal", "tick", "timer"});
}

TEST_CASE("a loop with nothing but a function for signals ends at once", "[loop][signal_set]") {
    loop l;
    signal_set signals({SIGUSR1}, l);
    signals.on_signal([](int) {});
    l.run();
    CHECK_FALSE(l.run_once());
}

TEST_CASE("a function that is set late gets what has arrived, and may destroy the set", "[loop][signal_set]") {
    loop l;
    std::optional<signal_set> signals;
    signals.emplace({SIGUSR1, SIGUSR2}, l);
    std::raise(SIGUSR1);
    std::raise(SIGUSR2);
    l.set_timeout([] {}, 2);
    l.run();
    int calls = 0;
    signals->on_signal([&](int) {
        ++calls;
        signals.reset();
    });
    CHECK(calls == 0);
    l.run();
    CHECK(calls == 1); // then there was nobody to tell of the other one
}

TEST_CASE("a wait for signals obeys cancellation and leaves nothing behind", "[loop][signal_set]") {
    loop l;
    signal_set signals({SIGUSR1}, l);
    const auto work = [](signal_set& s) -> task<> { co_await s.wait(); };
    cancel_scope scope;
    l.set_timeout([&] { scope.cancel(cancel_reason::shutdown); }, 2);
    CHECK_THROWS_AS(run(l, work(signals), &scope), cancelled);
    CHECK_THROWS_AS(run(l, work(signals), &scope), cancelled); // before it begins
    CHECK_FALSE(l.run_once());
    std::raise(SIGUSR1); // not lost by the wait that was cancelled
    CHECK_NOTHROW(run(l, work(signals)));
}

TEST_CASE("two coroutines cannot wait for one set", "[loop][signal_set]") {
    loop l;
    signal_set signals({SIGUSR1}, l);
    const auto work = [](signal_set& s) -> task<> { co_await s.wait(); };
    l.callback([&] { spawn(work(signals)); });
    std::exception_ptr error;
    l.on_error([&](std::exception_ptr e) { error = e; });
    l.callback([&] { spawn(work(signals)); });
    REQUIRE(error);
    CHECK_THROWS_AS(std::rethrow_exception(error), std::logic_error);
    std::raise(SIGUSR1);
    l.run(); // the first one goes on, and nothing is left
}

TEST_CASE("a coroutine that waits for a signal goes with its loop", "[loop][signal_set]") {
    const auto token = std::make_shared<int>();
    {
        loop l;
        const auto work = [](std::shared_ptr<int>) -> task<> {
            signal_set own{SIGUSR1};
            co_await own.wait();
        };
        l.callback([&] { spawn(work(token)); });
        l.run_once();
        CHECK(token.use_count() == 2);
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("two sets hear the same signal, and the last one gives it back", "[loop][signal_set]") {
    int calls = 0;
    {
        loop a, b;
        signal_set in_a({SIGUSR1}, a), in_b({SIGUSR1}, b);
        in_a.on_signal([&](int) { ++calls; });
        in_b.on_signal([&](int) { ++calls; });
        std::raise(SIGUSR1);
        for (auto* l : {&a, &b}) {
            l->set_timeout([] {}, 2);
            l->run();
        }
        CHECK(calls == 2);
    }
    struct sigaction now {};
    sigaction(SIGUSR1, nullptr, &now);
    CHECK(now.sa_handler == SIG_DFL);
}

TEST_CASE("what is no signal, or cannot be caught, is refused by number", "[loop][signal_set]") {
    loop l;
    CHECK_THROWS_WITH(signal_set({4711}, l), Catch::Contains("signal 4711"));
    CHECK_THROWS_AS(signal_set({SIGKILL}, l), system_error);
}
