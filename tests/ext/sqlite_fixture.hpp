// What the tests of SQLite share: a directory of their own, a table, functions of SQL that wait for others.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/ext/sqlite.hpp>

#include <condition_variable>
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/loop/loop.hpp>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace testing_sqlite {

using namespace crema;


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

inline constexpr auto items = "CREATE TABLE IF NOT EXISTS items(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, note TEXT)";
inline constexpr auto endless = "WITH RECURSIVE n(x) AS (SELECT arrive() UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n";

// Runs a task on the loop of this thread until nothing is left, and rethrows what it threw.
inline void run(task<> t) {
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

inline std::string message_of(const std::exception_ptr& error) {
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

} // namespace testing_sqlite
