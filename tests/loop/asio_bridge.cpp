#include <crema/loop/asio_bridge.hpp>
#include "run.hpp"
#include <crema/async/race.hpp>
#include <crema/async/when_all.hpp>
#include <crema/loop/schedule.hpp>
#include <crema/loop/sleep.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <string>

using namespace crema;
using namespace std::chrono_literals;
using testing_loop::run;

namespace {

asio::awaitable<void> waits(std::chrono::steady_clock::duration d) {
    asio::steady_timer t(co_await asio::this_coro::executor, d);
    co_await t.async_wait(asio::use_awaitable);
}
asio::awaitable<int> answer() {
    co_await waits(1ms);
    co_return 42;
}
asio::awaitable<std::string> fails() {
    co_await waits(1ms);
    throw std::runtime_error("from an awaitable");
    co_return "";
}

} // namespace

TEST_CASE("a task awaits an asio::awaitable", "[loop][asio_bridge]") {
    const auto work = []() -> task<int> {
        co_await waits(1ms);
        co_return co_await answer();
    };
    CHECK(run(work()) == 42);
    const auto by_name = []() -> task<int> { co_return co_await to_awaitable(answer()); };
    CHECK(run(by_name()) == 42);
}

TEST_CASE("its exception arrives", "[loop][asio_bridge]") {
    const auto work = []() -> task<std::string> { co_return co_await fails(); };
    CHECK_THROWS_WITH(run(work()), "from an awaitable");
}

TEST_CASE("combinators take awaitables beside tasks", "[loop][asio_bridge]") {
    const auto work = []() -> task<int> {
        auto [a, b] = co_await when_all(answer(), answer());
        co_await race(waits(1h), sleep(2ms));
        co_return a + b;
    };
    loop l;
    CHECK(run(l, work()) == 84);
    CHECK_FALSE(l.run_once()); // the loser has ended
}

TEST_CASE("cancellation reaches the operation inside", "[loop][asio_bridge]") {
    loop l;
    cancel_scope scope;
    bool unwound = false;
    const auto inner = [](bool& u) -> asio::awaitable<void> {
        struct note {
            bool& u;
            ~note() { u = true; }
        } const at_end{u};
        co_await waits(1h);
    };
    const auto work = [](auto f, bool& u) -> task<> { co_await f(u); };
    l.set_timeout([&] { scope.cancel(cancel_reason::disconnected); }, 3);
    CHECK_THROWS_AS(run(l, work(inner, unwound), &scope), cancelled);
    CHECK(unwound);
    CHECK_THROWS_AS(run(l, work(inner, unwound), &scope), cancelled); // before it begins
}

TEST_CASE("each piece of an awaitable is a callback that shows what the task works on", "[loop][asio_bridge]") {
    loop l;
    std::string seen;
    const auto inner = [](std::string& s) -> asio::awaitable<void> {
        const auto look = [&] {
            const auto& board = this_thread_activity();
            const auto* label = board.label.load();
            s += board.turn.load() % 2 == 1 && label ? std::string(label->kind) + ' ' : "nothing ";
        };
        look();
        co_await waits(1ms);
        look();
        next_tick([&s] { s += "tick "; });
        co_await waits(1ms);
        look();
    };
    const auto work = [](auto f, std::string& s) -> task<> { co_await f(s); };
    run(l, work(inner, seen));
    CHECK(seen == "task task tick task ");
}

TEST_CASE("a task destroyed while an awaitable runs: the awaitable ends by itself, or with the loop", "[loop][asio_bridge]") {
    auto token = std::make_shared<int>();
    {
        loop l;
        const auto holds = [](std::shared_ptr<int>) -> asio::awaitable<void> { co_await waits(1h); };
        const auto work = [](auto f, std::shared_ptr<int> t) -> task<> { co_await f(std::move(t)); };
        l.callback([&] { spawn(work(holds, token)); });
        l.run_once();
        CHECK(token.use_count() > 1);
    }
    CHECK(token.use_count() == 1);
}
