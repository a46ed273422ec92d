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
    std::uint32_t since() const noexcept { return since_; }
    void since(std::uint32_t tick) noexcept { since_ = tick; }
    const net::address& peer() const noexcept { return stream_->peer(); }

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

    void enter(state s) noexcept;
    void run();
    void take_steps();
    void soon();
    bool step();
    bool step_head();
    bool step_busy();
    bool step_discard();
    void rest();
    void go_on();
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
    void want() noexcept;

    std::span<char> room_to_read();
    void advance_body();
    bool body_over() const noexcept { return framing_ == body_framing::none; }
    bool body_waits() const noexcept { return body_at_ == body_end_ && !body_over() && !body_failed_; }
    void fail_body(int status, error code, const char* why) noexcept;
    bool decide_keep(const exchange& x) const noexcept;
    http::connection_field connection_field(const exchange& x) const noexcept;
    bool send() noexcept;
    void tell_sent();

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
    std::uint64_t in_octets_ = 0, out_octets_ = 0; // in the current stretch of waiting
    std::uint64_t requests_ = 0;
    std::uint32_t since_ = 0;                   // tick in which the state began
    std::uint32_t rested_ = 0;                  // tick in which it was put at the end of those that are idle
    std::uint32_t in_ticks_ = 0, out_ticks_ = 0; // ticks of waiting for the client in the current stretch
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
    : shared_(shared), stream_(std::move(s)), since_(shared.tick), rested_(shared.tick) {
    shared.make_room_for_soon();
    shared.idle.push_back(*this);
    ++shared.connections;
}

CREMA_DECL h1_connection::~h1_connection() {
    if (soon_) shared_.not_soon(*this);
    if (in_) shared_.give_room(in_, capacity_);
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

template <class F>
void h1_shared::for_each(h1_link& list, F&& f) {
    const entry e(*this);
    h1_link rest;
    rest.take_all(list);
    while (!rest.alone()) {
        auto& c = *static_cast<h1_connection*>(rest.next);
        list.push_back(c);
        f(c);
    }
}

// When many ticks come at once the loop was blocked, and what it has done since the last tick may have happened at the
// end of them: clients are not to blame for that.
CREMA_DECL void h1_shared::advance(std::uint32_t ticks) noexcept {
    const auto before = std::exchange(tick, tick + ticks);
    passed += ticks;
    if (ticks <= 2) return;
    for (auto* l = idle.prev; l != &idle; l = l->prev) {
        auto& c = *static_cast<h1_connection*>(l);
        if (c.since() != before) break;
        c.since(tick);
    }
    for (auto* l = active.prev; l != &active; l = l->prev)
        if (auto& c = *static_cast<h1_connection*>(l); c.since() == before) c.since(tick);
}

// Looks at all deadlines.
CREMA_DECL void h1_shared::check_all() {
    date.refresh(static_cast<std::int64_t>(std::time(nullptr)));
    const entry e(*this);
    while (!idle.alone()) {
        auto& c = *static_cast<h1_connection*>(idle.next);
        if (tick - c.since() <= idle_ticks) break;
        c.lose(cancel_reason::timed_out);
    }
    for_each(active, [](h1_connection& c) { c.check(); });
    passed = 0;
}

// Cancels everything.
CREMA_DECL void h1_shared::cut(cancel_reason why) {
    const auto keep = shared_from_this();
    for_each(idle, [&](h1_connection& c) { c.lose(why); });
    for_each(active, [&](h1_connection& c) { c.lose(why); });
    for (auto* x = detached; x;) { // each cancellation may end any of them
        if (x->scope_.is_cancelled()) {
            x = x->next_;
            continue;
        }
        x->retain();
        x->scope_.cancel(why);
        x->release();
        x = detached;
    }
}

CREMA_DECL void h1_shared::drain() {
    draining = true;
    if (drain_idle.count() > 0) {
        idle_ticks = ticks_of(drain_idle);
        for_each(idle, [&](h1_connection& c) { c.since(tick); });
    } else {
        for_each(idle, [](h1_connection& c) { c.drain(); });
    }
    may_be_quiet();
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

CREMA_DECL void h1_connection::on_readable() {
    const h1_shared::entry e(shared_);
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
            return rest();
        }
        if (r.size == 0) return client_ended();
        end_ += static_cast<std::uint32_t>(r.size);
        in_octets_ += r.size;
    }
    may_put_off_ = fresh;
    run();
    may_put_off_ = false;
    // Whole requests and nothing else, all answered: a client that had sent more would have filled up the read.
    if (fresh && !put_off_ && state_ == state::idle && begin_ == end_ && out_.empty()) stream_->settled();
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
    const h1_shared::entry e(shared_);
    put_off_ = false;
    if (state_ != state::idle || begin_ != end_ || shared_.draining) return run();
    if (!send()) return lose(cancel_reason::disconnected);
    tell_sent();
    if (state_ == state::closed) return;
    rest();
    if (out_.empty()) stream_->settled();
}

CREMA_DECL void h1_connection::on_writable() {
    const h1_shared::entry e(shared_);
    blocked_ = file_waits_ = false;
    run();
}

// Nothing is read at the moment, and the client has gone or will send nothing more.
CREMA_DECL void h1_connection::on_peer_closed() {
    const h1_shared::entry e(shared_);
    if (state_ == state::busy && body_over() && !x_->ended_ && !shared_.half_open) lose(cancel_reason::disconnected);
}

// Takes steps until nothing more can be done, and sends what they have answered.
CREMA_DECL void h1_connection::run() {
    if (running_ || state_ == state::closed) return;
    const h1_shared::entry e(shared_);
    running_ = true;
    try {
        take_steps();
    } catch (const std::bad_alloc&) { // this connection ends, the others go on
        lose(cancel_reason::requested);
    } catch (...) {
        shared_.report(std::current_exception());
        lose(cancel_reason::requested);
    }
    running_ = false;
    if (state_ != state::closed && !put_off_) rest();
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
        if (stalled_ && out_.size() <= shared_.limit.backlog) {
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
    if (!x_) x_ = shared_.take_exchange();
    switch (x_->parser_.parse(x_->head_, in_ + begin_, end_ - begin_)) {
    case http::parse_state::done:
        begin_ += static_cast<std::uint32_t>(x_->parser_.consumed());
        dispatch();
        return true;
    case http::parse_state::need_more:
        if (!ended_) {
            if (state_ == state::idle) enter(state::head);
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
                if (swallowed_ > shared_.limit.drain) fail_body(413, error::would_exceed_limit, "too much of the body was not wanted");
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
    lent_ = body_failed_ = stalled_ = false;
    body_seen_ = swallowed_ = in_octets_ = 0;
    in_ticks_ = 0;
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
    x.retained_ = 1;
    if (head.has_body()) {
        if (head.chunked()) {
            framing_ = body_framing::chunked;
            if (!chunks_) chunks_ = shared_.take_decoder();
            else chunks_->reset();
        } else {
            framing_ = body_framing::length;
            body_left_ = *head.content_length();
            if (body_left_ > shared_.limit.body) {
                x.retained_ = 0;
                return refuse(413, "the body is too large", cancel_reason::requested);
            }
        }
    }
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
        } else { // after the send; the head of the request stays where it is until then
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
    auto& room = x.rooms_[x.rooms_[0].data != nullptr];
    room.data = std::exchange(in_, nullptr);
    room.size = std::exchange(capacity_, 0);
    begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
}

CREMA_FORCEINLINE void h1_connection::forget_body() noexcept {
    framing_ = body_framing::none;
    lent_ = false;
    pinned_ = 0;
    body_at_ = body_end_ = begin_;
    if (chunks_) [[unlikely]] forget_chunks();
}
CREMA_COLD CREMA_DECL void h1_connection::forget_chunks() noexcept { shared_.give_back(std::move(chunks_)); }

// Answers what cannot be served, and closes.
CREMA_DECL void h1_connection::refuse(int status, std::string_view reason, cancel_reason why) {
    const h1_shared::entry e(shared_);
    const bool handled = state_ == state::busy;
    if (handled && x_->head_sent_) return lose(why);
    const auto phrase = http::reason_phrase(status);
    const auto octets = std::string_view(in_ + (handled ? 0 : begin_), in_ ? end_ - (handled ? 0 : begin_) : 0);
    client_error error{status, reason, stream_->peer(), octets, "text/plain; charset=utf-8", {}};
    error.body = std::to_string(status) + " " + std::string(phrase) + ": " + std::string(reason) + "\n";
    if (shared_.on_client_error) {
        try {
            shared_.on_client_error(error);
        } catch (...) {
            shared_.report(std::current_exception());
        }
        if (state_ == state::closed) return;
    }
    const auto fields = error.type.empty() ? std::string() : "Content-Type: " + error.type + "\r\n";
    const bool silent = x_ && x_->head_.method() == http::method::head;
    http::response_head head;
    head.status = status;
    head.fields = fields;
    head.date_line = shared_.date.line();
    head.connection = http::connection_field::close;
    if (!silent) { // else who does not know that this is a HEAD sees an empty body, too
        head.framing = http::body_framing::length;
        head.length = error.body.size();
    }
    keep_ = false;
    if (out_.capacity() == 0) shared_.take_output(out_);
    http::write_response(out_, head, silent ? std::string_view{} : error.body);
    framing_ = body_framing::none;
    enter(state::closing);
    if (handled) {
        auto& x = *x_;
        end_with(x, why);
    } else if (x_) {
        shared_.give_back(std::exchange(x_, nullptr));
    }
    if (!running_) run();
}

// The client has sent all it will.
CREMA_DECL void h1_connection::client_ended() {
    ended_ = true;
    switch (state_) {
    case state::idle:
        if (begin_ == end_ && out_.empty()) return lose(cancel_reason::disconnected);
        break;
    case state::head: break; // refused
    case state::busy:
        advance_body();
        if (x_->ended_) break;
        if (!body_over()) return refuse(400, "the body is not complete", cancel_reason::disconnected);
        if (!shared_.half_open) return lose(cancel_reason::disconnected);
        break;
    case state::discard: enter(state::closing); break;
    default: break;
    }
    run();
}

// Tells an exchange that nobody is there any more, and lets go of it.
CREMA_DECL void h1_connection::end_with(exchange& x, cancel_reason why) noexcept {
    auto* const reader = x.reader_;
    auto* const writer = x.writer_;
    detach();
    x.reader_ = reader;
    x.writer_ = writer;
    x.gone_ = true;
    ++x.retained_;
    const bool told = std::exchange(x.told_, true);
    x.ended_ = true;
    if (!told && x.listener_) x.listener_->on_close(why);
    x.scope_.cancel(why);
    try {
        if (x.reader_) x.reader_->wake(*x.reader_);
        if (x.writer_) x.writer_->wake(*x.writer_);
    } catch (...) {
        shared_.report(std::current_exception());
    }
    x.release();
}

CREMA_DECL void h1_connection::lose(cancel_reason why) noexcept {
    if (state_ == state::closed) return;
    const h1_shared::entry e(shared_);
    const bool handled = state_ == state::busy && x_ != nullptr;
    if (std::exchange(put_off_, false)) send();
    const bool cut = (handled && !x_->ended_) || !out_.empty() || failed_;
    state_ = state::closed;
    keep_ = false;
    shared_.buried.push_back(*this);
    if (cut) stream_->reset();
    else stream_->close();
    while (unsent_) {
        auto& x = *unsent_;
        unsent_ = x.next_;
        x.told_ = true;
        if (x.listener_) x.listener_->on_close(why);
        shared_.recycle(x);
    }
    if (handled) end_with(*x_, why);
    else if (x_) shared_.give_back(std::exchange(x_, nullptr));
    leave_server();
}

// What is left to do when it is over.
CREMA_DECL void h1_connection::leave_server() noexcept {
    if (chunks_) shared_.give_back(std::move(chunks_));
    shared_.give_output(out_);
    --shared_.connections;
    if (shared_.on_gone) shared_.on_gone(*this);
    if (shared_.draining) shared_.may_be_quiet();
}

// Nothing more can be done now: gives back what is not needed and says what is waited for.
CREMA_DECL void h1_connection::rest() {
    if (state_ == state::busy && x_->ended_ && x_->told_ && body_over()) return go_on();
    if (out_.empty()) {
        if (out_.capacity() != 0) shared_.give_output(out_);
        if (state_ == state::closing) {
            if (ended_) return lose(cancel_reason::disconnected);
            stream_->end();
            begin_ = end_;
            enter(state::linger);
        }
        if ((state_ == state::idle || state_ == state::linger) && begin_ == end_) {
            if (in_) shared_.give_room(std::exchange(in_, nullptr), capacity_);
            capacity_ = begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
            if (x_) shared_.give_back(std::exchange(x_, nullptr));
            if (state_ == state::idle) {
                if (!resting_ || rested_ != shared_.tick) shared_.idle.push_back(*this); // else it is with the last ones
                resting_ = true;
                rested_ = since_ = shared_.tick;
                return want();
            }
        }
    }
    resting_ = false;
    shared_.active.push_back(*this);
    want();
}

// Whatever the handler still does after its answer is its own affair; the next request does not wait for it.
CREMA_DECL void h1_connection::go_on() {
    const auto left = end_ - begin_;
    const auto size = std::max<std::size_t>(h1_room::size, left);
    char* more = nullptr;
    if (left != 0) {
        more = shared_.take_room(size);
        std::memcpy(more, in_ + begin_, left);
    }
    keep_ = keep_ && !x_->close_after_ && !body_failed_;
    detach();
    forget_body();
    if (more) {
        in_ = more;
        capacity_ = static_cast<std::uint32_t>(size);
        end_ = left;
    }
    enter(keep_ ? state::idle : state::closing);
    run();
}

CREMA_DECL void h1_connection::want() noexcept {
    bool readable = !ended_;
    if (state_ == state::busy) readable = readable && !unsent_ && (end_ < capacity_ || ((x_->reader_ || x_->draining_) && !lent_));
    else if (state_ == state::closing || stalled_ || (unsent_ && state_ != state::linger)) readable = false;
    stream_->want(readable, blocked_);
}

CREMA_DECL void h1_connection::check() {
    const auto& s = shared_;
    const auto slow = [&s](std::uint32_t& ticks, std::uint64_t& octets) {
        ticks += s.passed;
        if (ticks < s.rate_ticks) return false;
        const bool result = octets < s.rate_octets;
        ticks = 0;
        octets = 0;
        return result;
    };
    if (blocked_ && slow(out_ticks_, out_octets_)) {
        failed_ = true;
        return lose(cancel_reason::timed_out);
    }
    switch (state_) {
    case state::head:
        if (!x_->parser_.started()) { // an empty line at most: nobody waits for an answer
            if (s.tick - since_ > s.idle_ticks) lose(cancel_reason::timed_out);
        } else if (s.tick - since_ > s.header_ticks) {
            refuse(408, "the header took too long", cancel_reason::timed_out);
        }
        break;
    case state::busy:
        if ((x_->reader_ || x_->draining_) && body_waits() && slow(in_ticks_, in_octets_)) {
            fail_body(408, error::timed_out, "the body comes too slowly");
            refuse(408, "the body comes too slowly", cancel_reason::timed_out);
        }
        break;
    case state::discard:
        if (slow(in_ticks_, in_octets_)) {
            enter(state::closing);
            run();
        }
        break;
    case state::linger:
        if (s.tick - since_ > s.linger_ticks) lose(cancel_reason::timed_out);
        break;
    default: break;
    }
}

// The server closes: a request that runs is the last one, one that is there already is served.
CREMA_DECL void h1_connection::drain() {
    if (state_ != state::idle || begin_ != end_ || !out_.empty()) return;
    on_readable();
    if (state_ == state::idle) lose(cancel_reason::shutdown);
}

} // namespace crema::detail
#include <crema/server/h1_answer.hpp>
#include <crema/server/h1_body.hpp>
#endif
