// Tests of ext/sqlite_connection.hpp, with files in a directory of their own.
// SPDX-License-Identifier: MIT
#include <crema/ext/sqlite_connection.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

using namespace crema;
using sqlite::connection;

namespace {

struct directory {
    std::filesystem::path path = std::filesystem::temp_directory_path() /
                                 ("crema_connection_" + std::to_string(std::random_device{}()));
    directory() { std::filesystem::create_directory(path); }
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;
    ~directory() { std::filesystem::remove_all(path); }
    std::string file(const char* name = "t.db") const { return (path / name).string(); }
};

struct item {
    std::int64_t id;
    std::string name;
};

constexpr auto items = "CREATE TABLE items(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)";

} // namespace

TEST_CASE("rows are written, changed and read", "[ext][sqlite]") {
    connection c(":memory:");
    c.execute(items);
    const auto one = c.execute("INSERT INTO items(name) VALUES (?), (?)", "a", "b");
    CHECK(one.changes == 2);
    CHECK(one.last_insert_id == 2);
    CHECK(c.execute("UPDATE items SET name = name || ?", "!").changes == 2);
    CHECK(c.execute("DELETE FROM items WHERE id = ?", 99).changes == 0);
    CHECK(c.execute("CREATE TABLE other(x)").changes == 0); // not what was changed before
    const auto all = c.query<item>("SELECT * FROM items ORDER BY id");
    REQUIRE(all.size() == 2);
    CHECK(all[1].name == "b!");
    CHECK(c.query_one<std::string>("SELECT name FROM items WHERE id = ?", 1) == "a!");
    CHECK_FALSE(c.query_one<std::string>("SELECT name FROM items WHERE id = ?", 9));
    CHECK(c.query<std::int64_t>("INSERT INTO items(name) VALUES ('c') RETURNING id") == std::vector<std::int64_t>{3});
}

TEST_CASE("each stops when it is told to", "[ext][sqlite]") {
    connection c(":memory:");
    int last = 0, calls = 0;
    c.each<int>(
        [&](int n) {
            last = n;
            return ++calls < 3;
        },
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n");
    CHECK(last == 3);
}

TEST_CASE("the same SQL runs inside of itself", "[ext][sqlite]") {
    connection c(":memory:");
    c.script("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2), (3)");
    int pairs = 0;
    c.each<int>(
        [&](int) {
            c.each<int>([&](int) { return ++pairs, true; }, "SELECT x FROM t");
            return true;
        },
        "SELECT x FROM t");
    CHECK(pairs == 9);
}

TEST_CASE("more statements than the cache holds still run", "[ext][sqlite]") {
    sqlite::connection_options o;
    o.cached_statements = 2;
    connection c(":memory:", o);
    for (int round = 0; round < 3; ++round)
        for (int i = 0; i < 5; ++i) CHECK(c.query_one<int>("SELECT " + std::to_string(i)) == i);
}

TEST_CASE("a statement that was prepared before the table changed sees the change", "[ext][sqlite]") {
    connection c(":memory:");
    c.execute(items);
    c.execute("INSERT INTO items VALUES (1, 'a')");
    CHECK(c.query<item>("SELECT * FROM items").size() == 1);
    c.execute("ALTER TABLE items ADD COLUMN more INTEGER");
    CHECK_THROWS_WITH(c.query<item>("SELECT * FROM items"), Catch::Contains("no field for the column 'more'"));
}

TEST_CASE("a script runs many statements and stops at the first that fails", "[ext][sqlite]") {
    connection c(":memory:");
    c.script("  CREATE TABLE t(x); -- comment\n INSERT INTO t VALUES (1); SELECT * FROM t; ; ");
    CHECK_THROWS_WITH(c.script("INSERT INTO t VALUES (2); INSERT INTO nowhere VALUES (3); INSERT INTO t VALUES (4)"),
                      Catch::Contains("nowhere"));
    CHECK(c.query<int>("SELECT x FROM t") == std::vector<int>{1, 2});
    CHECK_NOTHROW(c.script(""));
}

TEST_CASE("a transaction is all or nothing", "[ext][sqlite]") {
    connection c(":memory:");
    c.execute(items);
    const auto id =
        c.transaction([](connection& t) { return t.execute("INSERT INTO items(name) VALUES ('a')").last_insert_id; });
    CHECK(id == 1);
    auto failing = [](connection& t) {
        t.execute("INSERT INTO items(name) VALUES ('b')");
        throw std::runtime_error("changed my mind");
    };
    CHECK_THROWS_WITH(c.transaction(failing), "changed my mind");
    CHECK(c.query_one<int>("SELECT count(*) FROM items") == 1);
    CHECK_FALSE(c.in_transaction());
    CHECK_THROWS_WITH(c.transaction([](connection& t) { t.transaction([](connection&) {}); }),
                      Catch::Contains("inside of a transaction"));
    CHECK_FALSE(c.in_transaction());
    auto unique = [](connection& t) { t.execute("INSERT INTO items(name) VALUES ('z'), ('a')"); };
    CHECK_THROWS_AS(c.transaction(unique), sqlite::error);
    CHECK(c.query_one<int>("SELECT count(*) FROM items") == 1);
}

TEST_CASE("foreign keys are enforced", "[ext][sqlite]") {
    connection c(":memory:");
    c.script("CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(a INTEGER REFERENCES a(id))");
    try {
        c.execute("INSERT INTO b VALUES (5)");
        FAIL("inserted");
    } catch (const sqlite::error& e) {
        CHECK(e.is_foreign_key_violation());
    }
}

TEST_CASE("a file is opened in WAL mode and keeps its rows", "[ext][sqlite]") {
    directory d;
    {
        connection c(d.file());
        CHECK(c.query_one<std::string>("PRAGMA journal_mode") == "wal");
        CHECK(c.query_one<int>("PRAGMA synchronous") == 2);
        c.execute(items);
        c.execute("INSERT INTO items(name) VALUES ('kept')");
    }
    sqlite::connection_options o;
    o.sync = sqlite::durability::normal;
    connection c(d.file(), o);
    CHECK(c.query_one<int>("PRAGMA synchronous") == 1);
    CHECK(c.query_one<std::string>("SELECT name FROM items") == "kept");
}

TEST_CASE("a reader reads beside the writer and may not write", "[ext][sqlite]") {
    directory d;
    connection writer(d.file());
    writer.execute(items);
    sqlite::connection_options o;
    o.mode = sqlite::connection_options::access::read_only;
    connection reader(d.file(), o);
    writer.transaction([&](connection& w) {
        w.execute("INSERT INTO items(name) VALUES ('a')");
        CHECK(reader.query_one<int>("SELECT count(*) FROM items") == 0); // not committed yet
    });
    CHECK(reader.query_one<int>("SELECT count(*) FROM items") == 1);
    CHECK_THROWS_AS(reader.execute("DELETE FROM items"), sqlite::error);
    CHECK(reader.is_read_only("SELECT 1"));
    CHECK_FALSE(reader.is_read_only("DELETE FROM items"));
}

TEST_CASE("a snapshot sees one state of the database", "[ext][sqlite]") {
    directory d;
    connection writer(d.file()), reader(d.file());
    writer.execute(items);
    reader.snapshot([&](connection& r) {
        CHECK(r.query_one<int>("SELECT count(*) FROM items") == 0);
        writer.execute("INSERT INTO items(name) VALUES ('a')");
        CHECK(r.query_one<int>("SELECT count(*) FROM items") == 0);
    });
    CHECK(reader.query_one<int>("SELECT count(*) FROM items") == 1);
}

TEST_CASE("a database that cannot be opened is named, with the reason", "[ext][sqlite]") {
    directory d;
    const auto missing = (d.path / "no" / "such" / "app.db").string();
    CHECK_THROWS_WITH(connection(missing),
                      Catch::Contains("cannot open the database '" + missing + "'") &&
                          Catch::Contains("directory '" + (d.path / "no" / "such").string() + "' does not exist"));
    CHECK_THROWS_WITH(connection(d.path.string()), Catch::Contains("it is a directory"));
    std::ofstream(d.file("text.db")) << std::string(4096, 'x');
    CHECK_THROWS_WITH(connection(d.file("text.db")), Catch::Contains("text.db': file is not a database"));
    try {
        connection c(missing);
    } catch (const sqlite::error& e) {
        CHECK(e.extended_code() == SQLITE_CANTOPEN);
    }
}

TEST_CASE("a lock that another process holds is waited for, then reported", "[ext][sqlite]") {
    directory d;
    connection holder(d.file());
    holder.execute(items);
    sqlite::connection_options o;
    o.busy_timeout = std::chrono::milliseconds(20);
    connection other(d.file(), o);
    holder.execute("BEGIN IMMEDIATE");
    try {
        other.execute("INSERT INTO items(name) VALUES ('a')");
        FAIL("written");
    } catch (const sqlite::error& e) {
        CHECK(e.is_busy());
    }
    holder.execute("COMMIT");
    CHECK(other.execute("INSERT INTO items(name) VALUES ('a')").changes == 1);
}

TEST_CASE("the flag ends what runs, and the next statement before it starts", "[ext][sqlite]") {
    connection c(":memory:");
    c.execute(items);
    std::atomic<bool> stop{false};
    c.watch(&stop);
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        stop = true;
    });
    auto forever = [](connection& t) {
        t.execute("INSERT INTO items(name) VALUES ('a')");
        t.query_one<std::int64_t>(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n");
    };
    CHECK_THROWS_AS(c.transaction(forever), cancelled);
    later.join();
    CHECK_THROWS_AS(c.execute("INSERT INTO items(name) VALUES ('b')"), cancelled);
    c.watch(nullptr);
    CHECK(c.query_one<int>("SELECT count(*) FROM items") == 0); // rolled back
}

TEST_CASE("a transaction left open is cleaned up", "[ext][sqlite]") {
    connection c(":memory:");
    CHECK(c.clean());
    c.execute("BEGIN");
    CHECK_FALSE(c.clean());
    CHECK(c.clean());
}
