// request_head: fields by name and by integer, and octets that move.
// SPDX-License-Identifier: MIT
#include <crema/http/request_head.hpp>
#include <crema/http/request_parser.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;

namespace {

void read(request_head& head, const std::string& octets) {
    request_parser parser;
    parser.reset(head);
    REQUIRE(parser.parse(head, octets.data(), octets.size()) == parse_state::done);
}

} // namespace

TEST_CASE("a head that holds nothing answers nothing", "[request_head]") {
    const request_head head;
    CHECK(head.method() == method::unknown);
    CHECK(head.target().empty());
    CHECK(head.field_count() == 0);
    CHECK_FALSE(head.has(field::host));
    CHECK(head.get(field::host).empty());
    CHECK(head.get("host").empty());
    CHECK_FALSE(head.content_length());
    CHECK(head.fields().begin() == head.fields().end());
}

TEST_CASE("fields are walked over in the order received", "[request_head]") {
    request_head head;
    const std::string octets = "GET / HTTP/1.1\r\nB: 1\r\nHost: h\r\nA: 2\r\n\r\n";
    read(head, octets);
    std::string seen;
    for (const auto f : head.fields()) seen.append(f.name).append("=").append(f.value).append(";");
    CHECK(seen == "B=1;Host=h;A=2;");
    CHECK(head.field_at(1).id == field::host);
    CHECK(head.field_at(0).id == field::unknown);
}

TEST_CASE("views follow the octets when they move", "[request_head]") {
    request_head head;
    std::string octets = "GET /p?q HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
    read(head, octets);
    const std::string elsewhere = octets;
    octets.assign(octets.size(), '#');
    head.rebase(elsewhere.data());
    CHECK(head.path() == "/p");
    CHECK(head.get("x") == "y");
    CHECK(head.base() == elsewhere.data());
    CHECK(head.size() == elsewhere.size());
}

TEST_CASE("clear forgets all", "[request_head]") {
    request_head head;
    read(
        head,
        "POST http://x/p?q HTTP/1.1\r\nHost: h\r\nHost2: y\r\nContent-Length: 3\r\n"
         "Accept: a\r\nAccept: b\r\nExpect: 100-continue\r\n\r\n");
    CHECK(head.repeated(field::accept));
    head.clear();
    CHECK(head.field_count() == 0);
    CHECK_FALSE(head.has(field::accept));
    CHECK_FALSE(head.repeated(field::accept));
    CHECK_FALSE(head.has_body());
    CHECK_FALSE(head.has_query());
    CHECK(head.host().empty());
    CHECK(head.find("host2", 0) == request_head::npos);
}

TEST_CASE("many fields make the room grow", "[request_head]") {
    std::string octets = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 127; ++i) octets += "N" + std::to_string(i) + ": " + std::to_string(i * i) + "\r\n";
    octets += "\r\n";
    request_head head;
    read(head, octets);
    for (int i = 0; i < 127; ++i) CHECK(head.get("n" + std::to_string(i)) == std::to_string(i * i));
}
