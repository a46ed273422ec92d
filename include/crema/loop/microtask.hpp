// resume_microtask, resume_immediate: a coroutine goes on later in the same turn, or in the next check phase.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/environment.hpp>
#include <crema/core/config.hpp>
#include <crema/loop/loop.hpp>
#include <coroutine>
#include <cstdint>
#include <utility>

namespace crema {

namespace detail {

class microtask_awaiter {
public:
    microtask_awaiter() = default;
    microtask_awaiter(microtask_awaiter&&) noexcept : microtask_awaiter() {} // before it is awaited
    ~microtask_awaiter() {
        if (loop_) loop_->microtasks().revoke(position_);
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        handle_ = h;
        loop_ = &loop::current();
        position_ = loop_->enqueue_microtask(job(*this), nullptr);
        return true;
    }
    void await_resume() const {
        if (env_->scope) env_->scope->check();
    }

private:
    // Tells the awaiter when it leaves the queue, also when that is destroyed.
    struct job {
        explicit job(microtask_awaiter& a) noexcept : awaiter(&a) {}
        job(job&& other) noexcept : awaiter(std::exchange(other.awaiter, nullptr)) {}
        ~job() {
            if (awaiter) awaiter->loop_ = nullptr;
        }
        void operator()() {
            auto& a = *std::exchange(awaiter, nullptr);
            a.loop_ = nullptr;
            resume_in(*a.env_, a.handle_);
        }
        microtask_awaiter* awaiter;
    };
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    loop* loop_ = nullptr; // while queued
    std::uint64_t position_ = 0;
};

class immediate_awaiter : loop_immediate, cancel_callback {
public:
    immediate_awaiter() noexcept
        : loop_immediate([](loop_immediate& i) { static_cast<immediate_awaiter&>(i).resume(); }),
          cancel_callback([](cancel_callback& c) noexcept {
              auto& self = static_cast<immediate_awaiter&>(c);
              self.cancel();
              self.resume();
          }) {}
    immediate_awaiter(immediate_awaiter&&) noexcept : immediate_awaiter() {} // before it is awaited
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        handle_ = h;
        attach(env_->scope);
        start(loop::current().immediates());
        return true;
    }
    void await_resume() const {
        if (env_->scope) env_->scope->check();
    }

private:
    void resume() {
        detach();
        resume_in(*env_, handle_);
    }
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
};

} // namespace detail

/** Go on as a microtask: after the running callback and what was queued before.

    As `await` of a settled promise in JavaScript. `co_await resume_microtask();`

    @par Cancellation
    Throws `cancelled` when the scope was cancelled before it goes on.
*/
inline detail::microtask_awaiter resume_microtask() noexcept {
    return {};
}

/** Go on in the next check phase, as an immediate: the loop serves others before. `co_await resume_immediate();`

    @par Cancellation
    Ends at once and throws `cancelled`.
*/
inline detail::immediate_awaiter resume_immediate() noexcept {
    return {};
}

} // namespace crema
