// socket_stream: a connected TCP or Unix socket.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/recycle.hpp>
#include <crema/net/poller.hpp>
#include <crema/net/stream.hpp>

namespace crema::net {

/** Moves octets through a connected socket.

    @par Thread Safety
    Only on its loop.
*/
class socket_stream final : public stream, private poller::watcher {
public:
    /** Take over a connected, non-blocking socket.

        @param p Tells when it is ready; outlives this.
        @param fd The socket; closed by this.
        @param peer Its peer.
    */
    socket_stream(poller& p, int fd, const address& peer) noexcept : poller_(p), fd_(fd), peer_(peer) {}
    ~socket_stream() override { close(); }

    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

    CREMA_DECL void start(stream_handler& handler) override;
    CREMA_DECL void want(bool readable, bool writable) override;
    CREMA_DECL io_result read(std::span<char> into) noexcept override;
    CREMA_DECL io_result write(std::span<const std::string_view> pieces) noexcept override;
    CREMA_DECL io_result write_file(int descriptor, std::uint64_t offset, std::size_t size) noexcept override;
    bool put_off() noexcept override { return poller_.put_off(*this); }
    void settled() noexcept override {
        if (emptied_) poller_.settled(*this);
    }
    CREMA_DECL std::size_t in_flight() const noexcept override;
    CREMA_DECL void end() noexcept override;
    CREMA_DECL void close() noexcept override;
    CREMA_DECL void reset() noexcept override;
    const address& peer() const noexcept override { return peer_; }
    CREMA_DECL address local() const noexcept override;

private:
    CREMA_DECL void on_ready(poller::readiness r) override;
    void on_arrival() noexcept override {
        if (wants_readable_) handler_->on_arrival();
    }
    void on_flush() override { handler_->on_flush(); }
    CREMA_DECL void tell() noexcept;

    poller& poller_;
    int fd_;
    stream_handler* handler_ = nullptr;
    bool wants_readable_ = true, wants_writable_ = false; // by the handler
    bool asked_readable_ = true, asked_writable_ = false; // of the system
    bool peer_closed_ = false;
    bool emptied_ = false; // the last read took all there was
    address peer_;
};

} // namespace crema::net

#if CREMA_BODIES
#include <algorithm>
#include <cerrno>
#include <utility>
#include <sys/socket.h>
#if defined(__linux__)
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#endif
#include <sys/uio.h>
#include <unistd.h>

namespace crema::net {

CREMA_DECL void socket_stream::start(stream_handler& handler) {
    const bool started = std::exchange(handler_, &handler) != nullptr;
    if (!started) return poller_.add(*this, fd_);
    peer_closed_ = false; // told anew
    wants_readable_ = true;
    wants_writable_ = false;
    if (!asked_readable_ || asked_writable_) tell();
}

CREMA_DECL void socket_stream::want(bool readable, bool writable) {
    wants_readable_ = readable;
    wants_writable_ = writable;
    // What is wanted is told to the system at once. What is no longer wanted only when it comes (see on_ready):
    // most of the time it does not, and a system call is spared.
    if (fd_ >= 0 && handler_ && ((readable && !asked_readable_) || (writable && !asked_writable_))) tell();
}

CREMA_DECL void socket_stream::tell() noexcept {
    asked_readable_ = wants_readable_;
    asked_writable_ = wants_writable_;
    poller_.change(*this, wants_readable_, wants_writable_, !peer_closed_);
}

CREMA_DECL void socket_stream::on_ready(poller::readiness r) {
    if (r.writable && wants_writable_) {
        const auto& p = poller_;
        handler_->on_writable();
        if (p.current() != this) return; // closed, perhaps destroyed
    }
    if (r.readable && wants_readable_) {
        handler_->on_readable(); // finds the end and errors, too
    } else if (r.broken && !wants_writable_) { // would be told for ever
        int code = 0;
        socklen_t size = sizeof code;
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size);
        poller_.remove(*this);
        handler_->on_broken(std::error_code(code != 0 ? code : ECONNRESET, std::system_category()));
    } else if (r.peer_closed && !std::exchange(peer_closed_, true)) {
        tell();
        handler_->on_peer_closed();
    } else if ((r.readable && !wants_readable_) || (r.writable && !wants_writable_)) {
        tell();
    }
}

CREMA_DECL io_result socket_stream::read(std::span<char> into) noexcept {
    for (;;) {
        const auto n = ::recv(fd_, into.data(), into.size(), 0);
        if (n >= 0) {
            emptied_ = static_cast<std::size_t>(n) < into.size();
            return {static_cast<std::size_t>(n), {}};
        }
        if (errno != EINTR) return {0, std::error_code(errno, std::system_category())};
    }
}

CREMA_DECL io_result socket_stream::write(std::span<const std::string_view> pieces) noexcept {
    for (;;) {
        ssize_t n;
        if (pieces.size() == 1) {
            n = ::send(fd_, pieces[0].data(), pieces[0].size(), MSG_NOSIGNAL);
        } else {
            iovec parts[16];
            msghdr m{};
            m.msg_iov = parts;
            m.msg_iovlen = std::min<std::size_t>(pieces.size(), 16);
            for (std::size_t i = 0; i < m.msg_iovlen; ++i)
                parts[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
            n = ::sendmsg(fd_, &m, MSG_NOSIGNAL);
        }
        if (n >= 0) return {static_cast<std::size_t>(n), {}};
        if (errno != EINTR) return {0, std::error_code(errno, std::system_category())};
    }
}

CREMA_DECL io_result socket_stream::write_file([[maybe_unused]] int descriptor, [[maybe_unused]] std::uint64_t offset,
                                               [[maybe_unused]] std::size_t size) noexcept {
#if defined(__linux__)
    for (;;) {
        auto at = static_cast<off_t>(offset);
        const auto n = ::sendfile(fd_, descriptor, &at, size);
        if (n > 0) return {static_cast<std::size_t>(n), {}};
        if (n == 0 || errno == EINVAL || errno == ENOSYS) break; // behind its end; not that kind of file
        if (errno != EINTR) return {0, std::error_code(errno, std::system_category())};
    }
#endif
    return {0, std::make_error_code(std::errc::operation_not_supported)};
}

CREMA_DECL address socket_stream::local() const noexcept {
    sockaddr_storage at{};
    socklen_t size = sizeof at;
    if (fd_ < 0 || ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) != 0) return {};
    return address(reinterpret_cast<const sockaddr*>(&at), size);
}

CREMA_DECL std::size_t socket_stream::in_flight() const noexcept {
#if defined(SIOCOUTQ)
    int octets = 0;
    if (fd_ >= 0 && ::ioctl(fd_, SIOCOUTQ, &octets) == 0 && octets > 0) return static_cast<std::size_t>(octets);
#endif
    return 0;
}

CREMA_DECL void socket_stream::end() noexcept {
    if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

CREMA_DECL void socket_stream::close() noexcept {
    if (fd_ < 0) return;
    if (handler_) poller_.remove(*this);
    ::close(fd_);
    fd_ = -1;
}

CREMA_DECL void socket_stream::reset() noexcept {
    if (fd_ < 0) return;
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

} // namespace crema::net
#endif
