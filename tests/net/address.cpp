// address: text, port and identity of a peer.
// SPDX-License-Identifier: MIT
#include <crema/net/address.hpp>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <sys/un.h>

using crema::net::address;

namespace {

address v4(const char* ip, int port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(static_cast<std::uint16_t>(port));
    REQUIRE(inet_pton(AF_INET, ip, &a.sin_addr) == 1);
    return address(reinterpret_cast<const sockaddr*>(&a), sizeof a);
}

address v6(const char* ip, int port) {
    sockaddr_in6 a{};
    a.sin6_family = AF_INET6;
    a.sin6_port = htons(static_cast<std::uint16_t>(port));
    REQUIRE(inet_pton(AF_INET6, ip, &a.sin6_addr) == 1);
    return address(reinterpret_cast<const sockaddr*>(&a), sizeof a);
}

} // namespace

TEST_CASE("an address shows host and port", "[address]") {
    CHECK(v4("192.0.2.7", 8080).host() == "192.0.2.7");
    CHECK(v4("192.0.2.7", 8080).port() == 8080);
    CHECK(v4("192.0.2.7", 8080).text() == "192.0.2.7:8080");
    CHECK(v6("2001:db8::1", 80).host() == "2001:db8::1");
    CHECK(v6("2001:db8::1", 80).text() == "[2001:db8::1]:80");
}

TEST_CASE("an IPv4 address that came through an IPv6 socket shows as IPv4", "[address]") {
    CHECK(v6("::ffff:192.0.2.7", 80).host() == "192.0.2.7");
    CHECK(v6("::ffff:192.0.2.7", 80).text() == "192.0.2.7:80");
}

TEST_CASE("an address of nothing, or of a path, has neither host nor port", "[address]") {
    CHECK(address().host().empty());
    CHECK(address().port() == 0);
    CHECK(address().host_key() == 0);
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strcpy(a.sun_path, "a/path/that/is/longer/than/an/address/of/ip");
    const address at(reinterpret_cast<const sockaddr*>(&a), sizeof a);
    CHECK(at.host().empty());
    CHECK(at.port() == 0);
    CHECK(at.host_key() == 0);
    CHECK(address(reinterpret_cast<const sockaddr*>(&a), 0).host().empty());
}

TEST_CASE("addresses of one host have one key, whatever the port", "[address]") {
    CHECK(v4("192.0.2.7", 1).host_key() == v4("192.0.2.7", 2).host_key());
    CHECK(v4("192.0.2.7", 1).host_key() != v4("192.0.2.8", 1).host_key());
    CHECK(v6("2001:db8::1", 1).host_key() == v6("2001:db8::ffff:2", 9).host_key()); // one customer's network
    CHECK(v6("2001:db8:0:1::1", 1).host_key() != v6("2001:db8::1", 1).host_key());
    CHECK(v6("::ffff:192.0.2.7", 1).host_key() != v6("::ffff:192.0.2.8", 1).host_key());
    CHECK(v6("::1", 1).host_key() != 0);
}
