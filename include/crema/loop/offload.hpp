// offload: run a function on the pool and go on, on the loop, with its result.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/environment.hpp>
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/pool.hpp>
#include <atomic>
#include <chrono>
#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

namespace crema {

namespace detail {

template <class F>
concept offloadable = std::is_invocable_v<F&> || std::is_invocable_v<F&, std::stop_token>;

template <class F>
inline constexpr bool wants_stop_token = std::is_invocable_v<F&, std::stop_token>;

template <class F>
struct offload_result {
    using type = std::invoke_result_t<F&>;
};
template <class F>
    requires wants_stop_token<F>
struct offload_result<F> {
    using type = std::invoke_result_t<F&, std::stop_token>;
};

struct no_stop_source {
    void request_stop() const noexcept {}
};

template <class F>
class offload_awaiter : pool_job, remote_job, cancel_callback {
public:
    using result_type = typename offload_result<F>::type;
    static_assert(!is_task_v<std::remove_cvref_t<result_type>>,
                  "crema: offload runs a plain function on a thread; a coroutine belongs to the loop");

    template <class G>
    offload_awaiter(offload_pool& pool, G&& f)
        : pool_job([](pool_job& j) noexcept { static_cast<offload_awaiter&>(j).work_here(); }),
          remote_job([](remote_job& j, bool abandoned) { static_cast<offload_awaiter&>(j).completed(abandoned); }),
          cancel_callback([](cancel_callback& c) noexcept { static_cast<offload_awaiter&>(c).cancelled_now(); }),
          pool_(pool), function_(std::forward<G>(f)) {}
    // before it is awaited
    offload_awaiter(offload_awaiter&& other) : offload_awaiter(other.pool_, std::move(other.function_)) {}
    ~offload_awaiter() {
        if (loop_) abandon();
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        handle_ = h;
        loop_ = &loop::current();
        loop_->expect();
        bool accepted = false;
        try {
            accepted = pool_.push(*this);
        } catch (...) {
            std::exchange(loop_, nullptr)->forget();
            throw;
        }
        if (!accepted) {
            std::exchange(loop_, nullptr)->forget();
            error_ = std::make_exception_ptr(system_error(make_error_code(error::queue_full), "offload"));
            return false;
        }
        attach(env_->scope);
        return true;
    }
    result_type await_resume() {
        if (env_->scope) env_->scope->check();
        if (error_) std::rethrow_exception(error_);
        if constexpr (std::is_reference_v<result_type>) return static_cast<result_type>(**value_);
        else if constexpr (!std::is_void_v<result_type>) return std::move(*value_);
    }

private:
    using stored = std::conditional_t<
        std::is_void_v<result_type>, char,
        std::conditional_t<std::is_reference_v<result_type>, std::remove_reference_t<result_type>*, result_type>>;

    decltype(auto) call() {
        if constexpr (wants_stop_token<F>) return std::invoke(function_, stop_.get_token());
        else return std::invoke(function_);
    }
    void work_here() noexcept {
        try {
            if constexpr (std::is_void_v<result_type>) call();
            else if constexpr (std::is_reference_v<result_type>) value_.emplace(std::addressof(call()));
            else value_.emplace(call());
        } catch (...) {
            error_ = std::current_exception();
        }
        auto* const l = loop_; // this may be gone once it is delivered
        done_.store(true, std::memory_order_release);
        l->deliver(*this);
    }
    void completed(bool abandoned) {
        detach();
        auto* const l = std::exchange(loop_, nullptr);
        l->release();
        if (!abandoned) resume_in(*env_, handle_);
    }
    void cancelled_now() noexcept {
        if (pool_.drop(*this)) {
            std::exchange(loop_, nullptr)->forget();
            resume_in(*env_, handle_);
            return;
        }
        stop_.request_stop();
        if (!done_.load(std::memory_order_acquire)) env_->scope->stuck();
    }
    // The coroutine is destroyed while it waits; what the function uses may be its locals.
    void abandon() noexcept {
        if (pool_.drop(*this)) {
            loop_->forget();
            return;
        }
        stop_.request_stop();
        while (!loop_->revoke(*this)) std::this_thread::sleep_for(std::chrono::microseconds(50));
        loop_->release();
    }

    offload_pool& pool_;
    F function_;
    [[no_unique_address]] std::conditional_t<wants_stop_token<F>, std::stop_source, no_stop_source> stop_{};
    std::optional<stored> value_;
    std::exception_ptr error_;
    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    loop* loop_ = nullptr; // while it waits
    std::atomic<bool> done_{false};
};

// A job that nobody waits for.
template <class F, class... Args>
class detached_job : pool_job, remote_job {
public:
    template <class G, class... A>
    explicit detached_job(G&& f, A&&... args)
        : pool_job([](pool_job& j) noexcept { static_cast<detached_job&>(j).work_here(); }),
          remote_job([](remote_job& j, bool abandoned) {
              const std::unique_ptr<detached_job> self(&static_cast<detached_job&>(j));
              self->loop_->release();
              if (self->error_ && !abandoned) std::rethrow_exception(self->error_);
          }),
          function_(std::forward<G>(f)), arguments_(std::forward<A>(args)...) {}

    static void start(offload_pool& pool, std::unique_ptr<detached_job> job) {
        job->loop_->expect();
        bool accepted = false;
        try {
            accepted = pool.push(*job);
        } catch (...) {
            job->loop_->forget();
            throw;
        }
        if (!accepted) {
            job->loop_->forget();
            throw system_error(make_error_code(error::queue_full), "offload");
        }
        job.release();
    }

private:
    void work_here() noexcept {
        try {
            std::apply(std::move(function_), std::move(arguments_));
        } catch (...) {
            error_ = std::current_exception();
        }
        loop_->deliver(*this);
    }
    loop* loop_ = &loop::current();
    F function_;
    std::tuple<Args...> arguments_;
    std::exception_ptr error_;
};

} // namespace detail

/** Run a function on a thread of the pool and go on with its result. `auto hash = co_await offload([&] { … });`

    The function may use locals of the coroutine by reference: the coroutine's frame lives until the function has
    returned. It may take a `std::stop_token`, by which it hears that nobody wants its result any more.

    g++ 12 miscompiles a lambda that captures a `std::string` or the like *by value* inside the expression of a `co_await`.
    Capture by reference, which is safe here, or give the lambda a name first and move that in.

    @param f What to run; moved in. Its exception is rethrown where it is awaited.
    @param pool Where; must outlive the job.
    @throws system_error `error::queue_full` when the pool is full and its options say so.

    @par Cancellation
    A job that waits for a thread is dropped at once. One that runs is asked to stop and awaited, then `cancelled` is
    thrown; a `with_timeout` around it gives its answer without waiting.
*/
template <class F>
    requires detail::offloadable<std::decay_t<F>>
[[nodiscard("offload does nothing until it is awaited")]] auto offload(F&& f,
                                                                       offload_pool& pool = offload_pool::shared()) {
    return detail::offload_awaiter<std::decay_t<F>>(pool, std::forward<F>(f));
}

/** Run a function on a thread of the shared pool without waiting for it. The loop stays alive until it has returned.

    @param f What to run; copied or moved in, as are its arguments: nothing is referred to.
    @param args Passed to it.
    @throws system_error `error::queue_full` when the pool is full and its options say so.

    @par Errors
    What the function throws reaches `loop.on_error`.
*/
template <class F, class... Args>
    requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
void offload_detached(F&& f, Args&&... args) {
    using job = detail::detached_job<std::decay_t<F>, std::decay_t<Args>...>;
    job::start(offload_pool::shared(), std::make_unique<job>(std::forward<F>(f), std::forward<Args>(args)...));
}

} // namespace crema
