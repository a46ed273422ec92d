// address: of a peer or of a listening socket.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstdint>
#include <string>
#include <sys/socket.h>

namespace crema::net {

/** Holds the address of a socket: IP and port, or the path of a Unix socket.

    @par Thread Safety
    Distinct objects: safe.
*/
class address {
public:
    /// Construct an address of nothing.
    address() noexcept = default;
    /// Construct from what the system gives. @param size Octets of `from`.
    CREMA_DECL address(const sockaddr* from, socklen_t size) noexcept;

    /// Returns the IP address as text (an IPv4 address in IPv6 as IPv4); empty for nothing and for a local socket.
    CREMA_DECL std::string host() const;
    /// Returns the port; 0 where there is none.
    CREMA_DECL std::uint16_t port() const noexcept;
    /// Returns `host:port`, with brackets around IPv6.
    CREMA_DECL std::string text() const;
    /// Returns a number that is the same for the same host, for counting; 0 where there is none.
    CREMA_DECL std::uint64_t host_key() const noexcept;

private:
    // Room for IPv6; the path of a Unix socket is not kept for each connection.
    alignas(4) unsigned char raw_[28]{};
};

} // namespace crema::net

#if CREMA_BODIES
#include <algorithm>
#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>

namespace crema::net {

CREMA_DECL address::address(const sockaddr* from, socklen_t size) noexcept {
    static_assert(sizeof(sockaddr_in6) <= sizeof raw_);
    if (size >= static_cast<socklen_t>(sizeof(sa_family_t)))
        std::memcpy(raw_, from, std::min<std::size_t>(size, sizeof raw_));
}

namespace detail {

inline sa_family_t family_of(const unsigned char* raw) noexcept {
    sockaddr a{};
    std::memcpy(&a.sa_family, raw + offsetof(sockaddr, sa_family), sizeof a.sa_family);
    return a.sa_family;
}

} // namespace detail

CREMA_DECL std::string address::host() const {
    char text[INET6_ADDRSTRLEN] = "";
    switch (detail::family_of(raw_)) {
    case AF_INET: {
        sockaddr_in a;
        std::memcpy(&a, raw_, sizeof a);
        inet_ntop(AF_INET, &a.sin_addr, text, sizeof text);
        return text;
    }
    case AF_INET6: {
        sockaddr_in6 a;
        std::memcpy(&a, raw_, sizeof a);
        if (IN6_IS_ADDR_V4MAPPED(&a.sin6_addr)) inet_ntop(AF_INET, a.sin6_addr.s6_addr + 12, text, sizeof text);
        else inet_ntop(AF_INET6, &a.sin6_addr, text, sizeof text);
        return text;
    }
    default: return {};
    }
}

CREMA_DECL std::uint16_t address::port() const noexcept {
    switch (detail::family_of(raw_)) {
    case AF_INET:
    case AF_INET6: {
        std::uint16_t port; // at the same place in both
        std::memcpy(&port, raw_ + offsetof(sockaddr_in, sin_port), sizeof port);
        return ntohs(port);
    }
    default: return 0;
    }
}

CREMA_DECL std::string address::text() const {
    auto h = host();
    if (h.find(':') != h.npos) h = "[" + h + "]";
    return h + ":" + std::to_string(port());
}

CREMA_DECL std::uint64_t address::host_key() const noexcept {
    if (detail::family_of(raw_) == AF_INET) {
        std::uint32_t ip;
        std::memcpy(&ip, raw_ + offsetof(sockaddr_in, sin_addr), sizeof ip);
        return ip;
    }
    if (detail::family_of(raw_) != AF_INET6) return 0;
    std::uint64_t network; // of IPv6 the first 64 bits: that is what one customer has
    std::memcpy(&network, raw_ + offsetof(sockaddr_in6, sin6_addr), sizeof network);
    std::uint64_t rest;
    std::memcpy(&rest, raw_ + offsetof(sockaddr_in6, sin6_addr) + 8, sizeof rest);
    return network != 0 ? network : rest;
}

} // namespace crema::net
#endif
