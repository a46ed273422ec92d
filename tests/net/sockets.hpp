// Pairs of connected sockets for tests.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/loop/loop.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace crema_test {

// Two connected, non-blocking sockets. Who takes one sets it to -1.
struct socket_pair {
    int near = -1, far = -1;
    socket_pair() {
        int both[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both) == 0);
        near = both[0];
        far = both[1];
    }
    socket_pair(const socket_pair&) = delete;
    ~socket_pair() {
        if (near >= 0) ::close(near);
        if (far >= 0) ::close(far);
    }
    void send(std::string_view text) const {
        REQUIRE(::send(far, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
    }
    std::string receive() const {
        char room[65536];
        const auto n = ::recv(far, room, sizeof room, 0);
        return {room, n > 0 ? static_cast<std::size_t>(n) : 0};
    }
    int take() { return std::exchange(near, -1); }
    void close_far() { ::close(std::exchange(far, -1)); }
};

// An address of this machine.
inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

// Lets happen what can happen at once.
inline void turn(crema::loop& l, int times = 4) {
    for (int i = 0; i < times; ++i) l.run_once();
}

} // namespace crema_test
