// Tests of middleware/bearer.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/bearer.hpp>

#include <crema/core/secret.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;

namespace {

task<std::optional<value>> check(request&, std::string token) {
    if (token == "broken") throw std::runtime_error("no database");
    if (!equal_secrets(token, "s3cret.token~1==")) co_return std::nullopt;
    co_return value("ada");
}

app sample() {
    app a;
    a.set("env", "test");
    a.use(bearer({.check = check, .realm = "api", .scope = "read write"}));
    a.get("/", [](request& req, response& res) { res.json(principal_of(req)); });
    return a;
}

} // namespace

TEST_CASE("who holds a token passes", "[middleware][bearer]") {
    testing::client c(sample());
    c.get("/").set("Authorization", "Bearer s3cret.token~1==").expect(200, "\"ada\"");
    c.get("/").set("Authorization", "bearer   s3cret.token~1==").expect(200, "\"ada\"");
}

TEST_CASE("who has none is told what is wanted", "[middleware][bearer]") {
    testing::client c(sample());
    c.get("/").expect(401).expect("WWW-Authenticate", R"(Bearer realm="api", scope="read write")");
    c.get("/").set("Authorization", "Basic eDp5").expect(401).expect("WWW-Authenticate", R"(Bearer realm="api", scope="read write")");
    c.get("/").set("Authorization", "Bearers s3cret.token~1==").expect(401);
    c.get("/?access_token=s3cret.token~1==").expect(401);
}

TEST_CASE("a refused and a malformed token are told apart", "[middleware][bearer]") {
    testing::client c(sample());
    c.get("/").set("Authorization", "Bearer other").expect(401).expect(
        "WWW-Authenticate", R"(Bearer realm="api", scope="read write", error="invalid_token")");
    for (const char* bad : {"Bearer", "Bearer =", "Bearer a b", "Bearer a,b", "Bearer \"x\""})
        c.get("/").set("Authorization", bad).expect(400).expect(
            "WWW-Authenticate", R"(Bearer realm="api", scope="read write", error="invalid_request")");
    c.get("/").set("Authorization", "Bearer broken").expect(500);
}

TEST_CASE("bearer: wrong options are refused where they are given", "[middleware][bearer]") {
    CHECK_THROWS_AS(bearer({}), system_error);
    CHECK_THROWS_AS(bearer({.check = check, .realm = "a\"b"}), system_error);
    CHECK_THROWS_AS(bearer({.check = check, .scope = "a\r\nb"}), system_error);
}

TEST_CASE("without it there is no principal", "[middleware][bearer]") {
    app a;
    a.get("/", [](request& req, response& res) { res.json(principal_of(req)); });
    testing::client(a).get("/").expect(200, "null");
}
