#include "run.hpp"
#include <crema/async/when_all.hpp>
#include <crema/loop/offload.hpp>
#include <crema/loop/sleep.hpp>
#include <crema/loop/with_timeout.hpp>
#include <catch2/catch.hpp>
#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

using namespace crema;
using namespace std::chrono_literals;
using testing_loop::run;

TEST_CASE("the function runs on another thread, the coroutine goes on here", "[loop][offload]") {
    const auto here = std::this_thread::get_id();
    const auto work = [](std::thread::id me) -> task<std::string> {
        const auto there = co_await offload([] { return std::this_thread::get_id(); });
        CHECK(there != me);
        CHECK(std::this_thread::get_id() == me);
        int local = 1;
        co_await offload([&] { local = 2; });
        int& ref = co_await offload([&]() -> int& { return local; });
        CHECK(&ref == &local);
        CHECK(local == 2);
        auto give = [p = std::make_unique<int>(5)]() mutable { return std::move(p); }; // g++ 12: not within the co_await
        auto moved = co_await offload(std::move(give));
        CHECK(*moved == 5);
        co_return co_await offload([] { return std::string("done"); });
    };
    CHECK(run(work(here)) == "done");
}

TEST_CASE("an exception comes back where it is awaited", "[loop][offload]") {
    const auto work = []() -> task<> { co_await offload([] { throw std::runtime_error("from there"); }); };
    CHECK_THROWS_WITH(run(work()), "from there");
}

TEST_CASE("jobs side by side", "[loop][offload]") {
    const auto work = []() -> task<int> {
        std::latch both(2); // neither ends without the other
        auto [a, b] = co_await when_all(offload([&] { both.arrive_and_wait(); return 1; }),
                                        offload([&] { both.arrive_and_wait(); return 2; }));
        co_return a + b;
    };
    CHECK(run(work()) == 3);
}

TEST_CASE("a full pool answers with queue_full", "[loop][offload]") {
    offload_pool pool({.threads = 1, .queue = 0});
    const auto work = [](offload_pool& p) -> task<int> {
        std::latch begun(1), go(1);
        auto first = [](offload_pool& where, std::latch& b, std::latch& g) -> task<> {
            co_await offload([&] {
                b.count_down();
                g.wait();
            }, where);
        };
        auto second = [](offload_pool& where, std::latch& b, std::latch& g) -> task<int> {
            b.wait();
            int result = 0;
            try {
                co_await offload([] {}, where);
            } catch (const system_error& e) {
                CHECK(e.code() == error::queue_full);
                result = 1;
            }
            g.count_down();
            co_return result;
        };
        auto [none, refused] = co_await when_all(first(p, begun, go), second(p, begun, go));
        (void)none;
        co_return refused;
    };
    CHECK(run(work(pool)) == 1);
}

TEST_CASE("cancellation drops a queued job at once and asks a running one to stop", "[loop][offload]") {
    offload_pool pool({.threads = 1});
    loop l;
    cancel_scope scope;
    std::latch begun(1);
    bool stopped = false, ran = false;
    const auto running = [](offload_pool& p, std::latch& b, bool& s) -> task<> {
        co_await offload([&](std::stop_token stop) {
            b.count_down();
            while (!stop.stop_requested()) std::this_thread::yield();
            s = true;
        }, p);
    };
    const auto queued = [](offload_pool& p, bool& r) -> task<> { co_await offload([&] { r = true; }, p); };
    const auto both = [&](auto first, auto second) -> task<> {
        co_await when_all(first(pool, begun, stopped), second(pool, ran));
    };
    l.set_immediate([&] {
        begun.wait();
        CHECK(pool.waiting() == 1);
        scope.cancel();
        CHECK(pool.waiting() == 0);
    });
    CHECK_THROWS_AS(run(l, both(running, queued), &scope), cancelled);
    CHECK(stopped);
    CHECK_FALSE(ran);
    CHECK_THROWS_AS(run(l, queued(pool, ran), &scope), cancelled); // before it waits
    CHECK_FALSE(ran);
}

TEST_CASE("a deadline around a job that cannot stop answers without waiting for it", "[loop][offload]") {
    loop l;
    std::atomic<bool> go{false}, finished{false};
    bool timely = false;
    const auto stubborn = [](std::atomic<bool>& g, std::atomic<bool>& f) -> task<> {
        std::string local = "lives until the job has ended";
        co_await offload([&] {
            while (!g) std::this_thread::yield();
            f = local.size() > 5;
        });
    };
    const auto work = [&](auto job) -> task<> {
        try {
            co_await with_timeout(job(go, finished), 5ms);
        } catch (const timed_out&) {
            timely = !finished;
        }
        go = true;
    };
    run(l, work(stubborn));
    CHECK(timely);
    CHECK(finished);
}

TEST_CASE("a coroutine destroyed while its job runs waits for it; one whose job is queued does not", "[loop][offload]") {
    offload_pool pool({.threads = 1});
    std::atomic<int> ended{0};
    std::latch begun(1);
    {
        loop l;
        const auto work = [](offload_pool& p, std::atomic<int>& e, std::latch* b) -> task<> {
            std::string local = "used by the job";
            co_await offload([&](std::stop_token stop) {
                if (b) b->count_down();
                while (b && !stop.stop_requested()) std::this_thread::yield();
                e += static_cast<int>(local.size());
            }, p);
        };
        l.callback([&] {
            spawn(work(pool, ended, &begun));
            spawn(work(pool, ended, nullptr));
        });
        begun.wait();
    }
    CHECK(ended == 15);
    CHECK(pool.waiting() == 0);
}

TEST_CASE("offload_detached copies its arguments, keeps the loop alive, reports its exception", "[loop][offload]") {
    loop l;
    std::string error;
    l.on_error([&](std::exception_ptr e) {
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& x) {
            error = x.what();
        }
    });
    std::atomic<int> sum{0};
    l.callback([&] {
        std::string local = "four";
        offload_detached([&sum](std::string s, int n) {
            std::this_thread::sleep_for(2ms);
            sum += static_cast<int>(s.size()) + n;
        }, local, 3);
        offload_detached([] { throw std::runtime_error("nobody waits"); });
    });
    l.run();
    CHECK(sum == 7);
    CHECK(error == "nobody waits");
}

TEST_CASE("a loop that goes waits for the jobs that report to it", "[loop][offload]") {
    std::atomic<bool> done{false};
    {
        loop l;
        l.callback([&] {
            offload_detached([&done] {
                std::this_thread::sleep_for(10ms);
                done = true;
            });
        });
    }
    CHECK(done);
}
