// sqlite_session_store: sessions in a table of SQLite, so that they outlive the process.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/ext/sqlite.hpp>
#include <crema/middleware/session.hpp>
#include <crema/web/app.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace crema::sqlite {

/** Keeps sessions in the table `sessions` of a database.

    `session({.signer = …, .store = std::make_shared<sqlite::session_store>(db)})`

    @par Thread Safety
    Safe.
*/
class session_store final : public crema::session_store {
public:
    /** Construct; makes the table. Blocks; for the start of a program.

        @param db Must outlive this.
        @throws error
    */
    explicit session_store(database& db) : db_(&db) {
        db.setup([](connection& c) {
            c.execute("CREATE TABLE IF NOT EXISTS sessions(id TEXT PRIMARY KEY, data TEXT NOT NULL, "
                      "expires INTEGER NOT NULL, max_age INTEGER) WITHOUT ROWID");
            c.execute("CREATE INDEX IF NOT EXISTS sessions_expires ON sessions(expires)");
        });
    }
    /// @cond
    task<std::optional<session_record>> load(std::string id) override {
        const auto found = co_await db_->query_one<row>("SELECT data, expires, max_age FROM sessions WHERE id = ?", id);
        std::optional<session_record> r;
        if (found) {
            r.emplace();
            r->data = found->data;
            r->expires = time_point(std::chrono::milliseconds(found->expires));
            if (found->max_age) r->max_age = std::chrono::milliseconds(*found->max_age);
        }
        co_return r;
    }
    task<> save(std::string id, session_record record) override {
        std::optional<std::int64_t> max_age;
        if (record.max_age) max_age = record.max_age->count();
        co_await db_->execute("INSERT INTO sessions(id, data, expires, max_age) VALUES (?, ?, ?, ?) "
                              "ON CONFLICT(id) DO UPDATE SET data = excluded.data, expires = excluded.expires, "
                              "max_age = excluded.max_age",
                              id, record.data, milliseconds(record.expires), max_age);
    }
    task<bool> update(std::string id, session_record record) override {
        std::optional<std::int64_t> max_age;
        if (record.max_age) max_age = record.max_age->count();
        const auto done = co_await db_->execute("UPDATE sessions SET data = ?, expires = ?, max_age = ? WHERE id = ?", record.data,
                                                milliseconds(record.expires), max_age, id);
        co_return done.changes != 0;
    }
    task<> touch(std::string id, std::chrono::system_clock::time_point expires) override {
        co_await db_->execute("UPDATE sessions SET expires = ? WHERE id = ?", milliseconds(expires), id);
    }
    task<> remove(std::string id) override { co_await db_->execute("DELETE FROM sessions WHERE id = ?", id); }
    /// @endcond

    /// Forgets those that have expired, and tells how many these were; to be done now and then, as by `set_interval`.
    task<std::int64_t> sweep(std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
        const auto done = co_await db_->execute("DELETE FROM sessions WHERE expires <= ?", milliseconds(now));
        co_return done.changes;
    }

private:
    using time_point = std::chrono::system_clock::time_point;
    struct row {
        std::string data;
        std::int64_t expires;
        std::optional<std::int64_t> max_age;
    };
    static std::int64_t milliseconds(time_point t) {
        return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
    }
    database* db_;
};

} // namespace crema::sqlite
