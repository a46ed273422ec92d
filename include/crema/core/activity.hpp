// activity: what the current thread works on, written cheaply and read by the watchdog from its own thread.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <atomic>
#include <cstdint>
#include <source_location>
#include <string_view>

namespace crema {

/** Names a piece of the program that can run on a loop: a handler, a middleware, a timer.

    Labels are made by `make_label`, once for each content, and never destroyed: another thread may read one at any time.

    @par Thread Safety
    Immutable.
*/
struct activity_label {
    std::string_view kind;             ///< `"handler"`, `"middleware"`, `"timer"` …
    std::string_view name;             ///< the route pattern; empty where there is none
    std::source_location where;        ///< where it was registered
    const activity_label* below;       ///< the router or app it was mounted in; null at the top
};

/** Return the label of this content, making it when it is new.

    @param kind One of a few words; copied.
    @param name The pattern of the route or mount; copied.
    @param where Where it was registered.
    @param below The label of the mount it stands below; may be null.
    @return A label that lives as long as the process.

    @par Complexity
    Logarithmic in the number of labels; takes a lock. For registration, not for requests.

    @par Thread Safety
    Safe.
*/
CREMA_DECL const activity_label& make_label(std::string_view kind, std::string_view name, std::source_location where,
                                            const activity_label* below = nullptr);

/** Return the label of a place in the source, without a name, through a small cache of this thread.

    @param kind A string literal: compared by address.
    @param where The place.

    @par Complexity
    A few instructions when the place was asked for recently, else as `make_label`.

    @par Thread Safety
    Safe.
*/
CREMA_DECL const activity_label& label_at(const char* kind, const std::source_location& where);

/** Return the label of `l` mounted below `below`, through a small cache of this thread.

    @par Complexity
    A few instructions when the pair was asked for recently, else as `make_label`.

    @par Thread Safety
    Safe.
*/
CREMA_DECL const activity_label& label_below(const activity_label& l, const activity_label& below);

/// Is what runs: a label and, for requests, the method. Owned by whoever runs (the exchange of a request).
struct activity {
    const activity_label* label = nullptr; ///< what
    const char* method = nullptr;          ///< the method of the request, a string that lives forever; may be null
};

/// Is told that a thread which had nothing to do begins a callback. Lives as long as the process.
class activity_waker {
public:
    virtual void wake() noexcept = 0; ///< called on that thread, before the callback; the board has forgotten it then

protected:
    ~activity_waker() = default;
};

/** Shows what a thread does now. One a thread; the thread writes, a watchdog reads.

    `turn` changes whenever a callback begins or ends; it is odd while one runs. A reader that sees the same odd
    turn twice knows that one callback ran all the time between.

    @par Thread Safety
    The members are atomic; only the owning thread writes, besides `waker`.
*/
struct activity_board {
    std::atomic<std::uint64_t> turn{0};                 ///< odd while a callback runs
    std::atomic<const activity_label*> label{nullptr};  ///< what runs, may be null
    std::atomic<const char*> method{nullptr};           ///< its request's method, may be null
    std::atomic<activity_waker*> waker{nullptr};        ///< who sleeps until the next callback; mostly null

    /// Shows another activity of the same callback; null shows nothing.
    void show(const activity* a) noexcept {
        show(a ? a->label : nullptr, a ? a->method : nullptr);
    }
    /// Shows a label and a method; each may be null. The stores release what the reader follows.
    void show(const activity_label* l, const char* m) noexcept {
        label.store(l, std::memory_order_release);
        method.store(m, std::memory_order_release);
    }
    /// Begins a callback. Calls do not nest.
    void begin() noexcept {
        turn.store(turn.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        if (waker.load(std::memory_order_relaxed)) [[unlikely]] wake();
    }
    /// Ends it.
    void end() noexcept {
        turn.store(turn.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

private:
    CREMA_DECL void wake() noexcept;
};

/// Returns the board of this thread.
inline activity_board& this_thread_activity() noexcept {
    static thread_local constinit activity_board board{};
    return board;
}

/** Shows an activity for the length of a C++ scope, then what was shown before.

    @par Thread Safety
    Only on one thread.
*/
class activity_scope {
public:
    /// Shows `a`; null keeps what is shown.
    explicit activity_scope(const activity* a) noexcept : board_(this_thread_activity()), active_(a != nullptr) {
        if (!active_) return;
        label_ = board_.label.load(std::memory_order_relaxed);
        method_ = board_.method.load(std::memory_order_relaxed);
        board_.show(a);
    }
    activity_scope(const activity_scope&) = delete;
    activity_scope& operator=(const activity_scope&) = delete;
    ~activity_scope() {
        if (!active_) return;
        board_.show(label_, method_);
    }

private:
    activity_board& board_;
    const activity_label* label_ = nullptr;
    const char* method_ = nullptr;
    bool active_;
};

} // namespace crema

#if CREMA_BODIES
#include <mutex>
#include <set>
#include <string>
#include <tuple>

namespace crema {

CREMA_DECL void activity_board::wake() noexcept {
    if (auto* w = waker.exchange(nullptr, std::memory_order_acq_rel)) w->wake();
}

CREMA_DECL const activity_label& make_label(std::string_view kind, std::string_view name, std::source_location where,
                                            const activity_label* below) {
    struct entry {
        std::string kind, name;
        activity_label label;
    };
    struct order {
        static auto key(const entry& e) {
            return std::tuple(std::string_view(e.kind), std::string_view(e.name), std::string_view(e.label.where.file_name()),
                              e.label.where.line(), e.label.where.column(), e.label.below);
        }
        bool operator()(const entry& a, const entry& b) const { return key(a) < key(b); }
    };
    static std::mutex guard;
    static auto& all = *new std::set<entry, order>; // never destroyed: the watchdog may read to the end
    const std::lock_guard lock(guard);
    auto at = all.insert(entry{std::string(kind), std::string(name), {{}, {}, where, below}}).first;
    auto& e = const_cast<entry&>(*at); // the views below are no part of the key
    if (e.label.kind.data() == nullptr) {
        e.label.kind = e.kind;
        e.label.name = e.name;
    }
    return e.label;
}

CREMA_DECL const activity_label& label_at(const char* kind, const std::source_location& where) {
    struct slot {
        const char* kind;
        const char* file;
        std::uint_least32_t line, column;
        const activity_label* label;
    };
    static thread_local constinit slot slots[64]{};
    const auto key = reinterpret_cast<std::uintptr_t>(where.file_name()) / 8 + where.line() * 31 + where.column();
    auto& s = slots[key % 64];
    if (s.kind != kind || s.file != where.file_name() || s.line != where.line() || s.column != where.column())
        s = {kind, where.file_name(), where.line(), where.column(), &make_label(kind, {}, where)};
    return *s.label;
}

CREMA_DECL const activity_label& label_below(const activity_label& l, const activity_label& below) {
    struct slot {
        const activity_label *l, *below, *composed;
    };
    static thread_local constinit slot slots[64]{};
    auto& s = slots[(reinterpret_cast<std::uintptr_t>(&l) / 64 + reinterpret_cast<std::uintptr_t>(&below) / 32) % 64];
    if (s.l != &l || s.below != &below) s = {&l, &below, &make_label(l.kind, l.name, l.where, &below)};
    return *s.composed;
}

} // namespace crema
#endif
