// http_error: which status, which fields, who may see the text.
#include <crema/web/error.hpp>

#include <catch2/catch.hpp>

using namespace crema;

TEST_CASE("an http_error carries what it is answered with", "[error]") {
    const auto e = http_error(401, "who are you?").header("WWW-Authenticate", "Basic").header("X-A", "1").type("auth");
    CHECK(e.status() == 401);
    CHECK(std::string(e.what()) == "who are you?");
    REQUIRE(e.headers().size() == 2);
    CHECK(e.headers()[0] == std::pair<std::string, std::string>("WWW-Authenticate", "Basic"));
    CHECK(e.type() == "auth");
    CHECK(e.cause() == nullptr);
}

TEST_CASE("errors of the client are exposed, those of the server are not, unless told", "[error]") {
    CHECK(http_error(404).expose());
    CHECK_FALSE(http_error(500, "secret").expose());
    CHECK(http_error(503, "come back at noon").expose(true).expose());
    CHECK_FALSE(http_error(404, "secret").expose(false).expose());
    CHECK_FALSE(http_error(404).exposed_on_purpose());
    CHECK(http_error(404).expose(true).exposed_on_purpose());
}

TEST_CASE("an http_error keeps what led to it", "[error]") {
    http_error e(502, "upstream");
    e.cause(std::make_exception_ptr(std::runtime_error("connection refused")));
    REQUIRE(e.cause());
    CHECK_THROWS_WITH(std::rethrow_exception(e.cause()), "connection refused");
    const auto copy = e; // exceptions are copied
    CHECK(copy.status() == 502);
    CHECK_THROWS_WITH(std::rethrow_exception(copy.cause()), "connection refused");
}

TEST_CASE("already_answered says what was tried", "[error]") {
    CHECK(std::string(already_answered("send()").what()) == "crema: send() after the response was sent");
}
