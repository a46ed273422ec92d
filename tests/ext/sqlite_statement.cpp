// Tests of ext/sqlite_statement.hpp.
// SPDX-License-Identifier: MIT
#include <crema/ext/sqlite_statement.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace crema;

namespace {

struct memory {
    sqlite3* db = nullptr;
    memory() { ::sqlite3_open(":memory:", &db); }
    memory(const memory&) = delete;
    memory& operator=(const memory&) = delete;
    ~memory() { ::sqlite3_close_v2(db); }
};

// What SQLite gives back for a value that was bound.
sqlite::value round_trip(sqlite3* db, const sqlite::value& v) {
    sqlite::statement s(db, "SELECT ?");
    s.bind(std::span(&v, 1));
    REQUIRE(s.step());
    return s.cell(0);
}

enum class colour : std::uint8_t { red = 7 };

} // namespace

TEST_CASE("every kind of value comes back as it was bound", "[ext][sqlite]") {
    memory m;
    const sqlite::blob octets{std::byte{0}, std::byte{255}};
    for (const sqlite::value& v :
         {sqlite::value(), sqlite::value(0), sqlite::value(std::numeric_limits<std::int64_t>::min()),
          sqlite::value(std::numeric_limits<std::int64_t>::max()), sqlite::value(0.5), sqlite::value(""),
          sqlite::value("ünï 密码 🦊"), sqlite::value(std::string("a\0b", 3)), sqlite::value(octets),
          sqlite::value(sqlite::blob())})
        CHECK(round_trip(m.db, v) == v);
}

TEST_CASE("C++ types become values", "[ext][sqlite]") {
    using sqlite::value;
    CHECK(value(nullptr).is_null());
    CHECK(value(std::nullopt).is_null());
    CHECK(value(std::optional<int>()).is_null());
    CHECK(value(std::optional<std::string>("x")) == value("x"));
    CHECK(value(true) == value(1));
    CHECK(value(colour::red) == value(7));
    CHECK(value(1.5f) == value(1.5));
    CHECK(value(std::string_view("x")) == value(std::string("x")));
    CHECK(value(std::uint64_t{9223372036854775807u}) == value(std::numeric_limits<std::int64_t>::max()));
    CHECK_FALSE(sqlite::bindable<std::vector<int>>);
}

TEST_CASE("an integer that SQLite cannot hold is refused", "[ext][sqlite]") {
    CHECK_THROWS_WITH(sqlite::value(std::uint64_t{9223372036854775808u}), Catch::Contains("above 9223372036854775807"));
}

TEST_CASE("a statement knows its columns and whether it writes", "[ext][sqlite]") {
    memory m;
    sqlite::statement s(m.db, "SELECT 1 AS one, 'x' AS \"the text\"");
    CHECK(s.is_read_only());
    CHECK(s.columns() == 2);
    CHECK(s.column_name(0) == "one");
    CHECK(s.column_name(1) == "the text");
    REQUIRE(s.step());
    CHECK(s.type(0) == SQLITE_INTEGER);
    CHECK(s.text(1) == "x");
    CHECK_FALSE(s.step());
    sqlite::statement create(m.db, "CREATE TABLE t(x)");
    CHECK_FALSE(create.is_read_only());
    CHECK(create.columns() == 0);
}

TEST_CASE("a statement runs again after reset, with nothing left of before", "[ext][sqlite]") {
    memory m;
    sqlite::statement s(m.db, "SELECT ?");
    const sqlite::value one(1);
    s.bind(std::span(&one, 1));
    CHECK(s.step());
    s.reset();
    REQUIRE(s.step());
    CHECK(s.cell(0).is_null());
}

TEST_CASE("bad SQL is refused with SQLite's message, its code and the SQL", "[ext][sqlite]") {
    memory m;
    try {
        sqlite::statement s(m.db, "SELEC 1");
        FAIL("prepared");
    } catch (const sqlite::error& e) {
        CHECK(e.message() == "near \"SELEC\": syntax error");
        CHECK(e.sql() == "SELEC 1");
        CHECK(e.extended_code() == SQLITE_ERROR);
        CHECK(std::string(e.what()).find("syntax error [SELEC 1]") == 5 + std::string("\"SELEC\": ").size());
        CHECK_FALSE(e.is_unique_violation());
    }
}

TEST_CASE("an empty statement and two statements are refused", "[ext][sqlite]") {
    memory m;
    auto prepare = [&](std::string_view sql) { sqlite::statement s(m.db, sql); };
    for (auto sql : {"", "  ", "-- nothing"}) CHECK_THROWS_WITH(prepare(sql), Catch::Contains("no SQL statement"));
    for (auto sql : {"SELECT 1; SELECT 2", "SELECT 1; x", "SELECT 1 /* */; /* */ DELETE FROM t"})
        CHECK_THROWS_WITH(prepare(sql), Catch::Contains("more than one SQL statement"));
    CHECK_THROWS_WITH(prepare(std::string_view("SELECT 1\0; DELETE", 17)), Catch::Contains("more than one"));
    for (auto sql :
         {"SELECT 1;", "SELECT 1 ; \n\t", "SELECT 1; -- done", "SELECT 1; /* done */ ;", "SELECT 1; /* open"})
        CHECK_NOTHROW(prepare(sql));
}

TEST_CASE("a wrong number of parameters is refused and counted", "[ext][sqlite]") {
    memory m;
    sqlite::statement s(m.db, "SELECT ?, ?");
    const std::vector<sqlite::value> one(1), three(3);
    CHECK_THROWS_WITH(s.bind({}), Catch::Contains("2 parameters, 0 values were given"));
    CHECK_THROWS_WITH(s.bind(one), Catch::Contains("2 parameters, 1 value was given"));
    CHECK_THROWS_WITH(s.bind(three), Catch::Contains("2 parameters, 3 values were given"));
}

TEST_CASE("constraints are told apart", "[ext][sqlite]") {
    memory m;
    auto run = [&](std::string_view sql) {
        sqlite::statement s(m.db, sql);
        while (s.step()) {}
    };
    ::sqlite3_extended_result_codes(m.db, 1);
    run("PRAGMA foreign_keys = ON");
    run("CREATE TABLE t(id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL, up INTEGER REFERENCES t(id))");
    run("INSERT INTO t VALUES (1, 'a', 'x', NULL)");
    auto violate = [&](std::string_view sql) {
        try {
            run(sql);
        } catch (const sqlite::error& e) {
            return std::tuple(e.is_constraint_violation(), e.is_unique_violation(), e.is_foreign_key_violation());
        }
        return std::tuple(false, false, false);
    };
    CHECK(violate("INSERT INTO t VALUES (1, 'b', 'x', NULL)") == std::tuple(true, true, false));
    CHECK(violate("INSERT INTO t VALUES (2, 'a', 'x', NULL)") == std::tuple(true, true, false));
    CHECK(violate("INSERT INTO t VALUES (2, 'b', NULL, NULL)") == std::tuple(true, false, false));
    CHECK(violate("INSERT INTO t VALUES (2, 'b', 'x', 99)") == std::tuple(true, false, true));
    CHECK(violate("INSERT INTO t VALUES (2, 'b', 'x', 1)") == std::tuple(false, false, false));
}
