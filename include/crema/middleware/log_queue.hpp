// log_queue: a bounded queue of octets that a thread of its own empties in batches.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace crema {

/// Says how `log_queue` works.
struct log_queue_options {
    std::size_t limit = 1 << 20;                ///< octets that may wait; what comes then is dropped and counted
    std::chrono::milliseconds collect{100};     ///< how long a batch collects before it is given out
};

/** Takes octets on any thread, quickly, and gives them out in batches on its own.

    What is pushed costs a lock that is hardly ever contended and a copy; the thread is woken once for each batch.

    @par Thread Safety
    Safe, but for construction and destruction.
*/
class log_queue {
public:
    /** Is called with each batch, one at a time, in order.
        @param batch All that was pushed, one behind the other. Valid during the call.
        @param dropped How many pushes did not fit since the batch before.
    */
    using consumer = std::function<void(std::string_view batch, std::uint64_t dropped)>;

    /// Construct; the thread starts with the first push.
    log_queue(log_queue_options options, consumer f) : options_(options), consume_(std::move(f)) {}
    log_queue(const log_queue&) = delete;
    /// Gives out what waits, then ends.
    CREMA_DECL ~log_queue();

    /// Adds octets that stay together; false when there is no room for them.
    CREMA_DECL bool push(std::string_view octets) noexcept;
    /// Waits until all that was pushed before has been given out.
    CREMA_DECL void flush();
    /// Counts what was dropped so far.
    CREMA_DECL std::uint64_t dropped() const noexcept;

private:
    CREMA_DECL void run();

    const log_queue_options options_;
    const consumer consume_;
    mutable std::mutex mutex_;
    std::condition_variable work_, done_;
    std::string waiting_;
    std::uint64_t pushed_ = 0, given_ = 0; // how many octets ever
    std::uint64_t dropped_ = 0, told_ = 0;
    bool urgent_ = false, stop_ = false;
    std::thread thread_;
};

} // namespace crema

#if CREMA_BODIES
#include <cstdio>
#include <exception>
#include <sys/resource.h>

namespace crema {

CREMA_DECL log_queue::~log_queue() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    work_.notify_one();
    if (thread_.joinable()) thread_.join();
}

CREMA_DECL bool log_queue::push(std::string_view octets) noexcept {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        const auto before = waiting_.size();
        if (octets.size() > options_.limit - before) {
            ++dropped_;
            return false;
        }
        try {
            waiting_.append(octets);
            if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
        } catch (...) { // no memory, no threads
            waiting_.resize(before);
            ++dropped_;
            return false;
        }
        pushed_ += octets.size();
        wake = before == 0 || (before < options_.limit / 2 && waiting_.size() >= options_.limit / 2);
    }
    if (wake) work_.notify_one();
    return true;
}

CREMA_DECL void log_queue::flush() {
    std::unique_lock lock(mutex_);
    const auto until = pushed_;
    urgent_ = true;
    work_.notify_one();
    done_.wait(lock, [&] { return given_ >= until; });
}

CREMA_DECL std::uint64_t log_queue::dropped() const noexcept {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

CREMA_DECL void log_queue::run() {
#if defined(__linux__)
    ::setpriority(PRIO_PROCESS, 0, 10); // of this thread: the loop goes first
#endif
    std::string batch;
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
        if (waiting_.empty() && dropped_ == told_) return;
        work_.wait_for(lock, options_.collect, [&] { return stop_ || urgent_ || waiting_.size() >= options_.limit / 2; });
        batch.clear();
        batch.swap(waiting_);
        const auto lost = dropped_ - std::exchange(told_, dropped_);
        urgent_ = false;
        lock.unlock();
        try {
            consume_(batch, lost);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "crema: writing the log failed: %s\n", e.what());
        } catch (...) {
            std::fprintf(stderr, "crema: writing the log failed\n");
        }
        lock.lock();
        given_ += batch.size();
        done_.notify_all();
    }
}

} // namespace crema
#endif
