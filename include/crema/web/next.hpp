// next: hands the request on to the next layer that matches.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/environment.hpp>
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
class next_owner;
struct run;
union lent_next;

// What one handler hands to the next.
struct baton {
    enum class kind : unsigned char { go, error, route, router };
    kind what = kind::go;
    std::exception_ptr error{};
};

struct activation;

// One call of one handler. On the stack while a synchronous handler runs; what is to outlive the call is kept in an
// activation.
struct call_frame {
    enum : unsigned char { passed = 1, kept = 2, failed = 4 };
    next_owner* owner;
    run* from;                   // where next() goes on
    const activity_label* label;
    unsigned char state;         // `passed`: next() was called; `kept`: there is an activation; `failed`: it threw
    activation* lives_on;        // with `kept`
};

// A call that outlives its stack frame, or never had one; in the arena of its request.
struct activation : call_frame {
    explicit activation(next_owner& o, run* f = nullptr, const activity_label* l = nullptr) noexcept
        : call_frame{&o, f, l, kept, this} {}
    activation(const activation&) = delete;
    activation& operator=(const activation&) = delete;

    unsigned holds = 0;              // copies of next and holds, for later callbacks
    bool ended = false;              // the handler returned, its coroutine ended
    activation* successor = nullptr; // stands for this one: what was started when it ended
    // of a coroutine that waits for this one's end: co_await next()
    std::coroutine_handle<> waiter{};
    environment* waiter_env = nullptr;

    bool has_passed() const noexcept { return (state & passed) != 0; }
    bool over() const noexcept { return ended && holds == 0; }
};

// What the activations of a request belong to; the transaction is one.
class next_owner {
public:
    virtual activation* go(call_frame& from) = 0;                   // next(); returns what has not ended
    virtual activation* pass(call_frame& from, const baton& b) = 0; // next(error) and the like
    virtual activation& hold(call_frame& c) noexcept = 0;
    virtual void drop(activation& a) noexcept = 0;

protected:
    ~next_owner() = default;
};

// Returns what must end before all that began with `a` has ended; null when that is so.
inline activation* last_of(activation* a) noexcept {
    while (a && a->over()) a = a->successor;
    return a;
}

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
        bool await_ready() noexcept { return (behind_ = detail::last_of(behind_)) == nullptr; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> h) noexcept {
            behind_->waiter = h;
            behind_->waiter_env = environment_of(h);
        }
        void await_resume() const noexcept {}
        /// @endcond

    private:
        friend class next;
        friend class detail::transaction;
        explicit downstream(detail::activation* behind) noexcept : behind_(behind) {}
        detail::activation* behind_;
    };

    next(const next& other) noexcept : at_(&other.at_->owner->hold(*other.at_)) {}
    next(next&& other) noexcept : at_(&other.at_->owner->hold(*other.at_)) {}
    next& operator=(const next&) = delete;
    ~next() { at_->owner->drop(static_cast<detail::activation&>(*at_)); }

    /// Goes on with the next layer that matches.
    downstream operator()() { return downstream(at_->owner->go(*at_)); }
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
    explicit next(detail::call_frame& c) noexcept : at_(&c) {}
    downstream pass(const detail::baton& b) { return downstream(at_->owner->pass(*at_, b)); }

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

} // namespace detail
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
