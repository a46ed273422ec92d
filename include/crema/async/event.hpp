// event: coroutines wait until it is set.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/wait_list.hpp>
#include <crema/core/config.hpp>
#include <coroutine>

namespace crema {

/** Lets coroutines wait until something has happened; it stays set until it is reset.

    Must outlive whoever waits for it.

    @code
    event ready;
    co_await ready.wait();      // here
    ready.set();                // there
    @endcode

    @par Thread Safety
    Only on one thread; from others go through `loop::post`.
*/
class event {
public:
    /// Construct as not set.
    event() noexcept = default;
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    /// Tells whether it is set.
    bool is_set() const noexcept { return set_; }

    /** Set it. Whoever waits goes on before this returns, in the order of waiting.

        Called by a coroutine that was itself woken by an event, mutex or channel, it returns at once; the others go on when
        that coroutine waits again. Those who go on may destroy the event.
    */
    void set() {
        set_ = true;
        while (!line_.empty()) line_.grant();
        detail::wait_list::run_granted();
    }
    /// Makes it not set; those who were woken by `set` go on all the same.
    void reset() noexcept { set_ = false; }

    /// Is the awaitable of `wait`.
    class [[nodiscard("waits only when it is awaited")]] wait_awaiter {
    public:
        /// @cond
        bool await_ready() const noexcept { return event_.set_; }
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
            return waiter_.enter(event_.line_, h);
        }
        void await_resume() const { waiter_.check(); }
        /// @endcond

    private:
        friend class event;
        explicit wait_awaiter(event& e) noexcept : event_(e) {}
        event& event_;
        detail::waiter waiter_;
    };

    /** Wait until it is set; goes on at once when it is.

        Any number of coroutines may wait.

        @par Cancellation
        The wait ends at once and throws `cancelled`.
    */
    wait_awaiter wait() noexcept { return wait_awaiter(*this); }

private:
    bool set_ = false;
    detail::wait_list line_;
};

} // namespace crema
