#include <crema/http/response_parser.hpp>
#include <catch2/catch.hpp>
using namespace crema::http;

namespace {

response_parser read(std::string_view octets, std::size_t step, response_parser::to to = response_parser::to::other) {
    response_parser p(to);
    for (std::size_t i = 0; i < octets.size(); i += step) p.feed(octets.substr(i, step));
    return p;
}

} // namespace

TEST_CASE("a response is read alike however its octets are divided", "[response_parser]") {
    const std::string_view lengths = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello";
    const std::string_view chunks =
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    for (std::size_t step = 1; step <= chunks.size(); ++step) {
        auto a = read(lengths, step);
        REQUIRE(a.done());
        CHECK(a.status() == 200);
        CHECK(a.reason() == "OK");
        CHECK(a.body() == "hello");
        CHECK(a.field("x-a") == "b");
        CHECK(a.keep_alive());
        auto b = read(chunks, step);
        REQUIRE(b.done());
        CHECK(b.status() == 201);
        CHECK(b.body() == "hello");
        CHECK(b.informational() == std::vector<int>{103});
    }
}

TEST_CASE("a response without a length lasts until the connection ends", "[response_parser]") {
    auto p = read("HTTP/1.0 200 OK\r\n\r\nall of it", 4);
    CHECK_FALSE(p.done());
    p.finish();
    CHECK(p.done());
    CHECK(p.body() == "all of it");
    CHECK_FALSE(p.keep_alive());
}

TEST_CASE("answers to HEAD and those of status 204 and 304 have no body", "[response_parser]") {
    CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 100, response_parser::to::head).done());
    CHECK(read("HTTP/1.1 204 No Content\r\n\r\n", 100).done());
    CHECK(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 100).done());
}

TEST_CASE("feed takes no octet of the next response", "[response_parser]") {
    response_parser p;
    const std::string_view two = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 404 Not Found\r\n";
    CHECK(two.substr(p.feed(two)).starts_with("HTTP/1.1 404"));
}

TEST_CASE("malformed responses are refused with a reason", "[response_parser]") {
    for (const auto* bad : {"HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
        INFO(bad);
        const auto p = read(bad, 1000);
        CHECK(p.where() == response_parser::state::bad);
        CHECK_FALSE(p.problem().empty());
    }
    auto cut = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 1000);
    cut.finish();
    CHECK(cut.where() == response_parser::state::bad);
}
