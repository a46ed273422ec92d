// memory_stream: two ends in one process that behave as a socket does.
// SPDX-License-Identifier: MIT
#include <crema/net/memory_stream.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace crema;
using namespace crema::net;

namespace {

// Reads whatever comes and notes it.
struct reader : stream_handler {
    explicit reader(stream& s) : from(s) { s.start(*this); }
    void on_readable() override {
        ++calls;
        char room[4096];
        const auto r = from.read(room);
        if (r.error) {
            error = r.error;
            from.want(false, false);
        } else if (r.size == 0) {
            ended = true;
            from.want(false, false);
        } else {
            pieces.emplace_back(room, r.size);
            text.append(room, r.size);
        }
    }
    void on_writable() override {
        ++writable;
        from.want(true, false);
    }
    void on_peer_closed() override { peer_closed = true; }
    void on_broken(std::error_code why) override { error = why; }

    stream& from;
    std::vector<std::string> pieces;
    std::string text;
    std::error_code error;
    int calls = 0, writable = 0;
    bool ended = false, peer_closed = false;
};

std::size_t put(stream& s, std::string_view text) {
    const std::string_view pieces[] = {text};
    return s.write(pieces).size;
}

} // namespace

TEST_CASE("memory streams carry octets both ways, through the loop", "[memory_stream]") {
    loop l;
    auto [a, b] = memory_stream::pair(l);
    reader at_a(*a), at_b(*b);
    CHECK(put(*a, "ping") == 4);
    CHECK(at_b.text.empty()); // never from within write
    l.run();
    CHECK(at_b.text == "ping");
    CHECK(put(*b, "pong") == 4);
    l.run();
    CHECK(at_a.text == "pong");
    CHECK(at_a.calls == 1);
}

TEST_CASE("memory streams join the pieces of one write", "[memory_stream]") {
    loop l;
    auto [a, b] = memory_stream::pair(l);
    reader at_b(*b);
    const std::string_view pieces[] = {"one ", "", "two ", "three"};
    CHECK(a->write(pieces).size == 13);
    l.run();
    CHECK(at_b.pieces == std::vector<std::string>{"one two three"});
}

TEST_CASE("memory streams push back when nobody reads", "[memory_stream]") {
    loop l;
    auto [a, b] = memory_stream::pair(l, {.capacity = 10});
    reader at_a(*a);
    reader at_b(*b);
    b->want(false, false);
    CHECK(put(*a, "0123456789abc") == 10);
    const std::string_view more[] = {"abc"};
    CHECK(a->write(more).would_block());
    a->want(true, true);
    l.run();
    CHECK(at_a.writable == 0);
    CHECK(at_b.text.empty());
    b->want(true, false);
    l.run();
    CHECK(at_b.text == "0123456789");
    CHECK(at_a.writable == 1);
    CHECK(put(*a, "abc") == 3);
    l.run();
    CHECK(at_b.text == "0123456789abc");
}

TEST_CASE("memory streams cut what is read into segments", "[memory_stream]") {
    loop l;
    auto [a, b] = memory_stream::pair(l, {.segment = 2});
    reader at_b(*b);
    put(*a, "hello");
    l.run();
    CHECK(at_b.pieces == std::vector<std::string>{"he", "ll", "o"});
}

TEST_CASE("memory streams show a half-close behind the octets", "[memory_stream]") {
    loop l;
    auto [a, b] = memory_stream::pair(l);
    reader at_a(*a), at_b(*b);
    put(*a, "last");
    a->end();
    l.run();
    CHECK(at_b.text == "last");
    CHECK(at_b.ended);
    CHECK(put(*b, "still there") == 11);
    l.run();
    CHECK(at_a.text == "still there");
    CHECK(put(*a, "no more") == 0);
}

TEST_CASE("memory streams tell once of a half-close that nobody reads", "[memory_stream]") {
    loop l;
    auto [a, b] = memory_stream::pair(l);
    reader at_b(*b);
    b->want(false, false);
    put(*a, "unread");
    a->end();
    l.run();
    CHECK(at_b.peer_closed);
    CHECK(at_b.calls == 0);
    CHECK(b->available() == 6);
}

TEST_CASE("memory streams end when one is closed, and break when octets were unread", "[memory_stream]") {
    loop l;
    SECTION("all was read: an end") {
        auto [a, b] = memory_stream::pair(l);
        reader at_b(*b);
        a.reset();
        l.run();
        CHECK(at_b.ended);
        const std::string_view text[] = {"x"};
        CHECK(b->write(text).error == std::errc::broken_pipe);
    }
    SECTION("octets were unread: a reset") {
        auto [a, b] = memory_stream::pair(l);
        reader at_b(*b);
        put(*b, "nobody reads this");
        a->close();
        l.run();
        CHECK(at_b.error == std::errc::connection_reset);
    }
    SECTION("reset: what was on its way is lost") {
        auto [a, b] = memory_stream::pair(l);
        reader at_b(*b);
        put(*a, "lost");
        a->reset();
        l.run();
        CHECK(at_b.text.empty());
        CHECK(at_b.error == std::errc::connection_reset);
    }
    SECTION("a closed end does nothing") {
        auto [a, b] = memory_stream::pair(l);
        reader at_a(*a), at_b(*b);
        a->close();
        a->end();
        a->want(true, true);
        char room[1];
        CHECK(a->read(room).error == std::errc::bad_file_descriptor);
        CHECK(put(*a, "x") == 0);
        l.run();
        CHECK(at_a.calls == 0);
    }
}

TEST_CASE("memory streams may be closed within their own callback", "[memory_stream]") {
    struct closer : stream_handler {
        std::unique_ptr<memory_stream> mine;
        int calls = 0;
        void on_readable() override {
            ++calls;
            mine.reset();
        }
        void on_writable() override {
            ++calls;
            mine.reset();
        }
        void on_peer_closed() override { ++calls; }
        void on_broken(std::error_code) override { ++calls; }
    };
    loop l;
    auto [a, b] = memory_stream::pair(l);
    reader at_a(*a);
    closer c;
    c.mine = std::move(b);
    c.mine->start(c);
    c.mine->want(true, true);
    put(*a, "x");
    a->end();
    l.run();
    CHECK(c.calls == 1);
    CHECK((at_a.ended || at_a.error));
}
