// header_block: set, append, remove, and that nothing slips into the octets.
// SPDX-License-Identifier: MIT
#include <crema/http/header_block.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;

TEST_CASE("fields are kept as ready lines in order", "[header_block]") {
    header_block b;
    CHECK(b.empty());
    CHECK(b.set("Content-Type", "text/plain"));
    CHECK(b.append("Set-Cookie", "a=1"));
    CHECK(b.append("set-cookie", "b=2"));
    CHECK(b.view() == "Content-Type: text/plain\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n");
    CHECK(b.get("CONTENT-type") == "text/plain");
    CHECK(b.get("set-cookie") == "a=1");
    CHECK(b.size() == 3);
    CHECK(b.name_at(2) == "set-cookie");
    CHECK(b.value_at(2) == "b=2");
}

TEST_CASE("set replaces all lines of the name at the place of the first", "[header_block]") {
    header_block b;
    for (auto [n, v] : {std::pair{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}, {"A", "5"}}) CHECK(b.append(n, v));
    CHECK(b.set("a", "a longer value"));
    CHECK(b.view() == "A: a longer value\r\nB: 2\r\nC: 4\r\n");
    CHECK(b.set("A", ""));
    CHECK(b.view() == "A: \r\nB: 2\r\nC: 4\r\n");
    CHECK(b.get("c") == "4");
    CHECK(b.has("A"));
    CHECK(b.get("A").empty());
}

TEST_CASE("a value may come from the block itself", "[header_block]") {
    header_block b;
    CHECK(b.set("A", "first"));
    CHECK(b.set("B", "a value that is rather longer"));
    CHECK(b.set("A", b.get("B")));
    CHECK(b.view() == "A: a value that is rather longer\r\nB: a value that is rather longer\r\n");
}

TEST_CASE("remove takes all lines of the name", "[header_block]") {
    header_block b;
    for (auto [n, v] : {std::pair{"A", "1"}, {"B", "2"}, {"a", "3"}}) CHECK(b.append(n, v));
    CHECK(b.remove("A"));
    CHECK_FALSE(b.remove("A"));
    CHECK_FALSE(b.has("a"));
    CHECK(b.view() == "B: 2\r\n");
    b.clear();
    CHECK(b.view().empty());
    CHECK_FALSE(b.has("B"));
}

TEST_CASE("what may not be sent is refused and changes nothing", "[header_block]") {
    header_block b;
    CHECK(b.set("A", "1"));
    CHECK_FALSE(b.set("A", "x\r\nB: y"));
    CHECK_FALSE(b.append("A", "x\ny"));
    CHECK_FALSE(b.set("A b", "x"));
    CHECK_FALSE(b.set("", "x"));
    CHECK_FALSE(b.set("A:", "x"));
    CHECK_FALSE(b.append("A\r\nB", "x"));
    CHECK(b.view() == "A: 1\r\n");
    CHECK_FALSE(b.has(""));
}

TEST_CASE("names that share length and first letter are told apart", "[header_block]") {
    header_block b;
    CHECK(b.set("X-Aaa", "1"));
    CHECK_FALSE(b.has("X-Bbb"));
    CHECK(b.set("X-Bbb", "2"));
    CHECK(b.get("x-bbb") == "2");
}

TEST_CASE("a name known when compiled is appended like any other", "[header_block]") {
    header_block known, other;
    CHECK_FALSE(known.last_is("ETag", ""));
    for (int i = 0; i < 40; ++i) { // grows on the way
        const std::string value(static_cast<std::size_t>(i) * 3, 'v');
        known.append_known("ETag", value);
        if (i % 3 == 0) other.append_written("ETag", value.size(), [&](char* to) { value.copy(to, value.size()); });
        else other.append_trusted("ETag", value);
        CHECK(known.view() == other.view());
        CHECK(known.last_is("ETag", ""));
    }
    known.append_known("Content-Type", "text/plain; charset=utf-8");
    CHECK(known.get("content-type") == "text/plain; charset=utf-8");
    CHECK(known.last_is("Content-Type", "; charset=utf-8"));
    CHECK_FALSE(known.last_is("Content-Type", "html"));
    CHECK_FALSE(known.last_is("content-type", "utf-8"));
    CHECK(known.remove("ETAG"));
    CHECK_FALSE(known.remove("ETAG"));
    CHECK(known.size() == 1);
}

TEST_CASE("one look tells that none of several names is there", "[header_block]") {
    header_block b;
    CHECK_FALSE(b.may_have("Content-Length", "Date"));
    REQUIRE(b.set("content-type", "a"));
    REQUIRE(b.set("ETag", "b"));
    CHECK_FALSE(b.may_have("Content-Length", "Date"));
    REQUIRE(b.set("DATE", "c"));
    CHECK(b.may_have("Content-Length", "Date"));
    CHECK_FALSE(b.may_have("Content-Length"));
    b.clear();
    CHECK_FALSE(b.may_have("Content-Length", "Date"));
}
