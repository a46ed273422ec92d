// offload_pool: a few threads for work that would block the loop.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace crema {

/// Configures an `offload_pool`.
struct offload_options {
    /// Says what happens to a job that finds the queue full.
    enum class when_full : unsigned char {
        reject, ///< it fails with `error::queue_full`: better a quick 503 than a slow everything
        wait,   ///< it waits behind the others, however many they are
    };
    unsigned threads = 4;                  ///< at most; made when they are needed, never ended before the pool
    std::size_t queue = 1024;              ///< how many jobs may wait for a thread
    when_full full = when_full::reject;    ///< what then
    /** How much nicer than the loop's thread those of the pool are (Linux, 0 to 19): when there are fewer cores than
        threads with work, the loop goes first and its clients do not notice. */
    int nice = 10;
};

namespace detail {

// Makes the calling thread nicer, where a thread can be.
CREMA_DECL void be_nice(int by) noexcept;

// A job of a pool: part of whatever waits for it, so that queueing allocates nothing.
struct pool_job {
    using function = void (*)(pool_job&) noexcept;
    explicit pool_job(function f) noexcept : work(f) {}
    pool_job(const pool_job&) = delete;
    pool_job& operator=(const pool_job&) = delete;

    function work; // called on a thread of the pool, which does not touch the job afterwards
    pool_job* prev = nullptr;
    pool_job* next = nullptr;
    bool queued = false;
};

} // namespace detail

/** Runs jobs on a few threads, first come first served.

    One pool, `shared()`, serves all loops of the process, as libuv's does: the bound on threads is what protects the
    machine. Make others for work that must not wait behind that of `shared()`.

    @par Thread Safety
    Safe.
*/
class offload_pool {
public:
    /// Construct without any thread.
    explicit offload_pool(offload_options options = {}) noexcept : options_(options) {}
    offload_pool(const offload_pool&) = delete;
    offload_pool& operator=(const offload_pool&) = delete;
    /// Runs what is still queued and ends the threads.
    CREMA_DECL ~offload_pool();

    /// Returns the pool of `offload`.
    CREMA_DECL static offload_pool& shared();

    /// Changes the options. Threads that exist stay.
    CREMA_DECL void options(offload_options options);
    /// Returns the options.
    CREMA_DECL offload_options options() const;
    /// Returns how many jobs wait for a thread.
    CREMA_DECL std::size_t waiting() const;

    /// Queues a job. @return False when the queue is full; the job was not queued then.
    CREMA_DECL bool push(detail::pool_job& job);
    /// Takes a job back. @return False when a thread has begun it.
    CREMA_DECL bool drop(detail::pool_job& job) noexcept;

private:
    CREMA_DECL void work();
    void unlink(detail::pool_job& job) noexcept {
        (job.prev ? job.prev->next : head_) = job.next;
        (job.next ? job.next->prev : tail_) = job.prev;
        job.prev = job.next = nullptr;
        job.queued = false;
        --waiting_;
    }

    mutable std::mutex guard_;
    std::condition_variable wake_;
    offload_options options_;
    detail::pool_job* head_ = nullptr;
    detail::pool_job* tail_ = nullptr;
    std::size_t waiting_ = 0;
    std::size_t idle_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

} // namespace crema

#if CREMA_BODIES
#include <algorithm>
#include <csignal>
#if CREMA_LINUX
#include <sys/resource.h>
#endif

namespace crema {

CREMA_DECL void detail::be_nice([[maybe_unused]] int by) noexcept {
#if CREMA_LINUX
    if (by > 0) ::setpriority(PRIO_PROCESS, 0, std::min(::getpriority(PRIO_PROCESS, 0) + by, 19));
#endif
}

CREMA_DECL offload_pool::~offload_pool() {
    {
        const std::lock_guard lock(guard_);
        ending_ = true;
    }
    wake_.notify_all();
    for (auto& t : threads_) t.join();
}
CREMA_DECL offload_pool& offload_pool::shared() {
    static offload_pool pool;
    return pool;
}
CREMA_DECL void offload_pool::options(offload_options options) {
    const std::lock_guard lock(guard_);
    options_ = options;
}
CREMA_DECL offload_options offload_pool::options() const {
    const std::lock_guard lock(guard_);
    return options_;
}
CREMA_DECL std::size_t offload_pool::waiting() const {
    const std::lock_guard lock(guard_);
    return waiting_;
}

CREMA_DECL bool offload_pool::push(detail::pool_job& job) {
    std::unique_lock lock(guard_);
    const bool wants_thread = waiting_ >= idle_ && threads_.size() < std::max(options_.threads, 1u);
    // what a thread is about to take does not count as waiting
    if (!wants_thread && waiting_ >= options_.queue + idle_ && options_.full == offload_options::when_full::reject)
        return false;
    if (wants_thread) {
        try {
#if CREMA_LINUX
            // signals are for the thread of the loop
            sigset_t all, before;
            sigfillset(&all);
            pthread_sigmask(SIG_SETMASK, &all, &before);
            struct restore {
                const sigset_t& mask;
                ~restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
            } const at_end{before};
#endif
            threads_.emplace_back([this] { work(); });
        } catch (...) {
            if (threads_.empty()) throw; // else the others do it
        }
    }
    job.queued = true;
    job.next = nullptr;
    job.prev = tail_;
    (tail_ ? tail_->next : head_) = &job;
    tail_ = &job;
    ++waiting_;
    lock.unlock();
    wake_.notify_one();
    return true;
}
CREMA_DECL bool offload_pool::drop(detail::pool_job& job) noexcept {
    const std::lock_guard lock(guard_);
    if (!job.queued) return false;
    unlink(job);
    return true;
}
CREMA_DECL void offload_pool::work() {
    std::unique_lock lock(guard_);
    detail::be_nice(options_.nice);
    for (;;) {
        if (auto* job = head_) {
            unlink(*job);
            lock.unlock();
            job->work(*job);
            lock.lock();
        } else if (ending_) {
            return;
        } else {
            ++idle_;
            wake_.wait(lock);
            --idle_;
        }
    }
}

} // namespace crema
#endif
