// copy: every size, and nothing written or read outside of it.
// SPDX-License-Identifier: MIT
#include <crema/core/copy.hpp>

#include <catch2/catch.hpp>
#include <memory>
#include <string>

using namespace crema;

TEST_CASE("texts of every size are copied, and nothing beside them", "[copy]") {
    for (std::size_t size = 0; size < 300; ++size) {
        const std::unique_ptr<char[]> from(new char[size]); // exactly as large, for sanitizers
        for (std::size_t i = 0; i < size; ++i) from[i] = static_cast<char>(i * 7 + 1);
        std::string to(size + 2, '#');
        char* const end = put_text(to.data() + 1, {from.get(), size});
        CHECK(end == to.data() + 1 + size);
        CHECK(to == "#" + std::string(from.get(), size) + "#");
    }
    CHECK(put_text(nullptr, {}) == nullptr);
}

TEST_CASE("a literal is copied without its NUL", "[copy]") {
    std::string to(8, '#');
    CHECK(put_literal(to.data(), "a: b\r\n") == to.data() + 6);
    CHECK(to == "a: b\r\n##");
}

TEST_CASE("texts are the same when each octet is", "[copy]") {
    for (std::size_t size = 0; size < 40; ++size) {
        const std::string text(size, 'a');
        CHECK(same_text(text, std::string(size, 'a')));
        CHECK_FALSE(same_text(text, std::string(size + 1, 'a')));
        for (std::size_t at = 0; at < size; ++at) {
            auto other = text;
            other[at] = 'b';
            CHECK_FALSE(same_text(text, other));
        }
    }
    CHECK(is_literal("text/plain", "text/plain"));
    CHECK_FALSE(is_literal("text/plaim", "text/plain"));
    CHECK_FALSE(is_literal("text/plain ", "text/plain"));
    CHECK(ends_with_literal("text/plain; charset=utf-8", "; charset=utf-8"));
    CHECK_FALSE(ends_with_literal("text/plain; charset=utf-9", "; charset=utf-8"));
    CHECK_FALSE(ends_with_literal("utf-8", "; charset=utf-8"));
}
