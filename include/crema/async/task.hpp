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

// What a task gave, or why it gave nothing. Stands where the task is told to write it: in the awaiter of who awaits it,
// which spares the way back into the child's frame, or in its own promise.
enum class task_state : unsigned char { running, value, error };

template <class T>
class task_slot {
public:
    task_slot() noexcept {}
    task_slot(const task_slot&) = delete;
    ~task_slot() {} // whoever has one takes what is in it, or drops it

    bool running() const noexcept { return state_ == task_state::running; }
    bool failed() const noexcept { return state_ == task_state::error; }
    std::exception_ptr error() const noexcept { return failed() ? error_ : nullptr; }
    template <class U>
    void set(U&& value) {
        std::construct_at(&value_, std::forward<U>(value));
        state_ = task_state::value;
    }
    // Takes the exception that is handled now. Exceptions stay out of the way of what is fast.
    CREMA_COLD void fail() noexcept {
        drop();
        std::construct_at(&error_, std::current_exception());
        state_ = task_state::error;
    }
    // Gives the result, which stays.
    T get() {
        if (failed()) [[unlikely]] throw_again();
        return std::move(value_);
    }
    // Gives the result; nothing is left.
    T take() {
        if (failed()) [[unlikely]] throw_last();
        if constexpr (std::is_trivially_destructible_v<T>) {
            return std::move(value_);
        } else {
            const struct at_end {
                task_slot& slot;
                ~at_end() { std::destroy_at(&slot.value_); }
            } destroyed{*this};
            return std::move(value_);
        }
    }
    void drop() noexcept {
        if (failed()) [[unlikely]] std::destroy_at(&error_);
        else if constexpr (!std::is_trivially_destructible_v<T>)
            if (state_ == task_state::value) std::destroy_at(&value_);
        state_ = task_state::running;
    }

private:
    [[noreturn]] CREMA_COLD void throw_again() const { std::rethrow_exception(error_); }
    [[noreturn]] CREMA_COLD void throw_last() {
        auto e = std::move(error_);
        drop();
        std::rethrow_exception(std::move(e));
    }
    union {
        T value_;
        std::exception_ptr error_;
    };
    task_state state_ = task_state::running;
};

template <class T>
class task_slot<T&> : task_slot<T*> {
public:
    using task_slot<T*>::running, task_slot<T*>::failed, task_slot<T*>::error;
    using task_slot<T*>::fail, task_slot<T*>::drop;
    void set(T& value) noexcept { task_slot<T*>::set(&value); }
    T& get() { return *task_slot<T*>::get(); }
    T& take() { return *task_slot<T*>::take(); }
};

template <>
class task_slot<void> : task_slot<char> {
public:
    using task_slot<char>::running, task_slot<char>::failed, task_slot<char>::error;
    using task_slot<char>::fail, task_slot<char>::drop;
    void set() noexcept { task_slot<char>::set(char{}); }
    void get() { task_slot<char>::get(); }
    void take() { task_slot<char>::take(); }
};

// What all promises of tasks share. `done` is called when the task ends after it had really suspended or was
// started by `start_task`; a task that ends while `co_await` still starts it has no `done`: it destroys itself, and who
// awaits it goes on inline. That is why a million ready awaits need no stack.
class task_promise_base {
public:
    using function = void (*)(void*);

    CREMA_FORCEINLINE static void* operator new(std::size_t size) { return recycle_allocate(size); }
    CREMA_FORCEINLINE static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct final_awaiter {
        task_promise_base& promise;
        bool await_ready() const noexcept { return !promise.done_; }
        void await_suspend(std::coroutine_handle<>) const noexcept {
            promise.done_(promise.who_); // may destroy this coroutine
        }
        void await_resume() const noexcept {}
    };
    final_awaiter final_suspend() noexcept { return {*this}; }

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

protected:
    // Tells who waits for the end, if somebody does; may destroy this.
    void call_done() {
        if (done_) done_(who_);
    }

private:
    environment* env_;           // set by whoever starts it
    function done_ = nullptr;
    void* who_;                  // with done_
};

template <class T>
class task_promise_of : public task_promise_base {
public:
    ~task_promise_of() { own_.drop(); }
    void unhandled_exception() noexcept { out_->fail(); }
    // Where to write it; set by whoever starts it.
    void out(task_slot<T>& slot) noexcept { out_ = &slot; }
    void out_here() noexcept { out_ = &own_; }

    // of what was written here
    bool failed() const noexcept { return own_.failed(); }
    std::exception_ptr error() const noexcept { return own_.error(); }
    T take() { return own_.get(); }

protected:
    task_slot<T>* out_;

private:
    task_slot<T> own_;
};

template <class T>
class task_promise final : public task_promise_of<T> {
public:
    task<T> get_return_object() noexcept;
    template <class U = T>
        requires std::is_convertible_v<U&&, T>
    void return_value(U&& value) {
        this->out_->set(std::forward<U>(value));
    }
};

template <class T>
class task_promise<T&> final : public task_promise_of<T&> {
public:
    task<T&> get_return_object() noexcept;
    void return_value(T& value) noexcept { this->out_->set(value); }
};

template <>
class task_promise<void> final : public task_promise_of<void> {
public:
    inline task<void> get_return_object() noexcept;
    void return_void() noexcept { out_->set(); }
};

struct task_access;

// Runs the child of a task that stays where it is.
template <class T>
struct task_run {
    task<T>& child;
    task_slot<T> slot;

    inline void obey(environment* env) const noexcept;
    inline bool start(); // true when it has ended; it has destroyed itself then
    inline void resume_at_end(std::coroutine_handle<> parent) const noexcept;
};

template <class T>
struct task_awaiter {
    task_run<T> run;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> parent) {
        run.obey(environment_of(parent));
        if (run.start()) return false;
        run.resume_at_end(parent);
        return true;
    }
    T await_resume() { return run.slot.take(); }
};

// The same in a task, which has told its environment: a child that is ready costs its parent no suspension.
template <class T>
struct nested_task_awaiter {
    task_run<T> run;

    bool await_ready() { return run.start(); }
    void await_suspend(std::coroutine_handle<> parent) const noexcept { run.resume_at_end(parent); }
    T await_resume() { return run.slot.take(); }
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
        return detail::task_awaiter<T>{{*this, {}}};
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
        p.out_here();
        p.on_done(done, who);
        t.handle_.resume();
    }
    template <class T>
    static task_promise<T>& promise(task<T>& t) noexcept {
        return t.handle_.promise();
    }
    template <class T>
    static std::coroutine_handle<task_promise<T>>& handle(task<T>& t) noexcept {
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
    task_access::handle(t).promise().env(env_);
    return {{t, {}}};
}

template <class T>
void task_run<T>::obey(environment* env) const noexcept {
    task_access::promise(child).env(env);
}
template <class T>
bool task_run<T>::start() {
    auto& h = task_access::handle(child);
    h.promise().out(slot);
    h.resume();
    if (slot.running()) return false;
    h = nullptr;
    return true;
}
template <class T>
void task_run<T>::resume_at_end(std::coroutine_handle<> parent) const noexcept {
    task_access::promise(child).on_done([](void* a) { std::coroutine_handle<>::from_address(a).resume(); }, parent.address());
}

// Awaits a task that an adaptor made: nobody else owns it.
template <class T>
struct owning_task_awaiter {
    task<T> owned;
    task_awaiter<T> inner;
    explicit owning_task_awaiter(task<T> t) noexcept : owned(std::move(t)), inner{{owned, {}}} {}
    owning_task_awaiter(const owning_task_awaiter&) = delete;
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
