// log_queue: a bounded queue of octets that a thread of its own empties in batches.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
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
    bool push(std::string_view octets) noexcept {
        return push(octets.size(), [octets](char* to) {
            if (!octets.empty()) std::memcpy(to, octets.data(), octets.size());
        });
    }
    /** Add octets that are written in place; see above.
        @param put Called with room for `n` octets, all of which it fills, under a lock.
    */
    template <class F>
    bool push(std::size_t n, F put) noexcept {
        bool wake = false;
        {
            const std::lock_guard lock(mutex_);
            const auto before = waiting_.size;
            if (n > options_.limit - before || (n > waiting_.room - before && !grow(before + n))) [[unlikely]] {
                ++dropped_;
                return false;
            }
            put(waiting_.octets.get() + before);
            waiting_.size += n;
            pushed_ += n;
            wake = before == 0 || (before < options_.limit / 2 && waiting_.size >= options_.limit / 2);
        }
        if (wake) work_.notify_one();
        return true;
    }
    /// Waits until all that was pushed before has been given out.
    CREMA_DECL void flush();
    /// Counts what was dropped so far.
    CREMA_DECL std::uint64_t dropped() const noexcept;

private:
    struct buffer {
        std::unique_ptr<char[]> octets;
        std::size_t size = 0, room = 0;
    };
    CREMA_DECL void run();
    CREMA_DECL bool grow(std::size_t wanted) noexcept;

    const log_queue_options options_;
    const consumer consume_;
    mutable std::mutex mutex_;
    std::condition_variable work_, done_;
    buffer waiting_;
    std::uint64_t pushed_ = 0, given_ = 0; // how many octets ever
    std::uint64_t dropped_ = 0, told_ = 0;
    bool urgent_ = false, stop_ = false;
    std::thread thread_;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/printable.hpp>
#include <algorithm>
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

// Makes room, and the thread with the first; false without memory or threads.
CREMA_DECL bool log_queue::grow(std::size_t wanted) noexcept {
    try {
        const auto room = std::min(options_.limit, std::max(wanted, std::max<std::size_t>(2 * waiting_.room, 16 * 1024)));
        std::unique_ptr<char[]> more(new char[room]);
        if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
        if (waiting_.size != 0) std::memcpy(more.get(), waiting_.octets.get(), waiting_.size);
        waiting_.octets = std::move(more);
        waiting_.room = room;
        return true;
    } catch (...) {
        return false;
    }
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
    buffer batch;
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [&] { return stop_ || waiting_.size != 0; });
        if (waiting_.size == 0 && dropped_ == told_) return;
        work_.wait_for(lock, options_.collect, [&] { return stop_ || urgent_ || waiting_.size >= options_.limit / 2; });
        batch.size = 0;
        std::swap(batch, waiting_);
        const auto lost = dropped_ - std::exchange(told_, dropped_);
        urgent_ = false;
        lock.unlock();
        try {
            consume_({batch.octets.get(), batch.size}, lost);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "crema: writing the log failed: %s\n", printable(e.what()).c_str());
        } catch (...) {
            std::fprintf(stderr, "crema: writing the log failed\n");
        }
        lock.lock();
        given_ += batch.size;
        done_.notify_all();
    }
}

} // namespace crema
#endif
