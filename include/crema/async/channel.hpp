// channel<T>: values go from coroutine to coroutine, through a buffer of bounded size.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/wait_list.hpp>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace crema {

/** Hands values from those who send to those who receive, in order. Who sends faster than others receive waits.

    Must outlive whoever waits at it.

    @code
    channel<int> numbers(16);
    co_await numbers.send(1);                                   // here; waits while 16 are in it
    while (auto n = co_await numbers.receive()) use(*n);        // there; until it is closed and empty
    @endcode

    @tparam T A movable type.

    @par Thread Safety
    Only on one thread; from others go through `loop::post`.
*/
template <class T>
class channel {
public:
    /// Construct empty. @param capacity How many values may lie in it; with 0 a sender waits until its value is received.
    explicit channel(std::size_t capacity) noexcept : capacity_(capacity) {}
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;

    /// Returns how many values lie in it.
    std::size_t size() const noexcept { return buffer_.size(); }
    /// Tells whether it was closed.
    bool is_closed() const noexcept { return closed_; }

    /** Close it: nothing more can be sent; what lies in it can still be received.

        Senders that wait fail, receivers that wait get nothing. They go on before this returns, unless the caller was itself
        woken by an event, mutex or channel: then when the caller waits again.
    */
    void close() {
        closed_ = true;
        while (!senders_.empty()) senders_.grant();
        while (!receivers_.empty()) receivers_.grant();
        detail::wait_list::run_granted();
    }

    /// Is the awaitable of `send`.
    class [[nodiscard("sends only when it is awaited")]] send_awaiter : detail::waiter {
    public:
        /// @cond
        send_awaiter(send_awaiter&& other) noexcept // before it is awaited
            : channel_(other.channel_),
              value_(std::move(other.value_)) {}
        bool await_ready() { return channel_.closed_ || channel_.put(value_); }
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
            return enter(channel_.senders_, h);
        }
        void await_resume() const {
            check();
            if (value_) throw system_error(make_error_code(error::closed), "channel");
        }
        /// @endcond

    private:
        friend class channel;
        send_awaiter(channel& c, T value) : channel_(c), value_(std::move(value)) {}
        channel& channel_;
        std::optional<T> value_; // until somebody has taken it
    };

    /// Is the awaitable of `receive`.
    class [[nodiscard("receives only when it is awaited")]] receive_awaiter : detail::waiter {
    public:
        /// @cond
        receive_awaiter(receive_awaiter&& other) noexcept : channel_(other.channel_) {} // before it is awaited
        ~receive_awaiter() {
            if (value_) channel_.give_back(std::move(*value_)); // destroyed between its turn and its going on
        }
        bool await_ready() { return (value_ = channel_.take()) || channel_.closed_; }
        template <class Promise>
        bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
            return enter(channel_.receivers_, h);
        }
        std::optional<T> await_resume() {
            check();
            return std::exchange(value_, std::nullopt);
        }
        /// @endcond

    private:
        friend class channel;
        explicit receive_awaiter(channel& c) noexcept : channel_(c) {}
        channel& channel_;
        std::optional<T> value_;
    };

    /** Send a value; waits while the channel is full, behind those who wait already.

        @param value Moved in; kept by the awaitable while it waits.
        @throws system_error with `error::closed` when the channel is closed, also while waiting; the value is dropped.

        @par Cancellation
        The wait ends at once and throws `cancelled`; the value is dropped. One that was taken already counts as sent.
    */
    send_awaiter send(T value) { return send_awaiter(*this, std::move(value)); }

    /** Receive a value; waits while there is none, behind those who wait already.

        @return The value, or nothing when the channel is closed and empty.

        @par Cancellation
        The wait ends at once and throws `cancelled`; no value is lost.
    */
    receive_awaiter receive() noexcept { return receive_awaiter(*this); }

    /// Sends a value without waiting. Returns false, the value untouched, when the channel is full or closed.
    bool try_send(T& value) {
        if (closed_) return false;
        std::optional<T> moved(std::move(value));
        if (put(moved)) return true;
        value = std::move(*moved);
        return false;
    }
    /// @copydoc try_send
    bool try_send(T&& value) { return try_send(value); }
    /// Receives a value without waiting; nothing when there is none.
    std::optional<T> try_receive() { return take(); }

private:
    // Hands a value to the first receiver or puts it into the buffer. False when neither can be.
    bool put(std::optional<T>& value) {
        if (!receivers_.empty()) {
            auto& to = static_cast<receive_awaiter&>(*receivers_.first());
            to.value_.emplace(std::move(*value));
            value.reset();
            receivers_.grant();
            detail::wait_list::run_granted();
            return true;
        }
        if (buffer_.size() >= capacity_) return false;
        buffer_.push_back(std::move(*value));
        value.reset();
        return true;
    }
    // Takes the first value; the first sender that waits then has its place.
    std::optional<T> take() {
        std::optional<T> value;
        if (!buffer_.empty()) {
            value.emplace(std::move(buffer_.front()));
            buffer_.pop_front();
        }
        if (senders_.empty() || (value && buffer_.size() >= capacity_)) return value;
        auto& from = static_cast<send_awaiter&>(*senders_.first());
        if (value) buffer_.push_back(std::move(*from.value_));
        else value.emplace(std::move(*from.value_));
        from.value_.reset();
        senders_.grant();
        detail::wait_list::run_granted();
        return value;
    }
    // What a receiver was given that is no more: it goes to the next one.
    void give_back(T value) {
        if (receivers_.empty()) {
            buffer_.push_front(std::move(value));
            return;
        }
        static_cast<receive_awaiter&>(*receivers_.first()).value_.emplace(std::move(value));
        receivers_.grant();
        detail::wait_list::run_granted();
    }

    std::size_t capacity_;
    bool closed_ = false;
    std::deque<T> buffer_;
    detail::wait_list senders_, receivers_;
};

} // namespace crema
