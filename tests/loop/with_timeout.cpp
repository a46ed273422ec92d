#include <crema/loop/with_timeout.hpp>
#include <crema/async/spawn.hpp>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>
using namespace crema;
using namespace std::chrono_literals;

namespace {

// Waits until it is opened. Obeys a cancellation at once, or, as a job of the pool, only when it is opened.
class gate : cancel_callback {
public:
    enum class kind { obeys, stuck };
    explicit gate(kind k) : cancel_callback(&cancelled_now), kind_(k) {}

    void open() {
        detach();
        if (auto h = std::exchange(waiter_, {})) resume_in(*env_, h);
    }
    bool waits() const { return static_cast<bool>(waiter_); }

    bool await_ready() const { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        waiter_ = h;
        attach(env_->scope);
        return true;
    }
    void await_resume() const {
        if (env_->scope) env_->scope->check();
    }

private:
    static void cancelled_now(cancel_callback& c) noexcept {
        auto& g = static_cast<gate&>(c);
        if (g.kind_ == kind::obeys) g.open();
        else g.env_->scope->stuck();
    }
    kind kind_;
    environment* env_ = nullptr;
    std::coroutine_handle<> waiter_;
};

struct on_destruction {
    std::vector<std::string>* log;
    const char* name;
    ~on_destruction() { log->push_back(name); }
};

task<int> through(gate& g, std::vector<std::string>& log) {
    const on_destruction local{&log, "frame"};
    co_await g;
    co_return 7;
}

task<> limited(gate& g, std::vector<std::string>& log, std::chrono::milliseconds time) {
    try {
        const int n = co_await with_timeout(through(g, log), time);
        log.push_back("got " + std::to_string(n));
    } catch (const timed_out&) {
        log.push_back("timed out");
    } catch (const cancelled&) {
        log.push_back("cancelled");
    }
}

struct fixture {
    manual_clock clock;
    loop l;
    std::vector<std::string> log;
    fixture() { l.clock(&clock); }
    void pass(std::chrono::milliseconds t) {
        clock.advance(t);
        l.run_once();
    }
};

} // namespace

TEST_CASE("with_timeout gives the result when it comes in time", "[with_timeout]") {
    fixture f;
    gate g(gate::kind::obeys);
    spawn(limited(g, f.log, 50ms));
    f.pass(49ms);
    g.open();
    f.pass(100ms);
    CHECK(f.log == std::vector<std::string>{"frame", "got 7"});
}

TEST_CASE("at the deadline what was awaited has been cancelled and has ended", "[with_timeout]") {
    fixture f;
    gate g(gate::kind::obeys);
    spawn(limited(g, f.log, 50ms));
    f.pass(49ms);
    CHECK(f.log.empty());
    f.pass(1ms);
    CHECK(f.log == std::vector<std::string>{"frame", "timed out"});
}

TEST_CASE("what cannot stop is not waited for, and its frame lives until it has ended", "[with_timeout]") {
    fixture f;
    gate g(gate::kind::stuck);
    spawn(limited(g, f.log, 50ms));
    f.pass(50ms);
    CHECK(f.log == std::vector<std::string>{"timed out"});
    REQUIRE(g.waits());
    g.open();
    CHECK(f.log == std::vector<std::string>{"timed out", "frame"});
}

TEST_CASE("cancelling from above is cancellation, not a timeout, and awaits even what is stuck", "[with_timeout]") {
    fixture f;
    cancel_scope scope;
    gate g(gate::kind::stuck);
    spawn(limited(g, f.log, 50ms), &scope);
    scope.cancel();
    CHECK(f.log.empty());
    g.open();
    CHECK(f.log == std::vector<std::string>{"frame", "cancelled"});
}

TEST_CASE("what is ready needs no timer, and its exception comes through", "[with_timeout]") {
    fixture f;
    spawn([](std::vector<std::string>& log) -> task<> {
        log.push_back(std::to_string(co_await with_timeout([]() -> task<int> { co_return 3; }(), 1ms)));
        try {
            co_await with_timeout([]() -> task<> {
                throw std::runtime_error("inner");
                co_return;
            }(), 1ms);
        } catch (const std::runtime_error& e) {
            log.push_back(e.what());
        }
    }(f.log));
    CHECK(f.log == std::vector<std::string>{"3", "inner"});
    CHECK_FALSE(f.l.run_once());
}

TEST_CASE("a coroutine that is destroyed while it waits takes the awaited one along", "[with_timeout]") {
    std::vector<std::string> log;
    gate g(gate::kind::obeys);
    {
        loop l;
        spawn(limited(g, log, 1h));
    }
    CHECK(log == std::vector<std::string>{"frame"});
}
