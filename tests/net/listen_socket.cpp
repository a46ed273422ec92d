// listen_socket: sockets that listen, and why they cannot.
// SPDX-License-Identifier: MIT
#include <crema/core/error.hpp>
#include <crema/net/address.hpp>
#include <crema/net/listen_socket.hpp>

#include "sockets.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace crema;

namespace {

struct descriptor {
    int fd;
    explicit descriptor(int f) noexcept : fd(f) {}
    descriptor(const descriptor&) = delete;
    ~descriptor() { if (fd >= 0) ::close(fd); }
};

net::address local(int fd) {
    sockaddr_storage at{};
    socklen_t size = sizeof at;
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    return net::address(reinterpret_cast<sockaddr*>(&at), size);
}

std::string text_of(auto&& f) {
    try {
        f();
    } catch (const system_error& e) {
        return e.what();
    }
    return "nothing thrown";
}

struct directory {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("crema_listen_" + std::to_string(::getpid()));
    directory() { std::filesystem::create_directory(path); }
    ~directory() { std::filesystem::remove_all(path); }
};

} // namespace

TEST_CASE("a socket listens on any free port, closed by exec and without blocking", "[listen_socket]") {
    const descriptor s(net::listen_on("127.0.0.1", 0));
    CHECK(local(s.fd).port() != 0);
    CHECK(local(s.fd).host() == "127.0.0.1");
    CHECK((::fcntl(s.fd, F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(s.fd, F_GETFD) & FD_CLOEXEC) != 0);
    const descriptor named(net::listen_on("localhost", 0));
    CHECK(local(named.fd).host() == "127.0.0.1");
}

TEST_CASE("all addresses of both families are one socket", "[listen_socket]") {
    const descriptor s(net::listen_on("::", 0));
    const auto host = local(s.fd).host();
    if (host == "0.0.0.0") return; // a machine without IPv6
    CHECK(host == "::");
    const descriptor c(::socket(AF_INET, SOCK_STREAM, 0));
    const auto to = crema_test::loopback(local(s.fd).port());
    CHECK(::connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
}

TEST_CASE("a port that is taken, or an address that is none, is an error with its place", "[listen_socket]") {
    const descriptor first(net::listen_on("127.0.0.1", 0));
    const auto port = local(first.fd).port();
    CHECK_THAT(text_of([&] { net::listen_on("127.0.0.1", port); }),
               Catch::StartsWith("listen on 127.0.0.1:" + std::to_string(port)) && Catch::Contains("in use"));
    CHECK_THAT(text_of([] { net::listen_on("example.com", 80); }), Catch::Contains("example.com:80"));
    CHECK_THAT(text_of([] { net::listen_on("192.0.2.1", 80); }), Catch::Contains("192.0.2.1:80")); // not of this machine
    CHECK_THAT(text_of([] { net::listen_on("", 80); }), Catch::Contains("nvalid"));
}

TEST_CASE("a shared port is had by several sockets, but only when all of them share it", "[listen_socket]") {
    const descriptor first(net::listen_on("127.0.0.1", 0, net::port_sharing::balanced));
    const auto port = local(first.fd).port();
    const descriptor second(net::listen_on("127.0.0.1", port, net::port_sharing::balanced));
    CHECK(local(second.fd).port() == port);
    CHECK_THROWS_AS(net::listen_on("127.0.0.1", port), system_error);
}

TEST_CASE("a socket listens on a path, and takes the place of one that was left there", "[listen_socket]") {
    const directory d;
    const auto path = (d.path / "socket").string();
    {
        const descriptor first(net::listen_on_path(path));
        CHECK_THAT(text_of([&] { net::listen_on_path(path); }), Catch::Contains(path) && Catch::Contains("in use"));
    }
    const descriptor again(net::listen_on_path(path)); // nobody listens there any more
    CHECK(std::filesystem::is_socket(path));
}

TEST_CASE("a path that cannot be had is an error, and no file is taken away", "[listen_socket]") {
    const directory d;
    CHECK_THROWS_AS(net::listen_on_path(""), system_error);
    CHECK_THROWS_AS(net::listen_on_path(std::string(200, 'x')), system_error);
    CHECK_THROWS_AS(net::listen_on_path((d.path / "missing" / "socket").string()), system_error);
    const auto file = d.path / "file";
    ::close(::open(file.c_str(), O_CREAT | O_WRONLY, 0600));
    CHECK_THAT(text_of([&] { net::listen_on_path(file.string()); }), Catch::Contains("in use"));
    CHECK(std::filesystem::is_regular_file(file));
}

TEST_CASE("sockets are inherited as systemd hands them on", "[listen_socket]") {
    const descriptor s(net::listen_on("127.0.0.1", 0));
    const auto run = [&](const char* count, bool mine, bool listens) { // in a child, which has the socket as number 3
        const int child = ::fork();
        if (child == 0) {
            const int other = ::socket(AF_INET, SOCK_STREAM, 0);
            ::dup2(listens ? s.fd : other, 3);
            ::setenv("LISTEN_FDS", count, 1);
            if (mine) ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
            else ::setenv("LISTEN_PID", "1", 1);
            const auto found = net::inherited_sockets();
            const bool again = !net::inherited_sockets().empty();
            const bool closed = found.empty() || (::fcntl(found[0], F_GETFD) & FD_CLOEXEC) != 0;
            ::_exit(again || !closed ? 99 : static_cast<int>(found.size()));
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    };
    CHECK(run("1", true, true) == 1);
    CHECK(run("1", false, true) == 0); // meant for another process
    CHECK(run("1", true, false) == 0); // does not listen
    CHECK(run("0", true, true) == 0);
    CHECK(run("-1", true, true) == 0);
    CHECK(run("many", true, true) == 0);
    CHECK(net::inherited_sockets().empty());
}
