// context: values that follow a chain of coroutines, as AsyncLocalStorage.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/awaitable.hpp>
#include <crema/async/environment.hpp>
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

/** Names a value of a context. Its address is its identity: make it a global or static object.

    @tparam T The type of the value.

    @par Thread Safety
    Immutable.
*/
template <class T>
class context_key {
public:
    constexpr context_key() = default;
    context_key(const context_key&) = delete;
    context_key& operator=(const context_key&) = delete;

private:
    [[maybe_unused]] char identity_ = 0; // an empty constant could share its address
};

/// Holds values and looks outwards for those it does not have.
class context_frame {
public:
    /// Construct within `outer`, which may be null and must outlive this.
    explicit context_frame(context_frame* outer = nullptr) noexcept : outer_(outer) {}
    context_frame(const context_frame&) = delete;
    context_frame& operator=(const context_frame&) = delete;

    /// Sets a value here; replaces one that was set here before.
    template <class T>
    T& set(const context_key<T>& key, std::type_identity_t<T> v) {
        auto made = std::make_unique<slot<T>>(&key, std::move(v));
        auto& ref = made->value;
        for (auto& s : slots_)
            if (s->key == &key) {
                s = std::move(made);
                return ref;
            }
        slots_.push_back(std::move(made));
        return ref;
    }
    /// Returns the innermost value of a key, or null. Valid as long as the frame it was set in.
    template <class T>
    T* find(const context_key<T>& key) noexcept {
        for (auto* f = this; f; f = f->outer_)
            for (auto& s : f->slots_)
                if (s->key == &key) return &static_cast<slot<T>&>(*s).value;
        return nullptr;
    }
    /// Removes what was set here.
    void clear() noexcept { slots_.clear(); }

private:
    struct slot_base {
        explicit slot_base(const void* k) noexcept : key(k) {}
        virtual ~slot_base() = default;
        const void* key;
    };
    template <class T>
    struct slot final : slot_base {
        slot(const void* k, T v) : slot_base(k), value(std::move(v)) {}
        T value;
    };
    context_frame* outer_;
    std::vector<std::unique_ptr<slot_base>> slots_;
};

namespace detail {

template <class T>
struct context_lookup {
    const context_key<T>* key;
    T* found = nullptr;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
        if (auto* frame = environment_of(h)->context) found = frame->find(*key);
        return false;
    }
    T* await_resume() const noexcept { return found; }
};

// Runs a task in an environment with one more frame.
template <class T, class R>
class context_awaiter {
public:
    context_awaiter(const context_key<T>& key, T v, task<R> work) : key_(&key), value_(std::move(v)), work_(std::move(work)) {}
    context_awaiter(context_awaiter&&) = delete;
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = *environment_of(h);
        frame_ = std::make_unique<context_frame>(env_.context);
        frame_->set(*key_, std::move(value_));
        env_.context = frame_.get();
        waiter_ = h;
        starting_ = true;
        task_access::start(work_, &env_, [](void* p) {
            auto& self = *static_cast<context_awaiter*>(p);
            self.ended_ = true;
            if (!self.starting_) self.waiter_.resume();
        }, this);
        starting_ = false;
        return !ended_;
    }
    R await_resume() { return task_access::promise(work_).take(); }

private:
    const context_key<T>* key_;
    T value_;
    environment env_;
    std::unique_ptr<context_frame> frame_;
    task<R> work_;
    std::coroutine_handle<> waiter_;
    bool starting_ = false;
    bool ended_ = false;
};

template <class T, class R>
struct [[nodiscard("with_context does nothing until it is awaited")]] context_awaitable {
    const context_key<T>& key;
    T value;
    task<R> work;
    context_awaiter<T, R> operator co_await() && { return {key, std::move(value), std::move(work)}; }
};

} // namespace detail

/** Await a task in which, and in all that it awaits, a key has a value.

    `co_await with_context(request_id, std::string("a1"), handle());`

    @par Cancellation
    As the task.
*/
template <class T, class R>
auto with_context(const context_key<T>& key, std::type_identity_t<T> v, task<R> work) {
    return detail::context_awaitable<T, R>{key, std::move(v), std::move(work)};
}

/// Gives the innermost value of a key in the awaiting coroutine, or null: `if (auto* id = co_await context_value(request_id))`.
template <class T>
auto context_value(const context_key<T>& key) noexcept {
    return detail::context_lookup<T>{&key};
}

} // namespace crema
