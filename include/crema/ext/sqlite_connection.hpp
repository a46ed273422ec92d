// One SQLite connection, used by one thread at a time: opening, cached statements, queries, transactions.
// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <crema/core/config.hpp>
#include <crema/ext/sqlite_row.hpp>
#include <crema/ext/sqlite_statement.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema::sqlite {

/// Tells what a statement changed.
struct outcome {
    std::int64_t changes = 0;        ///< rows inserted, changed or deleted by the statement itself
    std::int64_t last_insert_id = 0; ///< rowid of the last row that this connection inserted
};

/// Chooses when the operating system is told to write to the disk. Either way what was acknowledged survives the end of
/// the process, `kill -9` too.
enum class durability : unsigned char {
    full,   ///< each commit waits for the disk (fsync): survives a loss of power. The default.
    normal, ///< the disk is waited for at checkpoints only: a loss of power may undo the last commits, never corrupts
};

/// Says how one connection is opened; see `sqlite::options` for a whole database.
struct connection_options {
    /// What the connection may do.
    enum class access : unsigned char {
        read_write, ///< everything; the file is created when it is missing, its directory is not
        read_only,  ///< statements that write are refused
    };
    access mode = access::read_write;                    ///< what it may do
    durability sync = durability::full;                  ///< when a commit is told to be done
    std::chrono::milliseconds busy_timeout{5000};        ///< how long to wait for a lock of another process
    std::size_t cached_statements = 64;                  ///< prepared statements that are kept
};

/** Owns one connection to a database file, with its prepared statements.

    Every function blocks: inside of an application it is met in `database::transaction`, on a thread of the database.

    @par Thread Safety
    Only on one thread at a time.
*/
class connection {
public:
    /** Open a database file in WAL mode, with foreign keys enforced.

        @param path The file; `":memory:"` for one that is gone with the connection.
        @param o How.
        @throws error with a message that names the path: its directory does not exist, it is no database, it may not be
        read or written.
    */
    CREMA_DECL explicit connection(const std::string& path, const connection_options& o = {});
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    CREMA_DECL ~connection();

    /** Run a query and give all its rows.

        @tparam Row An aggregate, whose fields are matched with the columns by name; a tuple or pair, matched by
        position; or the type of the only column: `bool`, an integer, an enumeration, a floating type, `std::string`,
        `blob`, `value`, or an optional of these, which can hold NULL.
        @param sql One statement. `INSERT … RETURNING` is a query too.
        @param args One for each `?`.
        @throws error what SQLite says, or why the columns do not fit `Row`; `cancelled`.
    */
    template <class Row, bindable... Args>
    std::vector<Row> query(std::string_view sql, Args&&... args) {
        std::vector<Row> rows;
        each<Row>([&](Row&& r) { rows.push_back(std::move(r)); return true; }, sql, std::forward<Args>(args)...);
        return rows;
    }
    /// Runs a query and gives its first row, or none. See `query`.
    template <class Row, bindable... Args>
    std::optional<Row> query_one(std::string_view sql, Args&&... args) {
        std::optional<Row> row;
        each<Row>([&](Row&& r) { row.emplace(std::move(r)); return false; }, sql, std::forward<Args>(args)...);
        return row;
    }
    /** Run a query and call `f(Row&&)` for each row, until it returns false. See `query`. */
    template <class Row, class F, bindable... Args>
    void each(F&& f, std::string_view sql, Args&&... args) {
        const std::array<value, sizeof...(Args)> values{value(std::forward<Args>(args))...};
        each_bound<Row>(std::forward<F>(f), sql, values);
    }
    /** Run a statement and tell what it changed. Rows that it gives are dropped.
        @throws error what SQLite says; `cancelled`. */
    template <bindable... Args>
    outcome execute(std::string_view sql, Args&&... args) {
        const std::array<value, sizeof...(Args)> values{value(std::forward<Args>(args))...};
        return execute_bound(sql, values);
    }
    /// Runs any number of statements without parameters, separated by semicolons. See `execute`.
    CREMA_DECL void script(std::string_view sql);

    /** Run `f(connection&)` in a transaction: commits when it returns, rolls back when it throws.

        @return What `f` returns.
        @throws error what SQLite says; what `f` throws; `error::unsupported` inside of another transaction.
    */
    template <class F>
    auto transaction(F&& f) -> std::invoke_result_t<F&, connection&> {
        return within("BEGIN IMMEDIATE", f);
    }
    /// Runs `f(connection&)` so that all its queries see the same state of the database. See `transaction`.
    template <class F>
    auto snapshot(F&& f) -> std::invoke_result_t<F&, connection&> {
        return within("BEGIN DEFERRED", f);
    }
    /// Tells whether a transaction is open.
    bool in_transaction() const noexcept { return ::sqlite3_get_autocommit(db_) == 0; }

    /// Tells whether whoever waits for this work gave up; long loops in a transaction look at it.
    bool is_cancelled() const noexcept { return stop_ && stop_->load(std::memory_order_relaxed); }
    /// Throws `cancelled` when whoever waits for this work gave up. Every statement does so before it starts.
    void check() const {
        if (is_cancelled()) [[unlikely]] throw cancelled();
    }

    /// Returns SQLite's own handle, which this owns: for functions, collations, backups.
    sqlite3* native() const noexcept { return db_; }
    /// Returns the path it was opened with.
    const std::string& path() const noexcept { return path_; }

    /// Runs `execute` with values that are made already; they must live until it returns.
    CREMA_DECL outcome execute_bound(std::string_view sql, std::span<const value> values);
    /// Runs `each` with values that are made already; they must live until it returns.
    template <class Row, class F>
    void each_bound(F&& f, std::string_view sql, std::span<const value> values) {
        borrowed s(*this, sql);
        run_bound<Row>(s.get(), f, values);
    }
    /// Tells whether a statement leaves the database as it is. @throws error when it is no SQL.
    bool is_read_only(std::string_view sql) { return borrowed(*this, sql).get().is_read_only(); }

    /// Sets, or with null removes, the flag that ends what runs; it is read on this thread. For `database`.
    void watch(const std::atomic<bool>* stop) noexcept { stop_ = stop; }
    /** Roll back what a job left open, so that the next one finds a clean connection.
        @return False when there was something. */
    CREMA_DECL bool clean() noexcept;

private:
    struct cached {
        std::string sql;
        statement prepared;
    };
    // Takes a statement out of the cache while it is used, so that the same SQL can run inside of itself.
    class borrowed {
    public:
        borrowed(connection& c, std::string_view sql) : owner_(c), node_(c.borrow(sql)) {}
        borrowed(const borrowed&) = delete;
        borrowed& operator=(const borrowed&) = delete;
        ~borrowed() { owner_.give_back(node_); }
        statement& get() noexcept { return node_.front().prepared; }

    private:
        connection& owner_;
        std::list<cached> node_;
    };

    CREMA_DECL void open(const connection_options& o);
    CREMA_DECL std::list<cached> borrow(std::string_view sql);
    CREMA_DECL void give_back(std::list<cached>& node) noexcept;
    CREMA_DECL void begin(std::string_view sql);
    CREMA_DECL void roll_back() noexcept;
    CREMA_DECL bool step(statement& s);

    template <class Row, class F>
    void run_bound(statement& s, F& f, std::span<const value> values) {
        s.bind(values);
        std::optional<crema::detail::sqlite_row_reader<Row>> reader(std::in_place, s); // before anything is written
        const int prepared = s.times_prepared();
        for (bool first = true; step(s); first = false) {
            if (first && s.times_prepared() != prepared) reader.emplace(s); // the schema had changed
            if (!f(reader->read())) return;
        }
    }
    template <class F>
    auto within(std::string_view how, F& f) -> std::invoke_result_t<F&, connection&> {
        struct guard {
            connection& c;
            ~guard() { c.roll_back(); } // nothing after a commit
        };
        begin(how);
        const guard rolls_back{*this};
        if constexpr (std::is_void_v<std::invoke_result_t<F&, connection&>>) {
            f(*this);
            execute("COMMIT");
        } else {
            auto result = f(*this);
            execute("COMMIT");
            return result;
        }
    }

    sqlite3* db_ = nullptr;
    std::string path_;
    const std::atomic<bool>* stop_ = nullptr;
    std::chrono::milliseconds busy_timeout_;
    std::list<cached> cache_; // the last used is first
    std::size_t cached_statements_;
};

} // namespace crema::sqlite

#if CREMA_BODIES
#include <algorithm>
#include <filesystem>
#include <thread>

namespace crema::sqlite {

CREMA_DECL connection::connection(const std::string& path, const connection_options& o)
    : path_(path), busy_timeout_(o.busy_timeout), cached_statements_(std::max<std::size_t>(o.cached_statements, 1)) {
    try {
        open(o);
    } catch (...) {
        ::sqlite3_close_v2(db_);
        throw;
    }
}

CREMA_DECL connection::~connection() {
    cache_.clear();
    ::sqlite3_close_v2(db_);
}

CREMA_DECL void connection::open(const connection_options& o) {
    auto refuse = [&](int code, const std::string& why) {
        throw error(std::error_code(code, sqlite_category()), "cannot open the database '" + path_ + "': " + why, {});
    };
    if (::sqlite3_threadsafe() == 0) refuse(SQLITE_MISUSE, "this SQLite was built without threads");
    const bool in_memory = path_ == ":memory:" || path_.empty();
    if (!in_memory) {
        std::error_code ignored;
        const auto directory = std::filesystem::path(path_).parent_path();
        if (!directory.empty() && !std::filesystem::is_directory(directory, ignored))
            refuse(SQLITE_CANTOPEN, "its directory '" + directory.string() + "' does not exist");
        if (std::filesystem::is_directory(path_, ignored)) refuse(SQLITE_CANTOPEN_ISDIR, "it is a directory");
    }
    // Readers open for writing too, since they need the shared memory of the WAL; query_only keeps them from it.
    const int code = ::sqlite3_open_v2(path_.c_str(), &db_,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK)
        refuse(db_ ? ::sqlite3_extended_errcode(db_) : code, db_ ? ::sqlite3_errmsg(db_) : ::sqlite3_errstr(code));
    ::sqlite3_extended_result_codes(db_, 1);
    ::sqlite3_progress_handler(
        db_, 4000, [](void* c) { return static_cast<connection*>(c)->is_cancelled() ? 1 : 0; }, this);
    ::sqlite3_busy_handler(
        db_,
        [](void* self, int calls) {
            constexpr auto pause = std::chrono::milliseconds(2);
            auto& c = *static_cast<connection*>(self);
            if (c.is_cancelled() || calls * pause >= c.busy_timeout_) return 0;
            std::this_thread::sleep_for(pause);
            return 1;
        },
        this);
    try {
        if (o.mode == connection_options::access::read_write) {
            const auto mode = query_one<std::string>("PRAGMA journal_mode = WAL");
            if (!in_memory && mode != "wal") refuse(SQLITE_CANTOPEN, "no write-ahead log on this file system");
            execute(o.sync == durability::full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        } else {
            execute("PRAGMA query_only = ON");
        }
        execute("PRAGMA foreign_keys = ON");
        (void)query<std::int64_t>("SELECT count(*) FROM sqlite_schema"); // a file that is no database is noticed here
    } catch (const error& e) {
        if (!e.sql().empty()) refuse(e.extended_code(), e.message());
        throw;
    }
}

CREMA_DECL std::list<connection::cached> connection::borrow(std::string_view sql) {
    std::list<cached> node;
    for (auto at = cache_.begin(); at != cache_.end(); ++at)
        if (at->sql == sql) {
            node.splice(node.begin(), cache_, at);
            return node;
        }
    node.push_back(cached{std::string(sql), statement(db_, sql)});
    return node;
}

CREMA_DECL void connection::give_back(std::list<cached>& node) noexcept {
    node.front().prepared.reset();
    cache_.splice(cache_.begin(), node);
    if (cache_.size() > cached_statements_) cache_.pop_back();
}

CREMA_DECL bool connection::step(statement& s) {
    check();
    try {
        return s.step();
    } catch (const error& e) {
        if (e.extended_code() == SQLITE_INTERRUPT || e.is_busy()) check(); // our own doing
        throw;
    }
}

CREMA_DECL outcome connection::execute_bound(std::string_view sql, std::span<const value> values) {
    borrowed b(*this, sql);
    auto& s = b.get();
    s.bind(values);
    const auto before = ::sqlite3_total_changes64(db_);
    while (step(s)) {}
    outcome done;
    done.last_insert_id = ::sqlite3_last_insert_rowid(db_);
    if (::sqlite3_total_changes64(db_) != before)
        done.changes = ::sqlite3_changes64(db_); // else it is that of an earlier one
    return done;
}

CREMA_DECL void connection::script(std::string_view sql) {
    const std::string all(sql);
    const char* at = all.c_str();
    while (*at) {
        sqlite3_stmt* one = nullptr;
        const int code = ::sqlite3_prepare_v2(db_, at, -1, &one, &at);
        if (code != SQLITE_OK) crema::detail::throw_sqlite(db_, code, sql);
        if (!one) continue; // white space or a comment
        struct finalizer {
            sqlite3_stmt* s;
            ~finalizer() { ::sqlite3_finalize(s); }
        };
        const finalizer owns{one};
        check();
        int stepped = SQLITE_ROW;
        while (stepped == SQLITE_ROW) stepped = ::sqlite3_step(one);
        if (stepped == SQLITE_INTERRUPT || stepped == SQLITE_BUSY) check();
        if (stepped != SQLITE_DONE) crema::detail::throw_sqlite(db_, stepped, ::sqlite3_sql(one));
    }
}

CREMA_DECL void connection::begin(std::string_view sql) {
    if (in_transaction())
        throw error(make_error_code(crema::error::unsupported), "a transaction inside of a transaction; use SAVEPOINT",
                    {});
    execute(sql);
}

CREMA_DECL void connection::roll_back() noexcept {
    if (!in_transaction()) return;
    const auto* stop = std::exchange(stop_, nullptr); // a cancelled job must be rolled back too
    ::sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    stop_ = stop;
}

CREMA_DECL bool connection::clean() noexcept {
    if (!in_transaction()) return true;
    roll_back();
    return false;
}

} // namespace crema::sqlite
#endif
