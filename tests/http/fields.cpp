// Fields: known names and what may be sent.
// SPDX-License-Identifier: MIT
#include <crema/http/fields.hpp>

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <string>

using namespace crema::http;

TEST_CASE("every known field is found by its name in any case", "[fields]") {
    for (std::size_t i = 1; i < field_count; ++i) {
        const auto f = static_cast<field>(i);
        const std::string name(to_string(f));
        CHECK(to_field(name) == f);
        CHECK(to_field(crema::to_upper(name)) == f);
        CHECK(to_field(name + "x") == field::unknown);
        CHECK(to_field(name.substr(1)) == field::unknown);
    }
    for (auto name : {"", "x", "hose", "x-unknown", "a-name-that-is-much-longer-than-all-of-those-known"})
        CHECK(to_field(name) == field::unknown);
    CHECK(to_string(field::sec_websocket_key) == "sec-websocket-key");
}

TEST_CASE("the lookup of the parser agrees, with and without room behind the name", "[fields]") {
    for (std::size_t i = 1; i < field_count; ++i) {
        const auto f = static_cast<field>(i);
        const auto name = to_string(f);
        for (std::size_t room : {0, 1, 31}) {
            const auto size = name.size() + room;
            std::unique_ptr<char[]> octets(new char[size]);
            std::memset(octets.get(), ':', size);
            std::memcpy(octets.get(), name.data(), name.size());
            const char* end = octets.get() + size;
            CHECK(detail::to_field_within(octets.get(), name.size(), end) == f);
            for (std::size_t at = 0; at < name.size(); ++at) { // no other octet is taken for the one that belongs there
                const char right = octets[at];
                for (int c = 0; c < 256; ++c) {
                    octets[at] = static_cast<char>(c);
                    const auto got = detail::to_field_within(octets.get(), name.size(), end);
                    const auto want = to_field({octets.get(), name.size()});
                    if (got != want || (got == f) != (crema::to_lower(static_cast<char>(c)) == right))
                        FAIL(name << " with octet " << c << " at " << at);
                }
                octets[at] = right;
            }
        }
    }
}

TEST_CASE("values that would split a response are not valid", "[fields]") {
    CHECK(valid_field_value("text/html; charset=utf-8"));
    CHECK(valid_field_value("tab\tand \xe9"));
    CHECK(valid_field_value(""));
    for (auto bad : {"a\r\nX: y", "a\nb", "a\rb", "\x01", "\x7f", "a value that is longer than sixteen\n"})
        CHECK_FALSE(valid_field_value(bad));
    CHECK_FALSE(valid_field_value(std::string_view("a\0b", 3)));
    CHECK(valid_field_name("X-A_b"));
    for (auto bad : {"", "a b", "a:", "a\r", "\xe9"}) CHECK_FALSE(valid_field_name(bad));
}

TEST_CASE("what says how a message is read does not stand behind its body", "[fields]") {
    for (auto early : {"Content-Length", "transfer-encoding", "HOST", "Trailer", "Content-Type", "Content-Encoding", "Connection"})
        CHECK_FALSE(may_be_trailer(early));
    for (auto late : {"X-Sum", "Server-Timing", "ETag", "Content-MD5"}) CHECK(may_be_trailer(late));
}
