// exchange: one request and its answer, as the engine sees them.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/environment.hpp>
#include <crema/core/arena.hpp>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <crema/core/function.hpp>
#include <crema/http/chunked.hpp>
#include <crema/http/request_head.hpp>
#include <crema/net/address.hpp>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace crema {

class loop;
class exchange;

namespace detail {
class h1_connection;
struct h1_work;
}

/// Receives requests. Called on the loop, within a callback.
class exchange_handler {
public:
    /// Handles a request; answers it now, or keeps it with `exchange::retain` and answers later.
    virtual void on_request(exchange& x) = 0;

protected:
    ~exchange_handler() = default;
};

/** Represents one request and its answer on a connection.

    It ends when the answer is complete and nobody retains it; the connection then goes on with the next request. All
    views are valid until then, across suspension too.

    @par Thread Safety
    Only on its loop.
*/
class exchange {
public:
    /// Is told what becomes of the exchange.
    struct listener {
        /// The last octet of the answer was handed to the kernel.
        virtual void on_finish() noexcept {}
        /// The connection is gone before the answer was complete.
        virtual void on_close(cancel_reason) noexcept {}
        /// The exchange ends now: last call.
        virtual void on_destroy() noexcept {}

    protected:
        ~listener() = default;
    };

    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    /// Returns the head of the request.
    const http::request_head& head() const noexcept { return *head_; }

    /// Tells whether the request has a body.
    bool has_body() const noexcept { return head_->has_body(); }
    /// Returns the length of the body when the request says one.
    std::optional<std::uint64_t> content_length() const noexcept { return head_->content_length(); }
    /// Returns the whole body when it has a length and has arrived already; else nothing. Nothing is copied.
    CREMA_DECL std::optional<std::string_view> buffered_body() noexcept;

    /// Is the awaitable of `read`.
    class read_awaiter;
    /** Read the next piece of the body; empty at its end. The view is valid until the next call.

        The first call asks a client that waits for it to go on (`100 Continue`). Reading again before the last read has
        given something is an error.

        @throws system_error `closed` when the client left, `would_exceed_limit` when the body is too long, `bad_syntax` when it is
        malformed. In the last two cases the connection closes behind the answer.

        @par Cancellation
        Ends the wait; the body can be read on.
    */
    inline read_awaiter read() noexcept;
    /** Read the whole body.

        @param limit Octets; a longer body gives `error::too_large`.
        @param done Called once, perhaps before this returns.
    */
    CREMA_DECL void read_all(std::size_t limit, unique_function<void(std::error_code, std::string)> done);

    /** Answer in one go.

        @param status 200 to 999.
        @param reason Empty for the standard phrase.
        @param fields Ready lines, each with CRLF, without Date, Connection, Content-Length, Transfer-Encoding.
        @param body Not sent for HEAD, 204 and 304; taken before this returns.
    */
    CREMA_DECL void respond(int status, std::string_view reason, std::string_view fields, std::string_view body);
    /** Begin an answer whose body follows with `write`.

        @param length When known; else the body is chunked, or ends with the connection for HTTP/1.0.
    */
    CREMA_DECL void begin(int status, std::string_view reason, std::string_view fields, std::optional<std::uint64_t> length);
    /// Is the awaitable of `write`.
    class write_awaiter;
    /** Send a piece of the body. It is taken before this returns; await it to go on when there is room again.

        @throws system_error `closed` when the client left.

        @par Cancellation
        Ends the wait.
    */
    inline write_awaiter write(std::string_view piece);
    /// Sends a piece of the body without waiting for room.
    CREMA_DECL void write_now(std::string_view piece);
    /// Ends the answer. @param trailers Ready lines, only for a chunked body.
    CREMA_DECL void end(std::string_view trailers = {});
    /// Sends an informational response, 100 to 199, to clients that understand it.
    CREMA_DECL void informational(int status, std::string_view fields);
    /// Closes the connection behind the answer.
    CREMA_DECL void close_after() noexcept;
    /// Closes the connection at once; the client sees that the answer is not whole.
    CREMA_DECL void abort() noexcept;

    /// Tells whether the head of the answer was sent.
    bool head_sent() const noexcept { return head_sent_; }
    /// Tells whether the answer is complete, or nobody is there any more to take it.
    bool ended() const noexcept { return ended_; }

    /// Keeps the exchange; counts.
    void retain() noexcept { ++retained_; }
    /// Ends one `retain`. May end the exchange.
    void release() noexcept {
        if (--retained_ == 0) [[unlikely]] released();
    }

    /// Returns the scope that is cancelled when the client leaves or the server gives up.
    cancel_scope& scope() noexcept { return scope_; }
    /// Sets who is told of the end; null for nobody.
    void listen(listener* l) noexcept { listener_ = l; }
    /// Returns memory that ends with the exchange.
    arena& memory() noexcept { return memory_; }
    /// Returns the address of the client.
    CREMA_DECL const net::address& peer() const noexcept;
    /// Tells whether the connection is encrypted.
    CREMA_DECL bool secure() const noexcept;
    /// Returns the loop.
    CREMA_DECL class loop& loop() const noexcept;

private:
    friend class detail::h1_connection;
    friend struct detail::h1_work;

    enum class framing : unsigned char { none, length, chunked, until_close };
    enum class incoming : unsigned char { none, reading, complete, failed };

    exchange() = default;
    CREMA_DECL void released() noexcept;
    CREMA_DECL bool take_piece(std::string_view& piece);
    CREMA_DECL void ask_for_body();
    CREMA_DECL void resume_reader();
    CREMA_DECL bool has_room() const noexcept;

    detail::h1_connection* connection_ = nullptr;
    const http::request_head* head_ = nullptr;
    listener* listener_ = nullptr;
    cancel_scope scope_;
    arena memory_;
    unsigned retained_ = 0;
    bool head_sent_ = false;
    bool ended_ = false;
    bool finished_told_ = false;
    bool no_body_ = false; // of the answer
    bool continued_ = false;
    framing out_ = framing::none;
    incoming in_ = incoming::none;
    std::uint64_t out_left_ = 0;
    std::uint64_t in_left_ = 0;
    std::uint64_t in_total_ = 0;
    std::error_code in_error_;
    http::chunked_decoder chunks_;
    read_awaiter* reader_ = nullptr;
    write_awaiter* writer_ = nullptr;
};

class exchange::read_awaiter : cancel_callback {
public:
    /// @cond
    explicit read_awaiter(exchange& x) noexcept : cancel_callback(&stop), x_(x) {}
    bool await_ready() { return x_.take_piece(piece_); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        x_.ask_for_body();
        if (x_.take_piece(piece_)) return false;
        waiter_ = h;
        x_.reader_ = this;
        attach(env_->scope);
        return true;
    }
    CREMA_DECL std::string_view await_resume();
    ~read_awaiter() {
        if (x_.reader_ == this) x_.reader_ = nullptr;
    }
    /// @endcond

private:
    friend class exchange;
    friend class detail::h1_connection;
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<read_awaiter&>(c);
        self.x_.reader_ = nullptr;
        resume_in(*self.env_, self.waiter_);
    }
    void resume() {
        detach();
        x_.reader_ = nullptr;
        resume_in(*env_, waiter_);
    }
    exchange& x_;
    environment* env_ = nullptr;
    std::coroutine_handle<> waiter_;
    std::string_view piece_;
};

class exchange::write_awaiter : cancel_callback {
public:
    /// @cond
    explicit write_awaiter(exchange& x) noexcept : cancel_callback(&stop), x_(x) {}
    bool await_ready() const noexcept { return x_.has_room(); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) return false;
        waiter_ = h;
        x_.writer_ = this;
        attach(env_->scope);
        return true;
    }
    CREMA_DECL void await_resume();
    ~write_awaiter() {
        if (x_.writer_ == this) x_.writer_ = nullptr;
    }
    /// @endcond

private:
    friend class exchange;
    friend class detail::h1_connection;
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<write_awaiter&>(c);
        self.x_.writer_ = nullptr;
        resume_in(*self.env_, self.waiter_);
    }
    void resume() {
        detach();
        x_.writer_ = nullptr;
        resume_in(*env_, waiter_);
    }
    exchange& x_;
    environment* env_ = nullptr;
    std::coroutine_handle<> waiter_;
};

inline exchange::read_awaiter exchange::read() noexcept { return read_awaiter(*this); }
inline exchange::write_awaiter exchange::write(std::string_view piece) {
    write_now(piece);
    return write_awaiter(*this);
}

} // namespace crema
