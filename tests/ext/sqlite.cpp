// Tests of ext/sqlite.hpp, with real files in a directory of their own and real threads.
// SPDX-License-Identifier: MIT
#include "sqlite_fixture.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <crema/async/all_settled.hpp>
#include <crema/async/race.hpp>
#include <crema/async/when_all.hpp>
#include <crema/loop/with_timeout.hpp>
#include <csignal>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace crema;
using namespace testing_sqlite;
using sqlite::database;

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
