// Tests of ext/sqlite.hpp, with real files in a directory of their own and real threads.
// SPDX-License-Identifier: MIT
#include <crema/ext/sqlite.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <crema/async/all_settled.hpp>
#include <crema/async/race.hpp>
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/async/when_all.hpp>
#include <crema/loop/with_timeout.hpp>
#include <filesystem>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace crema;
using sqlite::database;

namespace {

struct directory {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("crema_sqlite_" + std::to_string(std::random_device{}()));
    directory() { std::filesystem::create_directory(path); }
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;
    ~directory() { std::filesystem::remove_all(path); }
    std::string file(const char* name = "t.db") const { return (path / name).string(); }
};

struct item {
    std::int64_t id = 0;
    std::string name{};
    std::optional<std::string> note{};
};

constexpr auto items = "CREATE TABLE IF NOT EXISTS items(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, note TEXT)";
constexpr auto endless = "WITH RECURSIVE n(x) AS (SELECT arrive() UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n";

// Runs a task on the loop of this thread until nothing is left, and rethrows what it threw.
void run(task<> t) {
    std::exception_ptr failed;
    spawn([](task<> inner, std::exception_ptr& error) -> task<> {
        try {
            co_await std::move(inner);
        } catch (...) {
            error = std::current_exception();
        }
    }(std::move(t), failed));
    loop::current().run();
    if (failed) std::rethrow_exception(failed);
}

// Lets SQL wait for others, as functions of the database: arrive() counts who came; wait_for(n) waits until n came,
// and is 0 when they did not come within ten seconds.
struct meeting {
    std::mutex guard;
    std::condition_variable changed;
    int arrived = 0;

    void arrive() {
        const std::lock_guard lock(guard);
        ++arrived;
        changed.notify_all();
    }
    bool wait_for(int n) {
        std::unique_lock lock(guard);
        return changed.wait_for(lock, std::chrono::seconds(10), [&] { return arrived >= n; });
    }
    void add_to(sqlite::connection& c) {
        ::sqlite3_create_function_v2(
            c.native(), "arrive", 0, SQLITE_UTF8, this,
            [](sqlite3_context* x, int, sqlite3_value**) {
                static_cast<meeting*>(::sqlite3_user_data(x))->arrive();
                ::sqlite3_result_int(x, 1);
            },
            nullptr, nullptr, nullptr);
        ::sqlite3_create_function_v2(
            c.native(), "wait_for", 1, SQLITE_UTF8, this,
            [](sqlite3_context* x, int, sqlite3_value** v) {
                ::sqlite3_result_int(
                    x, static_cast<meeting*>(::sqlite3_user_data(x))->wait_for(::sqlite3_value_int(v[0])) ? 1 : 0);
            },
            nullptr, nullptr, nullptr);
    }
    sqlite::options options(std::size_t readers = 4) {
        sqlite::options o;
        o.readers = readers;
        o.schema = items;
        o.on_connect = [this](sqlite::connection& c) { add_to(c); };
        return o;
    }
};

std::string message_of(const std::exception_ptr& error) {
    try {
        if (error) std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    }
    return "no error";
}

// Awaits anything in a scope of its own and tells how it ended.
template <class A>
task<> watch(A work, std::string& ended) {
    try {
        co_await std::move(work);
        ended = "done";
    } catch (const cancelled&) {
        ended = "cancelled";
    } catch (const system_error& e) {
        ended = e.code().message();
    }
}

} // namespace

TEST_CASE("a database is written and read from coroutines", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.schema = items});
    run([](database& base) -> task<> {
        const auto done =
            co_await base.execute("INSERT INTO items(name, note) VALUES (?, ?), (?, ?)", "a", "x", "ünï 🦊", nullptr);
        CHECK(done.changes == 2);
        CHECK(done.last_insert_id == 2);
        const auto all = co_await base.query<item>("SELECT note, id, name FROM items ORDER BY id");
        REQUIRE(all.size() == 2);
        CHECK(all[0].note == "x");
        CHECK(all[1].name == "ünï 🦊");
        CHECK_FALSE(all[1].note);
        const auto one = co_await base.query_one<item>("SELECT * FROM items WHERE id = ?", 1);
        REQUIRE(one);
        CHECK(one->name == "a");
        const auto none = co_await base.query_one<item>("SELECT * FROM items WHERE id = ?", 9);
        CHECK_FALSE(none);
        const auto count = co_await base.query_one<int>("SELECT count(*) FROM items");
        CHECK(count == 2);
    }(db));
}

TEST_CASE("parameters are copied, so the caller's may be gone", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.schema = items});
    run([](database& base) -> task<> {
        auto later = [&] {
            const std::string sql = "INSERT INTO items(name, note) VALUES (?, ?)", name(1000, 'n'), note(1000, 'o');
            return base.execute(sql, name, std::string_view(note));
        }();
        co_await std::move(later);
        const auto name = co_await base.query_one<std::string>("SELECT name FROM items");
        CHECK(name == std::string(1000, 'n'));
    }(db));
}

TEST_CASE("blobs and reals come back as they went", "[ext][sqlite]") {
    database db(":memory:");
    run([](database& base) -> task<> {
        sqlite::blob octets;
        for (int i = 0; i < 256; ++i) octets.push_back(static_cast<std::byte>(i));
        const auto row = co_await base.query_one<std::tuple<sqlite::blob, double, std::optional<sqlite::blob>>>(
            "SELECT ?, ?, NULL", octets, 0.1);
        REQUIRE(row);
        CHECK(std::get<0>(*row) == octets);
        CHECK(std::get<1>(*row) == 0.1);
        CHECK_FALSE(std::get<2>(*row));
    }(db));
}

TEST_CASE("reads really overlap each other", "[ext][sqlite]") {
    directory d;
    meeting m;
    database db(d.file(), m.options());
    run([](database& base) -> task<> {
        const auto sql = "SELECT arrive() AND wait_for(2)"; // each waits for the other
        const auto [a, b] = co_await when_all(base.query_one<int>(sql), base.query_one<int>(sql));
        CHECK(a == 1);
        CHECK(b == 1);
    }(db));
}

TEST_CASE("a read overlaps a write", "[ext][sqlite]") {
    directory d;
    meeting m;
    database db(d.file(), m.options());
    run([](database& base, meeting& both) -> task<> {
        auto write = base.transaction([&](sqlite::connection& c) {
            c.execute("INSERT INTO items(name) VALUES ('a')");
            both.arrive();
            return both.wait_for(2);
        });
        const auto [met, seen] = co_await when_all(
            std::move(write),
            base.query_one<std::tuple<int, int>>("SELECT wait_for(1) AND arrive(), (SELECT count(*) FROM items)"));
        CHECK(met);
        CHECK(seen == std::tuple(1, 0)); // what is not committed is not seen
    }(db, m));
}

TEST_CASE("the loop goes on while a query runs", "[ext][sqlite]") {
    directory d;
    meeting m;
    database db(d.file(), m.options());
    std::string slow;
    spawn(watch(db.query<int>("SELECT wait_for(1)"), slow));
    spawn([](database& base, meeting& other, std::string& before) -> task<> {
        co_await base.query<int>("SELECT 1");
        CHECK(before.empty());
        other.arrive(); // from the loop: nobody else would
    }(db, m, slow));
    loop::current().run();
    CHECK(slow == "done");
}

TEST_CASE("each completion is a callback of its own, with its ticks behind it", "[ext][sqlite]") {
    directory d;
    meeting m;
    database db(d.file(), m.options(1));
    std::vector<std::string> order;
    std::string third;
    const auto note = [](database& base, std::vector<std::string>& seen) -> task<> {
        co_await base.query<int>("SELECT arrive()");
        seen.push_back("result");
        loop::current().next_tick([&seen] { seen.push_back("tick"); });
    };
    spawn(note(db, order));
    spawn(note(db, order));
    spawn(watch(db.query<int>("SELECT arrive()"), third));
    REQUIRE(m.wait_for(3)); // one reader: the first two have ended, and come with one wake-up
    loop::current().run();
    CHECK(order == std::vector<std::string>{"result", "tick", "result", "tick"});
}

TEST_CASE("writes are done in the order of arrival and are seen by every later read", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.schema = items});
    run([](database& base) -> task<> {
        std::vector<decltype(base.execute("", 1))> writes;
        for (int i = 0; i < 100; ++i)
            writes.push_back(base.execute("INSERT INTO items(name) VALUES (?)", std::to_string(i)));
        const auto done = co_await when_all(writes);
        for (std::size_t i = 0; i < done.size(); ++i) CHECK(done[i].last_insert_id == static_cast<std::int64_t>(i) + 1);
        for (int i = 0; i < 50; ++i) {
            co_await base.execute("INSERT INTO items(name) VALUES (?)", "later" + std::to_string(i));
            const auto n = co_await base.query_one<int>("SELECT count(*) FROM items");
            CHECK(n == 101 + i);
        }
    }(db));
}

TEST_CASE("a thousand reads at once all get their own answer", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.queue = 1000});
    run([](database& base) -> task<> {
        std::vector<decltype(base.query_one<int>("", 1))> reads;
        for (int i = 0; i < 1000; ++i) reads.push_back(base.query_one<int>("SELECT ? * 2", i));
        const auto all = co_await when_all(reads);
        bool right = true;
        for (int i = 0; i < 1000; ++i) right = right && all[static_cast<std::size_t>(i)] == i * 2;
        CHECK(right);
    }(db));
}

TEST_CASE("a query that writes goes to the writer", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.schema = items});
    run([](database& base) -> task<> {
        const auto ids = co_await base.query<std::int64_t>("INSERT INTO items(name) VALUES ('a'), ('b') RETURNING id");
        CHECK(ids == std::vector<std::int64_t>{1, 2});
        const auto gone = co_await base.query_one<std::string>("DELETE FROM items WHERE id = 1 RETURNING name");
        CHECK(gone == "a");
    }(db));
}

TEST_CASE("a transaction returns what its function returns, or rolls back", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.schema = items});
    run([](database& base) -> task<> {
        const auto text = co_await base.transaction([](sqlite::connection& c) {
            c.execute("INSERT INTO items(name) VALUES ('a')");
            return std::make_unique<std::string>("moved"); // need not be copyable
        });
        CHECK(*text == "moved");
        co_await base.transaction([](sqlite::connection& c) { c.execute("INSERT INTO items(name) VALUES ('b')"); });
        std::string why;
        try {
            co_await base.transaction([](sqlite::connection& c) {
                c.execute("DELETE FROM items");
                throw std::runtime_error("no");
            });
        } catch (const std::runtime_error& e) {
            why = e.what();
        }
        CHECK(why == "no");
        const auto n = co_await base.snapshot(
            [](sqlite::connection& c) { return c.query_one<int>("SELECT count(*) FROM items"); });
        CHECK(n == 2);
    }(db));
}

TEST_CASE("what SQLite refuses is thrown with its SQL", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.schema = items});
    run([](database& base) -> task<> {
        co_await base.execute("INSERT INTO items(name) VALUES ('a')");
        const auto [unique, null, syntax, count, column, type] = co_await all_settled(
            base.execute("INSERT INTO items(name) VALUES (?)", "a"),
            base.execute("INSERT INTO items(name) VALUES (?)", nullptr), base.query<int>("SELECT FROM"),
            base.query<int>("SELECT ?"), base.query<item>("SELECT id, name FROM items"),
            base.query<int>("SELECT name FROM items"));
        CHECK_THAT(message_of(unique.error()),
                   Catch::Contains("UNIQUE constraint failed: items.name [INSERT INTO items"));
        CHECK_THAT(message_of(null.error()), Catch::Contains("NOT NULL constraint failed: items.name"));
        CHECK_THAT(message_of(syntax.error()), Catch::Contains("near \"FROM\": syntax error"));
        CHECK_THAT(message_of(count.error()), Catch::Contains("1 parameter, 0 values were given"));
        CHECK_THAT(message_of(column.error()), Catch::Contains("no column for the field 'note'"));
        CHECK_THAT(message_of(type.error()), Catch::Contains("'name' is text, but an integer is wanted"));
        bool is_unique = false;
        try {
            co_await base.execute("INSERT INTO items(name) VALUES (?)", "a");
        } catch (const sqlite::error& e) {
            is_unique = e.is_unique_violation();
        }
        CHECK(is_unique);
    }(db));
}

TEST_CASE("a transaction that a statement leaves open is refused and rolled back", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.readers = 1, .schema = items});
    run([](database& base) -> task<> {
        const auto [write, read] = co_await all_settled(base.execute("BEGIN"), base.query<int>("BEGIN"));
        CHECK_THAT(message_of(write.error()), Catch::Contains("left open"));
        CHECK(read.error());
        co_await base.execute("INSERT INTO items(name) VALUES ('a')");
        const auto n = co_await base.query_one<int>("SELECT count(*) FROM items");
        CHECK(n == 1);
    }(db));
}

TEST_CASE("work that waits in the queue is dropped at once when it is cancelled", "[ext][sqlite]") {
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

TEST_CASE("what is cancelled before it begins does not begin", "[ext][sqlite]") {
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

TEST_CASE("a query that runs is interrupted when it is cancelled", "[ext][sqlite]") {
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

TEST_CASE("a transaction that is cancelled is rolled back, then the next one runs", "[ext][sqlite]") {
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

TEST_CASE("plain code in a transaction can ask whether it is cancelled", "[ext][sqlite]") {
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

TEST_CASE("a deadline ends a query, and answers beside a transaction that cannot stop", "[ext][sqlite]") {
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

TEST_CASE("an interrupt never hits the work that comes next", "[ext][sqlite]") {
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

TEST_CASE("a full queue refuses at once and keeps what it accepted", "[ext][sqlite]") {
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

TEST_CASE("closing ends what waits and what runs with an error", "[ext][sqlite]") {
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

TEST_CASE("coroutines that are destroyed while they wait leave nothing behind", "[ext][sqlite]") {
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

TEST_CASE("a loop that is destroyed takes the coroutines that wait with it", "[ext][sqlite]") {
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

TEST_CASE("two loops on two threads share a database", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.schema = items});
    auto insert = [&db](std::string prefix) {
        run([](database& base, std::string p) -> task<> {
            for (int i = 0; i < 50; ++i) {
                co_await base.execute("INSERT INTO items(name) VALUES (?)", p + std::to_string(i));
                co_await base.query<item>("SELECT * FROM items WHERE name = ?", p + std::to_string(i));
            }
        }(db, std::move(prefix)));
    };
    std::thread other(insert, "a");
    insert("b");
    other.join();
    CHECK(db.setup([](sqlite::connection& c) { return c.query_one<int>("SELECT count(*) FROM items"); }) == 100);
}

TEST_CASE("what the start of a program does blocks and reports", "[ext][sqlite]") {
    directory d;
    database db(d.file(), {.schema = items});
    CHECK(db.setup([](sqlite::connection& c) {
        return c.execute("INSERT INTO items(name) VALUES ('a')").last_insert_id;
    }) == 1);
    CHECK_THROWS_WITH(db.setup([](sqlite::connection& c) { c.execute("INSERT INTO items(name) VALUES ('a')"); }),
                      Catch::Contains("UNIQUE"));
    CHECK(db.path() == d.file());
}

TEST_CASE("a database that cannot be opened says why", "[ext][sqlite]") {
    directory d;
    CHECK_THROWS_WITH(database(d.file("none/t.db")), Catch::Contains("none/t.db") && Catch::Contains("does not exist"));
    CHECK_THROWS_WITH(database(d.file(), {.schema = "CREATE TABLE"}), Catch::Contains("[CREATE TABLE]"));
    auto refuse = [](sqlite::connection&) { throw std::runtime_error("not like this"); };
    CHECK_THROWS_WITH(database(d.file(), {.on_connect = refuse}), "not like this");
}

TEST_CASE("a database in memory has one connection for everything", "[ext][sqlite]") {
    database db(":memory:", {.schema = items});
    run([](database& base) -> task<> {
        co_await base.execute("INSERT INTO items(name) VALUES ('a')");
        const auto all = co_await base.query<item>("SELECT * FROM items");
        CHECK(all.size() == 1);
    }(db));
}

TEST_CASE("what was acknowledged survives kill -9", "[ext][sqlite]") {
    const auto sync = GENERATE(sqlite::durability::full, sqlite::durability::normal);
    directory d;
    int acknowledged[2];
    REQUIRE(::pipe(acknowledged) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) { // writes for ever, tells of each row when it is committed
        sqlite::options o;
        o.sync = sync;
        o.schema = items;
        database db(d.file(), o);
        spawn([](database& base, int out) -> task<> {
            for (std::int64_t i = 1;; ++i) {
                const auto done =
                    co_await base.execute("INSERT INTO items(id, name) VALUES (?, ?)", i, std::to_string(i));
                if (::write(out, &done.last_insert_id, sizeof done.last_insert_id) < 0) ::_exit(1);
            }
        }(db, acknowledged[1]));
        loop::current().run();
        ::_exit(1);
    }
    ::close(acknowledged[1]);
    std::int64_t last = 0, next = 0;
    while (::read(acknowledged[0], &next, sizeof next) == static_cast<ssize_t>(sizeof next)) {
        last = next;
        if (last == 40) ::kill(child, SIGKILL); // what is in the pipe already is read too
    }
    ::close(acknowledged[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    REQUIRE(last >= 40);
    database db(d.file());
    const auto kept = db.setup([&](sqlite::connection& c) {
        return c.query_one<std::int64_t>("SELECT count(*) FROM items WHERE id <= ?", last);
    });
    CHECK(kept == last);
    CHECK(db.setup([](sqlite::connection& c) { return c.query_one<std::string>("PRAGMA integrity_check"); }) == "ok");
}
