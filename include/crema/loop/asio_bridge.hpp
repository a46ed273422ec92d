// asio_bridge: an asio::awaitable is awaited in a task like anything else.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/loop/asio_version.hpp> // first
#include <crema/async/awaitable.hpp>
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/use_await.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>
#include <optional>
#include <type_traits>
#include <utility>

#if defined(ASIO_HAS_CO_AWAIT)
namespace crema {

/** Runs functions on an `io_context` as callbacks of the loop that drives it, and shows what they work on.

    It is the executor of an `asio::awaitable` that a task awaits: whatever resumes it goes through here. Where no loop
    drives the context any more the function is just called.

    @tparam Inner An executor of `asio::io_context`.

    @par Thread Safety
    Safe, as `Inner`.
*/
template <class Inner>
class activity_executor {
public:
    /// Construct from the executor of the context and what to show.
    activity_executor(Inner inner, activity what) noexcept
        : inner_(std::move(inner)), label_(what.label), method_(what.method) {}

    /// Returns the same with a property required of the inner executor.
    template <class Property>
        requires asio::can_require<const Inner&, Property>::value
    auto require(const Property& p) const {
        auto inner = asio::require(inner_, p);
        return activity_executor<decltype(inner)>(std::move(inner), activity{label_, method_});
    }
    /// Returns a property of the inner executor.
    template <class Property>
        requires asio::can_query<const Inner&, Property>::value
    decltype(auto) query(const Property& p) const {
        return asio::query(inner_, p);
    }
    /// Runs a function.
    template <class F>
    void execute(F&& f) const {
        const auto* const context = &static_cast<const asio::io_context&>(asio::query(inner_, asio::execution::context));
        detail::execute_on(
            inner_, [work = std::decay_t<F>(std::forward<F>(f)), context, what = activity{label_, method_}]() mutable {
                auto* const l = loop::driving(*context);
                if (!l) return work();
                l->callback([&] {
                    const activity_scope running(&what);
                    work();
                });
            });
    }
    /// Tells whether two run functions in the same place.
    friend bool operator==(const activity_executor& a, const activity_executor& b) noexcept {
        return a.inner_ == b.inner_ && a.label_ == b.label_;
    }
    /// Tells whether two run functions in different places.
    friend bool operator!=(const activity_executor& a, const activity_executor& b) noexcept { return !(a == b); }

private:
    Inner inner_;
    const activity_label* label_;
    const char* method_;
};

namespace detail {

template <class T>
struct spawn_signature {
    using type = void(std::exception_ptr, T);
};
template <>
struct spawn_signature<void> {
    using type = void(std::exception_ptr);
};

// Runs an asio::awaitable and waits for its end.
template <class T, class Executor>
class [[nodiscard("an asio::awaitable does nothing until it is awaited")]] asio_task_awaiter : asio_waiter {
public:
    explicit asio_task_awaiter(asio::awaitable<T, Executor> work) : work_(std::move(work)) {}
    // before it is awaited
    asio_task_awaiter(asio_task_awaiter&& other) : asio_waiter(), work_(std::move(other.work_)) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!prepare(h)) return false;
        const activity_executor<asio::io_context::executor_type> executor(loop_->context().get_executor(),
                                                                          env_->what ? *env_->what : activity{});
        asio::co_spawn(Executor(executor), std::move(work_), asio_handler<asio_task_awaiter>(*this, *loop_));
        return started();
    }
    T await_resume() {
        check();
        if (error_) std::rethrow_exception(error_);
        if constexpr (!std::is_void_v<T>) return std::move(*value_);
    }

private:
    friend struct asio_handler<asio_task_awaiter>;
    void complete(std::exception_ptr error) {
        error_ = std::move(error);
        completed();
    }
    template <class U>
    void complete(std::exception_ptr error, U&& value) {
        error_ = std::move(error);
        if (!error_) value_.emplace(std::forward<U>(value));
        completed();
    }

    asio::awaitable<T, Executor> work_;
    std::exception_ptr error_;
    std::optional<value_of_t<T>> value_;
};

} // namespace detail

/** Make an `asio::awaitable` awaitable in a task. `co_await` and the combinators do it by themselves.

    It runs on the loop that awaits it, each piece as a callback; the watchdog names what the task works on.

    @param work The coroutine; moved in. Its executor must be one that an `activity_executor` converts to, such as
    `asio::any_io_executor`, the default.

    @par Cancellation
    Asks it to stop as Asio does (`asio::cancellation_type::terminal`), waits for its end, throws `cancelled`. When the
    task is destroyed while it waits, the awaitable is asked to stop and ends later by itself: what it refers to must
    live until then.
*/
template <class T, class Executor>
auto to_awaitable(asio::awaitable<T, Executor> work) {
    return detail::asio_task_awaiter<T, Executor>(std::move(work));
}

/// Lets a task await an `asio::awaitable` directly.
template <class T, class Executor>
struct await_adaptor<asio::awaitable<T, Executor>> {
    /// Adapts it.
    static auto adapt(asio::awaitable<T, Executor>&& work) {
        return detail::asio_task_awaiter<T, Executor>(std::move(work));
    }
};

} // namespace crema
#endif
