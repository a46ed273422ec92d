// stream: what reading and writing tell.
// SPDX-License-Identifier: MIT
#include <crema/net/stream.hpp>

#include <catch2/catch.hpp>
#include <cerrno>

using crema::net::io_result;

TEST_CASE("a result tells whether nothing could be done for now", "[stream]") {
    CHECK_FALSE(io_result{}.would_block()); // the end
    CHECK_FALSE(io_result{5, {}}.would_block());
    CHECK(io_result{0, std::error_code(EAGAIN, std::system_category())}.would_block());
    CHECK(io_result{0, std::error_code(EWOULDBLOCK, std::generic_category())}.would_block());
    CHECK(io_result{0, std::make_error_code(std::errc::operation_would_block)}.would_block());
    CHECK_FALSE(io_result{0, std::error_code(ECONNRESET, std::system_category())}.would_block());
    CHECK_FALSE(io_result{0, std::error_code(EPIPE, std::system_category())}.would_block());
}
