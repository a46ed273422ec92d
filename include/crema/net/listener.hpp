// listener: a socket that accepts connections.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/net/address.hpp>
#include <crema/net/poller.hpp>
#include <cstdint>
#include <functional>
#include <string>

namespace crema::net {

/** Accepts TCP connections.

    @par Thread Safety
    Only on its loop.
*/
class listener final : private poller::watcher {
public:
    /// Receives each connection: a non-blocking socket that is now its, and the peer.
    using function = std::function<void(int fd, const address& peer)>;

    /** Listen.

        @param p Tells when a connection is there; outlives this.
        @param host An IP address; `"::"` takes IPv4, too, and falls back to `"0.0.0.0"` where there is no IPv6.
        @param port 0 for any.
        @param accepted Called for each connection.
        @throws system_error with the address as its subject.
    */
    CREMA_DECL listener(poller& p, const std::string& host, std::uint16_t port, function accepted);
    CREMA_DECL ~listener();

    /// Returns the address it listens on.
    const address& local() const noexcept { return local_; }
    /// Stops accepting for a while, when the system has no descriptor left; see `resume`.
    bool paused() const noexcept { return paused_; }
    /// Accepts again.
    CREMA_DECL void resume() noexcept;

private:
    CREMA_DECL void on_ready(poller::readiness r) override;

    poller& poller_;
    int fd_ = -1;
    bool paused_ = false;
    address local_;
    function accepted_;
};

} // namespace crema::net

#if CREMA_BODIES
#include <crema/core/error.hpp>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace crema::net {

namespace detail {

inline bool parse_ip(const std::string& host, std::uint16_t port, sockaddr_storage& out, socklen_t& size) noexcept {
    std::memset(&out, 0, sizeof out);
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        size = sizeof v4;
        return true;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        size = sizeof v6;
        return true;
    }
    return false;
}

inline bool make_nonblocking(int fd) noexcept {
    const int flags = ::fcntl(fd, F_GETFL, 0);
    return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

} // namespace detail

CREMA_DECL listener::listener(poller& p, const std::string& host, std::uint16_t port, function accepted)
    : poller_(p), accepted_(std::move(accepted)) {
    const std::string name = host == "localhost" ? "127.0.0.1" : host;
    const auto subject = "listen on " + (name.find(':') != name.npos ? "[" + name + "]" : name) + ":" + std::to_string(port);
    sockaddr_storage at;
    socklen_t size = 0;
    if (!detail::parse_ip(name, port, at, size)) throw system_error(make_error_code(std::errc::invalid_argument), subject);
    fd_ = ::socket(at.ss_family, SOCK_STREAM, 0);
    if (fd_ < 0 && name == "::") { // no IPv6 on this machine
        detail::parse_ip("0.0.0.0", port, at, size);
        fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    }
    const auto fail = [&] {
        const auto code = std::error_code(errno, std::system_category());
        if (fd_ >= 0) ::close(fd_);
        throw system_error(code, subject);
    };
    if (fd_ < 0 || !detail::make_nonblocking(fd_)) fail();
    const int yes = 1, no = 0;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (at.ss_family == AF_INET6 && name == "::") ::setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(fd_, 4096) != 0) fail();
    socklen_t got = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &got);
    local_ = address(reinterpret_cast<sockaddr*>(&at), got);
    poller_.add(*this, fd_);
}

CREMA_DECL listener::~listener() {
    poller_.remove(*this);
    ::close(fd_);
}

CREMA_DECL void listener::resume() noexcept {
    if (!paused_) return;
    paused_ = false;
    poller_.change(*this, true, false, false);
}

CREMA_DECL void listener::on_ready(poller::readiness) {
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
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                paused_ = true; // the connection stays in the backlog; asking at once again would only burn time
                poller_.change(*this, false, false, false);
            }
            if (errno == EINTR || errno == ECONNABORTED) continue;
            return;
        }
        const int yes = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        accepted_(fd, address(reinterpret_cast<sockaddr*>(&from), size));
    }
}

} // namespace crema::net
#endif
