// event: wait until it is set.
#include <crema/async/event.hpp>
#include <crema/async/race.hpp>
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>
using namespace crema;

namespace {
task<> waits(event& e, std::vector<int>& log, int n) {
    co_await e.wait();
    log.push_back(n);
}
} // namespace

TEST_CASE("an event lets everybody go on once it is set, and who comes later at once", "[event]") {
    event e;
    std::vector<int> log;
    spawn(waits(e, log, 1));
    spawn(waits(e, log, 2));
    CHECK(log.empty());
    e.set();
    CHECK(log == std::vector{1, 2});
    CHECK(e.is_set());
    spawn(waits(e, log, 3));
    CHECK(log == std::vector{1, 2, 3});
}

TEST_CASE("after reset one waits again", "[event]") {
    event e;
    std::vector<int> log;
    e.set();
    e.reset();
    spawn(waits(e, log, 1));
    CHECK(log.empty());
    e.set();
    e.set();
    CHECK(log == std::vector{1});
}

TEST_CASE("a wait that is cancelled ends with cancelled", "[event]") {
    event e;
    cancel_scope scope;
    auto reason = cancel_reason::none;
    spawn(
        [](event& ev, cancel_reason& r) -> task<> {
            try {
                co_await ev.wait();
            } catch (const cancelled& c) {
                r = c.reason();
            }
        }(e, reason),
        &scope);
    scope.cancel(cancel_reason::timed_out);
    CHECK(reason == cancel_reason::timed_out);
    e.set(); // nobody is there
}

TEST_CASE("the wait that loses a race is over", "[event]") {
    event won, lost;
    bool done = false;
    spawn([](event& a, event& b, bool& d) -> task<> {
        co_await race(a.wait(), b.wait());
        d = true;
    }(won, lost, done));
    won.set();
    CHECK(done);
    lost.set();
}

TEST_CASE("an event may be destroyed by who goes on", "[event]") {
    auto e = std::make_unique<event>();
    std::vector<int> log;
    spawn([](std::unique_ptr<event>& owner, std::vector<int>& l) -> task<> {
        co_await owner->wait();
        owner.reset();
        l.push_back(1);
    }(e, log));
    spawn(waits(*e, log, 2));
    e->set();
    CHECK(log == std::vector{1, 2});
}
