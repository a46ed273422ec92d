// memory_stream: two streams in one process that are each other's peer, for tests and in-process clients.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/http/serializer.hpp>
#include <crema/loop/loop.hpp>
#include <crema/net/stream.hpp>
#include <cstddef>
#include <memory>
#include <utility>

namespace crema::net {

/// Says how the two ends of a pair of memory streams behave.
struct memory_stream_options {
    std::size_t capacity = 64 * 1024; ///< octets on their way in one direction before writing would block; at least 1
    std::size_t segment = 0;          ///< the most octets that one read gives, 0 for all: cuts messages at every place
    bool secure = false;              ///< what `secure()` tells
    address near{};                   ///< what the second end sees as its peer
    address far{};                    ///< what the first end sees as its peer
};

/** Moves octets between two ends in memory, with all that a socket does: back pressure, half-close, reset.

    Handlers are called by the loop, as callbacks in the poll phase, never from within `write`. Octets on their way keep
    the loop alive as long as somebody wants them; a quiet pair does not. Destroying an end closes it.

    @par Thread Safety
    Only on its loop.
*/
class memory_stream final : public stream {
public:
    /// Makes two ends that are each other's peer. @param l Must outlive both.
    static CREMA_DECL std::pair<std::unique_ptr<memory_stream>, std::unique_ptr<memory_stream>>
    pair(loop& l, const memory_stream_options& options = {});
    memory_stream(const memory_stream&) = delete;
    memory_stream& operator=(const memory_stream&) = delete;
    ~memory_stream() override { close(); }

    CREMA_DECL void start(stream_handler& handler) override;
    CREMA_DECL void want(bool readable, bool writable) override;
    CREMA_DECL io_result read(std::span<char> into) noexcept override;
    CREMA_DECL io_result write(std::span<const std::string_view> pieces) noexcept override;
    CREMA_DECL bool put_off() noexcept override;
    CREMA_DECL std::size_t in_flight() const noexcept override;
    CREMA_DECL void end() noexcept override;
    CREMA_DECL void close() noexcept override;
    CREMA_DECL void reset() noexcept override;
    CREMA_DECL const address& peer() const noexcept override;
    CREMA_DECL address local() const noexcept override;
    CREMA_DECL bool secure() const noexcept override;

    /// Counts the octets that the peer has written and this end has not read.
    CREMA_DECL std::size_t available() const noexcept;

private:
    struct side;
    struct link;
    memory_stream(std::shared_ptr<link> l, int which) noexcept : link_(std::move(l)), which_(which) {}
    side& mine() const noexcept;
    side& other() const noexcept;
    void drop(bool broken) noexcept;

    std::shared_ptr<link> link_;
    int which_;
};

} // namespace crema::net

#if CREMA_BODIES
#include <algorithm>

namespace crema::net {

// One end: what is on its way to it, and what its handler waits for.
struct memory_stream::side : crema::detail::remote_job {
    side() noexcept : remote_job(&deliver) {}
    static void deliver(remote_job& job, bool abandoned);

    link* owner = nullptr;
    std::shared_ptr<link> held; // while the delivery is queued
    stream_handler* handler = nullptr;
    http::output_buffer in;
    bool wants_readable = true;
    bool wants_writable = false;
    bool ended = false;      // the peer has said that nothing more follows
    bool broken = false;     // the peer is gone without having read everything
    bool told_ended = false; // the handler knows of the end
    bool closed = false;
    bool may_put_off = false, put_off = false;
    bool* alive = nullptr; // set false when closed within a callback
};

struct memory_stream::link : std::enable_shared_from_this<link> {
    link(loop& l, const memory_stream_options& o) noexcept : where(l), options(o) {
        for (auto& s : sides) s.owner = this;
    }
    side& peer_of(side& s) noexcept { return &s == &sides[0] ? sides[1] : sides[0]; }
    bool readable(const side& s) const noexcept { return !s.in.empty() || s.ended || s.broken; }
    bool writable(side& s) noexcept { return s.broken || peer_of(s).closed || peer_of(s).in.size() < options.capacity; }
    bool has_news(side& s) noexcept {
        if (s.closed || !s.handler) return false;
        return (s.wants_readable && readable(s)) || (s.wants_writable && writable(s)) ||
               ((s.ended || s.broken) && !s.told_ended);
    }
    void tell(side& s) noexcept {
        if (s.held || !has_news(s)) return;
        s.held = shared_from_this();
        where.complete(s);
    }

    loop& where;
    memory_stream_options options;
    side sides[2];
};

CREMA_DECL void memory_stream::side::deliver(remote_job& job, bool abandoned) {
    auto& s = static_cast<side&>(job);
    const auto keep = std::move(s.held);
    s.held = nullptr;
    if (abandoned || s.closed) return;
    auto& l = *keep;
    bool alive = true;
    s.alive = &alive;
    if (s.wants_writable && l.writable(s)) s.handler->on_writable();
    if (alive && s.wants_readable && l.readable(s)) {
        s.told_ended = s.told_ended || s.ended || s.broken;
        if (!s.ended && !s.broken) s.handler->on_arrival();
        s.may_put_off = true;
        s.handler->on_readable();
        if (alive && !(s.may_put_off = false) && std::exchange(s.put_off, false)) s.handler->on_flush();
    } else if (alive && (s.ended || s.broken) && !std::exchange(s.told_ended, true)) {
        if (s.broken) s.handler->on_broken(std::make_error_code(std::errc::connection_reset));
        else s.handler->on_peer_closed();
    }
    if (!alive) return;
    s.alive = nullptr;
    l.tell(s); // level-triggered: as long as it is wanted and there
}

CREMA_DECL std::pair<std::unique_ptr<memory_stream>, std::unique_ptr<memory_stream>>
memory_stream::pair(loop& l, const memory_stream_options& options) {
    auto shared = std::make_shared<link>(l, options);
    shared->options.capacity = std::max<std::size_t>(options.capacity, 1);
    std::unique_ptr<memory_stream> first(new memory_stream(shared, 0));
    std::unique_ptr<memory_stream> second(new memory_stream(shared, 1));
    return {std::move(first), std::move(second)};
}

inline memory_stream::side& memory_stream::mine() const noexcept { return link_->sides[which_]; }
inline memory_stream::side& memory_stream::other() const noexcept { return link_->sides[1 - which_]; }
CREMA_DECL std::size_t memory_stream::in_flight() const noexcept { return other().in.size(); }

CREMA_DECL void memory_stream::start(stream_handler& handler) {
    auto& s = mine();
    s.handler = &handler;
    s.wants_readable = true;
    s.wants_writable = s.told_ended = false;
    link_->tell(s);
}

CREMA_DECL void memory_stream::want(bool readable, bool writable) {
    mine().wants_readable = readable;
    mine().wants_writable = writable;
    link_->tell(mine());
}

CREMA_DECL io_result memory_stream::read(std::span<char> into) noexcept {
    auto& s = mine();
    if (s.closed) return {0, std::make_error_code(std::errc::bad_file_descriptor)};
    if (!s.in.empty()) {
        auto n = std::min(into.size(), s.in.size());
        if (link_->options.segment != 0) n = std::min(n, link_->options.segment);
        std::copy_n(s.in.data(), n, into.data());
        s.in.consume(n);
        link_->tell(other()); // there is room again
        return {n, {}};
    }
    if (s.broken) return {0, std::make_error_code(std::errc::connection_reset)};
    if (s.ended) return {0, {}};
    return {0, std::make_error_code(std::errc::operation_would_block)};
}

CREMA_DECL io_result memory_stream::write(std::span<const std::string_view> pieces) noexcept {
    auto& s = mine();
    auto& to = other();
    if (s.closed) return {0, std::make_error_code(std::errc::bad_file_descriptor)};
    if (s.broken || to.closed || to.ended) return {0, std::make_error_code(std::errc::broken_pipe)};
    std::size_t taken = 0;
    for (auto piece : pieces) {
        const auto n = std::min(piece.size(), link_->options.capacity - std::min(link_->options.capacity, to.in.size()));
        try {
            to.in.append(piece.substr(0, n));
        } catch (...) {
            return {taken, std::make_error_code(std::errc::not_enough_memory)};
        }
        taken += n;
        if (n < piece.size()) break;
    }
    link_->tell(to);
    std::size_t wanted = 0;
    for (auto piece : pieces) wanted += piece.size();
    if (taken == 0 && wanted != 0) return {0, std::make_error_code(std::errc::operation_would_block)};
    return {taken, {}};
}

CREMA_DECL bool memory_stream::put_off() noexcept { return mine().put_off = mine().may_put_off; }

CREMA_DECL void memory_stream::end() noexcept {
    if (mine().closed) return;
    other().ended = true;
    link_->tell(other());
}

CREMA_DECL void memory_stream::close() noexcept { drop(!mine().in.empty()); }
CREMA_DECL void memory_stream::reset() noexcept { drop(true); }

// As a socket: whoever leaves octets unread breaks the connection.
inline void memory_stream::drop(bool broken) noexcept {
    auto& s = mine();
    if (std::exchange(s.closed, true)) return;
    s.handler = nullptr;
    s.in.release();
    if (auto* alive = std::exchange(s.alive, nullptr)) *alive = false;
    auto& peer = other();
    if (broken) {
        peer.broken = true;
        peer.in.clear();
    } else {
        peer.ended = true;
    }
    link_->tell(peer);
}

CREMA_DECL const address& memory_stream::peer() const noexcept {
    return which_ == 0 ? link_->options.far : link_->options.near;
}
CREMA_DECL address memory_stream::local() const noexcept {
    if (mine().closed) return {};
    return which_ == 0 ? link_->options.near : link_->options.far;
}
CREMA_DECL bool memory_stream::secure() const noexcept { return link_->options.secure; }
CREMA_DECL std::size_t memory_stream::available() const noexcept { return mine().in.size(); }

} // namespace crema::net
#endif
