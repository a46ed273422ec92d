// generator<T>: a coroutine that gives values one after the other, and may wait between.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/environment.hpp>
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <cassert>
#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace crema {

template <class T>
class generator;

namespace detail {

// A generator stops when it has yielded, ended, or waits for something. In the last case who wants the value is
// resumed when one of the first two comes.
template <class T>
class generator_promise final : public task_promise_base {
public:
    struct arrived_awaiter {
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<generator_promise> h) const noexcept { h.promise().arrive(); }
        void await_resume() const noexcept {}
    };
    // Keeps a copy of what was yielded.
    struct copy_awaiter {
        T copy;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<generator_promise> h) noexcept {
            h.promise().value_ = std::addressof(copy);
            h.promise().arrive();
        }
        void await_resume() const noexcept {}
    };

    inline generator<T> get_return_object() noexcept;
    arrived_awaiter final_suspend() noexcept {
        value_ = nullptr;
        return {};
    }
    arrived_awaiter yield_value(T& value) noexcept {
        value_ = std::addressof(value);
        return {};
    }
    arrived_awaiter yield_value(T&& value) noexcept {
        value_ = std::addressof(value);
        return {};
    }
    copy_awaiter yield_value(const T& value)
        requires(!std::is_const_v<T> && std::copy_constructible<T>)
    {
        return {value};
    }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { error_ = std::current_exception(); }

    // Goes on to the next value. True when it is there, or the end.
    bool advance() {
        arrived_ = false;
        on_done(nullptr, nullptr);
        std::coroutine_handle<generator_promise>::from_promise(*this).resume();
        return arrived_;
    }
    T* value() {
        if (error_) [[unlikely]]
            std::rethrow_exception(std::exchange(error_, nullptr));
        return value_;
    }

private:
    void arrive() {
        arrived_ = true;
        call_done(); // may go on with this or destroy it
    }
    T* value_ = nullptr;
    std::exception_ptr error_;
    bool arrived_ = false;
};

} // namespace detail

/** Gives values one after the other to the coroutine that asks for them; runs only when asked, and may wait between.

    @code
    generator<std::string> lines(file f) {
        while (auto line = co_await read_line(f)) co_yield std::move(*line);
    }
    auto all = lines(f);
    while (auto* line = co_await all.next()) use(*line);
    @endcode

    The coroutine is destroyed with this object, wherever it stands. Its parameters that are references must live as long.

    @tparam T What it gives; no reference.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class T>
class [[nodiscard("a generator does nothing until it is asked")]] generator {
    static_assert(std::is_object_v<T>, "crema: a generator gives objects; for references yield pointers");

public:
    using promise_type = detail::generator_promise<T>; ///< for the compiler
    using value_type = T;                              ///< what it gives

    /// Construct empty.
    generator() noexcept = default;
    generator(generator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    generator& operator=(generator&& other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~generator() { reset(); }

    /// Tells whether there is a coroutine.
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    /// Is the awaitable of `next`.
    class [[nodiscard("asks only when it is awaited")]] next_awaiter {
    public:
        /// @cond
        bool await_ready() const noexcept { return handle_.done(); }
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> h) {
            auto& p = handle_.promise();
            p.env(environment_of(h));
            if (p.advance()) return false;
            p.on_done([](void* a) { std::coroutine_handle<>::from_address(a).resume(); }, h.address());
            return true;
        }
        T* await_resume() const { return handle_.promise().value(); }
        /// @endcond

    private:
        friend class generator;
        explicit next_awaiter(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
        std::coroutine_handle<promise_type> handle_;
    };

    /** Run it to its next value.

        Must be awaited before the next call, and be over before the generator is moved or destroyed by another.

        @return The value, which may be moved from and is valid until the next call; null at the end, then and afterwards.
        @throws What leaves the coroutine; after that it is at its end.

        @par Cancellation
        The coroutine obeys the scope of whoever asks: what it waits for ends and throws `cancelled` in it.
    */
    next_awaiter next() noexcept {
        assert(handle_ && "crema: an empty or moved-from generator was asked");
        return next_awaiter(handle_);
    }

private:
    friend promise_type;
    explicit generator(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    void reset() noexcept {
        if (auto h = std::exchange(handle_, nullptr)) h.destroy();
    }
    std::coroutine_handle<promise_type> handle_;
};

template <class T>
generator<T> detail::generator_promise<T>::get_return_object() noexcept {
    return generator<T>(std::coroutine_handle<generator_promise>::from_promise(*this));
}

} // namespace crema
