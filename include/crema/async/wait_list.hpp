// wait_list: coroutines of one thread that wait in line for each other, without a loop.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/cancellation.hpp>
#include <crema/async/environment.hpp>
#include <crema/core/config.hpp>
#include <coroutine>

namespace crema::detail {

class wait_list;

// A coroutine that waits in a line; part of its awaiter. Leaves the line when it is destroyed or cancelled.
class waiter : cancel_callback {
public:
    waiter() noexcept : cancel_callback(&stop) {}
    waiter(waiter&&) noexcept : waiter() {} // before it waits
    ~waiter() { leave(); }

    // Goes to the end of the line. False when its scope is cancelled already: then `check` throws.
    template <class Promise>
    bool enter(wait_list& line, std::coroutine_handle<Promise> h) noexcept;

    // Tells whether it was its turn.
    bool granted() const noexcept { return granted_; }
    // Throws `cancelled` when the wait ended without that.
    void check() const {
        if (!granted_ && env_ && env_->scope) env_->scope->check();
    }

private:
    friend class wait_list;
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<waiter&>(c);
        self.leave();
        resume_in(*self.env_, self.handle_);
    }
    inline void leave() noexcept;

    std::coroutine_handle<> handle_;
    environment* env_ = nullptr;
    wait_list* line_ = nullptr;
    waiter* before_ = nullptr;
    waiter* behind_ = nullptr;
    bool granted_ = false;
};

// A line of waiters, first come first served. It must not be destroyed while somebody waits in it.
class wait_list {
public:
    constexpr wait_list() noexcept = default;
    wait_list(const wait_list&) = delete;
    wait_list& operator=(const wait_list&) = delete;

    bool empty() const noexcept { return first_ == nullptr; }
    waiter* first() const noexcept { return first_; }

    // Gives the first its turn: it can be cancelled no more. It runs at the next `run_granted`.
    inline waiter& grant() noexcept;

    // Resumes all that were granted. A call from one of these returns at once, so that the stack does not grow: they run
    // when that one waits again.
    static inline void run_granted() noexcept;

private:
    friend class waiter;
    void add(waiter& w) noexcept {
        w.line_ = this;
        w.before_ = last_;
        w.behind_ = nullptr;
        (last_ ? last_->behind_ : first_) = &w;
        last_ = &w;
    }
    void remove(waiter& w) noexcept {
        (w.before_ ? w.before_->behind_ : first_) = w.behind_;
        (w.behind_ ? w.behind_->before_ : last_) = w.before_;
        w.line_ = nullptr;
    }
    waiter* first_ = nullptr;
    waiter* last_ = nullptr;
};

struct granted_list {
    wait_list line;
    bool running = false;
};
inline thread_local constinit granted_list all_granted{};

template <class Promise>
bool waiter::enter(wait_list& line, std::coroutine_handle<Promise> h) noexcept {
    env_ = environment_of(h);
    if (env_->scope && env_->scope->is_cancelled()) return false;
    handle_ = h;
    line.add(*this);
    attach(env_->scope);
    return true;
}

inline void waiter::leave() noexcept {
    if (line_) line_->remove(*this);
}

inline waiter& wait_list::grant() noexcept {
    auto& w = *first_;
    remove(w);
    w.detach();
    w.granted_ = true;
    all_granted.line.add(w);
    return w;
}

inline void wait_list::run_granted() noexcept {
    auto& all = all_granted;
    if (all.running) return;
    all.running = true;
    while (auto* w = all.line.first()) {
        all.line.remove(*w);
        resume_in(*w->env_, w->handle_); // may destroy it
    }
    all.running = false;
}

} // namespace crema::detail
