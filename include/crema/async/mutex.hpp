// mutex: one coroutine after the other, across what they wait for.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/wait_list.hpp>
#include <crema/core/config.hpp>
#include <coroutine>
#include <utility>

namespace crema {

/** Lets one coroutine at a time through a stretch of code that waits, in the order in which they came.

    On one thread nothing else can run between two awaits: it is needed only where such a stretch has an await within. It
    blocks no thread. Must outlive whoever waits for it or holds it.

    @code
    const auto held = co_await m.lock();
    co_await write(…);      // nobody else is here until `held` goes
    @endcode

    @par Thread Safety
    Only on one thread.
*/
class mutex {
public:
    /// Construct free.
    mutex() noexcept = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    /** Holds a mutex until it is destroyed.

        @par Thread Safety
        As the mutex.
    */
    class [[nodiscard("lets go of the mutex when it is destroyed")]] held {
    public:
        /// Construct holding nothing.
        held() noexcept = default;
        held(held&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
        held& operator=(held&& other) noexcept {
            if (this != &other) {
                unlock();
                mutex_ = std::exchange(other.mutex_, nullptr);
            }
            return *this;
        }
        ~held() { unlock(); }

        /// Tells whether it holds one.
        explicit operator bool() const noexcept { return mutex_ != nullptr; }
        /** Let go early. The first in line has it now and goes on before this returns, unless the caller was itself woken by
            an event, mutex or channel: then when the caller waits again. */
        void unlock() {
            if (auto* m = std::exchange(mutex_, nullptr)) m->pass_on();
        }

    private:
        friend class mutex;
        explicit held(mutex& m) noexcept : mutex_(&m) {}
        mutex* mutex_ = nullptr;
    };

    /// Is the awaitable of `lock`.
    class [[nodiscard("locks only when it is awaited")]] lock_awaiter {
    public:
        /// @cond
        lock_awaiter(lock_awaiter&& other) noexcept : mutex_(other.mutex_) {} // before it is awaited
        ~lock_awaiter() {
            if (!taken_ && (got_ || waiter_.granted())) mutex_.pass_on(); // destroyed between its turn and its going on
        }
        bool await_ready() noexcept { return got_ = !std::exchange(mutex_.locked_, true); }
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
            return waiter_.enter(mutex_.line_, h);
        }
        held await_resume() {
            waiter_.check();
            taken_ = true;
            return held(mutex_);
        }
        /// @endcond

    private:
        friend class mutex;
        explicit lock_awaiter(mutex& m) noexcept : mutex_(m) {}
        mutex& mutex_;
        bool got_ = false, taken_ = false;
        detail::waiter waiter_;
    };

    /** Wait until it is free and hold it; at once when it is free.

        Any number of coroutines may wait. One that holds it already waits for ever.

        @return What holds it.

        @par Cancellation
        The wait ends at once and throws `cancelled`; who has its turn already goes on, holding it.
    */
    lock_awaiter lock() noexcept { return lock_awaiter(*this); }

    /// Holds it when it is free; else what is returned holds nothing.
    held try_lock() noexcept { return std::exchange(locked_, true) ? held() : held(*this); }

    /// Tells whether somebody holds it.
    bool is_locked() const noexcept { return locked_; }

private:
    void pass_on() {
        if (line_.empty()) {
            locked_ = false;
            return;
        }
        line_.grant();
        detail::wait_list::run_granted();
    }
    bool locked_ = false;
    detail::wait_list line_;
};

} // namespace crema
