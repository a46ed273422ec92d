// sqlite_job: work for the threads of a SQLite database, queued, awaited from a loop, interrupted when it is cancelled.
// SPDX-License-Identifier: MIT
#pragma once
#include <array>
#include <atomic>
#include <coroutine>
#include <crema/async/environment.hpp>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <crema/ext/sqlite_connection.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace crema::sqlite {

/// Says how a database is opened.
struct options {
    std::size_t readers = 4;                       ///< threads that read; 0: the writer reads, as for `":memory:"`
    std::size_t queue = 1024;                      ///< jobs that may wait for the writer, and for the readers
    durability sync = durability::full;            ///< what a commit waits for
    std::chrono::milliseconds busy_timeout{5000};  ///< how long to wait for a lock of another process
    std::size_t cached_statements = 64;            ///< prepared statements that each connection keeps
    int nice = 10;                                 ///< as `offload_options::nice`, for its threads
    std::string schema{};                          ///< a script that the writer runs in a transaction at the opening
    std::function<void(connection&)> on_connect{}; ///< called for each connection at the opening: functions, pragmas
};

} // namespace crema::sqlite

namespace crema::detail {

class sqlite_core; // the threads of a database
struct sqlite_mailbox;
struct sqlite_worker;

struct sqlite_links {
    sqlite_links* next = this;
    sqlite_links* prev = this;
    sqlite_links() noexcept = default;
    sqlite_links(const sqlite_links&) = delete;
    sqlite_links& operator=(const sqlite_links&) = delete;
    bool alone() const noexcept { return next == this; }
    void remove() noexcept {
        next->prev = prev;
        prev->next = next;
        next = prev = this;
    }
    void append(sqlite_links& one) noexcept { // this is the head of a list
        one.prev = prev;
        one.next = this;
        prev->next = &one;
        prev = &one;
    }
};

/// Which threads a job may run on.
enum class sqlite_role : unsigned char { reader, writer };

// One piece of work for a connection, and the coroutine that waits for it. It lives in the frame of that coroutine.
// Its links and its place are guarded by the mutex of the core.
class sqlite_job : public sqlite_links, private cancel_callback {
public:
    enum class place : unsigned char { nowhere, queued, running, finished };

    sqlite_job(std::shared_ptr<sqlite_core> core, sqlite_role role, bool runs_user_code) noexcept
        : cancel_callback([](cancel_callback& c) noexcept { static_cast<sqlite_job&>(c).cancel(); }),
          core_(std::move(core)), role_(role), runs_user_code_(runs_user_code) {}
    // On a thread of the database. False: it writes, and wants to run on the writer instead.
    virtual bool run(sqlite::connection& c, sqlite_role on) noexcept = 0;
    virtual bool failed() const noexcept = 0;

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        return start(environment_of(h), h);
    }

protected:
    ~sqlite_job() = default;
    CREMA_DECL bool start(environment* env, std::coroutine_handle<> h);
    CREMA_DECL void block();            // runs it on the writer and waits, without a loop
    CREMA_DECL void abandon() noexcept; // for destructors: what is queued is dropped, what runs is waited for
    CREMA_DECL void check() const;      // throws what the wait ended with, unless the work ended
    [[noreturn]] CREMA_DECL static void throw_left_open();

private:
    friend class sqlite_core;
    enum class refusal : unsigned char { none, closed, queue_full };
    CREMA_DECL void cancel() noexcept;
    void settle() noexcept; // no longer pending; on the loop

    std::shared_ptr<sqlite_core> core_;
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    sqlite_mailbox* box_ = nullptr;   // null when a thread blocks
    sqlite_worker* worker_ = nullptr; // while running
    std::atomic<bool> stop_{false};
    place place_ = place::nowhere;
    sqlite_role role_;
    const bool runs_user_code_;
    refusal refusal_ = refusal::none;
};

// Ties a job to its work, `R work(connection&)`, and keeps the result.
template <class Work>
class sqlite_awaiter final : public sqlite_job {
    using result = std::invoke_result_t<Work&, sqlite::connection&>;
    using stored = std::conditional_t<std::is_void_v<result>, std::monostate, result>;

public:
    sqlite_awaiter(std::shared_ptr<sqlite_core> core, Work&& work)
        : sqlite_job(std::move(core), Work::role, Work::runs_user_code), work_(std::move(work)) {}
    ~sqlite_awaiter() { abandon(); }

    bool await_ready() const noexcept { return false; }
    result await_resume() {
        check();
        return take();
    }
    result wait() {
        block();
        return await_resume();
    }

private:
    bool run(sqlite::connection& c, sqlite_role on) noexcept override {
        try {
            if (on == sqlite_role::reader && work_.wants_writer(c)) return false;
            if constexpr (std::is_void_v<result>) {
                work_(c);
                result_.template emplace<1>();
            } else {
                result_.template emplace<1>(work_(c));
            }
            if (!c.clean()) throw_left_open();
        } catch (...) {
            result_.template emplace<2>(std::current_exception());
        }
        return true;
    }
    bool failed() const noexcept override { return result_.index() == 2; }
    result take() {
        if (result_.index() == 2) std::rethrow_exception(std::get<2>(std::move(result_)));
        if constexpr (!std::is_void_v<result>) return std::get<1>(std::move(result_));
    }

    Work work_;
    std::variant<std::monostate, stored, std::exception_ptr> result_;
};

template <std::size_t N>
struct sqlite_call {
    static constexpr bool runs_user_code = false;
    std::string sql;
    std::array<sqlite::value, N> values;
};

template <class Row, std::size_t N>
struct sqlite_query : sqlite_call<N> {
    static constexpr auto role = sqlite_role::reader;
    bool wants_writer(sqlite::connection& c) { return !c.is_read_only(this->sql); }
    std::vector<Row> operator()(sqlite::connection& c) {
        std::vector<Row> rows;
        c.each_bound<Row>([&](Row&& r) { rows.push_back(std::move(r)); return true; }, this->sql, this->values);
        return rows;
    }
};

template <class Row, std::size_t N>
struct sqlite_query_one : sqlite_call<N> {
    static constexpr auto role = sqlite_role::reader;
    bool wants_writer(sqlite::connection& c) { return !c.is_read_only(this->sql); }
    std::optional<Row> operator()(sqlite::connection& c) {
        std::optional<Row> row;
        c.each_bound<Row>([&](Row&& r) { row.emplace(std::move(r)); return false; }, this->sql, this->values);
        return row;
    }
};

template <std::size_t N>
struct sqlite_execute : sqlite_call<N> {
    static constexpr auto role = sqlite_role::writer;
    bool wants_writer(sqlite::connection&) const noexcept { return false; }
    sqlite::outcome operator()(sqlite::connection& c) { return c.execute_bound(this->sql, this->values); }
};

template <class F, sqlite_role Role>
struct sqlite_transaction {
    static constexpr auto role = Role;
    static constexpr bool runs_user_code = true;
    F f;
    bool wants_writer(sqlite::connection&) const noexcept { return false; }
    decltype(auto) operator()(sqlite::connection& c) {
        if constexpr (Role == sqlite_role::writer) return c.transaction(f);
        else return c.snapshot(f);
    }
};

} // namespace crema::detail

#if CREMA_BODIES
#include <asio/post.hpp>
#include <condition_variable>
#include <crema/loop/loop.hpp>
#include <crema/loop/pool.hpp>
#include <mutex>
#include <thread>
#if defined(__unix__)
#include <signal.h>
#endif

namespace crema::detail {

// The finished jobs of one loop: one wake-up for however many they are, then a callback for each.
struct sqlite_mailbox {
    class loop* where;
    sqlite_links finished;          // filled by the threads of the database
    sqlite_links ready;             // being delivered
    std::atomic<std::size_t> pending{0}; // who needs the box: jobs of this loop, and a delivery
    explicit sqlite_mailbox(class loop& l) noexcept : where(&l) {}
    std::atomic<bool> posted{false};
};

struct sqlite_queue {
    sqlite_links jobs;
    std::size_t size = 0;
    std::condition_variable wake;
    void push(sqlite_job& j) {
        jobs.append(j);
        ++size;
        wake.notify_one();
    }
};

struct sqlite_worker {
    std::unique_ptr<sqlite::connection> connection;
    sqlite_role role;
    sqlite_job* current = nullptr;
    std::thread thread{};
};

class sqlite_core : public std::enable_shared_from_this<sqlite_core> {
public:
    using place = sqlite_job::place;

    std::string path;
    std::size_t bound = 0;
    int nice = 0;
    std::mutex guard;
    std::vector<std::unique_ptr<sqlite_worker>> workers; // the writer is the first
    sqlite_queue reads, writes;
    std::vector<std::unique_ptr<sqlite_mailbox>> boxes;
    std::condition_variable finished; // for threads that block
    bool closing = false;

    void open(const sqlite::options& o) {
        sqlite::connection_options c;
        c.sync = o.sync;
        c.busy_timeout = o.busy_timeout;
        c.cached_statements = o.cached_statements;
        bound = o.queue;
        nice = o.nice;
        add(c, sqlite_role::writer, o);
        if (!o.schema.empty()) workers[0]->connection->transaction([&](sqlite::connection& w) { w.script(o.schema); });
        c.mode = sqlite::connection_options::access::read_only;
        const bool alone = path == ":memory:" || path.empty(); // each connection would have a database of its own
        for (std::size_t i = 0; i < o.readers && !alone; ++i) add(c, sqlite_role::reader, o);
        const blocked_signals inherited_by_threads;
        try {
            for (auto& w : workers) w->thread = std::thread([this, &w = *w] { work(w); });
        } catch (...) {
            close();
            throw;
        }
    }

    void close() noexcept {
        {
            const std::lock_guard lock(guard);
            closing = true;
            for (auto* q : {&reads, &writes}) {
                while (auto* j = pop(*q)) {
                    j->refusal_ = sqlite_job::refusal::closed;
                    finish(*j);
                }
                q->wake.notify_all();
            }
            for (auto& w : workers)
                if (w->current) interrupt(*w->current);
        }
        for (auto& w : workers)
            if (w->thread.joinable()) w->thread.join();
        workers.clear();
    }

    sqlite_queue& queue_of(sqlite_role role) noexcept {
        return role == sqlite_role::writer || workers.size() == 1 ? writes : reads;
    }
    // With the lock: takes the job out of whichever list it is in.
    void unlink(sqlite_job& j) noexcept {
        if (j.place_ == place::queued) --queue_of(j.role_).size;
        j.remove();
        j.place_ = place::nowhere;
    }
    // With the lock, so that the connection is still at that job.
    static void interrupt(sqlite_job& j) noexcept {
        j.stop_.store(true, std::memory_order_relaxed);
        ::sqlite3_interrupt(j.worker_->connection->native());
    }
    // With the lock.
    sqlite_mailbox& box_of(class loop& where) {
        for (auto& b : boxes)
            if (b->where == &where) return *b;
        std::erase_if(boxes, [](auto& b) { return b->pending == 0 && !b->posted; }); // of loops that may be gone
        boxes.push_back(std::make_unique<sqlite_mailbox>(where));
        return *boxes.back();
    }
    void deliver(sqlite_mailbox& box) {
        {
            const std::lock_guard lock(guard);
            ++box.pending; // the box stays until the end of this
            box.posted = false;
            while (!box.finished.alone()) {
                auto& j = *box.finished.next;
                j.remove();
                box.ready.append(j);
            }
        }
        for (;;) {
            sqlite_job* j = nullptr;
            {
                const std::lock_guard lock(guard);
                if (box.ready.alone()) {
                    --box.pending;
                    return;
                }
                j = static_cast<sqlite_job*>(box.ready.next);
                unlink(*j);
            }
            box.where->callback([j] {
                j->settle();
                resume_in(*j->env_, j->handle_);
            });
        }
    }

private:
    struct blocked_signals { // signals are for the threads of the application
#if defined(__unix__)
        sigset_t before;
        blocked_signals() noexcept {
            sigset_t all;
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_SETMASK, &all, &before);
        }
        ~blocked_signals() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
#endif
    };
    // What is posted to a loop, outside of its callbacks so that each job has one of its own; one that is destroyed
    // unrun went down with its loop.
    struct wake_up {
        std::shared_ptr<sqlite_core> core;
        sqlite_mailbox* box;
        wake_up(std::shared_ptr<sqlite_core> c, sqlite_mailbox* b) noexcept : core(std::move(c)), box(b) {}
        wake_up(wake_up&&) noexcept = default;
        ~wake_up() {
            if (core) box->posted = false;
        }
        void operator()() {
            const auto keep = std::move(core);
            keep->deliver(*box);
        }
    };

    void add(const sqlite::connection_options& c, sqlite_role role, const sqlite::options& o) {
        workers.push_back(std::make_unique<sqlite_worker>());
        workers.back()->role = role;
        workers.back()->connection = std::make_unique<sqlite::connection>(path, c);
        if (o.on_connect) o.on_connect(*workers.back()->connection);
    }
    static sqlite_job* pop(sqlite_queue& q) noexcept {
        if (q.jobs.alone()) return nullptr;
        auto* j = static_cast<sqlite_job*>(q.jobs.next);
        j->remove();
        --q.size;
        return j;
    }
    // With the lock: hands the job back to who waits.
    void finish(sqlite_job& j) {
        j.place_ = place::finished;
        j.worker_ = nullptr;
        finished.notify_all();
        if (!j.box_) return;
        j.box_->finished.append(j);
        if (!j.box_->posted.exchange(true)) asio::post(j.box_->where->context(), wake_up(shared_from_this(), j.box_));
    }
    void work(sqlite_worker& w) {
        be_nice(nice);
        std::unique_lock lock(guard);
        auto& queue = queue_of(w.role);
        for (;;) {
            queue.wake.wait(lock, [&] { return closing || !queue.jobs.alone(); });
            if (closing) return;
            auto* j = pop(queue);
            j->place_ = place::running;
            j->worker_ = &w;
            w.current = j;
            lock.unlock();
            w.connection->watch(&j->stop_);
            const bool ran = j->run(*w.connection, w.role);
            w.connection->watch(nullptr);
            w.connection->clean(); // after an exception
            lock.lock();
            w.current = nullptr;
            if (!ran && !closing && !j->stop_.load(std::memory_order_relaxed)) {
                j->role_ = sqlite_role::writer;
                j->worker_ = nullptr;
                j->place_ = place::queued;
                writes.push(*j); // was accepted before, so the bound does not count
                continue;
            }
            if (closing && (!ran || j->failed())) j->refusal_ = sqlite_job::refusal::closed;
            finish(*j);
        }
    }
};

CREMA_DECL bool sqlite_job::start(environment* env, std::coroutine_handle<> h) {
    env_ = env;
    handle_ = h;
    if (env->scope && env->scope->is_cancelled()) return false;
    auto& where = loop::current();
    {
        const std::lock_guard lock(core_->guard);
        auto& queue = core_->queue_of(role_);
        if (core_->closing) refusal_ = refusal::closed;
        else if (queue.size >= core_->bound) refusal_ = refusal::queue_full;
        if (refusal_ != refusal::none) return false;
        box_ = &core_->box_of(where);
        ++box_->pending;
        place_ = place::queued;
        queue.push(*this);
    }
    where.hold_outside();
    attach(env->scope);
    return true;
}

CREMA_DECL void sqlite_job::block() {
    std::unique_lock lock(core_->guard);
    if (core_->closing) {
        refusal_ = refusal::closed;
        return;
    }
    place_ = place::queued;
    core_->writes.push(*this);
    core_->finished.wait(lock, [&] { return place_ == place::finished; });
    place_ = place::nowhere;
}

inline void sqlite_job::settle() noexcept {
    detach();
    --box_->pending; // only this loop counts it
    box_->where->release_outside();
}

CREMA_DECL void sqlite_job::abandon() noexcept {
    if (!core_ || !box_) return;
    {
        std::unique_lock lock(core_->guard);
        if (place_ == place::nowhere) return;
        if (place_ == place::running) core_->interrupt(*this);
        core_->finished.wait(lock, [&] { return place_ != place::running; });
        core_->unlink(*this);
    }
    settle();
}

CREMA_DECL void sqlite_job::cancel() noexcept {
    std::unique_lock lock(core_->guard);
    if (place_ == place::queued) {
        core_->unlink(*this);
        lock.unlock();
        settle();
        resume_in(*env_, handle_);
    } else if (place_ == place::running) {
        core_->interrupt(*this);
        lock.unlock();
        if (runs_user_code_) env_->scope->stuck();
    } // else it is on its way
}

[[noreturn]] CREMA_DECL void sqlite_job::throw_left_open() {
    throw sqlite::error(make_error_code(error::unsupported),
                        "a transaction was left open and is rolled back; use transaction()", {});
}

CREMA_DECL void sqlite_job::check() const {
    if (env_ && env_->scope) env_->scope->check();
    if (refusal_ == refusal::closed)
        throw system_error(make_error_code(crema::error::closed), "the database '" + core_->path + "'");
    if (refusal_ == refusal::queue_full)
        throw system_error(make_error_code(crema::error::queue_full),
                           std::to_string(core_->bound) + " jobs wait for the database '" + core_->path + "'");
}

} // namespace crema::detail
#endif
