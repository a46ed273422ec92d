// watchdog: names a handler that blocks its loop, while it blocks.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace crema {

/** Tells who blocks a loop, or has blocked it.

    @par Thread Safety
    Distinct objects: safe.
*/
struct block_report {
    const activity_label* label = nullptr;  ///< what runs; null when it has no label. Lives as long as the process.
    std::string_view method;                ///< of the request; empty when it is none. Lives as long as the process.
    std::string pattern;                    ///< of the route, with those of its mounts: `/api/users/:id`; may be empty
    std::chrono::milliseconds time{};       ///< how long the loop has stood still; a little less than the truth
    bool ended = false;                     ///< it is over, and `time` is the total
    std::vector<std::string> stack{};       ///< what the thread executes, innermost first; only when it was asked for

    /// Returns what kind of thing it is: `"handler"`, `"middleware"`, `"timer"` …; `"callback"` without a label.
    std::string_view kind() const noexcept { return label ? label->kind : "callback"; }
    /// Returns where it was registered, set or spawned; empty without a label.
    std::source_location where() const noexcept { return label ? label->where : std::source_location(); }
};

/** Say it in one line, and one more for each frame of the stack.

    `GET /api/report has blocked the loop for 153 ms (handler registered at api.cpp:87)`

    @par Thread Safety
    Safe.
*/
CREMA_DECL std::string to_string(const block_report& report);

/// Configures a `watchdog`.
struct watchdog_options {
    bool enabled = true;                      ///< watch at all
    std::chrono::milliseconds threshold{100}; ///< a callback that runs longer is reported
    bool stack = false;                       ///< with a stack trace (Linux); a signal interrupts the thread
    /** Is called instead of a line on stderr: once the threshold is over, when ten, a hundred … times of it are over,
        and at the end. On the watchdog's thread: it must not touch what belongs to the loop, nor end the watchdog. */
    std::function<void(const block_report&)> on_block{};
};

namespace detail {

struct watched;

} // namespace detail

/** Watches the loops of the thread on which it was made, as long as it lives.

    Another thread, which all watchdogs of the process share, looks a few times within each threshold whether the thread
    still runs the same callback. The callbacks themselves read no clock and take no lock: a watched one costs a test
    more. While the loops have nothing to do, the watchdog's thread sleeps, too.

    Time in which the thread waits for a processor does not count (Linux): a machine that is busy is no handler's fault.

    It names what took most of the time of the callback: a handler also when it blocks after a `co_await`, a piece of an
    `asio::awaitable` that it awaits, a middleware, a timer by the place that set it.

    @par Thread Safety
    Made and destroyed on the thread that it watches. Several may watch one thread; lines on stderr come once.
*/
class watchdog {
public:
    /// Construct, and begin to watch the calling thread.
    /// @throws std::system_error when there can be no further thread.
    CREMA_DECL explicit watchdog(watchdog_options options = {});
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;
    /// Ends it; waits for an `on_block` that runs.
    CREMA_DECL ~watchdog();

private:
    std::unique_ptr<detail::watched, void (*)(detail::watched*)> watched_;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/loop/thread_stack.hpp>
#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>
#if CREMA_LINUX
#include <pthread.h>
#include <unistd.h>
#endif

namespace crema {
namespace detail {

// What was seen of the callbacks of one thread. Only the watchdog's thread touches the members that are not constant.
struct watched {
    using clock = std::chrono::steady_clock;
    struct share { // of the time of a callback
        const activity_label* label;
        const char* method;
        unsigned samples;
    };

    activity_board& board;
    const watchdog_options options;
    const clock::duration pause; // between two looks
    const std::thread::native_handle_type thread;
    const std::string statistics; // a file of the kernel's about the thread

    std::uint64_t turn = 0;
    clock::time_point since = clock::now(); // when the turn was seen first; it may be made within a callback
    clock::duration next_report = options.threshold;
    bool reported = false;
    bool looked_twice = false;         // at this callback
    clock::duration waited_before{};   // what `waited` was then
    enum : unsigned char { busy, quiet, asleep } state = busy;
    std::vector<share> shares{}; // of the callback that runs

    explicit watched(watchdog_options o, std::thread::native_handle_type self)
        : board(this_thread_activity()), options(std::move(o)),
          pause(std::clamp<clock::duration>(options.threshold / 8, std::chrono::milliseconds(1),
                                            std::chrono::milliseconds(100))),
          thread(self), statistics(statistics_of_this_thread()), turn(board.turn.load(std::memory_order_relaxed)) {}

    bool running() const noexcept { return turn % 2 != 0; }
    void begin(std::uint64_t now_running, clock::time_point now) {
        turn = now_running;
        since = now;
        next_report = options.threshold;
        reported = looked_twice = false;
        waited_before = {};
        state = busy;
        shares.clear();
    }
    static std::string statistics_of_this_thread() {
#if CREMA_LINUX
        return "/proc/self/task/" + std::to_string(::gettid()) + "/schedstat";
#else
        return {};
#endif
    }
    // How long the thread has waited for a processor since it exists: no fault of what it runs. 0 where nobody tells.
    clock::duration waited() const {
        long long delay = 0;
        if (FILE* const file = statistics.empty() ? nullptr : std::fopen(statistics.c_str(), "r")) {
            if (std::fscanf(file, "%*u %lld", &delay) != 1) delay = 0;
            std::fclose(file);
        }
        return std::chrono::nanoseconds(delay);
    }
    // How long the callback has run, without what it has waited for a processor.
    clock::duration time(clock::time_point now) const {
        return now - since - (looked_twice ? waited() - waited_before : clock::duration{});
    }
    // Notes what the callback works on.
    void look() {
        const auto* label = board.label.load(std::memory_order_acquire);
        const auto* method = board.method.load(std::memory_order_acquire);
        if (board.label.load(std::memory_order_acquire) != label) return;
        if (board.turn.load(std::memory_order_acquire) != turn) return;
        for (auto& s : shares)
            if (s.label == label && s.method == method) {
                ++s.samples;
                return;
            }
        if (shares.size() < 64) shares.push_back({label, method, 1});
    }
    // What took most of the time, with a name if possible.
    block_report report(clock::duration time, bool ended) const {
        block_report r;
        const char* method = nullptr;
        unsigned most = 0;
        for (const auto& s : shares)
            if (s.label && s.samples > most) {
                r.label = s.label;
                method = s.method;
                most = s.samples;
            }
        if (method) r.method = method;
        for (const auto* l = r.label; l; l = l->below)
            if (l->kind == "param") r.pattern = ":" + std::string(l->name);
            else if (l->name != "/" || (r.pattern.empty() && !l->below)) r.pattern.insert(0, l->name);
        r.time = std::chrono::duration_cast<std::chrono::milliseconds>(time);
        r.ended = ended;
        if (options.stack && !ended) r.stack = stack_of(thread, std::chrono::milliseconds(50));
        return r;
    }
};

// The thread that looks. It exists while there is anybody to watch.
class watchdog_thread final : public activity_waker {
public:
    using clock = watched::clock;
    static watchdog_thread& shared() {
        static auto& one = *new watchdog_thread; // never destroyed: boards may refer to it to the end
        return one;
    }
    void add(watched& w) {
        const std::lock_guard life(life_);
        if (w.options.stack) prepare_thread_stacks();
        {
            const std::lock_guard lock(guard_);
            all_.push_back(&w);
        }
        if (thread_.joinable()) return wake();
        try {
            start();
        } catch (...) {
            all_.clear();
            throw;
        }
    }
    void remove(watched& w) {
        const std::lock_guard life(life_);
        bool last = false;
        {
            const std::lock_guard lock(guard_);
            std::erase(all_, &w);
            w.board.waker.store(nullptr, std::memory_order_relaxed);
            last = all_.empty();
        }
        if (!last) return wake(); // others may watch the same board
        {
            const std::lock_guard lock(sleep_);
            ending_ = true;
        }
        changed_.notify_one();
        thread_.join();
        thread_ = {};
        ending_ = woken_ = false;
    }
    void wake() noexcept override {
        {
            const std::lock_guard lock(sleep_);
            woken_ = true;
        }
        changed_.notify_one();
    }

private:
    void start() {
#if CREMA_LINUX
        sigset_t all, before; // signals are for other threads
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        struct restore {
            const sigset_t& mask;
            ~restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
        } const at_end{before};
#endif
        thread_ = std::thread([this] { run(); });
#if CREMA_LINUX
        pthread_setname_np(thread_.native_handle(), "crema-watchdog");
#endif
    }
    void run() {
        for (;;) {
            auto pause = clock::duration::max();
            {
                const std::lock_guard lock(guard_);
                for (auto* w : all_) pause = std::min(pause, look(*w));
            }
            std::unique_lock lock(sleep_);
            if (pause == clock::duration::max()) changed_.wait(lock, [this] { return woken_ || ending_; });
            else changed_.wait_for(lock, pause, [this] { return ending_; });
            if (ending_) return;
            woken_ = false;
        }
    }
    // Looks at one thread. Returns when to look again; never, when its next callback wakes this thread.
    clock::duration look(watched& w) {
        const auto turn = w.board.turn.load(std::memory_order_acquire);
        const auto now = clock::now();
        if (turn != w.turn) {
            if (w.reported) tell(w, w.time(now), true);
            w.begin(turn, now);
            if (w.running()) w.look();
        } else if (w.running()) {
            w.look();
            if (!std::exchange(w.looked_twice, true)) w.waited_before = w.waited();
            const auto time = now - w.since >= w.next_report ? w.time(now) : clock::duration{};
            if (time >= w.next_report) {
                tell(w, time, false);
                w.next_report *= 10;
                w.reported = true;
            }
        } else if (w.state == watched::busy) {
            // It does nothing. The next callback is to wake us; but it may begin just now, without having seen that,
            // so the real sleep begins only when nothing has happened until the next look.
            w.board.waker.store(this, std::memory_order_release);
            w.state = watched::quiet;
        } else if (!w.board.waker.load(std::memory_order_acquire)) {
            w.state = watched::busy; // woken
        } else {
            w.state = watched::asleep;
            return clock::duration::max();
        }
        return w.pause;
    }
    void tell(const watched& w, clock::duration time, bool ended) {
        if (w.options.on_block) {
            try {
                w.options.on_block(w.report(time, ended));
            } catch (const std::exception& e) {
                std::fprintf(stderr, "crema: on_block: %s\n", e.what());
            } catch (...) {
                std::fprintf(stderr, "crema: on_block: an exception\n");
            }
            return;
        }
        for (const auto* other : all_) { // one line, even if several would write it
            if (other == &w) break;
            const bool same = &other->board == &w.board && !other->options.on_block;
            if (same && other->options.threshold <= w.options.threshold) return;
        }
        std::fprintf(stderr, "crema: %s\n", to_string(w.report(time, ended)).c_str());
    }

    std::mutex life_;  // of the thread
    std::mutex guard_; // of the list, and of what is in it
    std::vector<watched*> all_;
    std::mutex sleep_; // never held for long: loops may wait for it
    std::condition_variable changed_;
    bool woken_ = false;
    bool ending_ = false;
    std::thread thread_;
};

CREMA_DECL void unwatch(watched* w) {
    watchdog_thread::shared().remove(*w);
    delete w;
}

} // namespace detail

CREMA_DECL std::string to_string(const block_report& report) {
    const auto kind = std::string(report.kind());
    std::string line;
    if (!report.method.empty())
        line = std::string(report.method) + " " + (report.pattern.empty() ? "*" : report.pattern);
    else line = (kind.find_first_of("aeiou") == 0 ? "an " : "a ") + kind;
    line += report.ended ? " blocked the loop for " : " has blocked the loop for ";
    line += std::to_string(report.time.count()) + " ms";
    if (report.ended) line += " in total";
    if (report.label) {
        std::string_view file = report.label->where.file_name();
        file.remove_prefix(file.find_last_of("/\\") + 1);
        const bool timer = kind == "timer" || kind == "interval";
        const auto* how = timer ? "set" : kind == "task" ? "spawned" : report.method.empty() ? "queued" : "registered";
        line += " (" + (report.method.empty() ? "" : kind + " ") + how + " at " + std::string(file) + ":" +
                std::to_string(report.label->where.line()) + ")";
    }
    int n = 0;
    for (const auto& frame : report.stack) line += "\n    #" + std::to_string(n++) + " " + frame;
    return line;
}

CREMA_DECL watchdog::watchdog(watchdog_options options) : watched_(nullptr, [](detail::watched*) {}) {
    if (!options.enabled) return;
#if CREMA_LINUX
    const auto self = pthread_self();
#else
    const std::thread::native_handle_type self{};
#endif
    auto made = std::make_unique<detail::watched>(std::move(options), self);
    detail::watchdog_thread::shared().add(*made);
    watched_ = {made.release(), detail::unwatch};
}
CREMA_DECL watchdog::~watchdog() = default;

} // namespace crema
#endif
