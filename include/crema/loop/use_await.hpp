// use_await: the completion token that makes any Asio operation awaitable in a task.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/loop/asio_version.hpp> // first
#include <crema/async/environment.hpp>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <crema/core/recycle.hpp>
#include <crema/loop/loop.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>
#include <coroutine>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace crema {

/** Is the completion token for `co_await socket.async_read_some(buffer, use_await)` in a `task`.

    The operation starts when it is awaited. An `error_code` or `exception_ptr` that comes first is thrown (as
    `system_error`); what is left of the result is returned: nothing, a value, or a tuple.

    @par Cancellation
    Asks the operation to stop, through its cancellation slot, waits for its completion, throws `cancelled`. A coroutine
    that is destroyed while it waits does not wait for the completion: its buffers must not be needed any more then,
    which holds for sockets and timers.

    @par Complexity
    Allocates nothing in steady state.
*/
struct use_await_t {};
/// @copydoc use_await_t
inline constexpr use_await_t use_await{};

/** Is as `use_await`, but gives a tuple that begins with the `error_code`, and throws nothing but `cancelled`.

    `auto [ec, n] = co_await socket.async_read_some(buffer, use_await_tuple);`
*/
struct use_await_tuple_t {};
/// @copydoc use_await_tuple_t
inline constexpr use_await_tuple_t use_await_tuple{};

namespace detail {

// One operation that has started. Owned by the handler, which Asio moves about; the coroutine may go before it.
struct asio_operation_base {
    asio_operation_base** waiter = nullptr; // the pointer in the awaiter; null when that has gone
    asio::cancellation_signal signal;
    void forget() noexcept { waiter = nullptr; }
};

// Waits for the handler. Derived tells where results go.
class asio_waiter : protected cancel_callback {
public:
    asio_waiter() noexcept
        : cancel_callback([](cancel_callback& c) noexcept {
              auto& self = static_cast<asio_waiter&>(c);
              if (self.operation_) self.operation_->signal.emit(asio::cancellation_type::terminal);
          }) {}
    ~asio_waiter() {
        if (auto* o = std::exchange(operation_, nullptr)) {
            o->forget();
            o->signal.emit(asio::cancellation_type::terminal); // may destroy it
        }
    }

protected:
    template <class Promise>
    bool prepare(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        handle_ = h;
        loop_ = &loop::current();
        return !(env_->scope && env_->scope->is_cancelled());
    }
    // After the initiation. False when it has completed within that.
    bool started() {
        if (std::exchange(starting_, false) && completed_) return false;
        attach(env_->scope);
        return true;
    }
    void completed() {
        operation_ = nullptr;
        completed_ = true;
        if (starting_) return;
        detach();
        loop_->callback([this] { resume_in(*env_, handle_); });
    }
    void check() const {
        if (env_->scope) env_->scope->check();
    }

    environment* env_ = nullptr;
    std::coroutine_handle<> handle_;
    loop* loop_ = nullptr;
    asio_operation_base* operation_ = nullptr;
    bool starting_ = true;
    bool completed_ = false;

    template <class>
    friend struct asio_handler;
};

// The handler that Asio gets. Awaiter has `complete(args...)`.
template <class Awaiter>
struct asio_handler {
    struct operation : asio_operation_base {
        Awaiter* awaiter;
        static void* operator new(std::size_t size) { return recycle_allocate(size); }
        static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }
    };
    using allocator_type = recycling_allocator<void>;
    using cancellation_slot_type = asio::cancellation_slot;
    using executor_type = asio::io_context::executor_type;

    explicit asio_handler(Awaiter& a, loop& l) : op(new operation), executor(l.context().get_executor()) {
        op->awaiter = &a;
        op->waiter = &a.operation_;
        a.operation_ = op;
    }
    asio_handler(asio_handler&& other) noexcept : op(std::exchange(other.op, nullptr)), executor(other.executor) {}
    asio_handler& operator=(asio_handler&&) = delete;
    ~asio_handler() {
        if (!op) return;
        if (op->waiter) *op->waiter = nullptr; // the context ends: it is never called
        delete op;
    }
    allocator_type get_allocator() const noexcept { return {}; }
    cancellation_slot_type get_cancellation_slot() const noexcept { return op->signal.slot(); }
    executor_type get_executor() const noexcept { return executor; }

    template <class... Args>
    void operator()(Args&&... args) {
        auto* const mine = std::exchange(op, nullptr);
        auto* const awaiter = mine->waiter ? mine->awaiter : nullptr;
        delete mine;
        if (awaiter) awaiter->complete(std::forward<Args>(args)...);
    }

    operation* op;
    executor_type executor;
};

// What of the arguments of a completion is thrown, and what is returned.
template <bool Throws, class... Args>
struct asio_result {
    using type = std::tuple<Args...>;
    static type take(std::tuple<Args...>&& all) { return std::move(all); }
};
template <class... Args>
struct asio_values {
    using type = std::tuple<Args...>;
    template <class Tuple, std::size_t... I>
    static type take(Tuple&& all, std::index_sequence<I...>) {
        constexpr auto skip = std::tuple_size_v<std::remove_cvref_t<Tuple>> - sizeof...(Args);
        return type(std::get<I + skip>(std::move(all))...);
    }
};
template <class A>
struct asio_values<A> {
    using type = A;
    template <class Tuple, std::size_t... I>
    static A take(Tuple&& all, std::index_sequence<I...>) {
        return std::get<std::tuple_size_v<std::remove_cvref_t<Tuple>> - 1>(std::move(all));
    }
};
template <>
struct asio_values<> {
    using type = void;
    template <class Tuple>
    static void take(Tuple&&, std::index_sequence<>) {}
};
template <class... Args>
struct asio_result<true, Args...> : asio_values<Args...> {
    static typename asio_values<Args...>::type take(std::tuple<Args...>&& all) {
        return asio_values<Args...>::take(std::move(all), std::index_sequence_for<Args...>());
    }
};
template <class... Args>
struct asio_result<true, std::error_code, Args...> : asio_values<Args...> {
    static typename asio_values<Args...>::type take(std::tuple<std::error_code, Args...>&& all) {
        if (std::get<0>(all)) throw system_error(std::get<0>(all));
        return asio_values<Args...>::take(std::move(all), std::index_sequence_for<Args...>());
    }
};
template <class... Args>
struct asio_result<true, std::exception_ptr, Args...> : asio_values<Args...> {
    static typename asio_values<Args...>::type take(std::tuple<std::exception_ptr, Args...>&& all) {
        if (std::get<0>(all)) std::rethrow_exception(std::get<0>(all));
        return asio_values<Args...>::take(std::move(all), std::index_sequence_for<Args...>());
    }
};

// What an initiating function returns for `use_await`: it starts when it is awaited.
template <bool Throws, class Signature, class Initiation, class... InitArgs>
class asio_awaiter;
template <bool Throws, class... Args, class Initiation, class... InitArgs>
class [[nodiscard("an operation with use_await does nothing until it is awaited")]]
asio_awaiter<Throws, void(Args...), Initiation, InitArgs...> : asio_waiter {
    using result = asio_result<Throws, std::decay_t<Args>...>;

public:
    template <class I, class... A>
    explicit asio_awaiter(I&& initiation, A&&... args)
        : initiation_(std::forward<I>(initiation)), args_(std::forward<A>(args)...) {}
    // before it is awaited
    asio_awaiter(asio_awaiter&& other)
        : asio_waiter(), initiation_(std::move(other.initiation_)), args_(std::move(other.args_)) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!prepare(h)) return false;
        std::apply(
            [this](InitArgs&... args) {
                std::move(initiation_)(asio_handler<asio_awaiter>(*this, *loop_), std::move(args)...);
            },
            args_);
        return started();
    }
    typename result::type await_resume() {
        check();
        return result::take(std::move(*values_));
    }

private:
    friend struct asio_handler<asio_awaiter>;
    template <class... A>
    void complete(A&&... args) {
        values_.emplace(std::forward<A>(args)...);
        completed();
    }

    Initiation initiation_;
    std::tuple<InitArgs...> args_;
    std::optional<std::tuple<std::decay_t<Args>...>> values_;
};

template <bool Throws, class Signature>
struct asio_async_result {
    template <class Initiation, class Token, class... InitArgs>
    static auto initiate(Initiation&& initiation, Token&&, InitArgs&&... args) {
        return asio_awaiter<Throws, Signature, std::decay_t<Initiation>, std::decay_t<InitArgs>...>(
            std::forward<Initiation>(initiation), std::forward<InitArgs>(args)...);
    }
};

} // namespace detail
} // namespace crema

template <class R, class... Args>
class asio::async_result<crema::use_await_t, R(Args...)> : public crema::detail::asio_async_result<true, R(Args...)> {};
template <class R, class... Args>
class asio::async_result<crema::use_await_tuple_t, R(Args...)>
    : public crema::detail::asio_async_result<false, R(Args...)> {};
