#include <crema/loop/watchdog.hpp>
#include "run.hpp"
#include <crema/loop/asio_bridge.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/sleep.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>
#if CREMA_LINUX
#include <filesystem>
#endif

using namespace crema;
using namespace std::chrono_literals;
using testing_loop::run;

namespace {

// What the watchdog said, and a way to block until it has said something: no test depends on how fast the machine is.
class notes {
public:
    watchdog_options options(std::chrono::milliseconds threshold = 20ms) {
        watchdog_options o;
        o.threshold = threshold;
        o.on_block = [this](const block_report& r) {
            const std::lock_guard lock(guard_);
            all_.push_back(r);
            changed_.notify_all();
        };
        return o;
    }
    // Blocks this thread until there are that many reports; false when that takes too long.
    bool block(std::size_t count = 1) {
        std::unique_lock lock(guard_);
        return changed_.wait_for(lock, 20s, [&] { return all_.size() >= count; });
    }
    std::vector<block_report> take() {
        const std::lock_guard lock(guard_);
        return std::exchange(all_, {});
    }
    block_report only() {
        auto all = take();
        REQUIRE(all.size() == 1);
        return all.front();
    }

private:
    std::mutex guard_;
    std::condition_variable changed_;
    std::vector<block_report> all_;
};

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Whether the watchdog sleeps until the board of this thread wakes it.
bool sleeps() {
    for (int i = 0; i < 2000; ++i) {
        if (this_thread_activity().waker.load()) return true;
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

} // namespace

TEST_CASE("a timer that blocks is named while it blocks, by the place that set it", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options());
    const auto line = std::source_location::current().line() + 1;
    l.set_timeout([&] { CHECK(said.block()); }, 1);
    l.run();
    REQUIRE(said.block(2));
    const auto reports = said.take();
    REQUIRE(reports.size() == 2);
    CHECK(reports[0].kind() == "timer");
    CHECK(reports[0].where().line() == line);
    CHECK(ends_with(reports[0].where().file_name(), "tests/loop/watchdog.cpp"));
    CHECK(reports[0].method.empty());
    CHECK(reports[0].time >= 20ms);
    CHECK_FALSE(reports[0].ended);
    // when it is over, the total
    CHECK(reports[1].ended);
    CHECK(reports[1].label == reports[0].label);
    CHECK(reports[1].time >= reports[0].time);
}

TEST_CASE("a long block is reported again, each time it is ten times as long", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options(2ms));
    l.set_immediate([&] { CHECK(said.block(3)); });
    l.run();
    REQUIRE(said.block(4));
    const auto reports = said.take();
    CHECK(reports[0].time >= 2ms);
    CHECK(reports[1].time >= 20ms);
    CHECK(reports[2].time >= 200ms);
    CHECK(reports[3].ended);
    CHECK(reports[3].kind() == "immediate");
}

TEST_CASE("a coroutine that blocks after a co_await is named", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options());
    const auto& label = make_label("handler", "/slow", std::source_location::current());
    const activity what{&label, "POST"};
    // what the handler of a request does: an environment that tells what its coroutines work on
    const auto handler = [](notes& n) -> task<> {
        co_await sleep(1ms);
        const auto inner = [](notes& m) -> task<> {
            co_await sleep(1ms);
            CHECK(m.block());
        };
        co_await inner(n);
    };
    environment env;
    env.what = &what;
    auto work = handler(said);
    l.callback([&] { detail::task_access::start(work, &env, [](void*) {}, nullptr); });
    l.run();
    const auto report = said.take().at(0);
    CHECK(report.label == &label);
    CHECK(report.method == "POST");
    CHECK(report.pattern == "/slow");
}

TEST_CASE("a spawned task that blocks is named by the place that spawned it", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options());
    const auto work = [](notes& n) -> task<> {
        co_await sleep(1ms);
        CHECK(n.block());
    };
    const auto line = std::source_location::current().line() + 1;
    l.callback([&] { spawn(work(said)); });
    l.run();
    const auto report = said.take().at(0);
    CHECK(report.kind() == "task");
    CHECK(report.where().line() == line);
}

TEST_CASE("an asio::awaitable that blocks is named by the task that awaits it", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options());
    const auto inner = [](notes& n) -> asio::awaitable<void> {
        asio::steady_timer t(co_await asio::this_coro::executor, 1ms);
        co_await t.async_wait(asio::use_awaitable);
        CHECK(n.block());
        co_await t.async_wait(asio::use_awaitable);
    };
    const auto work = [](auto f, notes& n) -> task<> { co_await f(n); };
    const auto line = std::source_location::current().line() + 1;
    l.callback([&] { spawn(work(inner, said)); });
    l.run();
    const auto report = said.take().at(0);
    CHECK(report.kind() == "task");
    CHECK(report.where().line() == line);
}

TEST_CASE("ticks and microtasks that block are named", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options());
    l.next_tick([&] { CHECK(said.block()); });
    l.run();
    CHECK(said.take().at(0).kind() == "tick");
    REQUIRE(said.block());
    said.take(); // the end of it
    l.queue_microtask([&] { CHECK(said.block()); });
    l.run();
    CHECK(said.take().at(0).kind() == "microtask");
}

TEST_CASE("what has no label is a callback", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options());
    l.post([&] { CHECK(said.block()); });
    l.run();
    const auto report = said.take().at(0);
    CHECK(report.label == nullptr);
    CHECK(report.kind() == "callback");
    CHECK(report.where().line() == 0);
    CHECK(to_string(report).find("a callback has blocked the loop for ") == 0);
}

TEST_CASE("of several things in one callback the one that took longest is named", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options(400ms)); // a look every 50 ms
    const auto here = std::source_location::current();
    const activity first{&make_label("middleware", "", here), "GET"};
    const activity second{&make_label("handler", "/long", here), "GET"};
    l.callback([&] {
        {
            const activity_scope shown(&second);
            std::this_thread::sleep_for(380ms);
        }
        const activity_scope shown(&first);
        CHECK(said.block());
    });
    CHECK(said.take().at(0).pattern == "/long");
}

TEST_CASE("callbacks that take long only together are not reported", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options(400ms));
    const auto until = std::chrono::steady_clock::now() + 900ms;
    int turns = 0;
    const auto timer = l.set_interval([&] {
        std::this_thread::sleep_for(1ms);
        if (++turns; std::chrono::steady_clock::now() > until) l.stop();
    }, 1);
    l.run();
    CHECK(turns > 10);
    CHECK(said.take().empty());
}

TEST_CASE("a loop that waits is not reported, and the watchdog sleeps with it", "[loop][watchdog]") {
    loop l;
    notes said;
    const watchdog dog(said.options(8ms));
    REQUIRE(sleeps());
#if CREMA_LINUX
    const auto looks = [] {
        for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
            std::string name, line;
            std::ifstream(thread.path() / "comm") >> name;
            if (name != "crema-watchdog") continue;
            std::ifstream status(thread.path() / "status");
            while (std::getline(status, line))
                if (line.find("voluntary_ctxt_switches:") == 0) return std::stol(line.substr(24));
        }
        return -1L;
    };
    REQUIRE(looks() > 0);
    bool still = false;
    for (int i = 0; i < 50 && !still; ++i) { // it takes a last look
        const auto before = looks();
        std::this_thread::sleep_for(100ms);
        still = looks() == before;
    }
    CHECK(still);
#endif
    l.set_timeout([] {}, 100);
    l.run();
    CHECK(said.take().empty());
    // the first callback after a long sleep is watched like any other
    REQUIRE(sleeps());
    std::this_thread::sleep_for(50ms);
    l.callback([&] { CHECK(said.block()); });
    CHECK(said.take().at(0).kind() == "callback");
}

TEST_CASE("one thread watches the loops of several", "[loop][watchdog]") {
    notes said;
    std::vector<std::thread> threads;
    std::atomic<int> blocked{0};
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&, i] {
            loop l;
            notes own;
            const watchdog dog(own.options());
            const auto& label = make_label("handler", "/loop/" + std::to_string(i), std::source_location::current());
            l.callback(&label, [&] { blocked += own.block(); });
            const auto report = own.take().at(0);
            blocked += report.pattern == "/loop/" + std::to_string(i);
        });
    for (auto& t : threads) t.join();
    CHECK(blocked == 6);
}

TEST_CASE("several watchdogs of one thread do not take each other's reports", "[loop][watchdog]") {
    loop l;
    notes a, b;
    std::optional<watchdog> one;
    one.emplace(a.options());
    const watchdog two(b.options());
    l.callback([&] { CHECK((a.block() && b.block())); });
    REQUIRE(sleeps());
    one.reset();
    a.take();
    b.take();
    l.callback([&] { CHECK(b.block()); });
    CHECK(a.take().empty());
}

TEST_CASE("a watchdog that is off, or has gone, says nothing", "[loop][watchdog]") {
    loop l;
    notes said;
    auto off = said.options(1ms);
    off.enabled = false;
    const watchdog dog(off);
    {
        const watchdog gone(said.options(1ms));
    }
    l.callback([] { std::this_thread::sleep_for(50ms); });
    CHECK(said.take().empty());
    CHECK(this_thread_activity().waker.load() == nullptr);
}

TEST_CASE("watchdogs may come and go while the loop works", "[loop][watchdog]") {
    loop l;
    std::optional<watchdog> dog;
    int turns = 0;
    l.set_interval([&] {
        if (turns % 2 == 0) dog.emplace(watchdog_options{.threshold = 1s});
        else dog.reset();
        if (++turns == 50) l.stop();
    }, 1);
    l.run();
    CHECK(turns == 50);
}

TEST_CASE("a watchdog that is made within a callback counts from then on", "[loop][watchdog]") {
    loop l;
    notes said;
    l.callback([&] {
        const watchdog dog(said.options());
        CHECK(said.block());
    });
    const auto first = said.take().at(0);
    CHECK(first.time >= 20ms);
    CHECK(first.time < 20s);
}

TEST_CASE("an exception of on_block ends nothing", "[loop][watchdog]") {
    loop l;
    std::atomic<int> calls{0};
    watchdog_options o;
    o.threshold = 1ms;
    o.on_block = [&](const block_report&) {
        ++calls;
        throw std::runtime_error("this line belongs to a test");
    };
    const watchdog dog(std::move(o));
    l.callback([&] {
        while (calls < 2) std::this_thread::sleep_for(1ms);
    });
    CHECK(calls >= 2);
}

TEST_CASE("a report reads as a line of a log", "[loop][watchdog]") {
    block_report r;
    std::source_location here = std::source_location::current();
    const auto at = "watchdog.cpp:" + std::to_string(here.line()) + ")";
    r.time = 153ms;
    CHECK(to_string(r) == "a callback has blocked the loop for 153 ms");
    r.label = &make_label("handler", "/api/report-wrong", here);
    r.method = "GET";
    r.pattern = "/api/report-wrong";
    CHECK(to_string(r) == "GET /api/report-wrong has blocked the loop for 153 ms (handler registered at " + at);
    r.ended = true;
    CHECK(to_string(r) == "GET /api/report-wrong blocked the loop for 153 ms in total (handler registered at " + at);
    r.ended = false;
    r.label = &make_label("middleware", "", here);
    r.pattern.clear();
    CHECK(to_string(r) == "GET * has blocked the loop for 153 ms (middleware registered at " + at);
    r.method = {};
    r.label = &make_label("timer", "", here);
    CHECK(to_string(r) == "a timer has blocked the loop for 153 ms (set at " + at);
    r.label = &make_label("immediate", "", here);
    CHECK(to_string(r) == "an immediate has blocked the loop for 153 ms (queued at " + at);
    r.label = &make_label("task", "", here);
    r.stack = {"inner()", "outer()"};
    CHECK(to_string(r) ==
          "a task has blocked the loop for 153 ms (spawned at " + at + "\n    #0 inner()\n    #1 outer()");
}

TEST_CASE("the pattern is that of the route below those of its mounts", "[loop][watchdog]") {
    loop l;
    const auto here = std::source_location::current();
    const auto named = [&](const activity_label& label) {
        notes said;
        const watchdog dog(said.options(1ms));
        l.callback(&label, [&] { said.block(); });
        return said.take().at(0).pattern;
    };
    const auto& outer = make_label("router", "/api", here);
    const auto& inner = make_label("app", "/v1", here, &outer);
    CHECK(named(make_label("handler", "/users/:id", here, &inner)) == "/api/v1/users/:id");
    CHECK(named(make_label("handler", "/", here, &inner)) == "/api/v1");
    CHECK(named(make_label("middleware", "", here, &inner)) == "/api/v1");
    CHECK(named(make_label("handler", "/", here)) == "/");
    CHECK(named(make_label("middleware", "", here)) == "");
}

#if CREMA_LINUX
TEST_CASE("by default it warns on stderr, once for all watchdogs of the thread", "[loop][watchdog]") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::fflush(stderr);
    const int before = ::dup(2);
    ::dup2(ends[1], 2);
    ::close(ends[1]);
    {
        loop l;
        const watchdog one({.threshold = 1ms});
        const watchdog two({.threshold = 1ms});
        notes said; // says when the others have had their turn
        const watchdog three(said.options(1ms));
        l.set_timeout([&] { said.block(1); }, 1);
        l.run();
    }
    std::fflush(stderr);
    ::dup2(before, 2);
    ::close(before);
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(ends[0], text.data(), text.size()), 0)));
    ::close(ends[0]);
    CHECK(text.find("crema: a timer has blocked the loop for ") == 0);
    CHECK(text.find("(set at watchdog.cpp:") != text.npos);
    CHECK(text.find("crema: a timer has", 1) == text.npos);
}
#endif
