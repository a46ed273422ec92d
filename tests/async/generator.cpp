// generator: values one after the other.
#include <crema/async/generator.hpp>
#include <crema/async/spawn.hpp>
#include "gate.hpp"
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>
using namespace crema;

namespace {

generator<int> count(int to) {
    for (int i = 1; i <= to; ++i) co_yield i;
}
generator<std::string> words(std::vector<gate>& gates, tracer) {
    const std::string constant = "constant";
    co_yield "literal";
    co_yield constant;
    for (auto& g : gates) {
        co_await g.wait();
        co_yield "behind a wait";
    }
}
task<> collect(generator<std::string> from, std::vector<std::string>& log) {
    while (auto* word = co_await from.next()) log.push_back(std::move(*word));
    log.push_back("end");
    if (!co_await from.next()) log.push_back("still");
}
task<int> twice(int n) { co_return 2 * n; }

} // namespace

TEST_CASE("a generator gives its values one after the other, then null", "[generator]") {
    std::vector<int> log;
    spawn([](std::vector<int>& l) -> task<> {
        auto numbers = count(3);
        while (auto* n = co_await numbers.next()) l.push_back(*n);
        if (!co_await numbers.next()) l.push_back(-1);
    }(log));
    CHECK(log == std::vector{1, 2, 3, -1});
}

TEST_CASE("a generator runs only when it is asked", "[generator]") {
    int made = 0;
    spawn([](int& m) -> task<> {
        auto numbers = [](int& k) -> generator<int> {
            for (;;) {
                ++k;
                co_yield int(k);
            }
        }(m);
        CHECK(m == 0);
        const int first = *co_await numbers.next(), second = *co_await numbers.next();
        CHECK(first == 1);
        CHECK(second == 2);
        CHECK(m == 2);
    }(made));
    CHECK(made == 2);
}

TEST_CASE("a generator may wait between, its values may be moved away, temporaries and constants be yielded",
          "[generator]") {
    std::vector<gate> gates(2);
    std::vector<std::string> log, destroyed;
    spawn(collect(words(gates, tracer(destroyed, "parameter")), log));
    CHECK(log == std::vector<std::string>{"literal", "constant"});
    gates[0].open();
    CHECK(log.size() == 3);
    CHECK(destroyed.empty());
    gates[1].open();
    CHECK(log == std::vector<std::string>{"literal", "constant", "behind a wait", "behind a wait", "end", "still"});
    CHECK(destroyed == std::vector<std::string>{"parameter"});
}

TEST_CASE("a generator may await tasks and other generators", "[generator]") {
    std::vector<int> log;
    spawn([](std::vector<int>& l) -> task<> {
        auto doubled = [](generator<int> from) -> generator<int> {
            while (auto* n = co_await from.next()) {
                const int d = co_await twice(*n);
                co_yield d;
            }
        }(count(3));
        while (auto* n = co_await doubled.next()) l.push_back(*n);
    }(log));
    CHECK(log == std::vector{2, 4, 6});
}

TEST_CASE("what leaves a generator comes out of next(); then it is at its end", "[generator]") {
    bool ended = false;
    spawn([](bool& e) -> task<> {
        auto fails = []() -> generator<int> {
            co_yield 1;
            throw std::runtime_error("no more");
        }();
        const int first = *co_await fails.next();
        CHECK(first == 1);
        std::string what;
        try {
            co_await fails.next();
        } catch (const std::runtime_error& x) {
            what = x.what();
        }
        CHECK(what == "no more");
        e = co_await fails.next() == nullptr;
    }(ended));
    CHECK(ended);
}

TEST_CASE("a generator obeys the cancellation of whoever asks", "[generator]") {
    std::vector<gate> gates(1);
    std::vector<std::string> log, destroyed;
    cancel_scope scope;
    spawn(collect(words(gates, tracer(destroyed, "parameter")), log), &scope);
    scope.cancel();
    CHECK(log.size() == 2); // what follows is thrown
    CHECK(destroyed == std::vector<std::string>{"parameter"});
    CHECK_FALSE(gates[0].waits());
}

TEST_CASE("a generator that is destroyed half-way destroys its locals", "[generator]") {
    std::vector<gate> gates(1);
    std::vector<std::string> log, destroyed;
    environment env;
    {
        auto t = collect(words(gates, tracer(destroyed, "parameter")), log);
        detail::task_access::start(
            t, &env, [](void*) {}, nullptr);
        CHECK(gates[0].waits());
    }
    CHECK(destroyed == std::vector<std::string>{"parameter"});
    CHECK_FALSE(gates[0].waits());
}

TEST_CASE("a million ready values need no stack", "[generator]") {
    long sum = 0;
    spawn([](long& s) -> task<> {
        auto numbers = count(1000000);
        while (auto* n = co_await numbers.next()) s += *n;
    }(sum));
    CHECK(sum == 500000500000);
}
