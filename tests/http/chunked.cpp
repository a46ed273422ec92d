// chunked_decoder: data, extensions, trailers, limits, and that pieces make no difference.
// SPDX-License-Identifier: MIT
#include <crema/http/chunked.hpp>

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <string>

using namespace crema::http;
using namespace std::string_literals;

namespace {

struct outcome {
    parse_state state;
    std::string data, trailers;
    std::size_t consumed;
    int status;
    bool operator==(const outcome&) const = default;
};

outcome feed(std::string_view octets, std::size_t step, const chunk_limits& limits) {
    chunked_decoder decoder(limits);
    outcome r{parse_state::need_more, {}, {}, 0, 0};
    while (r.state == parse_state::need_more && r.consumed < octets.size()) {
        const auto n = std::min(step, octets.size() - r.consumed);
        std::unique_ptr<char[]> memory(new char[n]);
        std::memcpy(memory.get(), octets.data() + r.consumed, n);
        const auto got = decoder.decode(memory.get(), n);
        r.data.append(memory.get(), got.produced);
        r.consumed += got.consumed;
        r.state = got.state;
        if (got.state == parse_state::need_more) CHECK(got.consumed == n);
    }
    r.trailers = decoder.trailers();
    if (r.state == parse_state::bad) {
        r.status = decoder.status();
        r.consumed = 0;
        r.data.clear(); // how much came before it went wrong depends on the pieces
        CHECK_FALSE(decoder.reason().empty());
    }
    return r;
}

outcome decode(std::string_view octets, const chunk_limits& limits = {}) {
    const auto whole = feed(octets, octets.size(), limits);
    for (std::size_t step = 1; step < std::min<std::size_t>(octets.size(), 20); ++step)
        if (!(feed(octets, step, limits) == whole)) FAIL("pieces of " << step << " differ for " << octets);
    return whole;
}

int status_of(std::string_view octets, const chunk_limits& limits = {}) {
    const auto r = decode(octets, limits);
    return r.state == parse_state::bad ? r.status : r.state == parse_state::done ? 200 : 0;
}

} // namespace

TEST_CASE("chunks become their data", "[chunked]") {
    const auto r = decode("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET / HTTP/1.1\r\n");
    CHECK(r.state == parse_state::done);
    CHECK(r.data == "hello world");
    CHECK(r.consumed == 26);
    CHECK(decode("0\r\n\r\n").data.empty());
    CHECK(decode("a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n").data == "01234567890123456789");
    CHECK(decode("7\r\na\r\nb\r\nc\r\n0\r\n\r\n").data == "a\r\nb\r\nc");
    CHECK(decode("10000\r\n" + std::string(65536, 'z') + "\r\n0\r\n\r\n").data.size() == 65536);
}

TEST_CASE("next hands out the data as views", "[chunked]") {
    const auto text = "3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: v\r\n\r\nrest"s;
    chunked_decoder decoder;
    auto one = decoder.next(text.data(), text.size());
    CHECK(one.data == "abc");
    CHECK(one.data.data() == text.data() + 3);
    auto two = decoder.next(text.data() + one.consumed, text.size() - one.consumed);
    CHECK(two.data == "de");
    CHECK(two.state == parse_state::need_more);
    const auto used = one.consumed + two.consumed;
    auto last = decoder.next(text.data() + used, text.size() - used);
    CHECK(last.state == parse_state::done);
    CHECK(last.data.empty());
    CHECK(text.substr(used + last.consumed) == "rest");
    CHECK(decoder.trailers() == "T: v\r\n");
    CHECK(decoder.next("x", 1).state == parse_state::done); // stays at the end
    CHECK(decoder.next("x", 1).consumed == 0);
    decoder.reset();
    CHECK(decoder.trailers().empty());
    CHECK(decoder.next("1\r\nx", 4).data == "x");
}

TEST_CASE("incomplete bodies need more", "[chunked]") {
    const auto whole = "5;a=\"b\" ; c\r\nhello\r\n0\r\nT: v\r\n\r\n"s;
    for (std::size_t n = 1; n < whole.size(); ++n) CHECK(status_of(whole.substr(0, n)) == 0);
    CHECK(status_of(whole) == 200);
}

TEST_CASE("chunk sizes are hexadecimal digits and nothing else", "[chunked]") {
    for (auto z : {"g",
                   "-5",
                   "+5",
                   "0x5",
                   "5g",
                   "5 5",
                   "",
                   " 5",
                   "\t5",
                   "5,",
                   "5.0",
                   "0_5",
                   "\"5\"",
                   "5\x0b",
                   "5\xa0",
                   "5 ",
                   "5\t",
                   "5\n",
                   "5\r",
                   "7fffffffffffffff",
                   "ffffffffffffffff",
                   "20000000000000",
                   "10000000000000005",
                   "00000000000000005"})
        CHECK(status_of(z + "\r\nhello\r\n0\r\n\r\n"s) == 400);
    CHECK(status_of("\0005\r\nhello\r\n0\r\n\r\n"s) == 400);
    CHECK(status_of("0000000000000005\r\nhello\r\n0\r\n\r\n") == 200);
    CHECK(status_of("1fffffffffffff\r\nhello") == 0);
}

TEST_CASE("line ends are CRLF everywhere", "[chunked]") {
    for (auto body : {"5\nhello\r\n0\r\n\r\n", "5\rhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
                      "5\r\nhello\r0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhell\r\n0\r\n\r\n", "0\n\r\n",
                      "0\r\n\n", "0\r\n\r\r\n", "5\r\n\nhello\r\n0\r\n\r\n"})
        CHECK(status_of(body) == 400);
}

TEST_CASE("extensions are read over when they follow the grammar", "[chunked]") {
    for (auto e : {";a=b", ";last", ";a=\"b;c\\\"d\"", " ; a = b", ";a;b=c;d=\"\"", ";a=\"\t\xe9\"", ";a=b ;c",
                   "\t;a=\"x\" ;b"})
        CHECK(decode("5"s + e + "\r\nhello\r\n0"s + e + "\r\n\r\n").data == "hello");
    for (auto e : {";", "; ", ";a=", ";a=\"b", ";=b", ";a b", ";a=b c", ";a=b ", ";a=\"b\"c", ";a=\"\x7f\"", ";a\rb",
                   ";a\nb", ";a=\"\n\"", ";a=\"\\\r\"", ";a,b", ";a=b=c", ";a "})
        CHECK(status_of("5"s + e + "\r\nhello\r\n0\r\n\r\n") == 400);
    CHECK(status_of("5;a\0b\r\nhello\r\n0\r\n\r\n"s) == 400);
    chunk_limits limits;
    limits.extensions = 8;
    CHECK(status_of("1;abc\r\nx\r\n1;defg\r\nx\r\n0\r\n\r\n", limits) == 200);
    CHECK(status_of("1;abc\r\nx\r\n1;defgh\r\nx\r\n0\r\n\r\n", limits) == 413);
    CHECK(status_of("1;1234567\r\nx\r\n0\r\n\r\n", limits) == 200);
    CHECK(status_of("a;12345678\r\n0123456789\r\n0\r\n\r\n", limits) == 413);
    std::string even; // as much data as extensions may go on for ever
    for (int i = 0; i < 100; ++i) even += "8;1234567\r\n01234567\r\n";
    CHECK(status_of(even + "0\r\n\r\n", limits) == 200);
    CHECK(status_of(even + "0;12345678\r\n\r\n", limits) == 413);
}

TEST_CASE("trailers are fields that change no framing", "[chunked]") {
    const auto r = decode("0\r\nX-T: 1\r\nX-U:\r\nX-V: a b\xe9\r\n\r\n");
    CHECK(r.state == parse_state::done);
    CHECK(r.trailers == "X-T: 1\r\nX-U:\r\nX-V: a b\xe9\r\n");
    for (auto t : {"not a field", "A : b", ": b", " A: b", "A: b\r\n c", "A: b\nc", "A: \x01", "Content-Length: 3",
                   "transfer-encoding: chunked", "HOST: a", "GET /smuggled HTTP/1.1"})
        CHECK(status_of("0\r\n"s + t + "\r\n\r\n") == 400);
    chunk_limits limits;
    limits.trailers = 12;
    CHECK(status_of("0\r\nA: 5\r\nB: 6\r\n\r\n", limits) == 200);
    CHECK(status_of("0\r\nA: 5\r\nB: 67\r\n\r\n", limits) == 431);
}

TEST_CASE("chunk heads are written as they are read", "[chunked]") {
    for (std::uint64_t size : {1ull, 9ull, 16ull, 255ull, 4096ull, 0x1fffffffffffffull}) {
        char head[18];
        const auto n = write_chunk_head(head, size);
        CHECK(std::stoull(std::string(head, n - 2), nullptr, 16) == size);
        CHECK(std::string(head + n - 2, 2) == "\r\n");
    }
    CHECK(decode(last_chunk).state == parse_state::done);
}
