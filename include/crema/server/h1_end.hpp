// h1_end: how a connection ends: refusals, deadlines, clients that leave, servers that close.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/server/h1_connection.hpp>

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/fields.hpp>
#include <crema/http/status.hpp>
#include <algorithm>
#include <ctime>
#include <exception>
#include <string>
#include <utility>

namespace crema::detail {

// Answers what cannot be served, and closes.
CREMA_DECL void h1_connection::refuse(int status, std::string_view reason, cancel_reason why) {
    const h1_shared::entry e(shared_);
    const bool handled = state_ == state::busy;
    if (handled && x_->head_sent_) return lose(why);
    const auto phrase = http::reason_phrase(status);
    std::size_t first = begin_; // of this request, as far as it is here
    if (handled && in_) {
        const auto* const head = x_->head_.base();
        first = head >= in_ && head < in_ + end_ ? static_cast<std::size_t>(head - in_) : 0;
    }
    const auto octets = in_ ? std::string_view(in_ + first, end_ - first) : std::string_view{};
    client_error error{status, reason, stream_->peer(), octets, "text/plain; charset=utf-8", {}};
    error.body = std::to_string(status) + " " + std::string(phrase) + ": " + std::string(reason) + "\n";
    if (shared_.on_client_error) {
        try {
            shared_.on_client_error(error);
        } catch (...) {
            shared_.report(std::current_exception());
        }
        if (state_ == state::closed) return;
        if (error.silent) return lose(why);
    }
    std::string fields;
    const auto frames = [](std::string_view name) {
        return iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding") || iequals(name, "Connection") || iequals(name, "Date");
    };
    const auto add = [&](std::string_view name, std::string_view text) {
        if (is_token(name) && http::valid_field_value(text) && !frames(name)) fields.append(name).append(": ").append(text).append("\r\n");
    };
    if (!error.type.empty()) add("Content-Type", error.type);
    for (const auto& [name, text] : error.fields) add(name, text);
    if (error.status >= 400 && error.status <= 599) status = error.status;
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
    if (chunks_) forget_chunks();
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

CREMA_DECL void h1_connection::check() {
    guarded([this] { look_at_deadlines(); });
}

CREMA_DECL void h1_connection::look_at_deadlines() {
    const auto& s = shared_;
    const auto sends_slowly = [&] { return s.slow(in_pace_, [&] { return std::exchange(in_octets_, 0); }); };
    // What the system has taken is not what the client has.
    const auto takes_slowly = [&] {
        return s.slow(out_pace_, [&] {
            const auto there = sent_ - std::min<std::uint64_t>(sent_, stream_->in_flight());
            return there - std::min(there, std::exchange(taken_, there));
        });
    };
    if (blocked_ && takes_slowly()) {
        failed_ = true;
        return lose(cancel_reason::timed_out);
    }
    switch (state_) {
    case state::head:
        if (!wants_to_read()) since_ = s.tick; // the rest may be there, and nobody has looked
        else if (!x_->parser_.started()) { // an empty line at most: nobody waits for an answer
            if (s.tick - since_ > s.idle_ticks) lose(cancel_reason::timed_out);
        } else if (s.tick - since_ > s.header_ticks) {
            refuse(408, "the header took too long", cancel_reason::timed_out);
        }
        break;
    case state::busy:
        if ((x_->reader_ || x_->draining_) && body_waits() && !unsent_ && sends_slowly()) {
            fail_body(408, make_error_code(error::timed_out), "the body comes too slowly");
            refuse(408, "the body comes too slowly", cancel_reason::timed_out);
        }
        break;
    case state::discard:
        if (!unsent_ && sends_slowly()) {
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

// Closes the connection on which nothing has gone on for longest, if that is a second at least.
CREMA_DECL bool h1_shared::make_room() noexcept {
    for (auto* l = idle.next; l != &idle; l = l->next) {
        auto& c = *static_cast<h1_connection*>(l);
        if ((tick - c.since()) * period < std::chrono::seconds(1)) return false;
        if (c.has_input()) continue; // its request was read ahead
        const entry e(*this);
        c.lose(cancel_reason::requested);
        return true;
    }
    return false;
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

CREMA_DECL std::size_t h1_shared::uncut() const noexcept {
    auto n = exchanges;
    for (auto* x = detached; x; x = x->next_) n -= x->scope_.is_cancelled();
    return n;
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

} // namespace crema::detail
#endif
