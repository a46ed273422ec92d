// Tests of middleware/security_headers.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/security_headers.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;

namespace {

app with(const security_headers_options& options) {
    app a;
    a.use(security_headers(options));
    a.get("/", [](request& req, response& res) { res.send(csp_nonce(req)); });
    return a;
}

testing::reply ask(const security_headers_options& options) { return testing::client(with(options)).get("/").result(); }

} // namespace

TEST_CASE("the defaults are those of helmet", "[middleware][security_headers]") {
    const auto r = ask({});
    CHECK(r.header("content-security-policy") ==
          "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';"
          "img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';"
          "style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests");
    CHECK(r.header("cross-origin-opener-policy") == "same-origin");
    CHECK(r.header("cross-origin-resource-policy") == "same-origin");
    CHECK(r.header("origin-agent-cluster") == "?1");
    CHECK(r.header("referrer-policy") == "no-referrer");
    CHECK(r.header("strict-transport-security") == "max-age=31536000; includeSubDomains");
    CHECK(r.header("x-content-type-options") == "nosniff");
    CHECK(r.header("x-dns-prefetch-control") == "off");
    CHECK(r.header("x-download-options") == "noopen");
    CHECK(r.header("x-frame-options") == "SAMEORIGIN");
    CHECK(r.header("x-permitted-cross-domain-policies") == "none");
    CHECK(r.header("x-xss-protection") == "0");
    CHECK_FALSE(r.header("cross-origin-embedder-policy"));
    CHECK_FALSE(r.header("x-powered-by"));
    CHECK(r.body.empty());
}

TEST_CASE("each field can be changed and left out", "[middleware][security_headers]") {
    const auto r = ask({.content_security_policy = {{"default-src", {"'none'"}}}, .report_only = true, .cross_origin_embedder_policy = "require-corp",
                        .origin_agent_cluster = false, .referrer_policy = "", .hsts_max_age = 60s, .hsts_include_subdomains = false,
                        .hsts_preload = true, .frame_options = "DENY", .hide_powered_by = false});
    CHECK(r.header("content-security-policy-report-only") == "default-src 'none'");
    CHECK_FALSE(r.header("content-security-policy"));
    CHECK(r.header("cross-origin-embedder-policy") == "require-corp");
    CHECK_FALSE(r.header("origin-agent-cluster"));
    CHECK_FALSE(r.header("referrer-policy"));
    CHECK(r.header("strict-transport-security") == "max-age=60; preload");
    CHECK(r.header("x-frame-options") == "DENY");
    CHECK(r.header("x-powered-by") == "crema");
    const auto less = ask({.content_security_policy = {}, .hsts_max_age = -1s});
    CHECK_FALSE(less.header("content-security-policy"));
    CHECK_FALSE(less.header("strict-transport-security"));
}

TEST_CASE("a nonce is new for each request and the same in page and policy", "[middleware][security_headers]") {
    testing::client c(with({.content_security_policy = {{"script-src", {"'self'", "'nonce'"}}, {"style-src", {"'nonce'"}}}}));
    const auto one = c.get("/").result(), two = c.get("/").result();
    CHECK(one.body.size() == 22);
    CHECK(one.body != two.body);
    CHECK(one.header("content-security-policy") == "script-src 'self' 'nonce-" + one.body + "';style-src 'nonce-" + one.body + "'");
}

TEST_CASE("malformed policies are refused where they are given", "[middleware][security_headers]") {
    const auto refused = [](csp_directives d) { CHECK_THROWS_AS(security_headers({.content_security_policy = std::move(d)}), system_error); };
    refused({{"script-src", {"'self'; default-src *"}}});
    refused({{"script-src", {"a b"}}});
    refused({{"script-src", {""}}});
    refused({{"script-src", {"self"}}});
    refused({{"script src", {"'self'"}}});
    refused({{"", {}}});
    refused({{"img-src", {}}, {"IMG-SRC", {}}});
    refused({{"script-src", {"x\r\ny"}}});
    CHECK_THROWS_AS(security_headers({.referrer_policy = "a\r\nb"}), system_error);
}
