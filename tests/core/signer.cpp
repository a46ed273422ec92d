// Tests of core/signer.hpp, with a signature that protects nothing: the length in digits.
// SPDX-License-Identifier: MIT
#include <crema/core/signer.hpp>

#include <catch2/catch.hpp>

using namespace crema;

namespace {

struct length_signer final : signer {
    std::string signature(std::string_view text) const override { return std::to_string(text.size()); }
    bool is_signature(std::string_view text, std::string_view s) const override { return s == signature(text); }
};

} // namespace

TEST_CASE("a signature stands behind the last full stop", "[core][signer]") {
    const length_signer s;
    CHECK(s.sign("hello") == "hello.5");
    CHECK(s.sign("") == ".0");
    CHECK(s.unsign("hello.5") == "hello");
    CHECK(s.unsign("a.b.3") == "a.b");
    CHECK(s.unsign(".0") == "");
}

TEST_CASE("what is not signed gives nothing", "[core][signer]") {
    const length_signer s;
    for (const char* text : {"", "hello", "hello.", "hello.6", "hello.5.", "hello.5x", "5"}) {
        INFO(text);
        CHECK_FALSE(s.unsign(text));
    }
}
