#include <crema/loop/pool.hpp>
#include <catch2/catch.hpp>
#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <vector>
#if CREMA_LINUX
#include <sys/resource.h>
#endif

using crema::offload_options;
using crema::offload_pool;

namespace {

struct job : crema::detail::pool_job {
    explicit job(std::function<void()> f)
        : pool_job([](pool_job& j) noexcept { static_cast<job&>(j).f_(); }), f_(std::move(f)) {}

private:
    std::function<void()> f_;
};

} // namespace

TEST_CASE("no more threads than allowed work at once", "[loop][pool]") {
    std::atomic<int> now{0}, most{0};
    std::vector<std::unique_ptr<job>> jobs;
    {
        offload_pool pool({.threads = 3});
        for (int i = 0; i < 60; ++i)
            jobs.push_back(std::make_unique<job>([&] {
                const int n = ++now;
                for (int m = most; n > m && !most.compare_exchange_weak(m, n);) {
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                --now;
            }));
        for (auto& j : jobs) CHECK(pool.push(*j));
    } // runs what is queued
    CHECK(now == 0);
    CHECK(most == 3);
}

TEST_CASE("a full queue refuses; what is dropped never runs and makes room", "[loop][pool]") {
    std::latch begun(1), go(1);
    int ran = 0;
    job busy([&] {
        begun.count_down();
        go.wait();
    });
    job a([&] { ++ran; }), b([&] { ++ran; }), c([&] { ++ran; });
    {
        offload_pool pool({.threads = 1, .queue = 2});
        CHECK(pool.push(busy));
        begun.wait();
        CHECK(pool.push(a));
        CHECK(pool.push(b));
        CHECK_FALSE(pool.push(c));
        CHECK(pool.waiting() == 2);
        CHECK(pool.drop(a));
        CHECK_FALSE(pool.drop(a));
        CHECK_FALSE(pool.drop(busy));
        CHECK(pool.push(c));
        pool.options({.threads = 1, .queue = 0, .full = offload_options::when_full::wait});
        CHECK(pool.push(a)); // behind the others, however full
        go.count_down();
    }
    CHECK(ran == 3);
}

TEST_CASE("a pool that was never used has no thread to end", "[loop][pool]") {
    offload_pool pool;
    CHECK(pool.waiting() == 0);
    CHECK(pool.options().threads == 4);
}

#if CREMA_LINUX
TEST_CASE("threads of a pool let the loop go first", "[loop][pool]") {
    const int before = getpriority(PRIO_PROCESS, 0);
    std::promise<int> seen;
    job asks([&] { seen.set_value(getpriority(PRIO_PROCESS, 0)); });
    offload_options options;
    options.nice = 5;
    offload_pool pool(options);
    REQUIRE(pool.push(asks));
    CHECK(seen.get_future().get() == std::min(before + 5, 19));
    CHECK(getpriority(PRIO_PROCESS, 0) == before);
}
#endif
