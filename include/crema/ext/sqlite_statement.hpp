// SQLite, lowest part: its errors, the values that are bound and read, one prepared statement.
// SPDX-License-Identifier: MIT
#pragma once
#include <concepts>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Holds SQLite: databases, connections, rows (link with -lsqlite3).
namespace crema::sqlite {

/// Returns the category of SQLite's extended result codes. Thread-safe.
CREMA_DECL const std::error_category& sqlite_category() noexcept;

/** Thrown when SQLite refuses a statement, and when values or columns do not fit.

    `what()` reads `"<message> [<SQL>]: <text of the code>"`.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class error : public system_error {
public:
    /** Construct from a code of SQLite or of crema.

        @param code What happened.
        @param message The sentence of SQLite or of crema; copied.
        @param sql What was to be run; copied. May be empty.
    */
    error(std::error_code code, std::string_view message, std::string_view sql)
        : system_error(code, subject_of(message, sql)), message_(message), sql_(sql) {}

    /// Returns the sentence: `UNIQUE constraint failed: users.email`.
    const std::string& message() const noexcept { return message_; }
    /// Returns the statement; empty when there was none.
    const std::string& sql() const noexcept { return sql_; }
    /// Returns SQLite's extended result code; 0 when crema itself refused.
    int extended_code() const noexcept { return code().category() == sqlite_category() ? code().value() : 0; }

    /// Tells whether a row with that key is there already.
    bool is_unique_violation() const noexcept {
        const int c = extended_code();
        return c == SQLITE_CONSTRAINT_UNIQUE || c == SQLITE_CONSTRAINT_PRIMARYKEY || c == SQLITE_CONSTRAINT_ROWID;
    }
    /// Tells whether a foreign key points nowhere.
    bool is_foreign_key_violation() const noexcept { return extended_code() == SQLITE_CONSTRAINT_FOREIGNKEY; }
    /// Tells whether any constraint was violated.
    bool is_constraint_violation() const noexcept { return (extended_code() & 0xff) == SQLITE_CONSTRAINT; }
    /// Tells whether another process held the lock for longer than `options::busy_timeout`.
    bool is_busy() const noexcept { return (extended_code() & 0xff) == SQLITE_BUSY; }

private:
    static std::string subject_of(std::string_view message, std::string_view sql) {
        std::string s(message);
        if (!sql.empty()) s.append(" [").append(sql).append("]");
        return s;
    }
    std::string message_;
    std::string sql_;
};

using blob = std::vector<std::byte>; ///< octets that are no text

/** Holds what one cell of a table can hold: NULL, an integer, a real, text or a blob.

    Parameters of statements are converted to it, and copied, since another thread binds them.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class value {
public:
    using storage = std::variant<std::monostate, std::int64_t, double, std::string, blob>; ///< what is inside

    /// Construct NULL.
    value() noexcept = default;
    /// Construct NULL.
    value(std::nullptr_t) noexcept {}
    /// Construct NULL.
    value(std::nullopt_t) noexcept {}
    /** Construct an integer; booleans are 0 and 1, enumerators their number.
        @throws error with `error::bad_value` above 2^63 - 1, which SQLite cannot hold. */
    template <class T>
        requires(std::integral<T> || std::is_enum_v<T>)
    value(T n) {
        if constexpr (std::is_enum_v<T>) *this = value(static_cast<std::underlying_type_t<T>>(n));
        else {
            if (!std::in_range<std::int64_t>(widen(n))) too_large();
            v_ = static_cast<std::int64_t>(n);
        }
    }
    /// Construct a real. SQLite stores a NaN as NULL.
    value(std::floating_point auto x) noexcept : v_(static_cast<double>(x)) {}
    /// Construct text, in UTF-8.
    template <class T>
        requires(std::convertible_to<const T&, std::string_view> && !std::same_as<T, std::nullptr_t>)
    value(const T& text) : v_(std::in_place_type<std::string>, static_cast<std::string_view>(text)) {}
    /// Construct text from a string without copying.
    value(std::string&& text) noexcept : v_(std::move(text)) {}
    /// Construct a blob.
    value(blob octets) noexcept : v_(std::move(octets)) {}
    /// Construct a blob from octets elsewhere.
    value(std::span<const std::byte> octets) : v_(blob(octets.begin(), octets.end())) {}
    /// Construct NULL from an empty optional, else from what it holds.
    template <class T>
        requires std::constructible_from<value, const T&>
    value(const std::optional<T>& maybe) {
        if (maybe) *this = value(*maybe);
    }

    /// Tells whether this is NULL.
    bool is_null() const noexcept { return v_.index() == 0; }
    /// Returns the variant inside, valid as long as the value.
    const storage& get() const noexcept { return v_; }
    /// Compares kind and content.
    friend bool operator==(const value&, const value&) = default;

private:
    template <class T>
    static constexpr auto widen(T n) noexcept { // in_range takes no characters and no bool
        if constexpr (std::is_signed_v<T>) return static_cast<std::int64_t>(n);
        else return static_cast<std::uint64_t>(n);
    }
    [[noreturn]] CREMA_COLD static void too_large() {
        throw error(make_error_code(crema::error::bad_value), "an integer above 9223372036854775807 cannot be stored",
                    {});
    }
    storage v_;
};

/// Can be a parameter of a statement.
template <class T>
concept bindable = std::constructible_from<value, T&&>;

/** Owns one prepared statement. The lowest interface; `connection` is the convenient one.

    Columns and parameters count from 0. Views of text and blobs are valid until the next `step` or `reset`.

    @par Thread Safety
    Only on the thread that uses its connection.
*/
class statement {
public:
    /// Construct empty.
    statement() noexcept = default;
    /** Prepare SQL.
        @throws error when it is no SQL, is empty, or is more than one statement. */
    CREMA_DECL statement(sqlite3* db, std::string_view sql);
    statement(statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    statement& operator=(statement&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~statement() { ::sqlite3_finalize(handle_); }

    /// Returns SQLite's own handle, which this owns.
    sqlite3_stmt* native() const noexcept { return handle_; }
    /// Tells whether running it leaves the database as it is.
    bool is_read_only() const noexcept { return ::sqlite3_stmt_readonly(handle_) != 0; }
    /// Returns the SQL.
    std::string_view sql() const noexcept { return ::sqlite3_sql(handle_); }

    /** Bind all parameters, in order. The values must live until `reset`.
        @throws error when their number is not that of the parameters, or one is too large. */
    CREMA_DECL void bind(std::span<const value> values);
    /** Run up to the next row.
        @return False when there are no more rows.
        @throws error what SQLite says. `SQLITE_INTERRUPT` when the job was cancelled. */
    CREMA_DECL bool step();
    /// Makes it ready to run again and forgets the parameters.
    void reset() noexcept {
        ::sqlite3_reset(handle_);
        ::sqlite3_clear_bindings(handle_);
    }

    /// Returns how often SQLite prepared it again because the schema had changed; the columns may differ then.
    int times_prepared() const noexcept { return ::sqlite3_stmt_status(handle_, SQLITE_STMTSTATUS_REPREPARE, 0); }
    /// Returns the number of columns of its rows; 0 when it gives none.
    int columns() const noexcept { return ::sqlite3_column_count(handle_); }
    /// Returns the name of a column: what stands behind AS, or what SQLite chose.
    std::string_view column_name(int i) const noexcept {
        const char* name = ::sqlite3_column_name(handle_, i);
        return name ? std::string_view(name) : std::string_view();
    }
    /// Returns `SQLITE_NULL`, `SQLITE_INTEGER`, `SQLITE_FLOAT`, `SQLITE_TEXT` or `SQLITE_BLOB`, of this row.
    int type(int i) const noexcept { return ::sqlite3_column_type(handle_, i); }
    /// Returns an integer.
    std::int64_t integer(int i) const noexcept { return ::sqlite3_column_int64(handle_, i); }
    /// Returns a real.
    double real(int i) const noexcept { return ::sqlite3_column_double(handle_, i); }
    /// Returns text.
    std::string_view text(int i) const noexcept {
        const auto* p = reinterpret_cast<const char*>(::sqlite3_column_text(handle_, i)); // before the size
        return p ? std::string_view(p, static_cast<std::size_t>(::sqlite3_column_bytes(handle_, i)))
                 : std::string_view();
    }
    /// Returns octets.
    std::span<const std::byte> octets(int i) const noexcept {
        const auto* p = static_cast<const std::byte*>(::sqlite3_column_blob(handle_, i));
        return p ? std::span(p, static_cast<std::size_t>(::sqlite3_column_bytes(handle_, i)))
                 : std::span<const std::byte>();
    }
    /// Returns whatever is there.
    CREMA_DECL value cell(int i) const;

private:
    sqlite3_stmt* handle_ = nullptr;
};

} // namespace crema::sqlite

namespace crema::detail {

/// Throws what SQLite says about the last call on this connection.
[[noreturn]] CREMA_DECL void throw_sqlite(sqlite3* db, int code, std::string_view sql);

} // namespace crema::detail

#if CREMA_BODIES
#include <algorithm>

namespace crema::detail {

class sqlite_errors final : public std::error_category {
public:
    const char* name() const noexcept override { return "sqlite"; }
    std::string message(int code) const override {
        return std::string(::sqlite3_errstr(code)) + " (SQLite code " + std::to_string(code) + ")";
    }
};

[[noreturn]] CREMA_DECL void throw_sqlite(sqlite3* db, int code, std::string_view sql) {
    const int extended =
        db && (::sqlite3_extended_errcode(db) & 0xff) == (code & 0xff) ? ::sqlite3_extended_errcode(db) : code;
    throw sqlite::error(std::error_code(extended, sqlite::sqlite_category()),
                        db ? ::sqlite3_errmsg(db) : ::sqlite3_errstr(code), sql);
}

// Tells whether nothing but white space, comments and semicolons follows.
inline bool is_blank_sql(std::string_view s) noexcept {
    while (!s.empty()) {
        if (s.front() == ' ' || s.front() == ';' || (s.front() >= '\t' && s.front() <= '\r')) s.remove_prefix(1);
        else if (s.substr(0, 2) == "--") s.remove_prefix(std::min(s.find('\n'), s.size()));
        else if (s.substr(0, 2) == "/*") {
            const auto end = s.find("*/", 2);
            s.remove_prefix(end == s.npos ? s.size() : end + 2);
        } else return false;
    }
    return true;
}

} // namespace crema::detail

namespace crema::sqlite {

CREMA_DECL const std::error_category& sqlite_category() noexcept {
    static const crema::detail::sqlite_errors instance;
    return instance;
}

CREMA_DECL statement::statement(sqlite3* db, std::string_view sql) {
    if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw error(make_error_code(crema::error::too_large), "SQL of more than 2 GiB", {});
    const char* rest = nullptr;
    const int code =
        ::sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &handle_, &rest);
    if (code != SQLITE_OK) crema::detail::throw_sqlite(db, code, sql);
    if (!handle_) throw error(make_error_code(crema::error::bad_syntax), "no SQL statement", sql);
    if (!crema::detail::is_blank_sql(sql.substr(static_cast<std::size_t>(rest - sql.data())))) {
        ::sqlite3_finalize(handle_);
        throw error(make_error_code(crema::error::bad_syntax), "more than one SQL statement; for several use script()",
                    sql);
    }
}

CREMA_DECL void statement::bind(std::span<const value> values) {
    const auto wanted = static_cast<std::size_t>(::sqlite3_bind_parameter_count(handle_));
    if (values.size() != wanted)
        throw error(make_error_code(crema::error::bad_value),
                    "the statement has " + std::to_string(wanted) + (wanted == 1 ? " parameter, " : " parameters, ") +
                        std::to_string(values.size()) +
                        (values.size() == 1 ? " value was given" : " values were given"),
                    sql());
    struct binder {
        sqlite3_stmt* s;
        int i;
        int operator()(std::monostate) const { return ::sqlite3_bind_null(s, i); }
        int operator()(std::int64_t n) const { return ::sqlite3_bind_int64(s, i, n); }
        int operator()(double x) const { return ::sqlite3_bind_double(s, i, x); }
        int operator()(const std::string& t) const {
            return ::sqlite3_bind_text64(s, i, t.data(), t.size(), SQLITE_STATIC, SQLITE_UTF8);
        }
        int operator()(const blob& b) const {
            return b.empty() ? ::sqlite3_bind_zeroblob(s, i, 0)
                             : ::sqlite3_bind_blob64(s, i, b.data(), b.size(), SQLITE_STATIC);
        }
    };
    for (std::size_t i = 0; i < values.size(); ++i) {
        const int code = std::visit(binder{handle_, static_cast<int>(i) + 1}, values[i].get());
        if (code != SQLITE_OK) crema::detail::throw_sqlite(::sqlite3_db_handle(handle_), code, sql());
    }
}

CREMA_DECL bool statement::step() {
    const int code = ::sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    crema::detail::throw_sqlite(::sqlite3_db_handle(handle_), code, sql());
}

CREMA_DECL value statement::cell(int i) const {
    switch (type(i)) {
    case SQLITE_INTEGER: return integer(i);
    case SQLITE_FLOAT: return real(i);
    case SQLITE_TEXT: return text(i);
    case SQLITE_BLOB: return octets(i);
    default: return nullptr;
    }
}

} // namespace crema::sqlite
#endif
