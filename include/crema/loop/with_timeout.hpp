// with_timeout: an await that ends at a deadline.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/awaitable.hpp>
#include <crema/async/environment.hpp>
#include <crema/async/task.hpp>
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <crema/core/recycle.hpp>
#include <crema/loop/loop.hpp>
#include <chrono>
#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

namespace crema {
namespace detail {

// The awaited task with its own scope. Owned by the awaiter; by itself once the awaiter has gone on without it.
template <class T>
class timeout_frame final : cancel_scope::stuck_handler {
public:
    timeout_frame(task<T> work, std::chrono::milliseconds time)
        : stuck_handler{[](stuck_handler& h) noexcept { static_cast<timeout_frame&>(h).stuck_ = true; }},
          work_(std::move(work)), time_(time) {}

    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

    // False when the task has ended at once.
    bool start(environment* parent, std::coroutine_handle<> waiter) {
        parent_ = parent;
        env_ = *parent;
        if (parent->what) {
            what_ = *parent->what;
            env_.what = &what_;
        }
        env_.scope = &scope_;
        scope_.attach(parent->scope);
        timer_.self = this;
        timer_.start(loop::current().timers(), time_);
        task_access::start(work_, &env_, [](void* p) { static_cast<timeout_frame*>(p)->ended(); }, this);
        if (ended_) return false;
        waiter_ = waiter;
        return true;
    }

    T result() {
        if (parent_->scope) parent_->scope->check();
        if (expired_) throw timed_out();
        return task_access::promise(work_).take();
    }
    // The awaiter goes: true when the task goes on alone.
    bool detached() const noexcept { return detached_; }

private:
    struct deadline : loop_timer {
        deadline() noexcept : loop_timer([](loop_timer& t) { static_cast<deadline&>(t).self->expire(); }) {}
        timeout_frame* self = nullptr;
    };

    void ended() {
        ended_ = true;
        timer_.cancel();
        if (detached_) delete this;
        else if (waiter_) waiter_.resume(); // destroys this
    }

    void expire() {
        expired_ = true;
        bool gone = false;
        gone_ = &gone;
        scope_.on_stuck(this);
        scope_.cancel(cancel_reason::timed_out); // the task may end within this call, and the awaiter destroy this
        if (gone) return;
        gone_ = nullptr;
        if (!stuck_ || ended_) return; // it ends soon, and is awaited
        // A job of the pool cannot be stopped: answer now, let the frame live until the job has ended.
        detached_ = true;
        scope_.attach(nullptr);
        env_.context = nullptr;
        const auto waiter = std::exchange(waiter_, {});
        resume_in(*parent_, waiter);
    }

public:
    ~timeout_frame() {
        if (gone_) *gone_ = true;
    }

private:
    cancel_scope scope_;
    environment env_;
    activity what_;
    environment* parent_ = nullptr;
    task<T> work_;
    std::chrono::milliseconds time_;
    deadline timer_;
    std::coroutine_handle<> waiter_;
    bool* gone_ = nullptr;
    bool ended_ = false;
    bool expired_ = false;
    bool stuck_ = false;
    bool detached_ = false;
};

template <class T>
class timeout_awaiter {
public:
    explicit timeout_awaiter(timeout_frame<T>* frame) noexcept : frame_(frame) {}
    timeout_awaiter(timeout_awaiter&&) = delete;
    ~timeout_awaiter() {
        if (frame_ && !frame_->detached()) delete frame_;
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        return frame_->start(environment_of(h), h);
    }
    T await_resume() { return frame_->result(); }

private:
    timeout_frame<T>* frame_;
};

template <class T>
class [[nodiscard("with_timeout does nothing until it is awaited")]] timeout_awaitable {
public:
    timeout_awaitable(task<T> work, std::chrono::milliseconds time) : frame_(new timeout_frame<T>(std::move(work), time)) {}
    timeout_awaiter<T> operator co_await() && { return timeout_awaiter<T>(frame_.release()); }

private:
    std::unique_ptr<timeout_frame<T>> frame_;
};

} // namespace detail

/** Await something for a limited time.

    `auto answer = co_await with_timeout(ask(peer), 500ms);`

    At the deadline what is awaited is cancelled, and awaited until it has ended. Only what cannot stop, a job that runs on
    the pool, is not waited for: this answers all the same, and the frame of the awaited task lives on until the job has
    ended. Such a task must own what it works on: its locals and parameters by value live long enough, references to the
    caller's do not.

    @param a Any awaitable; moved in.
    @param time Rounded up to milliseconds, at least one.
    @return What `a` gives.
    @throws timed_out at the deadline, also when `a` gave a result after it.

    @par Cancellation
    Cancels what is awaited, waits for it, throws `cancelled`.
*/
template <awaitable A, class Rep, class Period>
    requires(!std::is_lvalue_reference_v<A>)
auto with_timeout(A&& a, std::chrono::duration<Rep, Period> time) {
    auto work = detail::as_task(std::forward<A>(a));
    using T = typename decltype(work)::value_type;
    return detail::timeout_awaitable<T>(std::move(work), std::chrono::ceil<std::chrono::milliseconds>(time));
}

} // namespace crema
