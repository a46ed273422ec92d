// task<T>: a lazy coroutine, awaited by at most one other.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/awaitable.hpp>
#include <crema/async/environment.hpp>
#include <crema/core/config.hpp>
#include <crema/core/recycle.hpp>
#include <cassert>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace crema {

template <class T = void>
class task;

namespace detail {

template <class T>
struct nested_task_awaiter;
template <class T>
struct owning_task_awaiter;
template <class T>
owning_task_awaiter<T> hold_awaiter(task<T> t);
template <class A>
    requires awaiter<A>
A hold_awaiter(A a);

template <class A>
inline constexpr bool is_task_lvalue = false;
template <class T>
inline constexpr bool is_task_lvalue<task<T>&> = true;
template <class T>
inline constexpr bool is_task_lvalue<const task<T>&> = true;

// What all promises of tasks share. `done` is called when the task ends after it had really suspended or was
// started by `start_task`; a task that ends while `co_await` still starts it has no `done` and goes on inline:
// that is why a million ready awaits need no stack.
class task_promise_base {
public:
    using function = void (*)(void*);

    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct final_awaiter {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> h) const noexcept {
            auto& p = h.promise();
            if (p.done_) p.done_(p.who_); // may destroy this coroutine
        }
        void await_resume() const noexcept {}
    };
    final_awaiter final_suspend() const noexcept { return {}; }

    environment* env() const noexcept { return env_; }
    void env(environment* e) noexcept { env_ = e; }
    void on_done(function f, void* who) noexcept {
        done_ = f;
        who_ = who;
    }

    template <class T>
    nested_task_awaiter<T> await_transform(task<T>&& t) noexcept;
    template <class A>
    decltype(auto) await_transform(A&& a) {
        static_assert(!is_task_lvalue<A>, "crema: a task is awaited once and used up: co_await std::move(t)");
        static_assert(is_task_lvalue<A> || awaitable<A>, "crema: this cannot be awaited in a task: it has neither await_ready/await_suspend/"
                                    "await_resume nor operator co_await (for Asio include crema/loop/asio_bridge.hpp)");
        if constexpr (!awaitable<A>) return std::suspend_never(); // said above
        else if constexpr (adaptable<A>)
            return hold_awaiter(await_adaptor<std::remove_cvref_t<A>>::adapt(std::move(a)));
        else if constexpr (detail::awaiter<std::remove_reference_t<A>>)
            return detail::awaiter_ref<std::remove_reference_t<A>>{a};
        else return detail::get_awaiter(static_cast<A&&>(a));
    }

private:
    environment* env_ = nullptr; // set by whoever starts it
    function done_ = nullptr;
    void* who_;                  // with done_
};

template <class T>
class task_promise final : public task_promise_base {
public:
    ~task_promise() {
        if (state_ == state::value) std::destroy_at(&value_);
        else if (state_ == state::error) std::destroy_at(&error_);
    }
    task_promise() noexcept {}

    task<T> get_return_object() noexcept;
    void unhandled_exception() noexcept {
        std::construct_at(&error_, std::current_exception());
        state_ = state::error;
    }
    template <class U = T>
        requires std::is_convertible_v<U&&, T>
    void return_value(U&& value) {
        std::construct_at(&value_, std::forward<U>(value));
        state_ = state::value;
    }
    bool failed() const noexcept { return state_ == state::error; }
    std::exception_ptr error() const noexcept { return failed() ? error_ : nullptr; }
    T take() {
        if (state_ == state::error) [[unlikely]] std::rethrow_exception(error_);
        return std::move(value_);
    }

private:
    enum class state : unsigned char { running, value, error };
    union {
        T value_;
        std::exception_ptr error_;
    };
    state state_ = state::running;
};

template <class T>
class task_promise<T&> final : public task_promise_base {
public:
    task<T&> get_return_object() noexcept;
    void unhandled_exception() noexcept { error_ = std::current_exception(); }
    void return_value(T& value) noexcept { value_ = &value; }
    bool failed() const noexcept { return error_ != nullptr; }
    std::exception_ptr error() const noexcept { return error_; }
    T& take() {
        if (error_) [[unlikely]] std::rethrow_exception(error_);
        return *value_;
    }

private:
    T* value_ = nullptr;
    std::exception_ptr error_;
};

template <>
class task_promise<void> final : public task_promise_base {
public:
    inline task<void> get_return_object() noexcept;
    void unhandled_exception() noexcept { error_ = std::current_exception(); }
    void return_void() const noexcept {}
    bool failed() const noexcept { return error_ != nullptr; }
    std::exception_ptr error() const noexcept { return error_; }
    void take() const {
        if (error_) [[unlikely]] std::rethrow_exception(error_);
    }

private:
    std::exception_ptr error_;
};

struct task_access;
template <class T>
struct task_awaiter {
    std::coroutine_handle<task_promise<T>> child;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> parent) {
        auto& p = child.promise();
        p.env(environment_of(parent));
        child.resume();
        if (child.done()) return false;
        p.on_done([](void* a) { std::coroutine_handle<>::from_address(a).resume(); }, parent.address());
        return true;
    }
    T await_resume() { return child.promise().take(); }
};

// The same in a task, whose environment is known: a child that is ready costs its parent no suspension.
template <class T>
struct nested_task_awaiter {
    std::coroutine_handle<task_promise<T>> child;
    environment* env;

    bool await_ready() const {
        child.promise().env(env);
        child.resume();
        return child.done();
    }
    void await_suspend(std::coroutine_handle<> parent) const noexcept {
        child.promise().on_done([](void* a) { std::coroutine_handle<>::from_address(a).resume(); }, parent.address());
    }
    T await_resume() const { return child.promise().take(); }
};

} // namespace detail

/** Holds a coroutine that has not run yet; `co_await` runs it and gives its result or rethrows its exception.

    A task starts when it is awaited, in the thread that awaits it, and runs there until it really has to wait.
    What awaits it hands down its environment: cancellation and context follow. Its frame is recycled memory.

    Awaited once; a second `co_await` is undefined. A task that is destroyed while it waits stops waiting and
    destroys its locals. Parameters of the coroutine that are references, and captures of a lambda, must live
    until the task ends: pass values.

    @tparam T What it gives; may be void or a reference.

    @par Cancellation
    The task obeys the scope of whoever awaits it: what it waits for ends and throws `cancelled` in it.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class T>
class [[nodiscard("a task does nothing until it is awaited or spawned")]] task {
public:
    using promise_type = detail::task_promise<T>; ///< for the compiler
    using value_type = T;                         ///< what it gives

    /// Construct empty.
    task() noexcept = default;
    task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~task() {
        if (handle_) handle_.destroy();
    }

    /// Tells whether there is a coroutine.
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    /// Runs it and gives its result. The task must be an rvalue: `co_await std::move(t)`.
    auto operator co_await() && noexcept {
        assert(handle_ && "crema: an empty or moved-from task was awaited");
        return detail::task_awaiter<T>{handle_};
    }

private:
    friend promise_type;
    friend struct detail::task_access;
    explicit task(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    void reset() noexcept {
        if (auto h = std::exchange(handle_, nullptr)) h.destroy();
    }
    std::coroutine_handle<promise_type> handle_;
};

/// Is a `task`.
template <class T>
inline constexpr bool is_task_v = false;
template <class T>
inline constexpr bool is_task_v<task<T>> = true;

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
template <class T>
task<T&> task_promise<T&>::get_return_object() noexcept {
    return task<T&>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

// For what runs tasks without being a coroutine: combinators, spawn, the handlers of requests.
struct task_access {
    // Starts the task in `env`. Calls done(who) when it has ended, perhaps before this returns.
    template <class T>
    static void start(task<T>& t, environment* env, task_promise_base::function done, void* who) {
        auto& p = t.handle_.promise();
        p.env(env);
        p.on_done(done, who);
        t.handle_.resume();
    }
    template <class T>
    static task_promise<T>& promise(task<T>& t) noexcept {
        return t.handle_.promise();
    }
    template <class T>
    static std::coroutine_handle<task_promise<T>> handle(task<T>& t) noexcept {
        assert(t.handle_ && "crema: an empty or moved-from task was awaited");
        return t.handle_;
    }
    template <class T>
    static bool done(const task<T>& t) noexcept {
        return t.handle_.done();
    }
};

template <class T>
nested_task_awaiter<T> task_promise_base::await_transform(task<T>&& t) noexcept {
    return {task_access::handle(t), env_};
}

// Awaits a task that an adaptor made: nobody else owns it.
template <class T>
struct owning_task_awaiter {
    task<T> owned;
    task_awaiter<T> inner;
    explicit owning_task_awaiter(task<T> t) noexcept : owned(std::move(t)), inner(std::move(owned).operator co_await()) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        return inner.await_suspend(h);
    }
    T await_resume() { return inner.await_resume(); }
};
template <class T>
owning_task_awaiter<T> hold_awaiter(task<T> t) {
    return owning_task_awaiter<T>(std::move(t));
}
template <class A>
    requires awaiter<A>
A hold_awaiter(A a) {
    return a;
}

// Turns any awaitable into a task.
template <class A>
auto as_task(A a) -> task<std::remove_cvref_t<await_result_t<A>>> {
    co_return co_await std::move(a);
}
template <class A>
    requires std::is_void_v<await_result_t<A>>
auto as_task(A a) -> task<void> {
    co_await std::move(a);
}
template <class T>
task<T> as_task(task<T> t) {
    return t;
}

} // namespace detail
} // namespace crema
