// Tests of middleware/safe_cookie.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/safe_cookie.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;

namespace {

std::string line(const safe_cookie& c, const char* protocol) {
    app a;
    a.set("trust proxy", true);
    a.get("/", [&](request& req, response& res) { res.cookie("a", "b", cookie_options_of(c, req)).end(); });
    return std::string(testing::client(a).get("/").set("X-Forwarded-Proto", protocol).result().header("set-cookie").value_or(""));
}

} // namespace

TEST_CASE("a safe cookie is hidden from scripts and other sites, and encrypted where that can be", "[middleware][safe_cookie]") {
    CHECK(line({}, "http") == "a=b; Path=/; HttpOnly; SameSite=Lax");
    CHECK(line({}, "https") == "a=b; Path=/; HttpOnly; Secure; SameSite=Lax");
    CHECK(line({.secure = secure_cookie::always}, "http").find("; Secure") != std::string::npos);
    CHECK(line({.secure = secure_cookie::never}, "https").find("Secure") == std::string::npos);
    CHECK(line({.domain = "a.example", .path = "/x", .max_age = 1h, .partitioned = true, .priority = http::cookie_priority::low,
                .same_site = http::same_site_policy::strict}, "https").starts_with("a=b; Max-Age=3600; Domain=a.example; Path=/x; Expires="));
    CHECK(line({.http_only = false, .same_site = http::same_site_policy::unset}, "http") == "a=b; Path=/");
}
