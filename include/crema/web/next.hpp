// next: hands the request on to the next layer that matches.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/environment.hpp>
#include <crema/async/task.hpp>
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema {

namespace detail {

class transaction;
struct run;
struct call_frame;
struct activation;
union lent_next;

// What one handler hands to the next.
struct baton {
    enum class kind : unsigned char { go, error, route, router };
    kind what = kind::go;
    std::exception_ptr error{};
};

} // namespace detail

/** Hands the request on, as Express' `next`.

    A handler gets it by reference. A copy may be kept for a later callback and keeps the exchange alive:
    `set_timeout([next]() mutable { next(); }, 100)`. When the last copy goes and nobody answered, that is
    reported as an unanswered request.

    @par Thread Safety
    Only on the loop of the request.
*/
class next {
public:
    /** Is what `next()` gives: await it to go on when all handlers behind have ended, as in Koa.

        Not awaiting it is fine: what can run without waiting has run when `next()` returns.

        @par Cancellation
        The handlers behind are cancelled with the request; the wait ends when they have ended.
    */
    class downstream {
    public:
        /// @cond
        bool await_ready() noexcept;
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> h) noexcept;
        void await_resume() const noexcept {}
        /// @endcond

    private:
        friend class next;
        explicit downstream(detail::activation* behind) noexcept : behind_(behind) {}
        detail::activation* behind_;
    };

    next(const next& other) noexcept;
    next(next&& other) noexcept : next(std::as_const(other)) {}
    next& operator=(const next&) = delete;
    ~next();

    /// Goes on with the next layer that matches.
    downstream operator()();
    /// Goes on with the next error handler that matches.
    downstream operator()(std::exception_ptr error) {
        if (!error) return (*this)();
        return pass({detail::baton::kind::error, std::move(error)});
    }
    /// Goes on with the next error handler that matches.
    template <class E>
        requires std::derived_from<std::remove_cvref_t<E>, std::exception>
    downstream operator()(E&& error) {
        return (*this)(std::make_exception_ptr(std::forward<E>(error)));
    }
    /** Leave the route or the router; any other text is an error with that message, an empty one is none.

        @param what `"route"` skips the remaining handlers of this route, `"router"` leaves the router.
    */
    CREMA_DECL downstream operator()(std::string_view what);

private:
    friend union detail::lent_next;
    friend struct detail::call_frame;
    explicit next(detail::call_frame& c) noexcept : at_(&c) {}
    downstream pass(const detail::baton& b);

    detail::call_frame* at_; // of a copy, an activation
};

namespace detail {

// What a handler gets by reference: it holds nothing, and so has nothing to drop.
union lent_next {
    explicit lent_next(call_frame& c) noexcept : it(c) {}
    lent_next(const lent_next&) = delete;
    ~lent_next() {}
    next it;
};

// A parameter and what it was given.
struct param_value {
    std::string_view name, value;
};

// One call of one handler. On the stack while a synchronous handler runs; what is to outlive the call is kept in an
// activation.
struct call_frame {
    enum : unsigned char { passed = 1, kept = 2, failed = 4 };
    // What some handlers get besides.
    union extra {
        const std::exception_ptr* error; // an error handler
        const param_value* param;        // the callback of a parameter
    };
    call_frame(transaction& t, run* f, const activity_label* l, unsigned char s) noexcept
        : handed(*this), owner(&t), from(f), label(l), state(s) {}
    call_frame(const call_frame&) = delete;
    call_frame& operator=(const call_frame&) = delete;

    // What next does; these are the transaction's. The first two return what may not have ended.
    activation* hand_on();
    activation* hand_on(const baton& b);
    activation& hold() noexcept;

    // Returns that of a handler that runs, by what it was handed.
    static call_frame& of(next& n) noexcept { return *n.at_; }

    lent_next handed;
    transaction* owner;
    run* from;                   // where next() goes on
    const activity_label* label;
    activation* lives_on;        // with `kept`
    extra given;
    call_frame* before;          // of what runs directly behind next(): who called it
    task<>* put_work;            // where a handler that suspends puts its coroutine
    unsigned char state;         // `passed`: next() was called; `kept`: there is an activation; `failed`: it threw
};

// A call that outlives its stack frame, or never had one; in the arena of its request.
struct activation : call_frame {
    explicit activation(transaction& t, run* f = nullptr, const activity_label* l = nullptr) noexcept
        : call_frame(t, f, l, kept) {
        lives_on = this;
    }

    unsigned holds = 0;              // copies of next and holds, for later callbacks
    bool ended = false;              // the handler returned, its coroutine ended
    activation* successor = nullptr; // stands for this one: what was started when it ended
    // of a coroutine that waits for this one's end: co_await next()
    std::coroutine_handle<> waiter{};
    environment* waiter_env = nullptr;

    void drop() noexcept; // the transaction's, as are those of the frame
    bool has_passed() const noexcept { return (state & passed) != 0; }
    bool over() const noexcept { return ended && holds == 0; }
};

// Returns what must end before all that began with `a` has ended; null when that is so.
inline activation* last_of(activation* a) noexcept {
    while (a && a->over()) a = a->successor;
    return a;
}

} // namespace detail

inline bool next::downstream::await_ready() noexcept { return (behind_ = detail::last_of(behind_)) == nullptr; }
template <class Promise>
void next::downstream::await_suspend(std::coroutine_handle<Promise> h) noexcept {
    behind_->waiter = h;
    behind_->waiter_env = environment_of(h);
}
inline next::next(const next& other) noexcept : at_(&other.at_->hold()) {}
inline next::~next() { static_cast<detail::activation*>(at_)->drop(); }
inline next::downstream next::operator()() { return downstream(at_->hand_on()); }
inline next::downstream next::pass(const detail::baton& b) { return downstream(at_->hand_on(b)); }

} // namespace crema

#if CREMA_BODIES
#include <stdexcept>
#include <string>

namespace crema {

CREMA_DECL next::downstream next::operator()(std::string_view what) {
    if (what.empty()) return (*this)();
    if (what == "route") return pass({detail::baton::kind::route, {}});
    if (what == "router") return pass({detail::baton::kind::router, {}});
    return pass({detail::baton::kind::error, std::make_exception_ptr(std::runtime_error(std::string(what)))});
}

} // namespace crema
#endif
