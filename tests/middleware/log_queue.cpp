// Tests of middleware/log_queue.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/log_queue.hpp>

#include <catch2/catch.hpp>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace crema;
using namespace std::chrono_literals;

TEST_CASE("what is pushed comes out in order, on another thread, in batches", "[middleware][log_queue]") {
    std::string all;
    std::vector<std::thread::id> threads;
    {
        log_queue q({.collect = 1h}, [&](std::string_view batch, std::uint64_t) {
            all += batch;
            threads.push_back(std::this_thread::get_id());
        });
        for (int i = 0; i < 100; ++i) CHECK(q.push(std::to_string(i) + " "));
        q.flush();
        CHECK(all.starts_with("0 1 2 "));
        CHECK(all.ends_with("98 99 "));
        CHECK(threads.size() == 1);
        CHECK(threads[0] != std::this_thread::get_id());
        q.push("last");
    }
    CHECK(all.ends_with("99 last")); // the destructor gives out what waits
}

TEST_CASE("what does not fit is dropped, counted and told with the next batch", "[middleware][log_queue]") {
    std::atomic<bool> blocked{true};
    std::atomic<int> batches{0};
    std::vector<std::string> given;
    std::uint64_t told = 0;
    log_queue q({.limit = 10, .collect = 0ms}, [&](std::string_view batch, std::uint64_t dropped) {
        ++batches;
        while (blocked) std::this_thread::yield();
        given.emplace_back(batch);
        told += dropped;
    });
    CHECK(q.push("first"));
    while (batches == 0) std::this_thread::yield();
    CHECK(q.push("1234567890"));
    CHECK_FALSE(q.push("x"));
    CHECK_FALSE(q.push("y"));
    CHECK(q.dropped() == 2);
    blocked = false;
    q.flush();
    CHECK(given == std::vector<std::string>{"first", "1234567890"});
    CHECK(told == 2);
    CHECK_FALSE(q.push("longer than all of the queue"));
    CHECK(q.dropped() == 3);
}

TEST_CASE("a consumer that fails loses its batch, not the next", "[middleware][log_queue]") {
    std::string all;
    log_queue q({.collect = 0ms}, [&](std::string_view batch, std::uint64_t) {
        if (batch == "bad") throw std::runtime_error("disk full");
        all += batch;
    });
    q.push("bad");
    q.flush();
    CHECK(q.dropped() == 1);
    q.push("good");
    q.flush();
    CHECK(all == "good");
}

TEST_CASE("a consumer that always fails does not keep the end waiting", "[middleware][log_queue]") {
    std::uint64_t told = 0;
    log_queue q({.collect = 0ms}, [&](std::string_view, std::uint64_t dropped) {
        told = dropped;
        throw 5;
    });
    for (int i = 1; i < 4; ++i) {
        q.push("bad");
        q.flush();
        CHECK(q.dropped() == static_cast<std::uint64_t>(i));
        CHECK(told == static_cast<std::uint64_t>(i - 1)); // again and again, until somebody has heard it
    }
}

TEST_CASE("a consumer that does not come back is left behind", "[middleware][log_queue]") {
    struct gate {
        std::atomic<bool> open{false};
        std::atomic<int> calls{0};
    };
    const auto g = std::make_shared<gate>(); // which it has for itself
    {
        log_queue q({.collect = 0ms, .patience = 1ms}, [g](std::string_view, std::uint64_t) {
            ++g->calls;
            g->open.wait(false);
        });
        q.push("one");
        while (g->calls == 0) std::this_thread::yield();
        q.push("two");
        q.push("three");
        CHECK(q.close() == 3);
        CHECK(q.dropped() == 3);
        CHECK(q.close() == 0);
        CHECK_FALSE(q.push(std::string(100'000, 'x')));
    }
    g->open = true;
    g->open.notify_all();
    while (g.use_count() > 1) std::this_thread::yield(); // the thread has ended
    CHECK(g->calls == 1);
}

TEST_CASE("several threads push, and each push stays in one piece", "[middleware][log_queue]") {
    std::string all;
    {
        log_queue q({}, [&](std::string_view batch, std::uint64_t) { all += batch; });
        std::vector<std::thread> threads;
        for (char c = 'a'; c < 'e'; ++c)
            threads.emplace_back([&q, c] {
                for (int i = 0; i < 200; ++i) q.push(std::string(5, c));
            });
        for (auto& t : threads) t.join();
    }
    REQUIRE(all.size() == 4000);
    for (std::size_t at = 0; at < all.size(); at += 5) CHECK(all.compare(at, 5, std::string(5, all[at])) == 0);
}

TEST_CASE("an empty queue is flushed and destroyed at once", "[middleware][log_queue]") {
    log_queue q({}, [](std::string_view, std::uint64_t) {});
    q.flush();
    CHECK(q.dropped() == 0);
}
