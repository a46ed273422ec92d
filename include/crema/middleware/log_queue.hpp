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
    std::chrono::milliseconds patience{2000};   ///< how long the end waits for who takes the batches
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
    CREMA_DECL log_queue(log_queue_options options, consumer f);
    log_queue(const log_queue&) = delete;
    /// Calls `close`.
    ~log_queue() { close(); }
    /** Give out what waits, and end.

        When the consumer has not come back after `patience` it is left behind with its thread, and must have what it needs for
        itself; nothing is given to it any more.

        @return How many pushes were not given out, or to one who has not come back.
    */
    CREMA_DECL std::uint64_t close();

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
        auto& s = *shared_;
        bool wake = false;
        {
            const std::lock_guard lock(s.mutex);
            const auto before = s.waiting.size;
            if (s.stop || n > s.options.limit - before || (n > s.waiting.room - before && !grow(before + n))) [[unlikely]] {
                ++s.dropped;
                return false;
            }
            put(s.waiting.octets.get() + before);
            s.waiting.size += n;
            ++s.waiting.pushes;
            s.pushed += n;
            wake = before == 0 || (before < s.options.limit / 2 && s.waiting.size >= s.options.limit / 2);
        }
        if (wake) s.work.notify_one();
        return true;
    }
    /// Waits until all that was pushed before has been given out.
    CREMA_DECL void flush();
    /// Counts what was dropped so far, with the batches whose consumer failed.
    CREMA_DECL std::uint64_t dropped() const noexcept;

private:
    struct buffer {
        std::unique_ptr<char[]> octets;
        std::size_t size = 0, room = 0;
        std::uint64_t pushes = 0;
    };
    // What the thread has, too: it may be left behind.
    struct state {
        state(log_queue_options o, consumer f) : options(o), consume(std::move(f)) {}
        CREMA_DECL void run();
        const log_queue_options options;
        const consumer consume;
        std::mutex mutex;
        std::condition_variable work, done;
        buffer waiting;
        std::uint64_t pushed = 0, given = 0; // how many octets ever
        std::uint64_t dropped = 0, told = 0;
        std::uint64_t inside = 0;            // pushes that the consumer has now
        bool urgent = false, stop = false, ended = false, left = false;
    };
    CREMA_DECL bool grow(std::size_t wanted) noexcept;

    std::shared_ptr<state> shared_;
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

CREMA_DECL log_queue::log_queue(log_queue_options options, consumer f) : shared_(std::make_shared<state>(options, std::move(f))) {}

CREMA_DECL std::uint64_t log_queue::close() {
    if (!thread_.joinable()) return 0;
    auto& s = *shared_;
    std::uint64_t lost = 0;
    bool left = false;
    {
        std::unique_lock lock(s.mutex);
        s.stop = true;
        s.work.notify_one();
        if (!s.done.wait_for(lock, s.options.patience, [&] { return s.ended; })) {
            left = s.left = true;
            lost = s.inside + s.waiting.pushes;
            s.dropped += lost;
            s.waiting = {};
        }
    }
    if (left) thread_.detach();
    else thread_.join();
    return lost;
}

// Makes room, and the thread with the first; false without memory or threads.
CREMA_DECL bool log_queue::grow(std::size_t wanted) noexcept {
    auto& waiting = shared_->waiting;
    try {
        const auto room = std::min(shared_->options.limit, std::max(wanted, std::max<std::size_t>(2 * waiting.room, 16 * 1024)));
        std::unique_ptr<char[]> more(new char[room]);
        if (!thread_.joinable()) thread_ = std::thread([s = shared_] { s->run(); });
        if (waiting.size != 0) std::memcpy(more.get(), waiting.octets.get(), waiting.size);
        waiting.octets = std::move(more);
        waiting.room = room;
        return true;
    } catch (...) {
        return false;
    }
}

CREMA_DECL void log_queue::flush() {
    auto& s = *shared_;
    std::unique_lock lock(s.mutex);
    const auto until = s.pushed;
    s.urgent = true;
    s.work.notify_one();
    s.done.wait(lock, [&] { return s.given >= until || s.ended || s.left; });
}

CREMA_DECL std::uint64_t log_queue::dropped() const noexcept {
    const std::lock_guard lock(shared_->mutex);
    return shared_->dropped;
}

CREMA_DECL void log_queue::state::run() {
#if defined(__linux__)
    ::setpriority(PRIO_PROCESS, 0, 10); // of this thread: the loop goes first
#endif
    buffer batch;
    std::unique_lock lock(mutex);
    for (bool failed = false;;) {
        work.wait(lock, [&] { return stop || waiting.size != 0; });
        if (left || (waiting.size == 0 && (dropped == told || failed))) break;
        work.wait_for(lock, options.collect, [&] { return stop || urgent || waiting.size >= options.limit / 2; });
        batch.size = 0;
        batch.pushes = 0;
        std::swap(batch, waiting);
        inside = batch.pushes;
        const auto lost = dropped - std::exchange(told, dropped);
        urgent = failed = false;
        lock.unlock();
        try {
            consume({batch.octets.get(), batch.size}, lost);
        } catch (const std::exception& e) {
            failed = true;
            std::fprintf(stderr, "crema: writing the log failed: %s\n", printable(e.what()).c_str());
        } catch (...) {
            failed = true;
            std::fprintf(stderr, "crema: writing the log failed\n");
        }
        lock.lock();
        if (failed) {
            told -= lost;
            if (!left) dropped += inside;
        }
        inside = 0;
        given += batch.size;
        done.notify_all();
    }
    ended = true;
    done.notify_all();
}

} // namespace crema
#endif
