// A blocking client on a real socket.
// SPDX-License-Identifier: MIT
#pragma once
#include <arpa/inet.h>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace crema_test {

// A blocking client on a real socket.
class tcp_client {
public:
    explicit tcp_client(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(static_cast<std::uint16_t>(port));
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval limit{5, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    }
    // Connects to a path.
    explicit tcp_client(std::string_view path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, path.data(), path.size());
        const timeval limit{5, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    }
    tcp_client(const tcp_client&) = delete;
    ~tcp_client() { ::close(fd_); }
    void send(std::string_view text) const { (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
    void end() const { ::shutdown(fd_, SHUT_WR); }
    // All until the server ends; nothing when it breaks the connection.
    std::optional<std::string> all() const {
        std::string text;
        char room[65536];
        for (;;) {
            const auto n = ::recv(fd_, room, sizeof room, 0);
            if (n == 0) return text;
            if (n < 0) return std::nullopt;
            text.append(room, static_cast<std::size_t>(n));
        }
    }
    // The next answer, which has a Content-Length below 10 000; what there is of it when the connection ends.
    std::string answer() {
        char room[65536];
        for (;;) {
            if (const auto end = rest_.find("\r\n\r\n"); end != rest_.npos) {
                std::size_t length = 0;
                if (const auto at = rest_.find("Content-Length: "); at < end) length = std::stoul(rest_.substr(at + 16, 5));
                if (rest_.size() >= end + 4 + length) {
                    auto one = rest_.substr(0, end + 4 + length);
                    rest_.erase(0, one.size());
                    return one;
                }
            }
            const auto n = ::recv(fd_, room, sizeof room, 0);
            if (n <= 0) return std::exchange(rest_, {});
            rest_.append(room, static_cast<std::size_t>(n));
        }
    }
    std::string some(std::size_t size) const {
        std::string text(size, '\0');
        const auto n = ::recv(fd_, text.data(), size, MSG_WAITALL);
        text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return text;
    }
    bool connected = false;

private:
    int fd_;
    std::string rest_;
};

} // namespace crema_test
