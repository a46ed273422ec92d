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
#include <crema/http/request_parser.hpp>
#include <crema/net/address.hpp>
#include <crema/net/stream.hpp>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace crema {

class loop;
class exchange;

/// Is what was a connection of HTTP and now speaks something else.
struct upgraded_stream {
    std::unique_ptr<net::stream> stream; ///< to be started with a handler of its own; null when the client has left
    std::string received;                ///< octets that the client has sent behind its request
    std::string unsent;                  ///< octets to be sent before anything else; mostly none
};

namespace detail {

class h1_connection;
struct h1_shared;
class h1_nobody;

// Tells what is there of a request body.
enum class body_state : unsigned char { piece, end, wait, failed };

// Waits for octets of a request, or for room in an answer. `wake` may destroy it.
struct exchange_waiter {
    void (*wake)(exchange_waiter&) = nullptr;
};

// Carries an exchange: a connection of some version of HTTP, or nobody once the connection is gone.
class exchange_carrier {
public:
    virtual void respond(exchange& x, int status, std::string_view reason, std::string_view fields, std::string_view body) = 0;
    virtual void begin(exchange& x, int status, std::string_view reason, std::string_view fields,
                       std::optional<std::uint64_t> length) = 0;
    virtual void write(exchange& x, std::string_view piece) = 0;
    virtual std::optional<std::size_t> write_file(exchange&, int, std::uint64_t, std::size_t) { return std::nullopt; }
    virtual void end(exchange& x, std::string_view trailers) = 0;
    virtual void informational(exchange& x, int status, std::string_view fields) = 0;
    virtual void abort(exchange& x) noexcept = 0;
    virtual upgraded_stream upgrade(exchange& x, int status, std::string_view fields) = 0;
    virtual bool has_room(exchange& x) noexcept = 0;
    virtual body_state next_piece(exchange& x, std::string_view& piece) = 0;
    virtual std::optional<std::string_view> buffered_body(exchange& x) = 0;
    virtual void wants_body(exchange& x) = 0;
    virtual std::string_view trailers(const exchange& x) const noexcept = 0;
    virtual void released(exchange& x) noexcept = 0;
    virtual net::address local() const noexcept = 0;
    virtual std::size_t connections() const noexcept = 0;
    virtual bool closing() const noexcept = 0;

protected:
    ~exchange_carrier() = default;
};

} // namespace detail

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
    views are valid until then, across suspension too. When it was answered and sent but is still retained, the
    connection goes on without it, and a client that leaves then does not cancel it any more.

    An exchange whose client has left stays valid as long as it is retained: what is sent goes nowhere, and
    `ended()` is true.

    @par Thread Safety
    Only on its loop.
*/
class exchange {
public:
    /// Is told what becomes of the exchange.
    struct listener {
        /// The last octet of the answer was handed to the kernel.
        virtual void on_finish() noexcept {}
        /// The connection is gone before that.
        virtual void on_close(cancel_reason) noexcept {}
        /// The exchange ends now: last call.
        virtual void on_destroy() noexcept {}
        /** Tells whether `on_finish` or `on_close` matter once the answer is complete.

            When not, and nobody retains the exchange, it ends at once, without either of them: memory that is warm
            serves the next of several pipelined requests. */
        virtual bool wants_finish() const noexcept { return true; }

    protected:
        ~listener() = default;
    };

    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    /// Returns the head of the request.
    const http::request_head& head() const noexcept { return head_; }

    /// Tells whether the request has a body.
    bool has_body() const noexcept { return head_.has_body(); }
    /// Returns the length of the body when the request says one.
    std::optional<std::uint64_t> content_length() const noexcept { return head_.content_length(); }
    /// Returns the whole body when all of it is here already, else nothing. Nothing is copied; valid until the exchange ends.
    std::optional<std::string_view> buffered_body() { return carrier_->buffered_body(*this); }

    /// Is the awaitable of `read`.
    class read_awaiter;
    /** Read the next piece of the body; empty at its end. The view is valid until the next call.

        The first call that finds nothing asks a client that waits for it to go on (`100 Continue`).

        @throws system_error `closed` when the client left, `would_exceed_limit` when the body is too long, `bad_syntax` when it is
        malformed. In the last two cases the connection closes behind the answer; `body_status` tells which fits.
        @throws std::logic_error when another read waits.

        @par Cancellation
        Ends the wait; the body can be read on. Calls must not overlap.
    */
    inline read_awaiter read() noexcept;
    /** Read the whole body.

        @param limit Octets; a longer body gives `error::too_large`.
        @param done Called once, perhaps before this returns; with `error::cancelled` when the scope of the exchange is
        cancelled before. The exchange is retained until then.
    */
    CREMA_DECL void read_all(std::size_t limit, unique_function<void(std::error_code, std::string)> done);
    /** Throw away what nobody has read of the body, as it comes, also before the answer.

        After the answer this is done anyway. More than `limits::drain` octets close the connection behind the answer. */
    CREMA_DECL void drain();
    /// Returns the status that fits a body that could not be read: 400, 408, 413 or 431; 0 while nothing is wrong.
    int body_status() const noexcept { return body_status_; }
    /// Returns the trailer lines, each with CRLF, after the end of a chunked body; valid until the exchange ends.
    std::string_view trailers() const noexcept { return carrier_->trailers(*this); }

    /** Answer in one go. Does nothing when the client has left.

        @param status 200 to 999.
        @param reason Empty for the standard phrase.
        @param fields Ready lines, each with CRLF, without Date, Connection, Content-Length, Transfer-Encoding.
        @param body Not sent for HEAD, 204 and 304; taken before this returns.
        @throws system_error `already_answered`
    */
    void respond(int status, std::string_view reason, std::string_view fields, std::string_view body) {
        carrier_->respond(*this, status, reason, fields, body);
    }
    /** Begin an answer whose body follows with `write`. Does nothing when the client has left.

        @param length When known; else the body is chunked, or ends with the connection for HTTP/1.0.
        @throws system_error `already_answered`
    */
    void begin(int status, std::string_view reason, std::string_view fields, std::optional<std::uint64_t> length) {
        carrier_->begin(*this, status, reason, fields, length);
    }
    /// Is the awaitable of `write`.
    class write_awaiter;
    /** Send a piece of the body. It is taken before this returns; await it to go on when there is room again.

        @throws system_error `closed` when the client left, or when awaited and it leaves.
        @throws std::logic_error when another is awaited.

        @par Cancellation
        Ends the wait. Calls must not overlap.
    */
    inline write_awaiter write(std::string_view piece);
    /// Returns what to await for room, as `write` does, without a piece.
    inline write_awaiter room() noexcept;
    /// Makes who awaits a `write` wait, even though there is room: what was written is still being worked on.
    void hold_writers() noexcept { writers_held_ = true; }
    /// Ends `hold_writers`; may resume who waits.
    void writers_may_go() {
        writers_held_ = false;
        if (writer_ && carrier_->has_room(*this)) writer_->wake(*writer_);
    }
    /** Send a piece of the body without waiting for room. Does nothing when the client has left.

        @throws system_error `bad_value` when there is no answer to write to, or more than its length: the connection is reset then.
    */
    void write_now(std::string_view piece) { carrier_->write(*this, piece); }
    /** Send octets of a file as a piece of the body, out of the system's memory, without a copy. What is not there yet is waited
        for: ask `fs::is_at_hand` first.

        @param descriptor Of a regular file, that has them all.
        @return How many the connection took; when it is less than all, await `room`. Nothing when it cannot do that, because it is
        encrypted or the body is chunked: read and write them.
        @throws system_error As `write_now`.
    */
    std::optional<std::size_t> write_file(int descriptor, std::uint64_t offset, std::size_t size) {
        return carrier_->write_file(*this, descriptor, offset, size);
    }
    /** End the answer.

        @param trailers Ready lines, only for a chunked body.
        @throws system_error `bad_value` when less than its length was written: the connection is reset then.
    */
    void end(std::string_view trailers = {}) { carrier_->end(*this, trailers); }
    /// Sends an informational response, 100 to 199 but not 101, to clients that understand it.
    void informational(int status, std::string_view fields) { carrier_->informational(*this, status, fields); }
    /** Take the connection over for another protocol.

        Answers with a head alone, after which the connection is the caller's; the server neither counts nor closes it any
        more. The exchange is answered then and goes on as long as it is retained; its scope is not cancelled by the client.

        @param status 101, with `Connection: Upgrade` added; or 200 to 299 for CONNECT.
        @param fields Ready lines, each with CRLF: for 101 one of them is Upgrade.
        @throws system_error `already_answered`; `bad_value` for another status, or when the body was not read to its end.
    */
    upgraded_stream upgrade(int status, std::string_view fields) { return carrier_->upgrade(*this, status, fields); }
    /// Closes the connection behind the answer.
    void close_after() noexcept { close_after_ = true; }
    /// Closes the connection at once; the client sees that the answer is not whole.
    void abort() noexcept { carrier_->abort(*this); }

    /// Tells whether the head of the answer was sent.
    bool head_sent() const noexcept { return head_sent_; }
    /// Tells whether the answer is complete, or nobody is there any more to take it.
    bool ended() const noexcept { return ended_; }

    /// Returns the octets of the body of the answer, when they were known when its head was sent.
    std::optional<std::uint64_t> answer_length() const noexcept {
        return answer_length_ == unknown_length ? std::nullopt : std::optional(answer_length_);
    }

    /// Keeps the exchange; counts.
    void retain() noexcept { ++retained_; }
    /// Ends one `retain`. May end the exchange.
    void release() noexcept {
        if (--retained_ == 0) carrier_->released(*this);
    }

    /// Returns the scope that is cancelled when the client leaves or the server gives up.
    cancel_scope& scope() noexcept { return scope_; }
    /// Sets who is told of the end; null for nobody.
    void listen(listener* l) noexcept { listener_ = l; }
    /// Returns memory that ends with the exchange.
    arena& memory() noexcept { return memory_; }
    /// Returns the address of the client.
    const net::address& peer() const noexcept { return peer_; }
    /// Returns the address that the client is connected to; nothing when it has left.
    net::address local() const noexcept { return carrier_->local(); }
    /// Returns how many connections its server has open on this thread; 0 when its client has left.
    std::size_t connections() const noexcept { return carrier_->connections(); }
    /// Tells whether the server is closing: no further requests are wanted.
    bool closing() const noexcept { return carrier_->closing(); }
    /// Tells whether the connection is encrypted.
    bool secure() const noexcept { return secure_; }
    /// Returns the loop.
    class loop& loop() const noexcept { return *owner_; }

private:
    friend class detail::h1_connection;
    friend struct detail::h1_shared;
    friend class detail::h1_nobody;

    struct collector;
    enum class framing : unsigned char { none, length, chunked, until_close };

    explicit exchange(const http::parse_limits& l) noexcept : parser_(l) {}
    CREMA_DECL void wait_for_body(detail::exchange_waiter& w);
    CREMA_DECL void require_body() const;

    detail::exchange_carrier* carrier_ = nullptr;
    class loop* owner_ = nullptr;
    listener* listener_ = nullptr;
    detail::exchange_waiter* reader_ = nullptr;
    detail::exchange_waiter* writer_ = nullptr;
    cancel_scope scope_;
    unsigned retained_ = 0;
    bool head_sent_ = false;
    bool ended_ = false;
    bool told_ = false;        // on_finish or on_close was called
    bool close_after_ = false;
    bool no_body_ = false;     // of the answer
    bool continued_ = false;   // the client was asked for the body
    bool draining_ = false;    // nobody will read the body
    bool gone_ = false;        // nobody is there to be answered
    bool secure_ = false;
    bool writers_held_ = false;
    framing out_ = framing::none;
    std::uint16_t body_status_ = 0;
    net::address peer_;
    std::uint64_t out_left_ = 0;
    static constexpr auto unknown_length = static_cast<std::uint64_t>(-1);
    std::uint64_t answer_length_ = unknown_length; // set with the head
    std::error_code body_error_;
    const char* body_reason_ = "";
    http::request_head head_;
    http::request_parser parser_;
    arena memory_;
    std::uint64_t sent_at_ = 0;  // where the answer ends in what the connection sends
    exchange* next_ = nullptr;   // those that wait for their answer to be sent; those without a connection
    exchange* prev_ = nullptr;
    // the octets of the request, once the connection uses others or may give them up; see h1_room
    char* rooms_[2]{};
    std::unique_ptr<http::chunked_decoder> chunks_; // has the trailers, once the connection has gone on
};

class exchange::read_awaiter : detail::exchange_waiter, cancel_callback {
public:
    /// @cond
    explicit read_awaiter(exchange& x) noexcept : exchange_waiter{&woken}, cancel_callback(&stop), x_(x) {}
    ~read_awaiter() {
        if (x_.reader_ == this) x_.reader_ = nullptr;
    }
    bool await_ready() {
        state_ = x_.carrier_->next_piece(x_, piece_);
        return state_ != detail::body_state::wait;
    }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) {
            stopped_ = env_->scope->reason();
            return false;
        }
        waiter_ = h;
        x_.wait_for_body(*this);
        attach(env_->scope);
        return true;
    }
    std::string_view await_resume() {
        if (stopped_ != cancel_reason::none) throw cancelled(stopped_);
        if (state_ == detail::body_state::failed) x_.require_body();
        return piece_;
    }
    /// @endcond

private:
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<read_awaiter&>(c);
        self.x_.reader_ = nullptr;
        self.stopped_ = self.env_->scope->reason();
        resume_in(*self.env_, self.waiter_);
    }
    static void woken(exchange_waiter& w) {
        auto& self = static_cast<read_awaiter&>(w);
        self.state_ = self.x_.carrier_->next_piece(self.x_, self.piece_);
        if (self.state_ == detail::body_state::wait) return;
        self.x_.reader_ = nullptr;
        self.detach();
        resume_in(*self.env_, self.waiter_);
    }
    exchange& x_;
    environment* env_ = nullptr;
    std::coroutine_handle<> waiter_;
    std::string_view piece_;
    detail::body_state state_ = detail::body_state::wait;
    cancel_reason stopped_ = cancel_reason::none;
};

class exchange::write_awaiter : detail::exchange_waiter, cancel_callback {
public:
    /// @cond
    explicit write_awaiter(exchange& x) noexcept : exchange_waiter{&woken}, cancel_callback(&stop), x_(x) {}
    ~write_awaiter() {
        if (x_.writer_ == this) x_.writer_ = nullptr;
    }
    bool await_ready() noexcept { return (!x_.writers_held_ || x_.gone_) && x_.carrier_->has_room(x_); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        env_ = environment_of(h);
        if (env_->scope && env_->scope->is_cancelled()) {
            stopped_ = env_->scope->reason();
            return false;
        }
        if (x_.writer_) throw std::logic_error("crema: another write of this response is awaited already");
        waiter_ = h;
        x_.writer_ = this;
        attach(env_->scope);
        return true;
    }
    void await_resume() const {
        if (stopped_ != cancel_reason::none) throw cancelled(stopped_);
        if (x_.gone_) throw system_error(make_error_code(error::closed), "response");
    }
    /// @endcond

private:
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<write_awaiter&>(c);
        self.x_.writer_ = nullptr;
        self.stopped_ = self.env_->scope->reason();
        resume_in(*self.env_, self.waiter_);
    }
    static void woken(exchange_waiter& w) {
        auto& self = static_cast<write_awaiter&>(w);
        self.x_.writer_ = nullptr;
        self.detach();
        resume_in(*self.env_, self.waiter_);
    }
    exchange& x_;
    environment* env_ = nullptr;
    std::coroutine_handle<> waiter_;
    cancel_reason stopped_ = cancel_reason::none;
};

inline exchange::read_awaiter exchange::read() noexcept { return read_awaiter(*this); }
inline exchange::write_awaiter exchange::room() noexcept { return write_awaiter(*this); }
inline exchange::write_awaiter exchange::write(std::string_view piece) {
    write_now(piece);
    return write_awaiter(*this);
}

} // namespace crema

#if CREMA_BODIES
#include <crema/loop/loop.hpp>
#include <exception>
#include <utility>

namespace crema {

// What `read_all` waits with. Owns itself and retains the exchange; ends with the body, or with the scope of the exchange.
struct exchange::collector final : detail::exchange_waiter, cancel_callback {
    collector(exchange& from, std::size_t most, unique_function<void(std::error_code, std::string)> f) noexcept
        : exchange_waiter{&woken}, cancel_callback(&stop), x(from), limit(most), done(std::move(f)) {}
    ~collector() {
        if (x.reader_ == this) x.reader_ = nullptr;
    }

    // True when the body has ended one way or the other; `error` tells which.
    bool collect() {
        std::string_view piece;
        for (;;) {
            switch (x.carrier_->next_piece(x, piece)) {
            case detail::body_state::piece:
                if (piece.size() > limit - text.size()) {
                    error = make_error_code(crema::error::too_large);
                    return true;
                }
                text.append(piece);
                break;
            case detail::body_state::end: return true;
            case detail::body_state::failed: error = x.body_error_; return true;
            case detail::body_state::wait: return false;
            }
        }
    }
    void tell() {
        const std::unique_ptr<collector> self(this);
        if (error) text.clear();
        done(error, std::move(text));
    }
    void tell_later() noexcept {
        auto& keep = x;
        keep.reader_ = nullptr;
        detach();
        try {
            tell();
        } catch (...) {
            keep.owner_->report_unobserved(std::current_exception());
        }
        keep.release();
    }
    static void woken(exchange_waiter& w) {
        auto& self = static_cast<collector&>(w);
        if (self.collect()) self.tell_later();
    }
    static void stop(cancel_callback& c) noexcept {
        auto& self = static_cast<collector&>(c);
        self.error = make_error_code(crema::error::cancelled);
        self.tell_later();
    }

    exchange& x;
    std::size_t limit;
    unique_function<void(std::error_code, std::string)> done;
    std::string text;
    std::error_code error;
};

CREMA_DECL void exchange::wait_for_body(detail::exchange_waiter& w) {
    if (reader_) throw std::logic_error("crema: the body is being read already");
    reader_ = &w;
    carrier_->wants_body(*this);
}

CREMA_DECL void exchange::require_body() const {
    throw system_error(body_error_, *body_reason_ ? body_reason_ : "request body");
}

CREMA_DECL void exchange::drain() {
    draining_ = true;
    carrier_->wants_body(*this);
}

CREMA_DECL void exchange::read_all(std::size_t limit, unique_function<void(std::error_code, std::string)> done) {
    if (content_length().value_or(0) > limit) return done(make_error_code(error::too_large), {});
    auto all = std::make_unique<collector>(*this, limit, std::move(done));
    if (all->collect()) return all.release()->tell();
    if (scope_.is_cancelled()) {
        all->error = make_error_code(error::cancelled);
        return all.release()->tell();
    }
    wait_for_body(*all);
    retain();
    all.release()->attach(&scope_);
}

} // namespace crema
#endif
