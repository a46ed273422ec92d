// h1_body: how a connection receives the body of a request.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/server/h1_connection.hpp>

#if CREMA_BODIES
#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace crema::detail {

// Where to read to; empty when there is no room before a handler has gone on.
CREMA_DECL std::span<char> h1_connection::room_to_read() {
    constexpr std::uint32_t enough = 4096;
    if (unsent_ || state_ == state::closing) return {};
    if (!in_) {
        in_ = shared_.take_room();
        capacity_ = h1_room::size;
        begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
    }
    if (state_ == state::busy) {
        if (can_make_room()) {
            begin_ = end_ = body_at_ = body_end_ = pinned_;
            const std::size_t wanted = framing_ == body_framing::length && body_left_ > 4 * h1_room::size ? 4 * h1_room::size : h1_room::size;
            if ((capacity_ - end_ < enough || wanted > capacity_) && !x_->rooms_[0]) { // the head stays where it is
                auto* const more = shared_.take_room(wanted);
                x_->rooms_[0] = in_;
                in_ = more;
                capacity_ = static_cast<std::uint32_t>(wanted);
                begin_ = end_ = body_at_ = body_end_ = pinned_ = 0;
            }
        }
        return {in_ + end_, capacity_ - end_};
    }
    const bool shared = h1_room::is_shared(in_); // what lies in front is that of others
    if (begin_ == end_ && !shared) {
        begin_ = end_ = body_at_ = body_end_ = 0;
    } else if (shared ? capacity_ - end_ < enough : end_ == capacity_) {
        const auto left = end_ - begin_;
        if (begin_ != 0 && !shared) {
            std::memmove(in_, in_ + begin_, left);
        } else { // or a head that is larger than the room; the parser says how large it may be
            const auto size = std::max<std::uint32_t>(h1_room::size, left > h1_room::size / 2 ? left * 2 : 0);
            auto* const more = shared_.take_room(size);
            std::memcpy(more, in_ + begin_, left);
            shared_.give_room(std::exchange(in_, more));
            capacity_ = size;
        }
        end_ = left;
        begin_ = body_at_ = body_end_ = 0;
    }
    return {in_ + end_, capacity_ - end_};
}

// Finds what there is of the body among the octets received.
CREMA_DECL void h1_connection::advance_body() {
    if (body_over() || body_failed_ || begin_ == end_) return;
    if (body_at_ == body_end_) body_at_ = body_end_ = begin_;
    if (framing_ == body_framing::length) {
        const auto n = static_cast<std::uint32_t>(std::min<std::uint64_t>(body_left_, end_ - begin_));
        begin_ += n;
        body_end_ = begin_;
        body_left_ -= n;
        if (body_left_ == 0) framing_ = body_framing::none;
        return;
    }
    http::chunked_decoder::outcome got{};
    try {
        got = chunks_->decode(in_ + begin_, end_ - begin_);
    } catch (const std::bad_alloc&) { // where it is now is not known any more
        return fail_body(503, std::make_error_code(std::errc::not_enough_memory), "there is no memory for the body");
    }
    const auto produced = static_cast<std::uint32_t>(got.produced);
    if (produced != 0 && body_end_ != begin_) std::memmove(in_ + body_end_, in_ + begin_, produced);
    body_end_ += produced;
    begin_ += static_cast<std::uint32_t>(got.consumed);
    body_seen_ += produced;
    if (got.state == http::parse_state::bad) {
        fail_body(chunks_->status(), make_error_code(chunks_->status() == 400 ? error::bad_syntax : error::would_exceed_limit), chunks_->reason().data());
    } else if (body_seen_ > shared_.limit.body) {
        fail_body(413, make_error_code(error::would_exceed_limit), "the body is too large");
    } else if (got.state == http::parse_state::done) {
        framing_ = body_framing::none;
    }
}

CREMA_DECL void h1_connection::fail_body(int status, std::error_code code, const char* why) noexcept {
    body_failed_ = true;
    keep_ = false;
    if (!x_) return;
    x_->body_status_ = static_cast<std::uint16_t>(status);
    x_->body_error_ = code;
    x_->body_reason_ = why;
}

CREMA_DECL body_state h1_connection::next_piece(exchange&, std::string_view& piece) {
    piece = {};
    lent_ = false;
    advance_body();
    if (body_failed_) return body_state::failed;
    if (body_at_ != body_end_) {
        piece = {in_ + body_at_, body_end_ - body_at_};
        body_at_ = body_end_;
        lent_ = true;
        return body_state::piece;
    }
    return body_over() ? body_state::end : body_state::wait;
}

CREMA_DECL std::optional<std::string_view> h1_connection::buffered_body(exchange& x) {
    if (lent_ || !x.head_.has_body()) return std::nullopt;
    advance_body();
    if (!body_over() || body_at_ == body_end_) return std::nullopt;
    std::string_view all;
    next_piece(x, all);
    return all;
}

// Somebody waits for the body, or wants it to be thrown away.
CREMA_DECL void h1_connection::wants_body(exchange& x) {
    if (x.reader_ && x.head_.expect_continue() && !x.continued_ && !x.head_sent_ && begin_ == end_) informational(x, 100, {});
    soon();
}

CREMA_DECL std::string_view h1_connection::trailers(const exchange& x) const noexcept {
    if (x.chunks_) return x.chunks_->trailers();
    return chunks_ && body_over() && (!x_ || x_ == &x) ? chunks_->trailers() : std::string_view{};
}

} // namespace crema::detail
#endif
