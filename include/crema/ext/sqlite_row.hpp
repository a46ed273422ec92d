// Rows of SQLite as C++ values: aggregates by name, tuples by position, single cells; checked, with clear errors.
// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <concepts>
#include <crema/core/config.hpp>
#include <crema/ext/sqlite_statement.hpp>
#include <crema/json/reflect.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace crema::detail {

template <class T>
inline constexpr bool is_sqlite_optional = false;
template <class T>
inline constexpr bool is_sqlite_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_sqlite_tuple = false;
template <class... T>
inline constexpr bool is_sqlite_tuple<std::tuple<T...>> = true;
template <class A, class B>
inline constexpr bool is_sqlite_tuple<std::pair<A, B>> = true;

template <class T>
concept sqlite_plain_cell =
    std::integral<T> || std::is_enum_v<T> || std::floating_point<T> || std::same_as<T, std::string> ||
    std::same_as<T, sqlite::blob> || std::same_as<T, sqlite::value>;
template <class T>
struct sqlite_optional_cell : std::false_type {};
template <sqlite_plain_cell T>
struct sqlite_optional_cell<std::optional<T>> : std::true_type {};

} // namespace crema::detail

namespace crema::sqlite {

/// Can be read from one cell: see `connection::query`.
template <class T>
concept cell = crema::detail::sqlite_plain_cell<T> || crema::detail::sqlite_optional_cell<T>::value;

} // namespace crema::sqlite

namespace crema::detail {

// Throws that a column does not fit: "column 2 'age' is text, but an integer is wanted".
[[noreturn]] CREMA_DECL void throw_sqlite_cell(const sqlite::statement& s, int column, std::string_view wanted);
// Throws that an integer is out of the range of its field.
[[noreturn]] CREMA_DECL void throw_sqlite_range(const sqlite::statement& s, int column);
// Throws that the number of columns is another one.
[[noreturn]] CREMA_DECL void throw_sqlite_columns(const sqlite::statement& s, std::size_t wanted);
// Finds for each field the column of that name, the identifier in C++. Throws when a field has none, or a column is
// left over or there twice.
CREMA_DECL void match_sqlite_columns(const sqlite::statement& s, const std::string_view* fields, std::size_t count,
                                     int* columns);

template <sqlite::cell T>
T read_sqlite_cell(const sqlite::statement& s, int i) {
    if constexpr (is_sqlite_optional<T>) {
        if (s.type(i) == SQLITE_NULL) return std::nullopt;
        return read_sqlite_cell<typename T::value_type>(s, i);
    } else if constexpr (std::same_as<T, sqlite::value>) {
        return s.cell(i);
    } else if constexpr (std::same_as<T, bool>) {
        if (s.type(i) != SQLITE_INTEGER) throw_sqlite_cell(s, i, "a boolean (0 or 1)");
        const auto n = s.integer(i);
        if (n != 0 && n != 1) throw_sqlite_range(s, i);
        return n == 1;
    } else if constexpr (std::is_enum_v<T>) {
        return static_cast<T>(read_sqlite_cell<std::underlying_type_t<T>>(s, i));
    } else if constexpr (std::integral<T>) {
        if (s.type(i) != SQLITE_INTEGER) throw_sqlite_cell(s, i, "an integer");
        const auto n = s.integer(i);
        const auto fitted = static_cast<T>(n);
        if (static_cast<std::int64_t>(fitted) != n || (fitted < T{}) != (n < 0)) throw_sqlite_range(s, i);
        return fitted;
    } else if constexpr (std::floating_point<T>) {
        if (s.type(i) != SQLITE_FLOAT && s.type(i) != SQLITE_INTEGER) throw_sqlite_cell(s, i, "a number");
        return static_cast<T>(s.real(i));
    } else if constexpr (std::same_as<T, std::string>) {
        if (s.type(i) != SQLITE_TEXT) throw_sqlite_cell(s, i, "text");
        return std::string(s.text(i));
    } else {
        if (s.type(i) != SQLITE_BLOB) throw_sqlite_cell(s, i, "a blob");
        const auto octets = s.octets(i);
        return sqlite::blob(octets.begin(), octets.end());
    }
}

// Knows how the columns of one statement become a Row; checks that once, before the first row.
template <class Row>
class sqlite_row_reader {
    static_assert(
        std::is_aggregate_v<Row>,
        "crema: a row of SQLite is an aggregate of cells, a std::tuple or std::pair of cells, or one cell: bool, an "
        "integer, an enumeration, a floating type, std::string, sqlite::blob, sqlite::value, or an optional of these "
        "(views are no cells, since the row outlives the statement)");
    static constexpr auto names = identifiers_of<Row>();
    static constexpr std::size_t count = field_count<Row>;

public:
    explicit sqlite_row_reader(const sqlite::statement& s) : statement_(s) {
        match_sqlite_columns(s, names.data(), count, columns_.data());
    }
    Row read() const {
        Row row{};
        with_fields(row, [&](auto&... fields) {
            const int* column = columns_.data();
            ((fields = field<std::remove_reference_t<decltype(fields)>>(*column++)), ...);
        });
        return row;
    }

private:
    template <class T>
    T field(int column) const {
        static_assert(
            sqlite::cell<T>,
            "crema: this field of the row cannot be read from a cell of SQLite: it must be bool, an integer, an "
            "enumeration, a floating type, std::string, sqlite::blob, sqlite::value, or an optional of these");
        return read_sqlite_cell<T>(statement_, column);
    }
    const sqlite::statement& statement_;
    std::array<int, count> columns_;
};

template <sqlite::cell T>
class sqlite_row_reader<T> {
public:
    explicit sqlite_row_reader(const sqlite::statement& s) : statement_(s) {
        if (s.columns() != 1) throw_sqlite_columns(s, 1);
    }
    T read() const { return read_sqlite_cell<T>(statement_, 0); }

private:
    const sqlite::statement& statement_;
};

template <class Tuple>
    requires is_sqlite_tuple<Tuple>
class sqlite_row_reader<Tuple> {
    static constexpr std::size_t count = std::tuple_size_v<Tuple>;

public:
    explicit sqlite_row_reader(const sqlite::statement& s) : statement_(s) {
        if (s.columns() != static_cast<int>(count)) throw_sqlite_columns(s, count);
    }
    Tuple read() const { return read_all(std::make_index_sequence<count>{}); }

private:
    template <std::size_t... I>
    Tuple read_all(std::index_sequence<I...>) const {
        return Tuple(read_sqlite_cell<std::tuple_element_t<I, Tuple>>(statement_, static_cast<int>(I))...);
    }
    const sqlite::statement& statement_;
};

} // namespace crema::detail

#if CREMA_BODIES
namespace crema::detail {

inline std::string sqlite_column(const sqlite::statement& s, int column) {
    return "column " + std::to_string(column + 1) + " '" + std::string(s.column_name(column)) + "'";
}

[[noreturn]] CREMA_DECL void throw_sqlite_cell(const sqlite::statement& s, int column, std::string_view wanted) {
    std::string message = sqlite_column(s, column);
    switch (s.type(column)) {
    case SQLITE_NULL: message += " is NULL"; break;
    case SQLITE_INTEGER: message += " is an integer"; break;
    case SQLITE_FLOAT: message += " is a real"; break;
    case SQLITE_TEXT: message += " is text"; break;
    default: message += " is a blob"; break;
    }
    message.append(", but ").append(wanted).append(" is wanted");
    if (s.type(column) == SQLITE_NULL) message += "; a std::optional can hold NULL";
    throw sqlite::error(make_error_code(error::bad_value), message, s.sql());
}

[[noreturn]] CREMA_DECL void throw_sqlite_range(const sqlite::statement& s, int column) {
    throw sqlite::error(make_error_code(error::bad_value),
                        sqlite_column(s, column) + " is " + std::to_string(s.integer(column)) +
                            ", which does not fit its field",
                        s.sql());
}

[[noreturn]] CREMA_DECL void throw_sqlite_columns(const sqlite::statement& s, std::size_t wanted) {
    throw sqlite::error(make_error_code(error::bad_value),
                        "the statement gives " + std::to_string(s.columns()) +
                            (s.columns() == 1 ? " column, " : " columns, ") + std::to_string(wanted) +
                            (wanted == 1 ? " is wanted" : " are wanted"),
                        s.sql());
}

CREMA_DECL void match_sqlite_columns(const sqlite::statement& s, const std::string_view* fields, std::size_t count,
                                     int* columns) {
    auto refuse = [&](std::string_view what, std::string_view name, std::string_view why) {
        throw sqlite::error(make_error_code(error::bad_value), std::string(what).append(name).append(why), s.sql());
    };
    for (std::size_t f = 0; f < count; ++f) columns[f] = -1;
    for (int c = 0; c < s.columns(); ++c) {
        const auto name = s.column_name(c);
        std::size_t f = 0;
        while (f < count && fields[f] != name) ++f;
        if (f == count)
            refuse("the row has no field for the column '", name, "'; name it with AS as the field is named");
        if (columns[f] != -1) refuse("two columns are named '", name, "'; name them with AS");
        columns[f] = c;
    }
    for (std::size_t f = 0; f < count; ++f)
        if (columns[f] == -1) refuse("the statement gives no column for the field '", fields[f], "'");
}

} // namespace crema::detail
#endif
