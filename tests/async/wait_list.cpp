// wait_list: the line behind event, mutex and channel.
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/async/wait_list.hpp>
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <vector>
using namespace crema;

namespace {

struct in_line {
    detail::wait_list& line;
    detail::waiter waiter{};
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        return waiter.enter(line, h);
    }
    void await_resume() const { waiter.check(); }
};

task<> stand(detail::wait_list& line, std::vector<int>& log, int n) {
    co_await in_line{line};
    log.push_back(n);
}

void grant_all(detail::wait_list& line) {
    while (!line.empty()) line.grant();
    detail::wait_list::run_granted();
}

} // namespace

TEST_CASE("who waits in line goes on in the order of coming", "[wait_list]") {
    detail::wait_list line;
    std::vector<int> log;
    for (int i = 0; i < 3; ++i) spawn(stand(line, log, i));
    CHECK(log.empty());
    line.grant();
    CHECK(log.empty()); // its turn, but nobody has let it run
    detail::wait_list::run_granted();
    CHECK(log == std::vector{0});
    grant_all(line);
    CHECK(log == std::vector{0, 1, 2});
    CHECK(line.empty());
}

TEST_CASE("who is cancelled leaves the line, who had its turn does not", "[wait_list]") {
    detail::wait_list line;
    std::vector<int> log;
    cancel_scope first, second, third;
    spawn(stand(line, log, 1), &first);
    spawn(stand(line, log, 2), &second);
    spawn(stand(line, log, 3), &third);
    second.cancel();
    line.grant();
    first.cancel();
    grant_all(line);
    CHECK(log == std::vector{1, 3});
    cancel_scope before;
    before.cancel();
    spawn(stand(line, log, 4), &before);
    CHECK(line.empty());
}

TEST_CASE("a coroutine that is destroyed in line or at its turn is forgotten", "[wait_list]") {
    detail::wait_list line;
    std::vector<int> log;
    environment env;
    std::optional<task<>> a = stand(line, log, 1), b = stand(line, log, 2), c = stand(line, log, 3);
    for (auto* t : {&a, &b, &c})
        detail::task_access::start(
            **t, &env, [](void*) {}, nullptr);
    a.reset();
    line.grant();
    b.reset();
    grant_all(line);
    CHECK(log == std::vector{3});
}

TEST_CASE("those who are woken by one that was woken run behind it: the stack does not grow", "[wait_list]") {
    detail::wait_list line;
    int depth = 0, deepest = 0, woken = 0;
    const auto wakes_next = [&]() -> task<> {
        co_await in_line{line};
        deepest = std::max(deepest, ++depth);
        ++woken;
        if (!line.empty()) {
            line.grant();
            detail::wait_list::run_granted();
        }
        --depth;
    };
    for (int i = 0; i < 10000; ++i) spawn(wakes_next());
    line.grant();
    detail::wait_list::run_granted();
    CHECK(woken == 10000);
    CHECK(deepest == 1);
}
