// listener: a socket that accepts connections.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/loop/loop.hpp>
#include <crema/net/address.hpp>
#include <crema/net/listen_socket.hpp>
#include <crema/net/poller.hpp>
#include <cstdint>
#include <functional>
#include <string>

namespace crema::net {

/** Accepts connections.

    When the system has no descriptor or memory left, connections stay in its queue, and accepting goes on a little later.

    @par Thread Safety
    Only on its loop.
*/
class listener final : private poller::watcher {
public:
    /// Receives each connection: a non-blocking socket that is now its, and the peer. What it throws is the loop's to report.
    using function = std::function<void(int fd, const address& peer)>;

    /** Take over a socket that listens, however it was made.

        @param p Tells when a connection is there; outlives this.
        @param fd The socket; closed by this, also when this throws.
        @param accepted Called for each connection.
        @throws system_error when it does not listen.
    */
    CREMA_DECL listener(poller& p, int fd, function accepted);
    /** Listen on an IP address; see `listen_on`.

        @throws system_error with the address as its subject.
    */
    listener(poller& p, const std::string& host, std::uint16_t port, function accepted)
        : listener(p, listen_on(host, port), std::move(accepted)) {}
    CREMA_DECL ~listener();

    /// Returns the address it listens on; nothing for a path.
    const address& local() const noexcept { return local_; }
    /// Returns the socket, to hand it on: `dup` it, or let a child inherit it.
    int native_handle() const noexcept { return fd_; }
    /// Accepts what waits in the queue of the socket: closing it would break these connections.
    void accept_waiting() {
        for (int i = 0; i < 64 && accept_some(); ++i) {}
    }
    /// Tells whether it has stopped accepting for a while.
    bool paused() const noexcept { return later_.active(); }

private:
    struct again : loop_timer {
        explicit again(listener& l) noexcept : loop_timer([](loop_timer& t) { static_cast<again&>(t).self.resume(); }), self(l) {}
        listener& self;
    };
    void on_ready(poller::readiness) override { accept_some(); }
    CREMA_DECL bool accept_some();
    CREMA_DECL void resume();

    poller& poller_;
    int fd_;
    bool internet_ = true;
    bool* here_ = nullptr; // set false when destroyed while it tells
    address local_;
    function accepted_;
    again later_{*this};
};

} // namespace crema::net

#if CREMA_BODIES
#include <crema/core/error.hpp>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace crema::net {

CREMA_DECL listener::listener(poller& p, int fd, function accepted) : poller_(p), fd_(fd), accepted_(std::move(accepted)) {
    later_.unref();
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(fd_, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) detail::fail_to_listen(-1, errno, "listen");
    if (!listens) detail::fail_to_listen(fd_, EINVAL, "listen: the socket does not listen");
    if (!detail::make_nonblocking(fd_)) detail::fail_to_listen(fd_, errno, "listen");
    sockaddr_storage at{};
    size = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    internet_ = at.ss_family == AF_INET || at.ss_family == AF_INET6;
    if (internet_) local_ = address(reinterpret_cast<sockaddr*>(&at), size);
    try {
        poller_.add(*this, fd_);
    } catch (...) {
        ::close(fd_);
        throw;
    }
}

CREMA_DECL listener::~listener() {
    if (here_) *here_ = false;
    poller_.remove(*this);
    ::close(fd_);
}

CREMA_DECL void listener::resume() { poller_.change(*this, true, false, false); }

// False when there is nothing more for now, or this is gone.
CREMA_DECL bool listener::accept_some() {
    for (int i = 0; i < 64; ++i) { // bounded, so that a flood of connections does not starve the others
        sockaddr_storage from;
        socklen_t size = sizeof from;
#if CREMA_LINUX
        const int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
        const int fd = ::accept(fd_, reinterpret_cast<sockaddr*>(&from), &size);
        if (fd >= 0) detail::make_nonblocking(fd);
#endif
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
            // No descriptor or no memory: the connection stays in the queue; asking at once again would only burn time.
            poller_.change(*this, false, false, false);
            later_.start(poller_.owner().timers(), std::chrono::milliseconds(100));
            return false;
        }
        if (internet_) {
            const int yes = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        }
        bool here = true;
        here_ = &here;
        const auto leave = [&] {
            if (here) here_ = nullptr;
            return !here;
        };
        try {
            accepted_(fd, address(reinterpret_cast<sockaddr*>(&from), size));
        } catch (...) {
            leave();
            throw;
        }
        if (leave()) return false; // closed by who was told
    }
    return true;
}

} // namespace crema::net
#endif
