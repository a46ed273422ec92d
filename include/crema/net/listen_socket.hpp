// listen_socket: makes sockets that listen: on an IP address, on a path, or inherited from who started the program.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/net/address.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crema::net {

/// Says whether several sockets may listen on one port.
enum class port_sharing : unsigned char {
    none,    ///< the port is this socket's alone
    balanced ///< `SO_REUSEPORT`: the system hands connections out among all that have it
};

/** Makes a socket that listens on an IP address.

    @param host An IP address or `localhost`; `"::"` takes IPv4, too, and falls back to `"0.0.0.0"` where there is no IPv6.
    @param port 0 for any.
    @return The descriptor, which is the caller's: non-blocking, closed by `exec`.
    @throws system_error with the address as its subject.

    @par Thread Safety
    Safe.
*/
CREMA_DECL int listen_on(const std::string& host, std::uint16_t port, port_sharing sharing = port_sharing::none, int backlog = 4096);

/** Makes a socket that listens on a path (a Unix socket).

    A socket file that a program has left there is replaced; one on which somebody listens is not.

    @return The descriptor, which is the caller's: non-blocking, closed by `exec`.
    @throws system_error with the path as its subject; `address_in_use` when somebody listens there.

    @par Thread Safety
    Safe.
*/
CREMA_DECL int listen_on_path(std::string_view path);

/** Returns the listening sockets that this process was started with: systemd's socket activation, or an older
    generation of the same server (`LISTEN_FDS` and `LISTEN_PID`).

    The first call takes them: they are no longer inherited by what this process starts, and a second call returns
    nothing. Without `LISTEN_PID` they are taken for this process's.

    @return The descriptors, which are the caller's; empty when there are none.

    @par Thread Safety
    Unsafe beside anything that reads or changes the environment.

    @see sd_listen_fds(3)
*/
CREMA_DECL std::vector<int> inherited_sockets();

/// Returns the address of a socket; nothing when it has none.
CREMA_DECL address local_address(int fd) noexcept;

} // namespace crema::net

#if CREMA_BODIES
#include <crema/core/error.hpp>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
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

// Closes what could not be used, and tells why.
[[noreturn]] inline void fail_to_listen(int fd, int code, const std::string& subject) {
    if (fd >= 0) ::close(fd);
    throw system_error(std::error_code(code, std::system_category()), subject);
}

} // namespace detail

CREMA_DECL int listen_on(const std::string& host, std::uint16_t port, port_sharing sharing, int backlog) {
    const std::string name = host == "localhost" ? "127.0.0.1" : host;
    const auto subject = "listen on " + (name.find(':') != name.npos ? "[" + name + "]" : name) + ":" + std::to_string(port);
    sockaddr_storage at;
    socklen_t size = 0;
    if (!detail::parse_ip(name, port, at, size)) throw system_error(make_error_code(std::errc::invalid_argument), subject);
    int fd = ::socket(at.ss_family, SOCK_STREAM, 0);
    const int yes = 1, no = 0;
    const auto bind = [&] {
        if (!detail::make_nonblocking(fd)) return false;
        ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (sharing == port_sharing::balanced && ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) != 0) return false;
        if (at.ss_family == AF_INET6 && name == "::") ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
        return ::bind(fd, reinterpret_cast<sockaddr*>(&at), size) == 0;
    };
    if (fd < 0 || !bind()) {
        const int code = errno;
        const bool no_ipv6 = code == EAFNOSUPPORT || code == EADDRNOTAVAIL || code == EPROTONOSUPPORT;
        if (name != "::" || !no_ipv6) detail::fail_to_listen(fd, code, subject);
        if (fd >= 0) ::close(fd);
        detail::parse_ip("0.0.0.0", port, at, size);
        fd = ::socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || !bind()) detail::fail_to_listen(fd, errno, subject);
    }
    if (::listen(fd, backlog) != 0) detail::fail_to_listen(fd, errno, subject);
    return fd;
}

CREMA_DECL int listen_on_path(std::string_view path) {
    const auto subject = "listen on " + std::string(path);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof at.sun_path || path.find('\0') != path.npos)
        throw system_error(make_error_code(std::errc::filename_too_long), subject);
    std::memcpy(at.sun_path, path.data(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || !detail::make_nonblocking(fd)) detail::fail_to_listen(fd, errno, subject);
    const auto bind = [&] { return ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0; };
    if (!bind()) {
        int code = errno;
        struct stat what;
        if (code != EADDRINUSE || ::lstat(at.sun_path, &what) != 0 || !S_ISSOCK(what.st_mode)) detail::fail_to_listen(fd, code, subject);
        const int probe = ::socket(AF_UNIX, SOCK_STREAM, 0); // does anybody listen?
        const bool dead = probe >= 0 && ::connect(probe, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 && errno == ECONNREFUSED;
        if (probe >= 0) ::close(probe);
        if (!dead || ::unlink(at.sun_path) != 0 || !bind()) detail::fail_to_listen(fd, code, subject);
    }
    if (::listen(fd, 4096) != 0) detail::fail_to_listen(fd, errno, subject);
    return fd;
}

CREMA_DECL std::vector<int> inherited_sockets() {
    constexpr int first = 3; // behind the standard ones
    const auto number = [](const char* name) {
        long long n = -1;
        if (const char* text = std::getenv(name)) {
            const auto* end = text + std::strlen(text);
            if (const auto [p, ec] = std::from_chars(text, end, n); ec != std::errc{} || p != end) n = -2;
        }
        return n;
    };
    const auto count = number("LISTEN_FDS"), whose = number("LISTEN_PID");
    std::vector<int> found;
    if (count < 1 || count > 1024 || (whose != -1 && whose != ::getpid())) return found;
    ::unsetenv("LISTEN_FDS");
    ::unsetenv("LISTEN_PID");
    ::unsetenv("LISTEN_FDNAMES");
    for (int fd = first; fd < first + count; ++fd) {
        int listens = 0;
        socklen_t size = sizeof listens;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens) continue;
        detail::make_nonblocking(fd);
        found.push_back(fd);
    }
    return found;
}

CREMA_DECL address local_address(int fd) noexcept {
    sockaddr_storage at{};
    socklen_t size = sizeof at;
    if (fd < 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) return {};
    return address(reinterpret_cast<const sockaddr*>(&at), size);
}

} // namespace crema::net
#endif
