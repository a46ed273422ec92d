#include <crema/async/task.hpp>
#include <crema/async/spawn.hpp>
#include <catch2/catch.hpp>
#include "gate.hpp"
#include <memory>
#include <optional>
#include <stdexcept>
using namespace crema;

namespace {
task<int> one() { co_return 1; }
task<int> after(gate& g, int n) {
    co_await g.wait();
    co_return n;
}
task<int&> reference(int& n) { co_return n; }
task<std::unique_ptr<int>> moved() { co_return std::make_unique<int>(3); }
task<int> deep(int n) {
    if (n == 0) co_return 0;
    co_return 1 + co_await deep(n - 1);
}
// Throws behind the given number of suspensions.
task<> fails(std::vector<gate>& gates, std::size_t at) {
    for (std::size_t i = 0;; ++i) {
        if (i == at) throw std::runtime_error("at " + std::to_string(at));
        co_await gates[i].wait();
    }
}
template <class T>
T run_now(task<T> t) {
    std::optional<T> out;
    spawn([](task<T> inner, std::optional<T>& o) -> task<> { o = co_await std::move(inner); }(std::move(t), out));
    return std::move(*out);
}
} // namespace

TEST_CASE("a task does nothing until it is awaited", "[task]") {
    bool ran = false;
    {
        auto t = [](bool& r) -> task<> {
            r = true;
            co_return;
        }(ran);
        CHECK(static_cast<bool>(t));
    }
    CHECK_FALSE(ran);
}

TEST_CASE("co_await gives values, references, and what can only be moved", "[task]") {
    CHECK(run_now(one()) == 1);
    CHECK(*run_now(moved()) == 3);
    int n = 4;
    spawn([](int& x) -> task<> {
        int& r = co_await reference(x);
        r = 5;
    }(n));
    CHECK(n == 5);
}

TEST_CASE("a task that waits goes on when what it waits for is there", "[task]") {
    gate g;
    int got = 0;
    spawn([](gate& gate, int& out) -> task<> { out = co_await after(gate, 7); }(g, got));
    CHECK(got == 0);
    g.open();
    CHECK(got == 7);
}

TEST_CASE("an exception comes through from every suspension point", "[task]") {
    for (std::size_t at = 0; at < 4; ++at) {
        std::vector<gate> gates(5);
        std::string got;
        spawn([](std::vector<gate>& g, std::size_t n, std::string& out) -> task<> {
            try {
                co_await fails(g, n);
            } catch (const std::runtime_error& e) {
                out = e.what();
            }
        }(gates, at, got));
        for (auto& g : gates) g.open();
        CHECK(got == "at " + std::to_string(at));
    }
}

TEST_CASE("a task that is destroyed half-way destroys its locals and stops waiting", "[task]") {
    std::vector<std::string> log;
    gate g;
    {
        auto t = [](gate& outer_gate, std::vector<std::string>& l) -> task<> {
            const tracer outer(l, "outer");
            co_await [](gate& inner_gate, std::vector<std::string>& inner_log) -> task<> {
                const tracer inner(inner_log, "inner");
                co_await inner_gate.wait();
                inner_log.push_back("never");
            }(outer_gate, l);
        }(g, log);
        environment env;
        detail::task_access::start(t, &env, [](void*) {}, nullptr);
        CHECK(g.waits());
    }
    CHECK_FALSE(g.waits());
    g.open();
    CHECK(log == std::vector<std::string>{"inner", "outer"});
}

TEST_CASE("nothing of a task is left when who awaits it has gone on", "[task]") {
    std::vector<std::string> log;
    gate g;
    // a result with a destructor, an exception, and each of them behind a suspension
    const auto child = [](tracer, std::vector<std::string>& l, gate* wait, bool fail) -> task<tracer> {
        if (wait) co_await wait->wait();
        if (fail) throw std::runtime_error("failed");
        co_return tracer(l, "result");
    };
    const auto parent = [&](gate* wait, bool fail) -> task<> {
        try {
            const auto result = co_await child(tracer(log, "parameter"), log, wait, fail);
            log.push_back("on");
        } catch (const std::exception& e) {
            log.push_back(e.what());
        }
        log.push_back("end");
    };
    spawn(parent(nullptr, false));
    CHECK(std::exchange(log, {}) == std::vector<std::string>{"parameter", "on", "result", "end"});
    spawn(parent(nullptr, true));
    CHECK(std::exchange(log, {}) == std::vector<std::string>{"parameter", "failed", "end"});
    spawn(parent(&g, false));
    CHECK(log.empty());
    g.open();
    CHECK(std::exchange(log, {}) == std::vector<std::string>{"parameter", "on", "result", "end"});
    gate other;
    spawn(parent(&other, true));
    other.open();
    CHECK(std::exchange(log, {}) == std::vector<std::string>{"parameter", "failed", "end"});
}

TEST_CASE("a million ready awaits in a row need no stack", "[task]") {
    const auto sum = run_now([]() -> task<long> {
        long n = 0;
        for (int i = 0; i < 1000000; ++i) n += co_await one();
        co_return n;
    }());
    CHECK(sum == 1000000);
}

TEST_CASE("a deep chain of awaits comes back", "[task]") { CHECK(run_now(deep(1000)) == 1000); }

TEST_CASE("cancellation reaches the leaf of a chain as an exception", "[task]") {
    gate g;
    cancel_scope scope;
    std::string got;
    spawn([](gate& gate, std::string& out) -> task<> {
        try {
            co_await after(gate, 1);
        } catch (const cancelled& c) {
            out = c.reason() == cancel_reason::disconnected ? "disconnected" : "other";
        }
    }(g, got), &scope);
    scope.cancel(cancel_reason::disconnected);
    CHECK(got == "disconnected");
}
