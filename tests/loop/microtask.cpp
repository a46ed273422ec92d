#include "run.hpp"
#include <crema/async/when_all.hpp>
#include <crema/loop/microtask.hpp>
#include <catch2/catch.hpp>
#include <optional>
#include <string>

using namespace crema;
using testing_loop::run;

TEST_CASE("resume_microtask goes on behind what was queued before, before any immediate", "[loop][microtask]") {
    loop l;
    std::string seen;
    l.callback([&] {
        l.set_immediate([&] { seen += 'i'; });
        l.queue_microtask([&] { seen += '1'; });
        spawn([](std::string& s) -> task<> {
            s += 'a';
            co_await resume_microtask();
            s += 'b';
            co_await resume_immediate();
            s += 'c';
        }(seen));
        l.queue_microtask([&] { seen += '2'; });
        seen += 'm';
    });
    l.run();
    CHECK(seen == "am1b2ic");
}

TEST_CASE("a coroutine destroyed while it is queued is not resumed", "[loop][microtask]") {
    loop l;
    bool resumed = false;
    struct frame {
        struct promise_type {
            frame get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
            std::suspend_never initial_suspend() { return {}; }
            std::suspend_always final_suspend() noexcept { return {}; }
            void return_void() {}
            void unhandled_exception() { std::terminate(); }
        };
        std::coroutine_handle<promise_type> handle;
    };
    const auto waits = [](bool& b, bool micro) -> frame {
        if (micro) co_await resume_microtask();
        else co_await resume_immediate();
        b = true;
    };
    l.callback([&] {
        waits(resumed, true).handle.destroy();
        waits(resumed, false).handle.destroy();
    });
    CHECK_FALSE(l.run_once());
    CHECK_FALSE(resumed);
}

TEST_CASE("cancellation ends the wait for the check phase at once", "[loop][microtask]") {
    loop l;
    cancel_scope scope;
    const auto waits = [](bool micro) -> task<> {
        if (micro) co_await resume_microtask();
        else co_await resume_immediate();
    };
    for (const bool micro : {true, false}) {
        scope.reset();
        l.next_tick([&] { scope.cancel(cancel_reason::shutdown); });
        try {
            run(l, waits(micro), &scope);
            FAIL("not cancelled");
        } catch (const cancelled& c) {
            CHECK(c.reason() == cancel_reason::shutdown);
        }
        CHECK_THROWS_AS(run(l, waits(micro), &scope), cancelled); // before it waits
    }
}

TEST_CASE("a long run of microtasks allocates nothing but its ring", "[loop][microtask]") {
    loop l;
    int n = 0;
    const auto many = [](int& count) -> task<> {
        for (int i = 0; i < 100000; ++i) {
            co_await resume_microtask();
            ++count;
        }
    };
    run(l, many(n));
    CHECK(n == 100000);
}
