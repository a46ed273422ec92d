// Cancellation: a request to stop that travels down a tree of coroutines of one thread.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>

namespace crema {

class cancel_scope;

/** Registers what is to be called when a scope is cancelled; unregisters when it is destroyed.

    Derive from it, or embed it, and give the function that gets the object back. It is called at most once.
    The function may destroy the callback and others of the same scope.

    @par Thread Safety
    Only on the thread of the scope.
*/
class cancel_callback {
public:
    using function = void (*)(cancel_callback&) noexcept; ///< what is called

    /// Construct with what to call; registers nothing yet.
    explicit cancel_callback(function f) noexcept : call_(f) {}
    cancel_callback(const cancel_callback&) = delete;
    cancel_callback& operator=(const cancel_callback&) = delete;
    ~cancel_callback() { detach(); }

    /// Registers with a scope, which may be null. A scope that is cancelled already does not call: test first.
    inline void attach(cancel_scope* scope) noexcept;

    /// Unregisters. Does nothing when not registered.
    void detach() noexcept {
        if (!link_) return;
        *link_ = next_;
        if (next_) next_->link_ = link_;
        link_ = nullptr;
    }

private:
    friend class cancel_scope;
    function call_;
    cancel_callback* next_ = nullptr;
    cancel_callback** link_ = nullptr;
};

/** Groups coroutines that are cancelled together. Scopes form a tree: cancelling one cancels all below it.

    Every coroutine has a pointer to one, in its environment, and hands it to the coroutines that it awaits.
    A leaf that waits for something registers a `cancel_callback`, ends its wait when called, and throws
    `cancelled` in its coroutine. A scope lives at least as long as the coroutines in it.

    @par Thread Safety
    Only on one thread; from others go through `loop::post`.
*/
class cancel_scope {
public:
    /// Construct a root.
    cancel_scope() noexcept : up_(*this) {}
    /// Construct below `parent`, which may be null. A parent that is cancelled already cancels this one.
    explicit cancel_scope(cancel_scope* parent) noexcept : up_(*this) { attach(parent); }
    cancel_scope(const cancel_scope&) = delete;
    cancel_scope& operator=(const cancel_scope&) = delete;
    ~cancel_scope() {
        if (gone_) *gone_ = true;
        while (head_) head_->detach();
    }

    /// Puts this scope below `parent`, which may be null; takes it from below its former parent.
    void attach(cancel_scope* parent) noexcept {
        up_.detach();
        parent_ = parent;
        if (!parent) return;
        if (parent->reason_ != cancel_reason::none) cancel(parent->reason_);
        else up_.attach(parent);
    }

    /// Forgets what was asked and stands alone again.
    void reset() noexcept {
        up_.detach();
        parent_ = nullptr;
        reason_ = cancel_reason::none;
        on_stuck_ = nullptr;
    }

    /// Tells whether cancellation was asked for.
    bool is_cancelled() const noexcept { return reason_ != cancel_reason::none; }
    /// Returns why, `none` while nobody asked.
    cancel_reason reason() const noexcept { return reason_; }
    /// Throws `cancelled` when cancellation was asked for.
    void check() const {
        if (is_cancelled()) [[unlikely]] throw cancelled(reason_);
    }

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wdangling-pointer" // the pointer to the local goes before the local does
#endif
    /// Cancels everything in this scope and below. Only the first call counts. The scope may be destroyed
    /// by what it calls.
    void cancel(cancel_reason why = cancel_reason::requested) noexcept {
        if (is_cancelled()) return;
        reason_ = why;
        bool gone = false;
        gone_ = &gone;
        while (!gone && head_) {
            auto* c = head_;
            c->detach();
            c->call_(*c);
        }
        if (!gone) gone_ = nullptr;
    }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

    /** Report that something in this scope cannot stop at once (a job that runs on the pool).

        The nearest scope upwards that asked to know, with `on_stuck`, is told. */
    void stuck() noexcept {
        for (auto* s = this; s; s = s->parent_)
            if (auto* h = s->on_stuck_) {
                h->call(*h);
                return;
            }
    }

    /// Wants to know of `stuck()`; see `with_timeout`.
    struct stuck_handler {
        void (*call)(stuck_handler&) noexcept; ///< what is called
    };
    /// Sets or, with null, removes who is told; it must live as long as it is set.
    void on_stuck(stuck_handler* h) noexcept { on_stuck_ = h; }

private:
    friend class cancel_callback;
    struct up_link : cancel_callback {
        explicit up_link(cancel_scope& s) noexcept
            : cancel_callback([](cancel_callback& c) noexcept {
                  auto& below = static_cast<up_link&>(c).scope;
                  below.cancel(below.parent_->reason_);
              }),
              scope(s) {}
        cancel_scope& scope;
    };

    up_link up_;
    cancel_scope* parent_ = nullptr;
    cancel_callback* head_ = nullptr;
    stuck_handler* on_stuck_ = nullptr;
    bool* gone_ = nullptr;
    cancel_reason reason_ = cancel_reason::none;
};

inline void cancel_callback::attach(cancel_scope* scope) noexcept {
    detach();
    if (!scope) return;
    next_ = scope->head_;
    if (next_) next_->link_ = &next_;
    link_ = &scope->head_;
    scope->head_ = this;
}

} // namespace crema
