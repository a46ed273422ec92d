// Serializer: heads, chunks, and the buffer they are written to.
// SPDX-License-Identifier: MIT
#include <crema/http/date.hpp>
#include <crema/http/serializer.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;

namespace {

std::string written(const response_head& head, std::string_view body = {}) {
    output_buffer out;
    write_response(out, head, body);
    return std::string(out.view());
}

} // namespace

TEST_CASE("a response has status line, fields, date, framing, body", "[serializer]") {
    const date_cache date;
    response_head head;
    head.fields = "Content-Type: text/plain\r\n";
    head.date_line = date.line();
    head.framing = body_framing::length;
    head.length = 5;
    CHECK(written(head, "hello") ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
          "Content-Length: 5\r\n\r\nhello");
}

TEST_CASE("framing and connection are said as asked", "[serializer]") {
    response_head head;
    head.status = 204;
    CHECK(written(head) == "HTTP/1.1 204 No Content\r\n\r\n");
    head.status = 200;
    head.framing = body_framing::chunked;
    head.connection = connection_field::close;
    CHECK(written(head) == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    head.framing = body_framing::length;
    head.length = UINT64_MAX;
    head.connection = connection_field::keep_alive;
    CHECK(written(head) == "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("a status line can have another phrase, or none", "[serializer]") {
    response_head head;
    head.status = 404;
    head.reason = "Gone Fishing";
    CHECK(written(head) == "HTTP/1.1 404 Gone Fishing\r\n\r\n");
    head.status = 799;
    head.reason = {};
    CHECK(written(head) == "HTTP/1.1 799 \r\n\r\n");
}

TEST_CASE("chunks are written with size and line ends", "[serializer]") {
    output_buffer out;
    write_chunk(out, "hello");
    write_chunk(out, "");
    write_chunk(out, std::string(26, 'x'));
    write_last_chunk(out, "T: v\r\n");
    CHECK(out.view() == "5\r\nhello\r\n1a\r\nxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n0\r\nT: v\r\n\r\n");
    out.clear();
    write_last_chunk(out);
    CHECK(out.view() == last_chunk);
}

TEST_CASE("numbers are written in decimal", "[serializer]") {
    for (std::uint64_t v : {0ull, 7ull, 10ull, 12345ull, 18446744073709551615ull}) {
        char digits[20];
        CHECK(std::string(digits, write_decimal(digits, v)) == std::to_string(v));
    }
}

TEST_CASE("the buffer is consumed in front while it grows behind", "[serializer]") {
    output_buffer out;
    std::string model;
    std::uint32_t seed = 7;
    auto random = [&](std::uint32_t below) { return (seed = seed * 1664525 + 1013904223) / 65536 % below; };
    for (int i = 0; i < 5000; ++i) {
        const std::string piece(random(300), static_cast<char>('a' + random(26)));
        out.append(piece);
        model += piece;
        const auto n = random(static_cast<std::uint32_t>(std::min<std::size_t>(model.size(), 600)) + 1);
        out.consume(n);
        model.erase(0, n);
        REQUIRE(out.view() == model);
    }
    CHECK(out.capacity() < 64 * 1024);
    out.append("tail");
    out.truncate(out.size() - 4);
    CHECK(out.view() == model);
    output_buffer other(std::move(out));
    CHECK(other.view() == model);
    CHECK(out.empty());
    other.release();
    CHECK(other.capacity() == 0);
    CHECK(other.empty());
}
