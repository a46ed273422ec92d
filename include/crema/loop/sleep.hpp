// sleep: a coroutine waits for a time, the loop goes on.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/environment.hpp>
#include <crema/core/config.hpp>
#include <crema/loop/loop.hpp>
#include <chrono>
#include <coroutine>

namespace crema {

namespace detail {

class sleep_awaiter : loop_timer, cancel_callback {
public:
    using clock = std::chrono::steady_clock;
    explicit sleep_awaiter(clock::duration d) noexcept : sleep_awaiter() {
        duration_ = d;
    }
    explicit sleep_awaiter(clock::time_point t) noexcept : sleep_awaiter() {
        until_ = t;
        absolute_ = true;
    }
    // before it is awaited
    sleep_awaiter(sleep_awaiter&& other) noexcept : sleep_awaiter() {
        duration_ = other.duration_;
        until_ = other.until_;
        absolute_ = other.absolute_;
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        handle_ = h;
        return begin();
    }
    void await_resume() const {
        if (env_->scope) env_->scope->check();
    }

private:
    sleep_awaiter() noexcept
        : loop_timer([](loop_timer& t) { static_cast<sleep_awaiter&>(t).fired(); }),
          cancel_callback([](cancel_callback& c) noexcept {
              auto& self = static_cast<sleep_awaiter&>(c);
              self.cancel();
              self.resume();
          }) {}
    // Timers count whole milliseconds from the last full one: round up so as not to wake early.
    bool begin() {
        using std::chrono::milliseconds;
        auto& queue = loop::current().timers();
        const auto start = queue.time.update();
        const auto now = queue.time.now();
        if (!absolute_) until_ = duration_ < clock::time_point::max() - now ? now + duration_ : clock::time_point::max();
        else if (until_ <= now) return false;
        absolute_ = true;
        constexpr auto longest = milliseconds(std::numeric_limits<std::int32_t>::max());
        const auto left = std::chrono::ceil<milliseconds>(until_.time_since_epoch()) - milliseconds(start);
        attach(env_->scope);
        this->start(queue, left < longest ? left : longest);
        return true;
    }
    void fired() {
        if (until_ > loop::current().now()) { // longer than the longest timer
            detach();
            if (begin()) return;
        }
        resume();
    }
    void resume() {
        detach();
        resume_in(*env_, handle_);
    }
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    clock::duration duration_{};
    clock::time_point until_{};
    bool absolute_ = false;
};

} // namespace detail

/** Wait for a duration. `co_await sleep(50ms);`

    Never shorter; on an idle loop about a millisecond longer at most. Nothing or less waits for the next timers phase.
    Allocates nothing.

    @par Cancellation
    Ends at once and throws `cancelled`.
*/
template <class Rep, class Period>
detail::sleep_awaiter sleep(std::chrono::duration<Rep, Period> d) noexcept {
    return detail::sleep_awaiter(std::chrono::ceil<std::chrono::steady_clock::duration>(d));
}

/** Wait until a time of the loop's clock. Goes on inline when that is past.

    @par Cancellation
    Ends at once and throws `cancelled`.
*/
inline detail::sleep_awaiter sleep_until(std::chrono::steady_clock::time_point t) noexcept {
    return detail::sleep_awaiter(t);
}

} // namespace crema
