// h1_answer: how a connection answers.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/server/h1_connection.hpp>

#if CREMA_BODIES
#include <crema/http/status.hpp>
#include <algorithm>

namespace crema::detail {

// Decides whether another request may follow this answer.
CREMA_FORCEINLINE bool h1_connection::decide_keep(const exchange& x) const noexcept {
    const auto& l = shared_.limit;
    if (!x.head_.keep_alive() || x.close_after_ || shared_.draining || body_failed_) return false;
    if (l.requests_per_connection != 0 && requests_ >= l.requests_per_connection) return false;
    if (body_over()) return true;
    // a client that was not asked for its body may send it or not
    if (x.head_.expect_continue() && !x.continued_ && begin_ == end_ && body_at_ == body_end_) return false;
    return framing_ != body_framing::length || body_left_ <= l.drain + (end_ - begin_); // what is here costs nothing
}

CREMA_DECL http::connection_field h1_connection::connection_field(const exchange& x) const noexcept {
    if (!keep_) return http::connection_field::close;
    return x.head_.version_minor() == 0 ? http::connection_field::keep_alive : http::connection_field::none;
}

// Throws when an answer cannot begin with this status now.
CREMA_COLD CREMA_DECL void h1_connection::refuse_answer(const exchange& x, int status) {
    if (x.head_sent_) throw system_error(make_error_code(error::already_answered));
    throw system_error(make_error_code(error::bad_value), "status " + std::to_string(status));
}

CREMA_FORCEINLINE void h1_connection::head_of(exchange& x, http::response_head& head, int status, std::string_view reason,
                                              std::string_view fields) {
    if (x.head_sent_ || status < 200 || !http::is_valid_status(status)) [[unlikely]] refuse_answer(x, status);
    keep_ = decide_keep(x);
    x.no_body_ = http::has_no_body(status) || x.head_.method() == http::method::head;
    head.status = status;
    head.reason = reason;
    head.fields = fields;
    head.date_line = shared_.date.line();
    if (x.head_.method() == http::method::connect && status < 300) [[unlikely]] { // what follows is a tunnel, which nobody has taken over
        x.no_body_ = true;
        keep_ = false;
    }
    if (out_.capacity() == 0) shared_.take_output(out_);
}

CREMA_DECL void h1_connection::respond(exchange& x, int status, std::string_view reason, std::string_view fields, std::string_view body) {
    http::response_head head;
    head_of(x, head, status, reason, fields);
    if (!x.no_body_ || (x.head_.method() == http::method::head && !http::has_no_body(status) && !body_failed_)) {
        head.framing = http::body_framing::length;
        head.length = x.answer_length_ = body.size();
    }
    head.connection = connection_field(x);
    const bool through = !x.no_body_ && body.size() >= 64 * 1024 && !blocked_ && !failed_;
    http::detail::put_response(out_, head, x.no_body_ || through ? std::string_view{} : body);
    x.head_sent_ = x.ended_ = true;
    if (through) [[unlikely]] write_through(body);
    x.sent_at_ = failed_ ? never : sent_ + out_.size();
    soon();
}

// Sends a large body without copying what the kernel takes at once.
CREMA_DECL void h1_connection::write_through(std::string_view body) {
    const std::string_view pieces[] = {out_.view(), body};
    const auto r = stream_->write(pieces);
    if (r.error && !r.would_block()) {
        failed_ = true;
        return;
    }
    const auto of_head = std::min(r.size, out_.size());
    out_.consume(of_head);
    sent_ += r.size;
    try {
        out_.append(body.substr(r.size - of_head));
    } catch (const std::bad_alloc&) {
        failed_ = true; // half an answer is none
        return;
    }
    blocked_ = !out_.empty();
}

CREMA_DECL void h1_connection::begin(exchange& x, int status, std::string_view reason, std::string_view fields, std::optional<std::uint64_t> length) {
    http::response_head head;
    head_of(x, head, status, reason, fields);
    using framing = exchange::framing;
    x.out_ = framing::none;
    if (length) x.answer_length_ = *length;
    if (!http::has_no_body(status) && (!x.no_body_ || x.head_.method() == http::method::head)) {
        if (length) {
            x.out_ = framing::length;
            x.out_left_ = *length;
            head.framing = http::body_framing::length;
            head.length = *length;
        } else if (x.head_.version_minor() != 0) {
            x.out_ = framing::chunked;
            head.framing = http::body_framing::chunked;
        } else {
            x.out_ = framing::until_close;
            if (!x.no_body_) keep_ = false;
        }
    }
    head.connection = connection_field(x);
    http::write_response(out_, head);
    x.head_sent_ = true;
    soon();
}

CREMA_DECL std::optional<std::size_t> h1_connection::write_file(exchange& x, int descriptor, std::uint64_t offset, std::size_t size) {
    if (!x.head_sent_ || x.ended_) throw system_error(make_error_code(error::bad_value), "no answer to write to");
    if (x.out_ != exchange::framing::length || x.no_body_ || size > x.out_left_) return std::nullopt; // `write` knows
    if (!failed_ && send() && !blocked_) {
        const auto r = stream_->write_file(descriptor, offset, size);
        if (r.error == std::errc::operation_not_supported) return std::nullopt;
        x.out_left_ -= r.size;
        sent_ += r.size;
        if (r.size == size) return size;
        if (r.error && !r.would_block()) failed_ = true;
        else blocked_ = true; // it took what it could
        size = r.size;
    } else {
        size = 0;
    }
    file_waits_ = true;
    soon(); // asks for room, or finds out that there will be none
    return size;
}

CREMA_DECL void h1_connection::write(exchange& x, std::string_view piece) {
    if (!x.head_sent_ || x.ended_) throw system_error(make_error_code(error::bad_value), "no answer to write to");
    if (piece.empty()) return;
    if (x.out_ == exchange::framing::length) {
        if (piece.size() > x.out_left_) { // the client would take the rest for another answer
            lose(cancel_reason::requested);
            throw system_error(make_error_code(error::bad_value), "response body longer than its Content-Length");
        }
        if (x.no_body_) x.out_left_ -= piece.size();
    }
    if (x.no_body_) return;
    if (out_.capacity() == 0) shared_.take_output(out_);
    if (x.out_ == exchange::framing::chunked) http::write_chunk(out_, piece);
    else out_.append(piece);
    if (x.out_ == exchange::framing::length) x.out_left_ -= piece.size(); // now that it is there
    if (out_.size() >= 64 * 1024) send(); // before it grows further; what fails is seen when the callback has ended
    constexpr std::size_t turn = 512 * 1024; // a client that takes everything at once is not the only one
    if ((burst_ += piece.size()) > turn && !yields_) {
        yields_ = true;
        shared_.later(*this);
    }
    soon();
}

CREMA_DECL void h1_connection::end(exchange& x, std::string_view trailers) {
    if (!x.head_sent_ || x.ended_) throw system_error(make_error_code(error::bad_value), "no answer to end");
    if (x.out_ == exchange::framing::length && x.out_left_ != 0 && !x.no_body_) {
        lose(cancel_reason::requested);
        throw system_error(make_error_code(error::bad_value), "response body shorter than its Content-Length");
    }
    if (x.out_ == exchange::framing::chunked && !x.no_body_) {
        if (out_.capacity() == 0) shared_.take_output(out_);
        http::write_last_chunk(out_, trailers);
    }
    x.ended_ = true;
    x.sent_at_ = sent_ + out_.size();
    soon();
}

CREMA_DECL void h1_connection::informational(exchange& x, int status, std::string_view fields) {
    if (status < 100 || status > 199 || status == 101) throw system_error(make_error_code(error::bad_value), "status " + std::to_string(status));
    if (x.head_sent_ || x.head_.version_minor() == 0) return;
    if (status == 100) x.continued_ = true;
    http::response_head head;
    head.status = status;
    head.fields = fields;
    if (out_.capacity() == 0) shared_.take_output(out_);
    http::write_response(out_, head);
    soon();
}

// The connection leaves its stream to somebody else and ends.
CREMA_DECL upgraded_stream h1_connection::upgrade(exchange& x, int status, std::string_view fields) {
    const h1_shared::entry e(shared_);
    if (x.head_sent_) throw system_error(make_error_code(error::already_answered));
    const bool tunnel = x.head_.method() == http::method::connect && status >= 200 && status < 300;
    if (status != 101 && !tunnel) throw system_error(make_error_code(error::bad_value), "status " + std::to_string(status));
    advance_body();
    if (!body_over() || body_failed_ || body_at_ != body_end_)
        throw system_error(make_error_code(error::bad_value), "upgrade of a request whose body was not read");
    upgraded_stream result;
    const auto all = (tunnel ? std::string() : std::string("Connection: Upgrade\r\n")).append(fields);
    result.received.assign(in_ + begin_, end_ - begin_);
    if (out_.capacity() == 0) shared_.take_output(out_);
    http::response_head head;
    head.status = status;
    head.fields = all;
    http::write_response(out_, head);
    x.head_sent_ = x.ended_ = true;
    x.sent_at_ = sent_ + out_.size();
    if (!send()) {
        lose(cancel_reason::disconnected);
        return {};
    }
    result.unsent = out_.view();
    out_.clear();
    sent_ = x.sent_at_;
    tell_sent();
    if (state_ == state::closed) return {}; // a listener has closed it
    state_ = state::closed;
    keep_ = false;
    shared_.buried.push_back(*this);
    x.gone_ = true;
    detach();
    leave_server();
    result.stream = std::move(stream_);
    return result;
}

CREMA_DECL void h1_connection::abort(exchange&) noexcept { lose(cancel_reason::requested); }

CREMA_DECL bool h1_connection::has_room(exchange&) noexcept { return out_.size() <= shared_.limit.backlog && !file_waits_ && !yields_; }

CREMA_DECL void h1_connection::released(exchange&) noexcept { soon(); }

// Sends what there is, as far as the kernel takes it. False when the connection is broken.
CREMA_DECL bool h1_connection::send() noexcept {
    if (failed_) return false;
    if (out_.empty() || blocked_) return true;
    const std::string_view piece[] = {out_.view()};
    const auto r = stream_->write(piece);
    if (r.error && !r.would_block()) {
        failed_ = true;
        return false;
    }
    sent_ += r.size;
    out_.consume(r.size);
    blocked_ = !out_.empty();
    return true;
}

// Tells those whose answer the kernel has now.
CREMA_DECL void h1_connection::tell_sent() {
    while (unsent_ && unsent_->sent_at_ <= sent_) {
        auto& x = *unsent_;
        unsent_ = x.next_;
        x.told_ = true;
        x.listener_->on_finish();
        shared_.recycle(x);
    }
    if (state_ == state::busy && x_->ended_ && !x_->told_ && x_->sent_at_ <= sent_) {
        x_->told_ = true;
        if (x_->listener_) x_->listener_->on_finish();
    }
}

} // namespace crema::detail
#endif
