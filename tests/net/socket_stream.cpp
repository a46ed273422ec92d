// socket_stream: a stream over a real socket.
// SPDX-License-Identifier: MIT
#include <crema/net/socket_stream.hpp>

#include "sockets.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace crema;
using namespace crema_test;
using net::socket_stream;

namespace {

struct reader final : net::stream_handler {
    void on_readable() override {
        ++calls;
        char room[65536];
        const auto r = from->read(room);
        if (r.error) {
            if (!r.would_block()) error = r.error, from->want(false, false);
        } else if (r.size == 0) {
            ended = true;
            from->want(false, false);
        } else {
            text.append(room, r.size);
        }
        if (close_on_read) from.reset();
    }
    void on_writable() override { ++writable; }
    void on_peer_closed() override { ++peer_closed; }
    void on_broken(std::error_code why) override { ++broken, error = why; }

    std::unique_ptr<socket_stream> from;
    std::string text;
    std::error_code error;
    int calls = 0, writable = 0, peer_closed = 0, broken = 0;
    bool ended = false, close_on_read = false;
};

struct fixture {
    loop l;
    net::poller p{l};
    socket_pair s;
    reader r;
    fixture() {
        r.from = std::make_unique<socket_stream>(p, s.take(), net::address());
        r.from->start(r);
    }
};

} // namespace

TEST_CASE_METHOD(fixture, "a socket stream reads what comes, and the end", "[socket_stream]") {
    s.send("one ");
    turn(l);
    s.send("two");
    turn(l);
    CHECK(r.text == "one two");
    CHECK_FALSE(r.ended);
    ::shutdown(s.far, SHUT_WR);
    turn(l);
    CHECK(r.ended);
    const int calls = r.calls;
    turn(l);
    CHECK(r.calls == calls); // told once: no busy loop
}

TEST_CASE_METHOD(fixture, "a socket stream writes pieces as one message", "[socket_stream]") {
    const std::string_view pieces[] = {"one ", "", "two ", "three"};
    const auto w = r.from->write(pieces);
    CHECK_FALSE(w.error);
    CHECK(w.size == 13);
    CHECK(s.receive() == "one two three");
    std::vector<std::string_view> many(40, "ab"); // more than one call takes
    const auto part = r.from->write(many);
    CHECK(part.size > 0);
    CHECK(part.size % 2 == 0);
    std::string whole;
    for (const auto m : many) whole += m;
    CHECK(s.receive() == whole.substr(0, part.size));
}

TEST_CASE_METHOD(fixture, "a socket stream that is full tells when there is room again", "[socket_stream]") {
    const std::string text(100'000, 'x');
    const std::string_view piece[] = {text};
    std::size_t sent = 0;
    net::io_result w;
    while (!(w = r.from->write(piece)).error) sent += w.size;
    CHECK(w.would_block());
    r.from->want(true, true);
    turn(l);
    CHECK(r.writable == 0);
    while (sent > 0) sent -= s.receive().size();
    turn(l);
    CHECK(r.writable > 0);
    r.from->want(true, false);
    turn(l);
    const int before = r.writable;
    turn(l);
    CHECK(r.writable == before);
}

TEST_CASE_METHOD(fixture, "a socket stream on which nothing is wanted tells once of a peer that leaves", "[socket_stream]") {
    r.from->want(false, false);
    s.send("unread");
    turn(l);
    CHECK(r.calls == 0);
#if CREMA_NET_EPOLL
    ::shutdown(s.far, SHUT_WR);
    turn(l);
    CHECK(r.peer_closed == 1);
    CHECK(r.broken == 0);
    s.close_far();
    turn(l);
    CHECK(r.broken == 1);
    CHECK(r.error);
    CHECK(r.peer_closed == 1);
    turn(l);
    CHECK(r.broken == 1);
#endif
    CHECK(r.calls == 0);
}

TEST_CASE_METHOD(fixture, "a socket stream may be destroyed by its handler", "[socket_stream]") {
    r.close_on_read = true;
    s.send("x");
    turn(l);
    CHECK(r.calls == 1);
    CHECK_FALSE(r.from);
    char one;
    CHECK(::recv(s.far, &one, 1, 0) == 0);
}

TEST_CASE_METHOD(fixture, "a socket stream that ends can still be read", "[socket_stream]") {
    r.from->end();
    char one;
    CHECK(::recv(s.far, &one, 1, 0) == 0);
    s.send("late");
    turn(l);
    CHECK(r.text == "late");
}

TEST_CASE_METHOD(fixture, "a closed socket stream does nothing", "[socket_stream]") {
    r.from->close();
    r.from->close();
    r.from->reset();
    r.from->end();
    r.from->want(true, true);
    CHECK(r.from->local().host().empty());
    char room[10];
    CHECK(r.from->read(room).error);
    const std::string_view piece[] = {"x"};
    CHECK(r.from->write(piece).error);
    turn(l);
    CHECK(r.calls == 0);
}

TEST_CASE_METHOD(fixture, "writing to a peer that has gone is an error, not a signal", "[socket_stream]") {
    s.close_far();
    const std::string_view piece[] = {"x"};
    CHECK(r.from->write(piece).error == std::errc::broken_pipe);
    const std::string_view pieces[] = {"x", "y"};
    CHECK(r.from->write(pieces).error == std::errc::broken_pipe);
}

TEST_CASE_METHOD(fixture, "octets of a file leave without a copy, as many as there is room for", "[socket_stream]") {
    std::FILE* const f = std::tmpfile();
    REQUIRE(f);
    const std::string content(5'000'000, 'x');
    REQUIRE(std::fwrite(content.data(), 1, content.size(), f) == content.size());
    std::fflush(f);
    const int fd = ::fileno(f);
    const auto some = r.from->write_file(fd, 4'999'990, 10);
#if defined(__linux__)
    CHECK_FALSE(some.error);
    CHECK(some.size == 10);
    const auto more = r.from->write_file(fd, 0, content.size());
    CHECK_FALSE(more.error);
    CHECK(more.size > 0);
    CHECK(more.size < content.size()); // nobody reads
    CHECK(r.from->write_file(fd, 0, content.size()).would_block());
    CHECK(r.from->write_file(fd, 6'000'000, 1).error == std::errc::operation_not_supported); // behind the end
#else
    CHECK(some.error == std::errc::operation_not_supported);
#endif
    std::fclose(f);
}
