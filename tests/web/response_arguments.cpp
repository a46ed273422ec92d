// Tests of web/response_arguments.hpp.
// SPDX-License-Identifier: MIT
#include <crema/web/response_arguments.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <string>

using namespace crema;

namespace {

std::string shown(const detail::field_text& text) { return std::string(std::string_view(text)); }

} // namespace

TEST_CASE("a field takes texts and integers", "[web][response_arguments]") {
    CHECK(shown("text") == "text");
    CHECK(shown(std::string("text")) == "text");
    CHECK(shown(0) == "0");
    CHECK(shown(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(shown(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    STATIC_REQUIRE_FALSE(std::is_convertible_v<bool, detail::field_text>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<char, detail::field_text>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<double, detail::field_text>);
}

TEST_CASE("a case of format calls what it was given", "[web][response_arguments]") {
    int calls = 0;
    auto answer = [&] { ++calls; };
    const format_case c{"json", answer};
    c.answer();
    c.answer();
    CHECK(calls == 2);
}

TEST_CASE("a link has one target or several", "[web][response_arguments]") {
    const link_entry one("next", "/2");
    CHECK(one.one == "/2");
    CHECK(one.several.size() == 0);
    const link_entry two("alternate", {"/a", "/b"});
    CHECK(two.several.size() == 2);
}
