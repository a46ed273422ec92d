// mutex: one coroutine at a time, across what it waits for.
#include <crema/async/event.hpp>
#include <crema/async/mutex.hpp>
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <catch2/catch.hpp>
#include <optional>
#include <vector>
using namespace crema;

namespace {
task<> works(crema::mutex& m, event& go, std::vector<int>& log, int n) {
    const auto held = co_await m.lock();
    log.push_back(n);
    co_await go.wait();
    log.push_back(-n);
}
} // namespace

TEST_CASE("one coroutine after the other, in the order of coming", "[mutex]") {
    crema::mutex m;
    event go;
    std::vector<int> log;
    for (int i = 1; i <= 3; ++i) spawn(works(m, go, log, i));
    CHECK(log == std::vector{1});
    go.set();
    CHECK(log == std::vector{1, -1, 2, -2, 3, -3});
    CHECK_FALSE(m.is_locked());
}

TEST_CASE("try_lock holds it when it is free", "[mutex]") {
    crema::mutex m;
    auto held = m.try_lock();
    CHECK(held);
    CHECK_FALSE(m.try_lock());
    auto other = std::move(held);
    CHECK_FALSE(held);
    other.unlock();
    CHECK_FALSE(m.is_locked());
    other = m.try_lock();
    CHECK(m.is_locked());
    other = {};
    CHECK_FALSE(m.is_locked());
}

TEST_CASE("who is cancelled in line leaves it and holds nothing", "[mutex]") {
    crema::mutex m;
    event go;
    std::vector<int> log;
    cancel_scope scope;
    spawn(works(m, go, log, 1));
    spawn(works(m, go, log, 2), &scope);
    spawn(works(m, go, log, 3));
    scope.cancel();
    go.set();
    CHECK(log == std::vector{1, -1, 3, -3});
    CHECK_FALSE(m.is_locked());
}

TEST_CASE("an exception lets go of it", "[mutex]") {
    crema::mutex m;
    spawn([](crema::mutex& mine) -> task<> {
        try {
            const auto held = co_await mine.lock();
            throw 1;
        } catch (int) {}
    }(m));
    CHECK_FALSE(m.is_locked());
}

TEST_CASE("who is destroyed between its turn and its going on passes it on", "[mutex]") {
    crema::mutex m;
    event go;
    std::vector<int> log;
    environment env;
    go.set();
    auto held = m.try_lock();
    std::optional<task<>> victim;
    spawn([](crema::mutex& mine, std::optional<task<>>& v) -> task<> { // is woken first, and destroys the next
        auto now = co_await mine.lock();
        now.unlock(); // the turn of the victim, who runs when this one waits
        v.reset();
    }(m, victim));
    victim = works(m, go, log, 1);
    detail::task_access::start(
        *victim, &env, [](void*) {}, nullptr);
    spawn(works(m, go, log, 2));
    held.unlock();
    CHECK(log == std::vector{2, -2});
    CHECK_FALSE(m.is_locked());
}

TEST_CASE("ten thousand in line need no stack", "[mutex]") {
    crema::mutex m;
    int done = 0;
    auto held = m.try_lock();
    for (int i = 0; i < 10000; ++i)
        spawn([](crema::mutex& mine, int& n) -> task<> {
            const auto h = co_await mine.lock();
            ++n;
        }(m, done));
    held.unlock();
    CHECK(done == 10000);
}
