// SQLite for handlers: a database with one writer thread and several reader threads, awaited from a loop.
// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <concepts>
#include <crema/core/config.hpp>
#include <crema/ext/sqlite_job.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema::sqlite {

/** Is work for a database that has not begun; `co_await` it once, or hand it to a combinator.

    @par Cancellation
    Work that still waits in the queue is dropped at once. Work that runs is interrupted (`sqlite3_interrupt`), awaited,
    and rolled back; work that is committed at that moment stays. Then `cancelled` is thrown.

    @par Thread Safety
    Distinct objects: safe. Any number may be awaited at a time, on any number of loops.
*/
template <class Work>
class [[nodiscard("work for a database does nothing until it is awaited")]] operation {
public:
    /// Construct; `database` does.
    operation(std::shared_ptr<crema::detail::sqlite_core> core, Work work)
        : core_(std::move(core)), work_(std::move(work)) {}
    operation(operation&&) = default;
    operation& operator=(operation&&) = default;

    /// Begins the work and gives its result. The operation must be an rvalue.
    auto operator co_await() && { return crema::detail::sqlite_awaiter<Work>(std::move(core_), std::move(work_)); }

private:
    std::shared_ptr<crema::detail::sqlite_core> core_;
    Work work_;
};

/** Owns a database file: a connection with a thread that writes, and several that read at the same time (WAL).

    @code
    struct user { std::int64_t id; std::string name; std::optional<std::string> email; };
    sqlite::database db("app.db", {.schema = "CREATE TABLE IF NOT EXISTS users(id INTEGER PRIMARY KEY, name, email)"});

    auto all = co_await db.query<user>("SELECT id, name, email FROM users WHERE name = ?", "ada");
    auto done = co_await db.execute("INSERT INTO users(name) VALUES (?)", "bob");   // done.last_insert_id
    @endcode

    Nothing runs on the loop. A query whose statement only reads runs on a reader, everything else on the writer, in the
    order of arrival. Each statement is a transaction of its own; when its `co_await` returns it is committed, and every
    later query sees it. SQL and parameters are copied.

    @par Errors
    Every function may throw `sqlite::error` from its `co_await`, and `system_error` with `error::queue_full` when more
    than `options::queue` jobs wait, `error::closed` when the database is being destroyed.

    @par Thread Safety
    Safe: its functions may be called on any thread that has a loop.
*/
class database {
public:
    /** Open a database file, which is created when it is missing, and start the threads.

        Blocks; for the start of a program.

        @param path The file; `":memory:"` for one that is gone with the object. Its directory must exist.
        @param o How.
        @throws error with a message that names the path; what `o.schema` and `o.on_connect` throw.
    */
    CREMA_DECL explicit database(const std::string& path, options o = {});
    database(const database&) = delete;
    database& operator=(const database&) = delete;
    /// Closes; see `close`.
    ~database() { close(); }

    /** Run a query and give all its rows: `std::vector<Row>`.

        @tparam Row An aggregate, whose fields are matched with the columns by name; a tuple or pair, matched by
        position; or the type of the only column: `bool`, an integer, an enumeration, a floating type, `std::string`,
        `blob`, `value`, or an optional of these, which can hold NULL.
        @param sql One statement. `INSERT … RETURNING` is a query too: it goes to the writer.
        @param args One for each `?`.
    */
    template <class Row, bindable... Args>
    auto query(std::string_view sql, Args&&... args) {
        return make(crema::detail::sqlite_query<Row, sizeof...(Args)>{call(sql, std::forward<Args>(args)...)});
    }
    /// Runs a query and gives its first row: `std::optional<Row>`. See `query`.
    template <class Row, bindable... Args>
    auto query_one(std::string_view sql, Args&&... args) {
        return make(crema::detail::sqlite_query_one<Row, sizeof...(Args)>{call(sql, std::forward<Args>(args)...)});
    }
    /// Runs a statement on the writer and tells what it changed: `outcome`.
    template <bindable... Args>
    auto execute(std::string_view sql, Args&&... args) {
        return make(crema::detail::sqlite_execute<sizeof...(Args)>{call(sql, std::forward<Args>(args)...)});
    }
    /** Run `f(connection&)` on the writer in a transaction; gives what it returns. When it throws, everything is rolled
        back.

        `f` is plain code on another thread: what it captures by reference must live until the `co_await` returns, and
        nobody else may touch it meanwhile. A long one calls `connection::check`; one that does not is left behind by
        `with_timeout` at the deadline, and goes on: then it must own what it works on.
    */
    template <class F>
        requires std::invocable<std::decay_t<F>&, connection&>
    auto transaction(F&& f) {
        return make(
            crema::detail::sqlite_transaction<std::decay_t<F>, crema::detail::sqlite_role::writer>{std::forward<F>(f)});
    }
    /// Runs `f(connection&)` on a reader, so that all its queries see the same state; gives what it returns. See
    /// `transaction`.
    template <class F>
        requires std::invocable<std::decay_t<F>&, connection&>
    auto snapshot(F&& f) {
        return make(
            crema::detail::sqlite_transaction<std::decay_t<F>, crema::detail::sqlite_role::reader>{std::forward<F>(f)});
    }
    /** Run `f(connection&)` on the writer in a transaction and block the calling thread until it is done.

        For the start of a program, before its loop runs; a handler writes `co_await db.transaction(f)`. */
    template <class F>
        requires std::invocable<std::decay_t<F>&, connection&>
    auto setup(F&& f) {
        using work = crema::detail::sqlite_transaction<std::decay_t<F>, crema::detail::sqlite_role::writer>;
        return crema::detail::sqlite_awaiter<work>(core_, work{std::forward<F>(f)}).wait();
    }

    /** Close: waiting jobs end with `error::closed`, running ones are interrupted and rolled back, the threads are
        joined.

        The coroutines that wait go on in later callbacks of their loops. A second call does nothing. */
    CREMA_DECL void close() noexcept;

    /// Returns the path it was opened with.
    CREMA_DECL const std::string& path() const noexcept;

private:
    template <class... Args>
    static crema::detail::sqlite_call<sizeof...(Args)> call(std::string_view sql, Args&&... args) {
        return {std::string(sql), std::array<value, sizeof...(Args)>{value(std::forward<Args>(args))...}};
    }
    template <class Work>
    operation<Work> make(Work work) {
        return operation<Work>(core_, std::move(work));
    }
    std::shared_ptr<crema::detail::sqlite_core> core_;
};

} // namespace crema::sqlite

#if CREMA_BODIES

namespace crema::sqlite {

CREMA_DECL database::database(const std::string& path, options o)
    : core_(std::make_shared<crema::detail::sqlite_core>()) {
    core_->path = path;
    core_->open(o);
}

CREMA_DECL void database::close() noexcept { core_->close(); }

CREMA_DECL const std::string& database::path() const noexcept { return core_->path; }

} // namespace crema::sqlite
#endif
