// h1_connection: the state machine of one HTTP/1.1 connection.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/recycle.hpp>
#include <crema/http/chunked.hpp>
#include <crema/http/serializer.hpp>
#include <crema/net/stream.hpp>
#include <crema/server/exchange.hpp>
#include <crema/server/h1_shared.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace crema::detail {

/* One connection. Requests are parsed one after the other out of one buffer; answers are collected in another and
   leave with one send when the input is used up or a handler waits.

   What is called from outside enters `run`, which takes steps until nothing more can be done. Handlers only change
   state: while `run` is on the stack it goes on after them, else they ask for a `run` when the running callback has
   ended. So nothing here runs on top of a handler, and several writes of one callback leave together.

   A connection on which nothing is going on owns no buffer and no exchange. Closed ones are destroyed when no function
   of any connection is on the stack. */
class h1_connection final : public h1_link, public exchange_carrier, private net::stream_handler {
public:
    h1_connection(h1_shared& shared, std::unique_ptr<net::stream> s);
    h1_connection(const h1_connection&) = delete;
    h1_connection& operator=(const h1_connection&) = delete;
    ~h1_connection();
    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

    void start();
    // Looks at its deadlines.
    void check();
    // Closes when nothing is going on; a running request is the last one.
    void drain();
    // It is over.
    void lose(cancel_reason why) noexcept;
    void run_soon();
    // Another turn of the loop: who writes a lot may go on.
    void run_later();
    std::uint32_t since() const noexcept { return since_; }
    void since(std::uint32_t tick) noexcept { since_ = tick; }
    const net::address& peer() const noexcept { return stream_->peer(); }
    bool has_input() const noexcept { return begin_ != end_; }

private:
    // idle: nothing of a request is there. head: some. busy: a handler has it. discard: it was answered, its body is not
    // over. closing: the last answer is on its way. linger: it has gone; what the client still sends is thrown away.
    enum class state : unsigned char { idle, head, busy, discard, closing, linger, closed };
    enum class body_framing : unsigned char { none, length, chunked };

    CREMA_DECL void on_readable() override;
    CREMA_DECL void on_writable() override;
    CREMA_DECL void on_arrival() noexcept override;
    CREMA_DECL void on_flush() override;
    void on_broken(std::error_code) override { lose(cancel_reason::disconnected); }
    CREMA_DECL void on_peer_closed() override;

    CREMA_DECL void respond(exchange& x, int status, std::string_view reason, std::string_view fields,
                            std::string_view body) override;
    CREMA_DECL void begin(exchange& x, int status, std::string_view reason, std::string_view fields,
                          std::optional<std::uint64_t> length) override;
    CREMA_DECL void write(exchange& x, std::string_view piece) override;
    CREMA_DECL std::optional<std::size_t> write_file(exchange& x, int descriptor, std::uint64_t offset, std::size_t size) override;
    CREMA_DECL void end(exchange& x, std::string_view trailers) override;
    CREMA_DECL void informational(exchange& x, int status, std::string_view fields) override;
    CREMA_DECL void abort(exchange& x) noexcept override;
    CREMA_DECL upgraded_stream upgrade(exchange& x, int status, std::string_view fields) override;
    CREMA_DECL bool has_room(exchange& x) noexcept override;
    CREMA_DECL body_state next_piece(exchange& x, std::string_view& piece) override;
    CREMA_DECL std::optional<std::string_view> buffered_body(exchange& x) override;
    CREMA_DECL void wants_body(exchange& x) override;
    CREMA_DECL std::string_view trailers(const exchange& x) const noexcept override;
    CREMA_DECL void released(exchange& x) noexcept override;
    net::address local() const noexcept override { return stream_->local(); }
    std::size_t connections() const noexcept override { return shared_.connections; }
    bool closing() const noexcept override { return shared_.draining; }

    void enter(state s) noexcept;
    void run();
    void take_steps();
    void soon();
    bool step();
    bool step_head();
    bool step_busy();
    bool step_discard();
    bool rest();
    void go_on();
    template <class F>
    void guarded(F&& f) noexcept;
    void fail() noexcept;
    void dispatch();
    void finish();
    void detach() noexcept;
    void forget_body() noexcept;
    void forget_chunks() noexcept;
    void refuse(int status, std::string_view reason, cancel_reason why);
    void client_ended();
    void end_with(exchange& x, cancel_reason why) noexcept;
    void write_through(std::string_view body);
    void leave_server() noexcept;
    [[noreturn]] static void refuse_answer(const exchange& x, int status);
    void head_of(exchange& x, http::response_head& head, int status, std::string_view reason, std::string_view fields);
    void look_at_deadlines();
    void want() noexcept;
    bool wants_to_read() const noexcept;
    bool can_make_room() const noexcept;

    std::span<char> room_to_read();
    void advance_body();
    bool body_over() const noexcept { return framing_ == body_framing::none; }
    bool body_waits() const noexcept { return body_at_ == body_end_ && !body_over() && !body_failed_; }
    void fail_body(int status, std::error_code code, const char* why) noexcept;
    bool decide_keep(const exchange& x) const noexcept;
    http::connection_field connection_field(const exchange& x) const noexcept;
    bool send() noexcept;
    void tell_sent();

    static constexpr auto never = static_cast<std::uint64_t>(-1);

    h1_shared& shared_;
    std::unique_ptr<net::stream> stream_;
    exchange* x_ = nullptr;                     // the request that is parsed or handled
    exchange* unsent_ = nullptr;                // answered ones whose listeners wait for the send, in order
    std::unique_ptr<http::chunked_decoder> chunks_;
    // Octets received: [head of the request] [body_at_ body_end_: body not handed out] [begin_ end_: not looked at]
    char* in_ = nullptr;
    std::uint32_t capacity_ = 0, begin_ = 0, end_ = 0, body_at_ = 0, body_end_ = 0;
    std::uint32_t pinned_ = 0;                  // octets in front that a handler may look at
    http::output_buffer out_;
    std::uint64_t sent_ = 0;                    // octets of answers since the beginning
    std::uint64_t body_left_ = 0;               // octets of the body that have not been received
    std::uint64_t body_seen_ = 0;               // octets of a chunked body so far
    std::uint64_t swallowed_ = 0;               // octets that were thrown away
    std::uint64_t in_octets_ = 0;               // that have come since the pace was looked at
    std::uint64_t taken_ = 0;                   // octets of answers that the client had by then
    std::uint64_t requests_ = 0;
    std::size_t burst_ = 0;                     // octets written since others had their turn
    std::uint32_t in_turn_ = 0;                 // requests since others had their turn
    std::uint32_t since_ = 0;                   // tick in which the state began
    std::uint32_t rested_ = 0;                  // tick in which it was put at the end of those that are idle
    std::int32_t in_pace_, out_pace_;           // ticks for which the client may still be waited for
    state state_ = state::idle;
    body_framing framing_ = body_framing::none;
    bool body_failed_ = false;
    bool lent_ = false;       // a piece of the body is in the hands of the handler
    bool keep_ = true;        // another request may follow
    bool ended_ = false;      // the client sends nothing more
    bool blocked_ = false;    // the client does not take what is sent
    bool file_waits_ = false; // there is more of a file, which is not in `out_`
    bool stalled_ = false;    // requests wait because answers do
    bool running_ = false;
    bool soon_ = false;
    bool yields_ = false;     // writes and requests wait until others have had their turn
    bool begun_ = false;      // more than an empty line of a head has come
    bool failed_ = false;     // sending has failed
    bool arrived_ = false;     // octets were read ahead, and `on_readable` follows
    bool may_put_off_ = false; // answers may wait for `on_flush`
    bool put_off_ = false;     // they do
    bool resting_ = true;     // it is in the list of those on which nothing is going on
};

} // namespace crema::detail

#if CREMA_BODIES
#include <crema/http/status.hpp>
#include <crema/loop/loop.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

namespace crema::detail {

CREMA_DECL h1_connection::h1_connection(h1_shared& shared, std::unique_ptr<net::stream> s)
    : shared_(shared), stream_(std::move(s)), since_(shared.tick), rested_(shared.tick), in_pace_(shared.pace()),
      out_pace_(shared.pace()) {
    shared.make_room_for_soon();
    shared.idle.push_back(*this);
    ++shared.connections;
}

CREMA_DECL h1_connection::~h1_connection() {
    if (soon_ || yields_) shared_.not_soon(*this);
    if (in_) shared_.give_room(in_);
}

// Does something that may fail for lack of memory: then this connection ends, and the others go on.
template <class F>
CREMA_FORCEINLINE void h1_connection::guarded(F&& f) noexcept {
    const h1_shared::entry e(shared_);
    try {
        f();
    } catch (...) {
        fail();
    }
}
// In a catch block.
CREMA_COLD CREMA_DECL void h1_connection::fail() noexcept {
    try {
        throw;
    } catch (const std::bad_alloc&) {
    } catch (...) {
        shared_.report(std::current_exception());
    }
    running_ = false;
    lose(cancel_reason::requested);
}

CREMA_DECL void h1_shared::run_soon() {
    const entry e(*this);
    running_.swap(soon_);
    for (std::size_t i = 0; i < running_.size(); ++i) if (running_[i]) running_[i]->run_soon();
    running_.clear();
}

CREMA_COLD CREMA_DECL void h1_shared::leave() noexcept {
    while (!buried.alone()) {
        auto* c = static_cast<h1_connection*>(buried.next);
        c->unlink();
        delete c;
    }
}

CREMA_DECL void h1_connection::start() { stream_->start(*this); }

CREMA_DECL void h1_connection::enter(state s) noexcept {
    state_ = s;
    since_ = shared_.tick;
}

// Asks for a run when the running callback has ended.
CREMA_DECL void h1_connection::soon() {
    if (running_ || state_ == state::closed || std::exchange(soon_, true)) return;
    shared_.soon(*this);
}
CREMA_DECL void h1_connection::run_soon() {
    soon_ = false;
    run();
}

CREMA_DECL void h1_shared::run_later() {
    const entry e(*this);
    turning_.swap(later_);
    for (std::size_t i = 0; i < turning_.size(); ++i)
        if (turning_[i]) turning_[i]->run_later();
    turning_.clear();
}
CREMA_DECL void h1_connection::run_later() {
    yields_ = false;
    burst_ = in_turn_ = 0;
    run();
}

CREMA_DECL void h1_connection::on_readable() {
    guarded([this] {
        if (state_ == state::linger) {
            const auto r = stream_->read(shared_.scratch);
            swallowed_ += r.size;
            if ((r.error && !r.would_block()) || (!r.error && r.size == 0)) lose(cancel_reason::disconnected);
            return;
        }
        bool fresh = true;
        if (!std::exchange(arrived_, false)) {
            fresh = state_ == state::idle && begin_ == end_;
            const auto room = room_to_read();
            if (room.empty()) return want();
            const auto r = stream_->read(room);
            if (r.error) {
                if (!r.would_block()) return lose(cancel_reason::disconnected);
                if (rest()) run();
                return;
            }
            if (r.size == 0) return client_ended();
            end_ += static_cast<std::uint32_t>(r.size);
            in_octets_ += r.size;
        }
        if (!yields_) in_turn_ = 0;
        may_put_off_ = fresh;
        run();
        may_put_off_ = false;
        // Whole requests and nothing else, all answered: a client that had sent more would have filled up the read.
        if (fresh && !put_off_ && state_ == state::idle && begin_ == end_ && out_.empty()) stream_->settled();
    });
}

// Reads a request ahead of its turn.
CREMA_DECL void h1_connection::on_arrival() noexcept {
    if (state_ != state::idle || begin_ != end_ || arrived_ || !resting_) return;
    try {
        const auto r = stream_->read(room_to_read());
        if (r.error || r.size == 0) return; // `on_readable` finds out once more
        end_ += static_cast<std::uint32_t>(r.size);
        in_octets_ += r.size;
        arrived_ = true;
    } catch (const std::bad_alloc&) {
    }
}

// Sends what was put off.
CREMA_DECL void h1_connection::on_flush() {
    if (!put_off_) return;
    guarded([this] {
        put_off_ = false;
        if (state_ != state::idle || begin_ != end_ || shared_.draining) return run();
        if (!send()) return lose(cancel_reason::disconnected);
        tell_sent();
        if (state_ == state::closed) return;
        rest();
        if (out_.empty()) stream_->settled();
    });
}

CREMA_DECL void h1_connection::on_writable() {
    const h1_shared::entry e(shared_);
    blocked_ = file_waits_ = false;
    run();
}

// Nothing is read at the moment, and the client has gone or will send nothing more.
CREMA_DECL void h1_connection::on_peer_closed() {
    const h1_shared::entry e(shared_);
    if (state_ != state::busy || x_->ended_ || shared_.half_open) return;
    if (body_over() || !lent_) lose(cancel_reason::disconnected); // who works on a piece of the body reads on, and finds the end
}

// Takes steps until nothing more can be done, and sends what they have answered.
CREMA_DECL void h1_connection::run() {
    if (running_ || state_ == state::closed) return;
    guarded([this] {
        do {
            running_ = true;
            take_steps();
            running_ = false;
        } while (state_ != state::closed && !put_off_ && rest());
    });
}

CREMA_DECL void h1_connection::take_steps() {
    for (;;) {
        while (step()) {}
        if (state_ == state::closed) break;
        if (may_put_off_ && state_ == state::idle && begin_ == end_ && !blocked_ && !out_.empty() && stream_->put_off()) {
            put_off_ = true;
            break;
        }
        if (!send()) {
            lose(cancel_reason::disconnected);
            break;
        }
        tell_sent();
        if (state_ == state::closed) break;
        if (stalled_ && !yields_ && out_.size() <= shared_.limit.backlog) {
            stalled_ = false;
            continue;
        }
        if (state_ != state::busy) break;
        if (x_->writer_ && !x_->writers_held_ && has_room(*x_)) {
            x_->writer_->wake(*x_->writer_);
            continue;
        }
        if (x_->retained_ == 0) continue; // a listener let go
        break;
    }
}

CREMA_DECL bool h1_connection::step() {
    switch (state_) {
    case state::idle:
    case state::head: return step_head();
    case state::busy: return step_busy();
    case state::discard: return step_discard();
    default: return false;
    }
}

CREMA_DECL bool h1_connection::step_head() {
    if (begin_ == end_) {
        if (state_ == state::idle && (ended_ || shared_.draining)) enter(state::closing);
        return false;
    }
    if (out_.size() > shared_.limit.backlog) { // the client does not take its answers: no more of them
        if (!send()) failed_ = true;
        if (out_.size() > shared_.limit.backlog) {
            stalled_ = true;
            return false;
        }
    }
    if (in_turn_ >= shared_.limit.pipeline_depth) [[unlikely]] { // others are here, too
        if (!std::exchange(yields_, true)) shared_.later(*this);
        stalled_ = true;
        return false;
    }
    if (!x_) x_ = shared_.take_exchange();
    switch (x_->parser_.parse(x_->head_, in_ + begin_, end_ - begin_)) {
    case http::parse_state::done:
        begin_ += static_cast<std::uint32_t>(x_->parser_.consumed());
        dispatch();
        return true;
    case http::parse_state::need_more:
        if (!ended_) { // the time of a head begins with its first octet
            const bool was = std::exchange(begun_, x_->parser_.started());
            if (state_ == state::idle || was != begun_) enter(state::head);
        } else if (x_->parser_.started()) {
            refuse(400, "the request is not complete", cancel_reason::disconnected);
        } else { // an empty line behind the last body is no request
            enter(state::closing);
        }
        return false;
    case http::parse_state::bad: break;
    }
    refuse(x_->parser_.status(), x_->parser_.reason(), cancel_reason::requested);
    return false;
}

CREMA_DECL bool h1_connection::step_busy() {
    auto& x = *x_;
    if (x.retained_ == 0) {
        if (!x.ended_) { // nobody is left who could answer
            if (x.head_sent_) {
                lose(cancel_reason::requested);
                return false;
            }
            x.close_after_ = true;
            respond(x, 500, {}, "Content-Type: text/plain; charset=utf-8\r\n", "500 Internal Server Error: no answer\n");
        }
        finish();
        return true;
    }
    if (x.reader_ || x.draining_) {
        advance_body();
        if (!body_waits()) {
            if (x.reader_) {
                x.reader_->wake(*x.reader_);
                return true;
            }
            if (body_at_ != body_end_) {
                swallowed_ += body_end_ - body_at_;
                body_at_ = body_end_;
                if (swallowed_ > shared_.limit.drain) fail_body(413, make_error_code(error::would_exceed_limit), "too much of the body was not wanted");
                return true;
            }
        }
    }
    return false;
}

// The rest of a body that nobody wanted.
CREMA_DECL bool h1_connection::step_discard() {
    advance_body();
    const auto size = body_end_ - body_at_;
    body_at_ = body_end_;
    swallowed_ += size;
    if (body_over()) {
        forget_body();
        enter(state::idle);
        return true;
    }
    if (!body_failed_ && swallowed_ <= shared_.limit.drain) return false;
    enter(state::closing);
    return false;
}

// A request is complete as far as its head goes.
CREMA_DECL void h1_connection::dispatch() {
    auto& x = *x_;
    auto& head = x.head_;
    ++requests_;
    ++in_turn_;
    begun_ = false;
    lent_ = body_failed_ = stalled_ = false;
    body_seen_ = swallowed_ = 0;
    in_octets_ = end_ - begin_; // of the body, or of what comes behind
    in_pace_ = shared_.pace();
    body_at_ = body_end_ = pinned_ = begin_;
    x.carrier_ = this;
    x.owner_ = shared_.owner;
    x.peer_ = stream_->peer();
    x.secure_ = stream_->secure();
    x.head_sent_ = x.ended_ = x.told_ = x.writers_held_ = x.close_after_ = x.no_body_ = x.continued_ = x.draining_ = x.gone_ = false;
    x.out_ = exchange::framing::none;
    x.answer_length_ = exchange::unknown_length;
    x.body_status_ = 0;
    if (x.body_error_) x.body_error_.clear();
    x.body_reason_ = "";
    enter(state::busy);
    ++shared_.exchanges;
    ++shared_.begun;
    if (head.has_body()) {
        if (head.chunked()) {
            framing_ = body_framing::chunked;
            if (!chunks_) chunks_ = shared_.take_decoder();
            else chunks_->reset();
        } else {
            framing_ = body_framing::length;
            body_left_ = *head.content_length();
            if (body_left_ > shared_.limit.body) return refuse(413, "the body is too large", cancel_reason::requested);
        }
    }
    x.retained_ = 1; // while the handler runs
    try {
        shared_.handler->on_request(x);
    } catch (...) {
        shared_.report(std::current_exception());
        if (!x.head_sent_) {
            x.close_after_ = true;
            x.respond(500, {}, "Content-Type: text/plain; charset=utf-8\r\n", "500 Internal Server Error\n");
        } else if (!x.ended_) {
            x.abort();
        }
    }
    if (x.carrier_ == this) --x.retained_;
    else x.release(); // the connection was lost
}

// The answer is complete and nobody holds the exchange.
CREMA_DECL void h1_connection::finish() {
    auto& x = *std::exchange(x_, nullptr);
    keep_ = keep_ && !x.close_after_ && !body_failed_;
    if (x.listener_ && !x.told_ && x.listener_->wants_finish()) {
        if (x.sent_at_ <= sent_) {
            x.told_ = true;
            x.listener_->on_finish();
            shared_.recycle(x);
        } else { // after the send; the head of the request stays where it is until then, whatever becomes of the connection
            x.rooms_[x.rooms_[0] != nullptr] = h1_shared::share_room(in_);
            if (chunks_ && body_over()) x.chunks_ = std::move(chunks_);
            x.next_ = nullptr;
            auto** last = &unsent_;
            while (*last) last = &(*last)->next_;
            *last = &x;
        }
    } else {
        shared_.recycle(x);
    }
    if (state_ != state::busy) return; // a listener has closed it
    if (!keep_) return enter(state::closing);
    if (body_over()) {
        forget_body();
        return enter(state::idle);
    }
    advance_body();
    body_at_ = body_end_;
    swallowed_ = 0;
    enter(state::discard);
}

// The connection goes on, or ends, without an exchange that somebody still holds. It takes the octets of its request along.
CREMA_DECL void h1_connection::detach() noexcept {
    auto& x = *std::exchange(x_, nullptr);
    shared_.adopt(x);
    x.reader_ = x.writer_ = nullptr;
    x.rooms_[x.rooms_[0] != nullptr] = std::exchange(in_, nullptr);
    capacity_ = begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
    if (chunks_ && body_over()) x.chunks_ = std::move(chunks_);
}

CREMA_FORCEINLINE void h1_connection::forget_body() noexcept {
    framing_ = body_framing::none;
    lent_ = false;
    pinned_ = 0;
    body_at_ = body_end_ = begin_;
    if (chunks_) [[unlikely]] forget_chunks();
}
CREMA_COLD CREMA_DECL void h1_connection::forget_chunks() noexcept { shared_.give_back(std::move(chunks_)); }

// Nothing more can be done now: gives back what is not needed and says what is waited for. True when there is more, after all.
CREMA_DECL bool h1_connection::rest() {
    if (state_ == state::busy && x_->ended_ && x_->told_ && body_over()) {
        go_on();
        return true;
    }
    if (out_.empty()) {
        if (out_.capacity() != 0) shared_.give_output(out_);
        if (state_ == state::closing) {
            if (ended_) {
                lose(cancel_reason::disconnected);
                return false;
            }
            stream_->end();
            begin_ = end_;
            enter(state::linger);
        }
        if ((state_ == state::idle || state_ == state::linger) && begin_ == end_) {
            if (in_) shared_.give_room(std::exchange(in_, nullptr));
            capacity_ = begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
            if (x_) shared_.give_back(std::exchange(x_, nullptr));
            if (state_ == state::idle) {
                if (!resting_ || rested_ != shared_.tick) shared_.idle.push_back(*this); // else it is with the last ones
                resting_ = true;
                rested_ = since_ = shared_.tick;
                want();
                return false;
            }
        }
    }
    resting_ = false;
    shared_.active.push_back(*this);
    want();
    return false;
}

// Whatever the handler still does after its answer is its own affair; the next request does not wait for it.
CREMA_DECL void h1_connection::go_on() {
    const auto begin = begin_, end = end_, capacity = capacity_;
    char* const room = begin != end ? h1_shared::share_room(in_) : nullptr; // the next requests lie behind
    keep_ = keep_ && !x_->close_after_ && !body_failed_;
    detach();
    if (room) {
        in_ = room;
        begin_ = begin;
        end_ = end;
        capacity_ = capacity;
    }
    forget_body();
    enter(keep_ ? state::idle : state::closing);
}

CREMA_DECL void h1_connection::want() noexcept { stream_->want(wants_to_read(), blocked_); }

CREMA_DECL bool h1_connection::wants_to_read() const noexcept {
    if (ended_) return false;
    if (state_ == state::linger) return true;
    if (unsent_ || stalled_ || state_ == state::closing) return false;
    return state_ != state::busy || end_ < capacity_ || can_make_room();
}

// Whether the room that a body has taken can be used again.
CREMA_DECL bool h1_connection::can_make_room() const noexcept {
    return (x_->reader_ || x_->draining_) && !lent_ && begin_ == end_ && body_at_ == body_end_;
}

} // namespace crema::detail
#include <crema/server/h1_answer.hpp>
#include <crema/server/h1_body.hpp>
#include <crema/server/h1_end.hpp>
#endif
