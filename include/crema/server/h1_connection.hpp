// h1_connection: the state machine of one HTTP/1.1 connection.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/http/date.hpp>
#include <crema/http/request_parser.hpp>
#include <crema/http/serializer.hpp>
#include <crema/net/stream.hpp>
#include <crema/server/exchange.hpp>
#include <crema/server/limits.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace crema {

/// Describes a request that was refused before a handler saw it.
struct client_error {
    int status;              ///< what it is answered
    std::string_view reason; ///< a few words; live forever
    net::address peer;       ///< who sent it
};

namespace detail {

class h1_connection;
struct h1_work;

// What the connections of one server share.
struct h1_shared {
    explicit h1_shared(exchange_handler& h, class loop& l, const limits& given) : handler(&h), owner(&l), limit(given) {}
    exchange_handler* handler;
    class loop* owner;
    limits limit;
    bool half_open = false;
    bool draining = false;
    http::date_cache date;
    std::chrono::steady_clock::time_point now{}; // of the last look at the deadlines
    std::function<void(const client_error&)> on_client_error;
    std::vector<std::unique_ptr<h1_work>> spare;
    h1_connection* first = nullptr; // all that are open
    std::vector<h1_connection*> buried;
    std::size_t count = 0;
    std::function<void(h1_connection&)> on_gone;

    h1_work* take_work();
    void give_back(h1_work* w) noexcept;
    void bury(h1_connection& c);
    void collect() noexcept;
};

// What a connection needs only while something is going on: buffers, parser, exchange. Idle connections have none.
struct h1_work {
    explicit h1_work(const limits& l);
    std::unique_ptr<char[]> data; // the request; its head stays here until the exchange ends
    std::size_t capacity;
    std::size_t begin = 0, end = 0;
    std::vector<char> more; // of a body that did not fit behind the head
    std::size_t more_begin = 0, more_end = 0;
    http::request_parser parser;
    http::request_head head;
    http::output_buffer out;
    exchange x;
};

class h1_connection final : public net::stream_handler {
public:
    h1_connection(h1_shared& shared, std::unique_ptr<net::stream> s);
    ~h1_connection();

    void start();
    // Looks at its deadlines.
    void check(std::chrono::steady_clock::time_point now);
    // Closes when nothing is going on; a running request is the last one.
    void drain();
    // Gives up what runs.
    void cut(cancel_reason why);
    bool busy() const noexcept { return state_ == state::busy; }
    const net::address& peer() const noexcept { return stream_->peer(); }

    h1_connection* next = nullptr;
    h1_connection** link = nullptr;

private:
    friend class crema::exchange;
    enum class state : unsigned char { idle, head, busy, drain_body, linger, closed };
    using time_point = std::chrono::steady_clock::time_point;

    void on_readable() override;
    void on_writable() override;
    void on_peer_closed() override;

    bool make_room();
    bool fill();
    void process();
    void begin_exchange();
    void exchange_may_end();
    void finish_exchange();
    void after_exchange(bool keep);
    bool drain_rest();
    void refuse(int status, std::string_view reason);
    void linger();
    void gone(cancel_reason why);
    void flush();
    void flush_unless_batch() {
        if (!batch_) flush();
    }
    void idle();
    void process_soon();
    void want();
    void read_body();
    http::connection_field connection_field() const noexcept;

    h1_shared& shared_;
    std::unique_ptr<net::stream> stream_;
    h1_work* work_ = nullptr;
    time_point since_{};          // when the current state began, as of the last look
    time_point blocked_since_{};  // since when the client takes nothing, or sends no body
    std::uint64_t moved_ = 0;     // octets since then
    std::uint64_t requests_ = 0;
    std::uint64_t swallowed_ = 0; // octets thrown away
    state state_ = state::idle;
    bool batch_ = false;
    bool keep_alive_ = true;
    bool peer_closed_ = false;
    bool wants_body_ = false;
    bool read_again_ = false;
    bool sent_end_ = false;
};

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <crema/async/spawn.hpp>
#include <crema/http/status.hpp>
#include <crema/loop/loop.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>

namespace crema {
namespace detail {

inline constexpr std::size_t h1_buffer = 16 * 1024;

CREMA_DECL h1_work::h1_work(const limits& l)
    : data(std::make_unique_for_overwrite<char[]>(h1_buffer)), capacity(h1_buffer),
      parser(http::parse_limits{.request_line = l.request_line, .header_bytes = l.header_bytes, .header_count = l.header_count}) {}

CREMA_DECL h1_work* h1_shared::take_work() {
    if (spare.empty()) return new h1_work(limit);
    auto* w = spare.back().release();
    spare.pop_back();
    return w;
}

CREMA_DECL void h1_shared::give_back(h1_work* w) noexcept {
    std::unique_ptr<h1_work> owned(w);
    if (spare.size() >= 256 || w->capacity != h1_buffer) return; // grown for one large head: not kept
    w->begin = w->end = w->more_begin = w->more_end = 0;
    if (w->more.capacity() > 64 * 1024) w->more = {};
    if (w->out.capacity() > 64 * 1024) w->out.release();
    w->out.clear();
    w->parser.reset(w->head);
    spare.push_back(std::move(owned));
}

// Connections are destroyed when no function of theirs is on the stack.
CREMA_DECL void h1_shared::bury(h1_connection& c) {
    *c.link = c.next;
    if (c.next) c.next->link = c.link;
    --count;
    if (buried.empty()) owner->next_tick([this] { collect(); });
    buried.push_back(&c);
    if (on_gone) on_gone(c);
}

CREMA_DECL void h1_shared::collect() noexcept {
    auto all = std::exchange(buried, {});
    for (auto* c : all) delete c;
}

CREMA_DECL h1_connection::h1_connection(h1_shared& shared, std::unique_ptr<net::stream> s)
    : shared_(shared), stream_(std::move(s)), since_(shared.now) {
    next = shared.first;
    if (next) next->link = &next;
    link = &shared.first;
    shared.first = this;
    ++shared.count;
}

CREMA_DECL h1_connection::~h1_connection() {
    if (work_) shared_.give_back(work_);
}

CREMA_DECL void h1_connection::start() { stream_->start(*this); }

// Room behind what has been received; more only for a head that is not complete.
CREMA_DECL bool h1_connection::make_room() {
    auto& w = *work_;
    if (w.end < w.capacity) return true;
    if (w.begin > 0) {
        std::memmove(w.data.get(), w.data.get() + w.begin, w.end - w.begin);
        w.end -= w.begin;
        w.begin = 0;
        return true;
    }
    if (w.capacity >= shared_.limit.request_line + shared_.limit.header_bytes + 2 * h1_buffer) return false;
    auto more = std::make_unique_for_overwrite<char[]>(w.capacity * 2);
    std::memcpy(more.get(), w.data.get(), w.end);
    w.data = std::move(more);
    w.capacity *= 2;
    return true;
}

// Reads once. False when there was nothing, or the connection is gone.
CREMA_DECL bool h1_connection::fill() {
    if (!make_room()) {
        refuse(431, "the header is too large");
        return false;
    }
    auto& w = *work_;
    const auto r = stream_->read({w.data.get() + w.end, w.capacity - w.end});
    if (r.error) {
        if (r.would_block()) {
            if (state_ == state::idle) idle();
        } else gone(cancel_reason::disconnected);
        return false;
    }
    if (r.size == 0) { // the client will send nothing more
        peer_closed_ = true;
        keep_alive_ = false;
        if (state_ == state::head) refuse(400, "the request ended early");
        else if (w.out.empty()) gone(cancel_reason::disconnected);
        return false;
    }
    w.end += r.size;
    return true;
}

CREMA_DECL void h1_connection::on_readable() {
    switch (state_) {
    case state::closed: return;
    case state::linger: {
        char waste[4096];
        const auto r = stream_->read(waste);
        swallowed_ += r.size;
        if ((r.error && !r.would_block()) || (!r.error && r.size == 0) || swallowed_ > shared_.limit.drain)
            gone(cancel_reason::disconnected);
        return;
    }
    case state::busy: return read_body();
    case state::drain_body:
    case state::idle:
    case state::head:
        if (!work_) work_ = shared_.take_work();
        if (!fill()) return;
        if (state_ == state::drain_body) {
            if (!drain_rest()) return;
            after_exchange(true);
        }
        process();
    }
}

// Takes requests from what has been received until one has to wait, then sends all answers at once.
CREMA_DECL void h1_connection::process() {
    batch_ = true;
    auto& w = *work_;
    while (state_ == state::idle || state_ == state::head) {
        if (w.begin == w.end) {
            w.begin = w.end = 0;
            break;
        }
        const auto parsed = w.parser.parse(w.head, w.data.get() + w.begin, w.end - w.begin);
        if (parsed == http::parse_state::done) [[likely]] {
            w.begin += w.parser.consumed();
            begin_exchange();
        } else if (parsed == http::parse_state::need_more) {
            if (state_ == state::idle && w.parser.started()) {
                state_ = state::head;
                since_ = shared_.now;
            }
            break;
        } else {
            refuse(w.parser.status(), w.parser.reason());
            break;
        }
    }
    batch_ = false;
    if (state_ == state::closed) return;
    flush();
    if (state_ == state::idle && work_ && w.begin == w.end) idle();
}

// Nothing is going on: the buffers are for others.
CREMA_DECL void h1_connection::idle() {
    if (!work_ || !work_->out.empty() || work_->begin != work_->end) return;
    shared_.give_back(std::exchange(work_, nullptr));
    if (shared_.draining) gone(cancel_reason::shutdown);
}

CREMA_DECL http::connection_field h1_connection::connection_field() const noexcept {
    if (!keep_alive_) return http::connection_field::close;
    return work_->head.version_minor() == 0 ? http::connection_field::keep_alive : http::connection_field::none;
}

CREMA_DECL void h1_connection::begin_exchange() {
    auto& w = *work_;
    auto& x = w.x;
    ++requests_;
    keep_alive_ = w.head.keep_alive() && !shared_.draining && !peer_closed_ &&
                  (shared_.limit.requests_per_connection == 0 || requests_ < shared_.limit.requests_per_connection);
    if (w.head.content_length().value_or(0) > shared_.limit.body) return refuse(413, "the body is too large");
    state_ = state::busy;
    wants_body_ = false;
    x.connection_ = this;
    x.head_ = &w.head;
    x.head_sent_ = x.ended_ = x.finished_told_ = x.continued_ = false;
    x.out_ = exchange::framing::none;
    x.in_total_ = 0;
    if (w.head.has_body()) {
        x.in_ = exchange::incoming::reading;
        x.in_left_ = w.head.chunked() ? 0 : *w.head.content_length();
        x.in_error_ = {};
        if (w.head.chunked()) x.chunks_.reset();
    } else x.in_ = exchange::incoming::complete;
    x.retained_ = 1; // by this function
    try {
        shared_.handler->on_request(x);
    } catch (...) {
        shared_.owner->report_unobserved(std::current_exception());
        if (!x.head_sent_) {
            keep_alive_ = false;
            x.respond(500, {}, "Content-Type: text/plain\r\n", "internal error\n");
        } else x.abort();
    }
    if (--x.retained_ == 0) {
        if (!x.ended_) gone(cancel_reason::requested); // nobody will answer
        else if (state_ == state::busy) finish_exchange();
        return;
    }
    want();
}

// While a handler is busy, octets are wanted only for a body that it reads; the end of the client is noticed in any case.
CREMA_DECL void h1_connection::want() {
    const bool read = state_ != state::busy || wants_body_;
    stream_->want(read && state_ != state::closed, work_ && !work_->out.empty());
}

CREMA_DECL void h1_connection::exchange_may_end() {
    auto& x = work_->x;
    if (x.retained_ != 0 || state_ == state::closed) {
        if (state_ == state::closed && x.retained_ == 0) finish_exchange();
        return;
    }
    if (!x.ended_) return gone(cancel_reason::requested);
    finish_exchange();
}

// The answer is complete and nobody holds the exchange.
CREMA_DECL void h1_connection::finish_exchange() {
    auto& x = work_->x;
    const bool closed = state_ == state::closed;
    auto* const l = std::exchange(x.listener_, nullptr);
    if (l) {
        if (!closed && !x.finished_told_) l->on_finish();
        l->on_destroy();
    }
    const bool keep = keep_alive_ && !closed;
    bool whole = x.in_ == exchange::incoming::complete || (x.in_ == exchange::incoming::none);
    x.scope_.reset();
    x.memory_.reset();
    if (closed) {
        shared_.bury(*this);
        return;
    }
    if (!whole && keep && x.in_ == exchange::incoming::reading && !(work_->head.expect_continue() && !x.continued_)) {
        state_ = state::drain_body;
        swallowed_ = 0;
        since_ = shared_.now;
        whole = drain_rest();
        if (!whole && state_ == state::drain_body) {
            flush_unless_batch();
            if (state_ == state::drain_body) want();
            return;
        }
        if (state_ != state::drain_body) return;
    }
    after_exchange(keep && whole);
}

CREMA_DECL void h1_connection::after_exchange(bool keep) {
    auto& w = *work_;
    w.more_begin = w.more_end = 0;
    w.parser.reset(w.head);
    if (!keep || (peer_closed_ && w.begin == w.end)) {
        keep_alive_ = false;
        linger();
        return;
    }
    state_ = state::idle;
    since_ = shared_.now;
    if (!batch_) {
        flush();
        if (state_ != state::idle) return;
        if (w.begin != w.end) process_soon();
        else {
            want();
            if (w.out.empty()) {
                w.begin = w.end = 0;
                idle();
            }
        }
    }
}

// Requests that arrived behind one that has had to wait.
CREMA_DECL void h1_connection::process_soon() {
    if (std::exchange(read_again_, true)) return;
    shared_.owner->next_tick([this] {
        read_again_ = false;
        if (state_ != state::idle && state_ != state::head) return;
        if (work_ && work_->begin != work_->end) process();
        if (state_ == state::idle || state_ == state::head) want();
    });
}

// Throws away the rest of a body that nobody read. True when all of it is gone.
CREMA_DECL bool h1_connection::drain_rest() {
    auto& x = work_->x;
    std::string_view piece;
    while (x.in_ == exchange::incoming::reading) {
        if (!x.take_piece(piece)) break;
        swallowed_ += piece.size();
        if (swallowed_ > shared_.limit.drain) break;
    }
    if (x.in_ == exchange::incoming::complete) return true;
    if (x.in_ != exchange::incoming::reading || swallowed_ > shared_.limit.drain || x.in_left_ > shared_.limit.drain) {
        keep_alive_ = false;
        linger();
        return false;
    }
    work_->begin = work_->end = 0;
    return false;
}

// Answers a request that no handler saw, and ends.
CREMA_DECL void h1_connection::refuse(int status, std::string_view reason) {
    keep_alive_ = false;
    if (shared_.on_client_error) {
        try {
            shared_.on_client_error({status, reason, stream_->peer()});
        } catch (...) {
            shared_.owner->report_unobserved(std::current_exception());
        }
    }
    if (!work_) work_ = shared_.take_work();
    auto& w = *work_;
    http::response_head head;
    head.status = status;
    head.fields = "Content-Type: text/plain; charset=utf-8\r\n";
    head.date_line = shared_.date.line();
    head.connection = http::connection_field::close;
    head.framing = http::body_framing::length;
    head.length = reason.size() + 1;
    http::write_response(w.out, head, reason);
    w.out.append("\n");
    linger();
}

// Sends what is left, says that nothing follows, and gives the client time to read it: closing at once would throw away
// the answer when octets of the client are still on their way.
CREMA_DECL void h1_connection::linger() {
    state_ = state::linger;
    since_ = shared_.now;
    swallowed_ = 0;
    if (work_) work_->begin = work_->end = 0;
    if (!batch_) flush();
}

CREMA_DECL void h1_connection::flush() {
    if (!work_ || state_ == state::closed) {
        if (state_ == state::linger && !sent_end_) {
            sent_end_ = true;
            stream_->end();
        }
        return;
    }
    auto& out = work_->out;
    while (!out.empty()) {
        const std::string_view piece[] = {out.view()};
        const auto r = stream_->write(piece);
        if (r.error) {
            if (r.would_block()) break;
            return gone(cancel_reason::disconnected);
        }
        moved_ += r.size;
        out.consume(r.size);
    }
    if (out.empty()) {
        out.clear();
        if (state_ == state::linger && !sent_end_) {
            sent_end_ = true;
            stream_->end();
            if (peer_closed_) return gone(cancel_reason::disconnected);
        }
    } else if (blocked_since_ == time_point{}) {
        blocked_since_ = shared_.now;
        moved_ = 0;
    }
    want();
}

CREMA_DECL void h1_connection::on_writable() {
    flush();
    if (state_ == state::closed || !work_) return;
    if (work_->out.empty()) blocked_since_ = {};
    if (state_ == state::busy) {
        if (auto* waiting = work_->x.writer_; waiting && work_->x.has_room()) waiting->resume();
    } else if (state_ == state::idle && work_->out.empty()) {
        if (work_->begin != work_->end) process_soon();
        else idle();
    }
}

// The client has sent all it will. What was answered without waiting has been answered; who still waits is told to stop.
CREMA_DECL void h1_connection::on_peer_closed() {
    peer_closed_ = true;
    if (state_ == state::busy) {
        keep_alive_ = false;
        if (work_->x.in_ == exchange::incoming::reading && wants_body_) return read_body();
        if (!shared_.half_open) gone(cancel_reason::disconnected);
    } else if (state_ == state::linger) {
        if (sent_end_) gone(cancel_reason::disconnected);
    } else if (state_ == state::idle || state_ == state::head || state_ == state::drain_body) on_readable();
}

// The handler waits for its body.
CREMA_DECL void h1_connection::read_body() {
    auto& w = *work_;
    auto& x = w.x;
    if (!wants_body_ || x.in_ != exchange::incoming::reading) return want();
    if (w.more.size() < h1_buffer) w.more.resize(h1_buffer);
    if (w.more_begin == w.more_end) w.more_begin = w.more_end = 0;
    if (w.more_end == w.more.size()) return;
    const auto r = stream_->read({w.more.data() + w.more_end, w.more.size() - w.more_end});
    if (r.error && r.would_block()) return;
    if (r.error) return gone(cancel_reason::disconnected);
    if (r.size == 0) { // it may still read: the handler says what is missing
        peer_closed_ = true;
        keep_alive_ = wants_body_ = false;
        x.in_ = exchange::incoming::failed;
        x.in_error_ = make_error_code(error::closed);
        want();
        if (x.reader_) x.reader_->resume();
        return;
    }
    w.more_end += r.size;
    moved_ += r.size;
    x.resume_reader();
}

// The connection is over. Handlers that run are cancelled; it is destroyed when the last of them has ended.
CREMA_DECL void h1_connection::gone(cancel_reason why) {
    if (state_ == state::closed) return;
    const bool was_busy = state_ == state::busy;
    state_ = state::closed;
    keep_alive_ = false;
    if (was_busy && !work_->x.ended_) stream_->reset();
    else stream_->close();
    if (!was_busy) return shared_.bury(*this);
    auto& x = work_->x;
    const bool complete = x.ended_;
    x.ended_ = true;
    ++x.retained_;
    if (!complete && x.listener_) x.listener_->on_close(why);
    x.scope_.cancel(why);
    if (x.reader_) x.reader_->resume();
    if (x.writer_) x.writer_->resume();
    if (--x.retained_ == 0) finish_exchange();
}

CREMA_DECL void h1_connection::check(time_point now) {
    const auto& l = shared_.limit;
    const auto slow = [&](time_point since) {
        const auto time = now - since;
        if (time < l.rate_grace) return false;
        const auto seconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 1000;
        return moved_ < static_cast<std::uint64_t>(seconds) * l.rate;
    };
    if (work_ && !work_->out.empty() && blocked_since_ != time_point{} && slow(blocked_since_)) return gone(cancel_reason::timed_out);
    switch (state_) {
    case state::idle:
        if (now - since_ > l.idle && (!work_ || work_->out.empty())) gone(cancel_reason::timed_out);
        break;
    case state::head:
        if (now - since_ > l.header_deadline) refuse(408, "the header took too long");
        break;
    case state::busy:
        if (wants_body_ && work_->out.empty() && blocked_since_ != time_point{} && slow(blocked_since_)) {
            auto& x = work_->x;
            x.in_ = exchange::incoming::failed;
            x.in_error_ = make_error_code(error::timed_out);
            keep_alive_ = false;
            if (x.reader_) x.reader_->resume();
        }
        break;
    case state::drain_body:
        if (now - since_ > l.rate_grace) linger();
        break;
    case state::linger:
        if (now - since_ > l.linger && (!work_ || work_->out.empty())) gone(cancel_reason::timed_out);
        break;
    case state::closed: break;
    }
}

CREMA_DECL void h1_connection::drain() {
    if (state_ == state::idle && (!work_ || (work_->begin == work_->end && work_->out.empty()))) gone(cancel_reason::shutdown);
    else if (state_ == state::busy) keep_alive_ = false;
}

CREMA_DECL void h1_connection::cut(cancel_reason why) {
    if (state_ != state::busy) return gone(why);
    auto& x = work_->x;
    ++x.retained_;
    x.scope_.cancel(why);
    x.release();
}

} // namespace detail

CREMA_DECL void exchange::released() noexcept { connection_->exchange_may_end(); }

CREMA_DECL const net::address& exchange::peer() const noexcept { return connection_->stream_->peer(); }
CREMA_DECL bool exchange::secure() const noexcept { return connection_->stream_->secure(); }
CREMA_DECL class loop& exchange::loop() const noexcept { return *connection_->shared_.owner; }

CREMA_DECL std::optional<std::string_view> exchange::buffered_body() noexcept {
    auto& w = *connection_->work_;
    if (in_ != incoming::reading || head_->chunked() || in_total_ != 0 || w.end - w.begin < in_left_) return std::nullopt;
    const std::string_view all(w.data.get() + w.begin, in_left_);
    w.begin += in_left_;
    in_left_ = 0;
    in_ = incoming::complete;
    return all;
}

// The next piece that has arrived, or the end. False when it has not arrived yet.
CREMA_DECL bool exchange::take_piece(std::string_view& piece) {
    piece = {};
    if (in_ != incoming::reading) return true;
    auto& w = *connection_->work_;
    for (;;) {
        const bool behind_head = w.begin != w.end;
        char* const data = behind_head ? w.data.get() + w.begin : w.more.data() + w.more_begin;
        const std::size_t size = behind_head ? w.end - w.begin : w.more_end - w.more_begin;
        auto& at = behind_head ? w.begin : w.more_begin;
        if (!head_->chunked()) {
            const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size, in_left_));
            if (n == 0 && in_left_ != 0) return false;
            piece = {data, n};
            at += n;
            in_left_ -= n;
            in_total_ += n;
            if (in_left_ == 0) in_ = incoming::complete;
        } else {
            if (size == 0) return false;
            const auto got = chunks_.next(data, size);
            at += got.consumed;
            piece = got.data;
            in_total_ += got.data.size();
            if (got.state == http::parse_state::done) in_ = incoming::complete;
            else if (got.state == http::parse_state::bad) {
                in_ = incoming::failed;
                in_error_ = make_error_code(error::bad_syntax);
                connection_->keep_alive_ = false;
                piece = {};
                return true;
            } else if (piece.empty()) {
                if (got.consumed == 0) return false;
                continue;
            }
            if (in_total_ > connection_->shared_.limit.body) {
                in_ = incoming::failed;
                in_error_ = make_error_code(error::would_exceed_limit);
                connection_->keep_alive_ = false;
                piece = {};
            }
        }
        // What came behind the body is the next request: back to where requests are parsed.
        if (in_ == incoming::complete && w.more_begin != w.more_end) {
            const auto rest = w.more_end - w.more_begin;
            if (w.capacity - w.end < rest) { // the head and its views must stay: a larger place for both
                auto bigger = std::make_unique_for_overwrite<char[]>(w.capacity + rest);
                std::memcpy(bigger.get(), w.data.get(), w.end);
                w.head.rebase(bigger.get() + (w.head.base() - w.data.get()));
                w.data = std::move(bigger);
                w.capacity += rest;
            }
            std::memcpy(w.data.get() + w.end, w.more.data() + w.more_begin, rest);
            w.begin = w.end;
            w.end += rest;
            w.more_begin = w.more_end;
        }
        return true;
    }
}

CREMA_DECL void exchange::ask_for_body() {
    auto& c = *connection_;
    if (head_->expect_continue() && !continued_ && !head_sent_) {
        continued_ = true;
        c.work_->out.append("HTTP/1.1 100 Continue\r\n\r\n");
        c.flush_unless_batch();
    }
    if (!c.wants_body_) {
        c.wants_body_ = true;
        c.blocked_since_ = c.shared_.now;
        c.moved_ = 0;
    }
    if (!c.batch_ && c.state_ == detail::h1_connection::state::busy) c.want();
}

CREMA_DECL void exchange::resume_reader() {
    if (!reader_) return;
    if (!take_piece(reader_->piece_)) return;
    connection_->wants_body_ = false;
    reader_->resume();
}

CREMA_DECL std::string_view exchange::read_awaiter::await_resume() {
    if (env_ && env_->scope) env_->scope->check();
    if (x_.in_ == incoming::failed)
        throw system_error(x_.in_error_, x_.in_error_ == make_error_code(error::bad_syntax) ? x_.chunks_.reason() : "request body");
    return piece_;
}

CREMA_DECL void exchange::read_all(std::size_t limit, unique_function<void(std::error_code, std::string)> done) {
    if (content_length().value_or(0) > limit) return done(make_error_code(error::too_large), {});
    if (auto all = buffered_body()) return done({}, std::string(*all));
    spawn([](exchange& x, std::size_t most, unique_function<void(std::error_code, std::string)> tell) -> task<> {
        std::string all;
        std::error_code failed;
        try {
            for (;;) {
                const std::string_view piece = co_await x.read();
                if (piece.empty()) break;
                if (all.size() + piece.size() > most) {
                    failed = make_error_code(error::too_large);
                    break;
                }
                all += piece;
            }
        } catch (const std::system_error& e) {
            failed = e.code();
        }
        tell(failed, std::move(all));
    }(*this, limit, std::move(done)), &scope_);
}

CREMA_DECL bool exchange::has_room() const noexcept {
    return ended_ || connection_->work_->out.size() <= connection_->shared_.limit.backlog;
}

CREMA_DECL void exchange::write_awaiter::await_resume() {
    if (env_ && env_->scope) env_->scope->check();
    if (x_.connection_->state_ == detail::h1_connection::state::closed) throw system_error(make_error_code(error::closed), "response");
}

CREMA_DECL void exchange::respond(int status, std::string_view reason, std::string_view fields, std::string_view body) {
    if (ended_ || head_sent_) return;
    auto& c = *connection_;
    const bool nothing = http::has_no_body(status);
    if (head_->expect_continue() && !continued_ && in_ == incoming::reading) c.keep_alive_ = false; // the body may come or not
    http::response_head head;
    head.status = status;
    head.reason = reason;
    head.fields = fields;
    head.date_line = c.shared_.date.line();
    head.connection = c.connection_field();
    head.framing = nothing ? http::body_framing::none : http::body_framing::length;
    head.length = body.size();
    const bool silent = nothing || head_->method() == http::method::head;
    http::write_response(c.work_->out, head, silent ? std::string_view{} : body);
    head_sent_ = ended_ = true;
    c.flush_unless_batch();
}

CREMA_DECL void exchange::begin(int status, std::string_view reason, std::string_view fields, std::optional<std::uint64_t> length) {
    if (ended_ || head_sent_) return;
    auto& c = *connection_;
    const bool nothing = http::has_no_body(status);
    no_body_ = nothing || head_->method() == http::method::head;
    http::response_head head;
    head.status = status;
    head.reason = reason;
    head.fields = fields;
    head.date_line = c.shared_.date.line();
    if (nothing) out_ = framing::none;
    else if (length) {
        out_ = framing::length;
        out_left_ = *length;
        head.framing = http::body_framing::length;
        head.length = *length;
    } else if (head_->version_minor() == 1) {
        out_ = framing::chunked;
        head.framing = http::body_framing::chunked;
    } else {
        out_ = framing::until_close;
        c.keep_alive_ = false;
    }
    if (head_->expect_continue() && !continued_ && in_ == incoming::reading) c.keep_alive_ = false;
    head.connection = c.connection_field();
    http::write_response(c.work_->out, head);
    head_sent_ = true;
    c.flush_unless_batch();
}

CREMA_DECL void exchange::write_now(std::string_view piece) {
    if (ended_ || !head_sent_ || piece.empty()) return;
    auto& c = *connection_;
    if (out_ == framing::length) {
        if (piece.size() > out_left_) { // more than was said: the client would take it for the next answer
            c.shared_.owner->report_unobserved(std::make_exception_ptr(
                system_error(make_error_code(error::would_exceed_limit), "response body longer than its Content-Length")));
            return abort();
        }
        out_left_ -= piece.size();
    }
    if (no_body_) return;
    if (out_ == framing::chunked) http::write_chunk(c.work_->out, piece);
    else c.work_->out.append(piece);
    c.flush_unless_batch();
}

CREMA_DECL void exchange::end(std::string_view trailers) {
    if (ended_ || !head_sent_) return;
    auto& c = *connection_;
    if (out_ == framing::length && out_left_ != 0 && !no_body_) {
        c.shared_.owner->report_unobserved(std::make_exception_ptr(
            system_error(make_error_code(error::closed), "response body shorter than its Content-Length")));
        return abort();
    }
    if (out_ == framing::chunked && !no_body_) http::write_last_chunk(c.work_->out, trailers);
    ended_ = true;
    c.flush_unless_batch();
}

CREMA_DECL void exchange::informational(int status, std::string_view fields) {
    if (head_sent_ || ended_ || status < 100 || status > 199 || status == 101 || head_->version_minor() == 0) return;
    http::response_head head;
    head.status = status;
    head.fields = fields;
    http::write_response(connection_->work_->out, head);
    if (status == 100) continued_ = true;
    connection_->flush_unless_batch();
}

CREMA_DECL void exchange::close_after() noexcept { connection_->keep_alive_ = false; }

CREMA_DECL void exchange::abort() noexcept { connection_->gone(cancel_reason::requested); }

} // namespace crema
#endif
