// Tests of middleware/sealed_cookies.hpp, with a seal that protects nothing; tests of ext/openssl.hpp have real ones.
// SPDX-License-Identifier: MIT
#include <crema/middleware/sealed_cookies.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;

namespace {

struct open_sealer final : sealer {
    std::string seal(std::string_view text, std::string_view bound) const override {
        return std::string(bound) + "." + std::string(text);
    }
    std::optional<std::string> open(std::string_view sealed, std::string_view bound) const override {
        const auto front = std::string(bound) + ".";
        if (!sealed.starts_with(front)) return std::nullopt;
        return std::string(sealed.substr(front.size()));
    }
};

auto now = std::chrono::system_clock::time_point(1'800'000'000s);

app sample() {
    app a;
    a.set("env", "test");
    a.get("/without", [](request& req, response& res) { res.send(sealed_cookie(req, "a").value_or("none")); });
    a.use(sealed_cookies({.sealer = std::make_shared<open_sealer>(), .now = [] { return now; }}));
    a.get("/set", [](request&, response& res) {
        set_sealed_cookie(res, "plain", "one\ntwo");
        set_sealed_cookie(res, "short", "soon over", {.max_age = 1h, .secure = true});
        set_sealed_cookie(res, "dated", "", {.expires = now + 2h});
        set_sealed_cookie(res, "shown", "", {.http_only = false, .secure = false, .same_site = http::same_site_policy::unset});
        res.end();
    });
    a.get("/:name", [](request& req, response& res) {
        res.send(sealed_cookie(req, req.params("name")).value_or("none"));
    });
    return a;
}

} // namespace

TEST_CASE("sealed cookies are set and read", "[middleware][sealed_cookies]") {
    testing::client c(sample());
    c.get("/set").expect(200).expect([](const testing::reply& r) {
        const auto all = r.headers("set-cookie");
        REQUIRE(all.size() == 4);
        CHECK(all[0] == "plain=plain.%0Aone%0Atwo; Path=/; HttpOnly; SameSite=Lax");
        CHECK(all[1].starts_with("short=short.1800003600%0Asoon%20over; Max-Age=3600; "));
        CHECK(all[1].ends_with("; HttpOnly; Secure; SameSite=Lax")); // what is not given stays safe
        CHECK(all[2].starts_with("dated=dated.1800007200%0A; "));
        CHECK(all[2].ends_with("; HttpOnly; SameSite=Lax"));
        CHECK(all[3] == "shown=shown.%0A; Path=/");
    });
    auto behind_tls = sample();
    behind_tls.set("trust proxy", true);
    testing::client tls(behind_tls);
    tls.get("/set").set("X-Forwarded-Proto", "https").expect([](const testing::reply& r) {
        const auto all = r.headers("set-cookie");
        REQUIRE(all.size() == 4);
        CHECK(all[0] == "plain=plain.%0Aone%0Atwo; Path=/; HttpOnly; Secure; SameSite=Lax");
        CHECK(all[3] == "shown=shown.%0A; Path=/");
    });
    c.get("/plain").set("Cookie", "x=y; plain=plain.%0Aone%0Atwo").expect(200, "one\ntwo");
    c.get("/dated").set("Cookie", "dated=dated.1800007200%0A").expect(200, "");
    c.get("/plain").expect(200, "none");
}

TEST_CASE("expired, foreign and malformed ones are none", "[middleware][sealed_cookies]") {
    testing::client c(sample());
    const auto cookie = "short=short.1800003600%0Asoon%20over";
    c.get("/short").set("Cookie", cookie).expect(200, "soon over");
    now += 1h;
    c.get("/short").set("Cookie", cookie).expect(200, "none");
    now -= 1h;
    for (const char* bad :
         {"a=b.%0Ax", "a=a.", "a=a.x%0Ay", "a=a.12x%0Ay", "a=a.-%0Ay", "a=a.99999999999999999999%0Ay", "a="})
        c.get("/a").set("Cookie", bad).expect(200, "none");
    c.get("/without").expect(500);
    CHECK_THROWS_AS(sealed_cookies({}), system_error);
}

TEST_CASE("a sealed cookie that browsers would drop is refused", "[middleware][sealed_cookies]") {
    app a;
    a.set("env", "test");
    a.use(sealed_cookies({.sealer = std::make_shared<open_sealer>()}));
    a.get("/:size", [](request& req, response& res) {
        set_sealed_cookie(res, "a", std::string(req.params<"size", std::size_t>(), 'x'));
        res.send("set");
    });
    testing::client c(a);
    c.get("/4000").expect(200, "set");
    const auto r = c.get("/4096").result();
    CHECK(r.status == 500);
    CHECK_THAT(r.body, Catch::Matchers::Contains("more than 4096 octets"));
}
