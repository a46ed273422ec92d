// byteranges: what stands around the parts of a multipart/byteranges answer.
// SPDX-License-Identifier: MIT
#include <crema/http/byteranges.hpp>

#include <catch2/catch.hpp>

using crema::http::byteranges;

TEST_CASE("parts have their type and place, in the order of the ranges", "[byteranges]") {
    const byteranges parts({{7, 8}, {0, 0}}, 9, "text/plain; charset=utf-8", "gap");
    CHECK(parts.content_type() == "multipart/byteranges; boundary=gap");
    CHECK(parts.front(0) == "--gap\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 7-8/9\r\n\r\n");
    CHECK(parts.front(1) == "\r\n--gap\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-0/9\r\n\r\n");
    CHECK(parts.end() == "\r\n--gap--\r\n");
    CHECK(parts.content_length() == (parts.front(0) + "89" + parts.front(1) + "1" + parts.end()).size());
}

TEST_CASE("without a type the parts have none, and sizes beyond 32 bits are counted", "[byteranges]") {
    const std::uint64_t huge = std::uint64_t(1) << 40;
    const byteranges parts({{0, huge - 1}, {huge, huge}}, huge + 1, "", "b");
    CHECK(parts.front(0) == "--b\r\nContent-Range: bytes 0-1099511627775/1099511627777\r\n\r\n");
    CHECK(parts.content_length() == huge + 1 + parts.front(0).size() + parts.front(1).size() + parts.end().size());
}
