// Tests of ext/sqlite_job.hpp: what waits, what is cancelled, what is interrupted, what is left behind.
// SPDX-License-Identifier: MIT
#include "sqlite_fixture.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <crema/async/all_settled.hpp>
#include <crema/async/race.hpp>
#include <crema/async/when_all.hpp>
#include <crema/loop/with_timeout.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace crema;
using namespace testing_sqlite;
using sqlite::database;

TEST_CASE("work that waits in the queue is dropped at once when it is cancelled", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    database db(d.file(), m.options(1));
    cancel_scope scope;
    std::string running, waiting;
    spawn(watch(db.query<int>("SELECT wait_for(1)"), running));
    spawn(watch(db.query<int>("SELECT arrive()"), waiting), &scope);
    scope.cancel();
    CHECK(waiting == "cancelled"); // while the reader is still busy
    CHECK(running.empty());
    m.arrive();
    loop::current().run();
    CHECK(running == "done");
    CHECK(m.arrived == 1); // it never ran
}

TEST_CASE("what is cancelled before it begins does not begin", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    database db(d.file(), m.options());
    cancel_scope scope;
    scope.cancel();
    std::string ended;
    spawn(watch(db.query<int>("SELECT arrive()"), ended), &scope);
    CHECK(ended == "cancelled");
    loop::current().run();
    CHECK(m.arrived == 0);
}

TEST_CASE("a query that runs is interrupted when it is cancelled", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    database db(d.file(), m.options());
    run([](database& base) -> task<> {
        const auto first = co_await race(base.query_one<int>(endless), base.query_one<int>("SELECT wait_for(1) + 1"));
        CHECK(first == 2);
        const auto after = co_await base.query_one<int>("SELECT 3"); // the connection is as good as before
        CHECK(after == 3);
    }(db));
}

TEST_CASE("a transaction that is cancelled is rolled back, then the next one runs", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    database db(d.file(), m.options());
    cancel_scope scope;
    std::string ended;
    spawn(watch(db.transaction([](sqlite::connection& c) {
                    c.execute("INSERT INTO items(name) VALUES ('a')");
                    c.query<std::optional<int>>(endless);
                }),
                ended),
          &scope);
    REQUIRE(m.wait_for(1));
    scope.cancel();
    CHECK(ended.empty()); // it is awaited first
    loop::current().run();
    CHECK(ended == "cancelled");
    run([](database& base) -> task<> {
        co_await base.execute("INSERT INTO items(name) VALUES ('a')");
        const auto n = co_await base.query_one<int>("SELECT count(*) FROM items");
        CHECK(n == 1);
    }(db));
}

TEST_CASE("plain code in a transaction can ask whether it is cancelled", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    database db(d.file(), m.options());
    cancel_scope scope;
    std::string ended;
    spawn(watch(db.transaction([&m](sqlite::connection& c) {
                    m.arrive();
                    for (;;) {
                        c.check();
                        std::this_thread::yield();
                    }
                }),
                ended),
          &scope);
    REQUIRE(m.wait_for(1));
    scope.cancel();
    loop::current().run();
    CHECK(ended == "cancelled");
}

TEST_CASE("a deadline ends a query, and answers beside a transaction that cannot stop", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    database db(d.file(), m.options());
    run([](database& base, meeting& both) -> task<> {
        bool late = false;
        try {
            co_await with_timeout(base.query<std::optional<int>>(endless), std::chrono::milliseconds(10));
        } catch (const timed_out&) {
            late = true;
        }
        CHECK(late);
        late = false;
        const int before = both.arrived;
        auto* const there = &both; // outlives the transaction, which outlives the wait
        try {
            co_await with_timeout(
                base.transaction([there, before](sqlite::connection&) { there->wait_for(before + 1); }),
                std::chrono::milliseconds(10));
        } catch (const timed_out&) {
            late = true;
        }
        CHECK(late);
        both.arrive(); // it was still waiting
    }(db, m));
    run([](database& base) -> task<> {
        co_await base.execute("INSERT INTO items(name) VALUES ('a')");
    }(db));
}

TEST_CASE("an interrupt never hits the work that comes next", "[ext][sqlite_job]") {
    directory d;
    database db(d.file(), {.readers = 1, .schema = items});
    std::mt19937 random(1); // NOLINT: the same every time
    for (int round = 0; round < 300; ++round) {
        cancel_scope scope;
        std::string first, second, write_1, write_2;
        const auto short_query =
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 500) SELECT max(x) FROM n";
        spawn(watch(db.query<int>(short_query), first), &scope);
        spawn(watch(db.query<int>(short_query), second));
        spawn(watch(db.execute("UPDATE items SET note = 'x'"), write_1), &scope);
        spawn(watch(db.execute("UPDATE items SET note = 'y'"), write_2));
        for (auto spins = random() % 20000; spins > 0; --spins) std::atomic_signal_fence(std::memory_order_seq_cst);
        scope.cancel();
        loop::current().run();
        REQUIRE(first == "cancelled");
        REQUIRE(write_1 == "cancelled");
        REQUIRE(second == "done");
        REQUIRE(write_2 == "done");
    }
}

TEST_CASE("a full queue refuses at once and keeps what it accepted", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    auto o = m.options(1);
    o.queue = 2;
    database db(d.file(), o);
    std::string running, second, third, fourth, write;
    spawn(watch(db.query<int>("SELECT arrive() AND wait_for(2)"), running));
    REQUIRE(m.wait_for(1)); // it runs, so the queue is empty
    spawn(watch(db.query<int>("SELECT 2"), second));
    spawn(watch(db.query<int>("SELECT 3"), third));
    spawn(watch(db.query<int>("SELECT 4"), fourth));
    CHECK(fourth == make_error_code(error::queue_full).message());
    spawn(watch(db.execute("INSERT INTO items(name) VALUES ('a')"), write)); // the writer has a queue of its own
    m.arrive();
    loop::current().run();
    CHECK(running == "done");
    CHECK(second == "done");
    CHECK(third == "done");
    CHECK(write == "done");
}

TEST_CASE("closing ends what waits and what runs with an error", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    std::string running, queued, writing, after;
    {
        database db(d.file(), m.options(1));
        spawn(watch(db.query<std::optional<int>>(endless), running));
        spawn(watch(db.query<int>("SELECT 1"), queued));
        spawn(watch(db.transaction([](sqlite::connection& c) {
                        c.execute("INSERT INTO items(name) VALUES ('a')");
                        c.query<std::optional<int>>(endless);
                    }),
                    writing));
        REQUIRE(m.wait_for(2));
        db.close();
        spawn(watch(db.query<int>("SELECT 1"), after));
        const auto closed = make_error_code(error::closed).message();
        CHECK(after == closed);
        CHECK_THROWS_WITH(db.setup([](sqlite::connection&) {}), Catch::Contains(closed));
    }
    loop::current().run();
    const auto closed = make_error_code(error::closed).message();
    CHECK(running == closed);
    CHECK(queued == closed);
    CHECK(writing == closed);
    database again(d.file());
    CHECK(again.setup([](sqlite::connection& c) { return c.query_one<int>("SELECT count(*) FROM items"); }) == 0);
}

TEST_CASE("coroutines that are destroyed while they wait leave nothing behind", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    database db(d.file(), m.options(1));
    std::string finished, running, queued;
    {
        spawn(watch(db.query<int>("SELECT arrive()"), finished));
        REQUIRE(m.wait_for(1));
        spawn(watch(db.query<std::optional<int>>(endless), running));
        spawn(watch(db.query<int>("SELECT 1"), queued));
        REQUIRE(m.wait_for(2)); // the first is finished but not delivered
        detail::destroy_spawned();
    }
    loop::current().run(); // nothing keeps it alive
    CHECK(finished + running + queued == "");
    run([](database& base) -> task<> {
        const auto one = co_await base.query_one<int>("SELECT 1");
        CHECK(one == 1);
    }(db));
}

TEST_CASE("a loop that is destroyed takes the coroutines that wait with it", "[ext][sqlite_job]") {
    directory d;
    meeting m;
    database db(d.file(), m.options(1));
    for (int round = 1; round <= 3; ++round) { // the loops may well stand at the same address
        std::string finished, running, queued;
        std::thread([&] {
            loop here;
            spawn(watch(db.query<int>("SELECT arrive()"), finished));
            spawn(watch(db.query<std::optional<int>>(endless), running));
            spawn(watch(db.query<int>("SELECT 1"), queued));
            m.wait_for(round * 2); // the first has ended but is not delivered, the second runs
        }).join();
        CHECK(finished + running + queued == "");
        std::thread([&] {
            loop here;
            spawn(watch(db.query<int>("SELECT 1"), queued));
            here.run();
        }).join();
        CHECK(queued == "done");
    }
}
