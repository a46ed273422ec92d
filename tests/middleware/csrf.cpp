// Tests of middleware/csrf.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/csrf.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;

namespace {

app with(csrf_options options) {
    app a;
    a.set("env", "test");
    a.use(csrf(std::move(options)));
    a.all("/", [](request&, response& res) { res.send("done"); });
    return a;
}

int status(testing::client& c, const char* method, const char* site, const char* origin, const char* host = "shop.example") {
    auto call = c.request(method, "/");
    call.set("Host", host);
    if (site) call.set("Sec-Fetch-Site", site);
    if (origin) call.set("Origin", origin);
    return call.result().status;
}

} // namespace

TEST_CASE("a browser says where a request comes from", "[middleware][csrf]") {
    testing::client c(with({}));
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
        CHECK(status(c, method, "same-origin", "https://shop.example") == 200);
        CHECK(status(c, method, "none", nullptr) == 200);
        CHECK(status(c, method, "cross-site", "https://evil.example") == 403);
        CHECK(status(c, method, "same-site", "https://blog.shop.example") == 403);
        CHECK(status(c, method, "cross-site", nullptr) == 403);
        CHECK(status(c, method, "nonsense", "https://shop.example") == 403);
    }
}

TEST_CASE("an older browser sends the origin alone", "[middleware][csrf]") {
    testing::client c(with({}));
    CHECK(status(c, "POST", nullptr, "https://shop.example") == 200);
    CHECK(status(c, "POST", nullptr, "https://SHOP.example") == 200);
    CHECK(status(c, "POST", nullptr, "https://shop.example:8443", "shop.example:8443") == 200);
    CHECK(status(c, "POST", nullptr, "https://shop.example:8443") == 403);
    CHECK(status(c, "POST", nullptr, "https://evil.example") == 403);
    CHECK(status(c, "POST", nullptr, "https://shop.example.evil.example") == 403);
    CHECK(status(c, "POST", nullptr, "null") == 403);
    CHECK(status(c, "POST", nullptr, "shop.example") == 403);
}

TEST_CASE("what changes nothing, and what is no browser, passes", "[middleware][csrf]") {
    testing::client c(with({}));
    for (const char* method : {"GET", "HEAD", "OPTIONS"}) CHECK(status(c, method, "cross-site", "https://evil.example") == 200);
    CHECK(status(c, "POST", nullptr, nullptr) == 200);
}

TEST_CASE("trusted origins and skipped requests pass", "[middleware][csrf]") {
    testing::client c(with({.trusted_origins = {"https://Login.example"}, .skip = [](request& req) { return req.method() == "PUT"; }}));
    CHECK(status(c, "POST", "cross-site", "https://login.example") == 200);
    CHECK(status(c, "POST", nullptr, "https://login.example") == 200);
    CHECK(status(c, "POST", nullptr, "http://login.example") == 403);
    CHECK(status(c, "PUT", "cross-site", "https://evil.example") == 200);
}

TEST_CASE("what is no origin is refused where it is given", "[middleware][csrf]") {
    for (const char* bad : {"login.example", "https://login.example/", "https://", "://x", "https://a@b"})
        CHECK_THROWS_AS(csrf({.trusted_origins = {bad}}), system_error);
}
