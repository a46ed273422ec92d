// Tests of ext/sqlite_row.hpp.
// SPDX-License-Identifier: MIT
#include <crema/ext/sqlite_row.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

using namespace crema;

namespace {

struct memory {
    sqlite3* db = nullptr;
    memory() { ::sqlite3_open(":memory:", &db); }
    memory(const memory&) = delete;
    memory& operator=(const memory&) = delete;
    ~memory() { ::sqlite3_close_v2(db); }
};

// The first row of a query.
template <class Row>
Row first(std::string_view sql) {
    memory m;
    sqlite::statement s(m.db, sql);
    detail::sqlite_row_reader<Row> reader(s);
    REQUIRE(s.step());
    return reader.read();
}

enum class state : int { open = 1, closed = 2 };

struct user {
    std::int64_t id = 0;
    std::string name{};
    std::optional<std::string> email{};
    bool admin = false;
    double score = 0;
    state is = state::open;
};

} // namespace

TEST_CASE("an aggregate takes the columns by name, whatever their order", "[ext][sqlite]") {
    const auto u =
        first<user>("SELECT 0.5 AS score, 2 AS \"is\", 'Ada' AS name, 7 AS id, 1 AS admin, 'a@b.c' AS email");
    CHECK(u.id == 7);
    CHECK(u.name == "Ada");
    CHECK(u.email == "a@b.c");
    CHECK(u.admin);
    CHECK(u.score == 0.5);
    CHECK(u.is == state::closed);
}

TEST_CASE("NULL goes into an optional and nowhere else", "[ext][sqlite]") {
    CHECK(first<std::optional<int>>("SELECT NULL") == std::nullopt);
    CHECK(first<std::optional<int>>("SELECT 3") == 3);
    CHECK(first<std::tuple<int, std::optional<std::string>>>("SELECT 1, NULL") == std::tuple(1, std::nullopt));
    CHECK(first<sqlite::value>("SELECT NULL").is_null());
    CHECK_THROWS_WITH(first<int>("SELECT NULL AS age"),
                      Catch::Contains("column 1 'age' is NULL, but an integer is wanted") &&
                          Catch::Contains("a std::optional can hold NULL") && Catch::Contains("[SELECT NULL AS age]"));
    CHECK_THROWS_WITH(first<std::string>("SELECT NULL"), Catch::Contains("text is wanted"));
    CHECK_THROWS_WITH(first<bool>("SELECT NULL"), Catch::Contains("is NULL"));
    CHECK_THROWS_WITH(first<double>("SELECT NULL"), Catch::Contains("is NULL"));
    CHECK_THROWS_WITH(first<sqlite::blob>("SELECT NULL"), Catch::Contains("is NULL"));
}

TEST_CASE("single cells and tuples need no names", "[ext][sqlite]") {
    CHECK(first<std::int64_t>("SELECT 9223372036854775807") == 9223372036854775807);
    CHECK(first<double>("SELECT 3") == 3.0); // an integer is a number
    CHECK(first<std::string>("SELECT 'ü'") == "ü");
    CHECK(first<sqlite::blob>("SELECT x'00ff'") == sqlite::blob{std::byte{0}, std::byte{255}});
    CHECK(first<std::pair<int, std::string>>("SELECT 1, 'a'") == std::pair(1, std::string("a")));
    CHECK(first<std::tuple<bool, sqlite::value>>("SELECT 0, 2.5") == std::tuple(false, sqlite::value(2.5)));
}

TEST_CASE("a cell of another type is refused and named", "[ext][sqlite]") {
    CHECK_THROWS_WITH(first<int>("SELECT 'x' AS n"), Catch::Contains("column 1 'n' is text, but an integer is wanted"));
    CHECK_THROWS_WITH(first<int>("SELECT 1.5"), Catch::Contains("is a real, but an integer is wanted"));
    CHECK_THROWS_WITH(first<double>("SELECT x'00'"), Catch::Contains("is a blob, but a number is wanted"));
    CHECK_THROWS_WITH(first<std::string>("SELECT 1"), Catch::Contains("is an integer, but text is wanted"));
    CHECK_THROWS_WITH(first<sqlite::blob>("SELECT 'x'"), Catch::Contains("is text, but a blob is wanted"));
}

TEST_CASE("an integer that does not fit is refused with its value", "[ext][sqlite]") {
    CHECK(first<std::uint8_t>("SELECT 255") == 255);
    CHECK_THROWS_WITH(first<std::uint8_t>("SELECT 256 AS n"), Catch::Contains("'n' is 256, which does not fit"));
    CHECK_THROWS_WITH(first<unsigned>("SELECT -1"), Catch::Contains("is -1"));
    CHECK_THROWS_WITH(first<std::uint64_t>("SELECT -1"), Catch::Contains("is -1"));
    CHECK_THROWS_WITH(first<int>("SELECT 3000000000"), Catch::Contains("is 3000000000"));
    CHECK_THROWS_WITH(first<bool>("SELECT 2"), Catch::Contains("is 2"));
}

TEST_CASE("columns that do not fit the row are refused and named", "[ext][sqlite]") {
    struct pair_row {
        int a, b;
    };
    CHECK_THROWS_WITH(first<int>("SELECT 1, 2"), Catch::Contains("gives 2 columns, 1 is wanted"));
    CHECK_THROWS_WITH((first<std::tuple<int, int>>("SELECT 1")), Catch::Contains("gives 1 column, 2 are wanted"));
    CHECK_THROWS_WITH(first<pair_row>("SELECT 1 AS a"), Catch::Contains("no column for the field 'b'"));
    CHECK_THROWS_WITH(first<pair_row>("SELECT 1 AS a, 2 AS b, 3 AS c"), Catch::Contains("no field for the column 'c'"));
    CHECK_THROWS_WITH(first<pair_row>("SELECT 1 AS a, 2 AS A"), Catch::Contains("no field for the column 'A'"));
    CHECK_THROWS_WITH(first<pair_row>("SELECT 1 AS a, 2 AS a"), Catch::Contains("two columns are named 'a'"));
    try {
        first<pair_row>("SELECT 1 AS a");
    } catch (const sqlite::error& e) {
        CHECK(e.code() == make_error_code(error::bad_value));
        CHECK(e.extended_code() == 0);
    }
}
