// server: accepts connections and hands requests to a handler.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/loop/loop.hpp>
#include <crema/net/listener.hpp>
#include <crema/net/poller.hpp>
#include <crema/server/exchange.hpp>
#include <crema/server/h1_connection.hpp>
#include <crema/server/limits.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace crema {

/** Options of a server.

    @par Thread Safety
    Distinct objects: safe.
*/
struct server_options {
    limits limit{};         ///< what a client may use up
    bool half_open = false; ///< a client that has ended its sending side does not cancel handlers that wait
    /// Is told of requests that were refused before a handler saw them.
    std::function<void(const client_error&)> on_client_error{};
};

/// Says what a server that was closed had to cut.
struct drain_report {
    std::size_t finished = 0; ///< requests that ended by themselves within the grace
    std::size_t cut = 0;      ///< requests that were cancelled at its end
};

/** Serves HTTP/1.1 on one loop.

    @par Thread Safety
    Only on its loop.
*/
class server {
public:
    /** Construct; does not listen yet.

        @param l Its loop; outlives this.
        @param handler Receives the requests; outlives this.
    */
    CREMA_DECL server(loop& l, exchange_handler& handler, server_options options = {});
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// Cuts what still runs.
    CREMA_DECL ~server();

    /** Listen on a TCP port. May be called for several.

        @param host An IP address.
        @param port 0 for any.
        @throws system_error when the address cannot be had; its subject names it.
    */
    CREMA_DECL void listen(const std::string& host, std::uint16_t port);
    /// Serves a stream that was accepted elsewhere.
    CREMA_DECL void serve(std::unique_ptr<net::stream> s);

    /// Returns the port of the first listening socket; 0 when there is none.
    int port() const noexcept { return listeners_.empty() ? 0 : listeners_.front()->local().port(); }
    /// Returns the number of open connections.
    std::size_t connections() const noexcept { return shared_.count; }
    /// Returns the limits.
    const limits& limit() const noexcept { return shared_.limit; }
    /// Tells whether it was told to close.
    bool closing() const noexcept { return shared_.draining; }

    /** Stop: accept no more, close idle connections, let running requests finish, cancel them after `grace`.

        @param done Called once when the last connection is gone, perhaps before this returns. A second call of `close` only
        shortens the grace.
    */
    CREMA_DECL void close(std::chrono::milliseconds grace, std::function<void(const drain_report&)> done = {});
    /// Sets what is called, after `done`, when a server that closes has lost its last connection.
    void on_closed(std::function<void()> f) { closed_ = std::move(f); }

private:
    CREMA_DECL void tick();
    CREMA_DECL void may_be_done();
    CREMA_DECL void cut_all(cancel_reason why);

    struct ticker : loop_timer {
        explicit ticker(server& s) noexcept : loop_timer([](loop_timer& t) { static_cast<ticker&>(t).self.tick(); }), self(s) {}
        server& self;
    };

    loop& loop_;
    net::poller poller_;
    detail::h1_shared shared_;
    std::vector<std::unique_ptr<net::listener>> listeners_;
    std::unordered_map<std::uint64_t, std::uint32_t> by_address_;
    ticker ticker_{*this};
    std::chrono::steady_clock::time_point cut_at_{};
    drain_report report_;
    std::function<void(const drain_report&)> done_;
    std::function<void()> closed_;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/net/socket_stream.hpp>
#include <ctime>
#include <unistd.h>

namespace crema {

CREMA_DECL server::server(loop& l, exchange_handler& handler, server_options options)
    : loop_(l), poller_(l), shared_(handler, l, options.limit) {
    shared_.half_open = options.half_open;
    shared_.on_client_error = std::move(options.on_client_error);
    shared_.on_gone = [this](detail::h1_connection& c) {
        if (const auto at = by_address_.find(c.peer().host_key()); at != by_address_.end() && --at->second == 0) by_address_.erase(at);
        may_be_done();
    };
    tick();
}

CREMA_DECL server::~server() {
    listeners_.clear();
    done_ = {};
    closed_ = {};
    shared_.on_gone = {};
    shared_.draining = true;
    cut_all(cancel_reason::shutdown);
    for (auto* c = shared_.first; c; c = shared_.first) c->cut(cancel_reason::shutdown);
    shared_.collect();
}

CREMA_DECL void server::listen(const std::string& host, std::uint16_t port) {
    listeners_.push_back(std::make_unique<net::listener>(poller_, host, port, [this](int fd, const net::address& peer) {
        const auto& l = shared_.limit;
        auto& from_there = by_address_[peer.host_key()];
        if (shared_.count >= l.connections || from_there >= l.connections_per_address) {
            if (from_there == 0) by_address_.erase(peer.host_key());
            ::close(fd);
            return;
        }
        ++from_there;
        serve(std::make_unique<net::socket_stream>(poller_, fd, peer));
    }));
}

CREMA_DECL void server::serve(std::unique_ptr<net::stream> s) {
    if (!ticker_.active()) tick();
    (new detail::h1_connection(shared_, std::move(s)))->start();
}

// Twice a second: the date, the deadlines, sockets that could not be accepted.
CREMA_DECL void server::tick() {
    shared_.now = loop_.now();
    shared_.date.refresh(static_cast<std::int64_t>(std::time(nullptr)));
    for (auto* c = shared_.first; c;) {
        auto* const next = c->next;
        c->check(shared_.now);
        c = next;
    }
    for (auto& l : listeners_)
        if (l->paused()) l->resume();
    if (shared_.draining && shared_.now >= cut_at_) cut_all(cancel_reason::shutdown);
    ticker_.start(loop_.timers(), std::chrono::milliseconds(500));
    ticker_.unref();
}

CREMA_DECL void server::cut_all(cancel_reason why) {
    for (auto* c = shared_.first; c;) {
        auto* const next = c->next;
        if (c->busy()) ++report_.cut;
        c->cut(why);
        c = next;
    }
}

CREMA_DECL void server::close(std::chrono::milliseconds grace, std::function<void(const drain_report&)> done) {
    if (done) done_ = std::move(done);
    cut_at_ = loop_.now() + grace;
    listeners_.clear();
    if (!shared_.draining) {
        shared_.draining = true;
        for (auto* c = shared_.first; c;) {
            auto* const next = c->next;
            if (c->busy()) ++report_.finished;
            c->drain();
            c = next;
        }
    }
    if (grace.count() <= 0) cut_all(cancel_reason::shutdown);
    may_be_done();
}

CREMA_DECL void server::may_be_done() {
    if (!shared_.draining || shared_.count != 0) return;
    ticker_.cancel();
    if (report_.finished >= report_.cut) report_.finished -= report_.cut;
    if (auto done = std::exchange(done_, {})) done(report_);
    if (auto closed = std::exchange(closed_, {})) closed();
}

} // namespace crema
#endif
