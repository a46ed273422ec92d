// Tests of middleware/cors.hpp, after the titles of the package cors.
// SPDX-License-Identifier: MIT
#include <crema/middleware/cors.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using testing::reply;
using namespace std::chrono_literals;

namespace {

app with(cors_options options) {
    app a;
    a.use([](request& req, response& res, next& next) {
        if (req.url() == "/vary") res.set("Vary", "Foo");
        next();
    });
    a.use(cors(std::move(options)));
    a.get("/", [](request&, response& res) { res.send("Hello World (Get)"); });
    a.post("/", [](request&, response& res) { res.send("Hello World (Post)"); });
    a.del("/", [](request&, response& res) { res.send("Hello World (Delete)"); });
    a.post("/four-oh-one", [](request&, response& res) { res.status(401).send("unauthorized"); });
    a.post("/five-hundred", [](request&, response&) { throw std::runtime_error("nope"); });
    a.options("/", [](request&, response& res) { res.send("mine"); });
    return a;
}

reply preflight(cors_options options, const char* origin = "http://example.com", const char* headers = nullptr) {
    testing::client c(with(std::move(options)));
    auto call = c.options("/");
    if (origin) call.set("Origin", origin);
    if (headers) call.set("Access-Control-Request-Headers", headers);
    return call.set("Access-Control-Request-Method", "PUT").result();
}

reply simple(cors_options options, const char* origin = "http://example.com") {
    testing::client c(with(std::move(options)));
    auto call = c.get("/");
    if (origin) call.set("Origin", origin);
    return call.result();
}

using text = std::optional<std::string_view>;

} // namespace

TEST_CASE("by default any origin may read, without credentials", "[middleware][cors]") {
    const auto r = simple({}, nullptr);
    CHECK(r.status == 200);
    CHECK(r.body == "Hello World (Get)");
    CHECK(r.header("access-control-allow-origin") == "*");
    CHECK_FALSE(r.header("access-control-allow-credentials"));
    CHECK_FALSE(r.header("access-control-allow-methods"));
    CHECK_FALSE(r.header("vary"));
    testing::client c(with({}));
    c.post("/").send("").expect(200, "Hello World (Post)").expect("Access-Control-Allow-Origin", "*");
    c.del("/").expect(200, "Hello World (Delete)").expect("Access-Control-Allow-Origin", "*");
}

// Content-Length, which the recorded answer has, must not stand in a 204 (RFC 9110 section 8.6).
TEST_CASE("a preflight is answered with what is allowed", "[middleware][cors]") {
    const auto r = preflight({}, nullptr);
    CHECK(r.status == 204);
    CHECK(r.body.empty());
    CHECK(r.header("access-control-allow-origin") == "*");
    CHECK(r.header("access-control-allow-methods") == "GET,HEAD,PUT,PATCH,POST,DELETE");
    CHECK(r.header("vary") == "Access-Control-Request-Headers");
    CHECK_FALSE(r.header("access-control-allow-headers"));
    CHECK_FALSE(r.header("access-control-max-age"));
}

TEST_CASE("errors carry the fields too", "[middleware][cors]") {
    testing::client c(with({}));
    c.post("/five-hundred").expect(500).expect("Access-Control-Allow-Origin", "*");
    c.post("/four-oh-one").expect(401, "unauthorized").expect("Access-Control-Allow-Origin", "*");
    c.post("/four-oh-four").expect(404).expect("Access-Control-Allow-Origin", "*");
}

TEST_CASE("a preflight with named origin, credentials, methods and age", "[middleware][cors]") {
    const auto r = preflight({.origin = {"http://example.com"}, .methods = {"post"}, .credentials = true, .max_age = 3600s});
    CHECK(r.status == 204);
    CHECK(r.header("access-control-allow-origin") == "http://example.com");
    CHECK(r.header("vary") == "Origin, Access-Control-Request-Headers");
    CHECK(r.header("access-control-allow-credentials") == "true");
    CHECK(r.header("access-control-allow-methods") == "POST");
    CHECK(r.header("access-control-max-age") == "3600");
}

TEST_CASE("the status of a preflight can be set, or it is handed on", "[middleware][cors]") {
    CHECK(preflight({.options_success_status = 200}).status == 200);
    const auto r = preflight({.preflight_continue = true});
    CHECK(r.status == 200);
    CHECK(r.body == "mine");
    CHECK(r.header("access-control-allow-origin") == "*");
}

TEST_CASE("origins are one, several, or decided by a function", "[middleware][cors]") {
    CHECK(simple({.origin = "http://example.com"}, "http://other.example").header("access-control-allow-origin") == "http://example.com");
    CHECK(simple({.origin = "http://example.com"}).header("vary") == "Origin");
    const cors_origins several = {"http://foo.com", "http://bar.com"};
    CHECK(simple({.origin = several}, "http://bar.com").header("access-control-allow-origin") == "http://bar.com");
    CHECK_FALSE(simple({.origin = several}, "http://baz.com").header("access-control-allow-origin"));
    CHECK(simple({.origin = several}, "http://baz.com").header("vary") == "Origin");
    CHECK_FALSE(simple({.origin = several}, nullptr).header("access-control-allow-origin"));
    const cors_origins decides = [](std::string_view origin) { return origin.ends_with(".example.com"); };
    CHECK(simple({.origin = decides}, "https://a.example.com").header("access-control-allow-origin") == "https://a.example.com");
    CHECK_FALSE(simple({.origin = decides}, "https://example.com.evil").header("access-control-allow-origin"));
    CHECK(simple({.origin = cors_origins::reflect()}, "https://x").header("access-control-allow-origin") == "https://x");
}

TEST_CASE("no origin turns it off", "[middleware][cors]") {
    const auto r = simple({.origin = cors_origins::none()});
    CHECK(r.status == 200);
    CHECK_FALSE(r.header("access-control-allow-origin"));
    CHECK_FALSE(r.header("vary"));
    CHECK(preflight({.origin = cors_origins::none()}).body == "mine");
}

TEST_CASE("Vary is added to what is there", "[middleware][cors]") {
    testing::client c(with({.origin = "http://example.com"}));
    c.get("/vary").expect("Vary", "Foo, Origin");
}

TEST_CASE("allowed headers are given, none, or those that are asked for", "[middleware][cors]") {
    CHECK(preflight({.allowed_headers = {{"header1", "header2"}}}).header("access-control-allow-headers") == "header1,header2");
    CHECK_FALSE(preflight({.allowed_headers = {{"header1"}}}).header("vary"));
    CHECK_FALSE(preflight({.allowed_headers = std::vector<std::string>{}}, "http://x", "a").header("access-control-allow-headers"));
    const auto asked = preflight({}, "http://x", "x-header-1, x-header-2");
    CHECK(asked.header("access-control-allow-headers") == "x-header-1, x-header-2");
    CHECK(asked.header("vary") == "Access-Control-Request-Headers");
}

TEST_CASE("exposed headers are told on every answer", "[middleware][cors]") {
    CHECK(simple({.exposed_headers = {"custom-header1", "custom-header2"}}).header("access-control-expose-headers") ==
          "custom-header1,custom-header2");
    CHECK_FALSE(simple({}).header("access-control-expose-headers"));
}

TEST_CASE("an age of zero is told", "[middleware][cors]") {
    CHECK(preflight({.max_age = 0s}).header("access-control-max-age") == "0");
    CHECK(preflight({.max_age = 456s}).header("access-control-max-age") == "456");
}

TEST_CASE("unsafe and malformed options are refused where they are given", "[middleware][cors]") {
    CHECK_THROWS_AS(cors({.origin = "https://a.example\r\nX-Evil: 1"}), system_error);
    CHECK_THROWS_WITH(cors({.credentials = true}), Catch::Contains("name the origins"));
    CHECK_THROWS_AS(cors({.methods = {"GET\r\nX: y"}}), system_error);
    CHECK_THROWS_AS(cors({.allowed_headers = {{"a b"}}}), system_error);
    CHECK_THROWS_AS(cors({.exposed_headers = {""}}), system_error);
}

TEST_CASE("other requests go on with the next layer, and methods are told in capitals", "[middleware][cors]") {
    app a;
    a.use(cors({.methods = {"get", "Post"}}));
    a.head("/", [](request&, response& res) { res.status(204).end(); });
    a.get("/", [](request&, response& res) { res.send("next"); });
    testing::client c(a);
    c.get("/").set("Origin", "http://example.com").expect(200, "next");
    c.head("/").expect(204, "").expect("Access-Control-Allow-Origin", "*");
    c.options("/").expect(204, "").expect("Access-Control-Allow-Methods", "GET,POST");
}

TEST_CASE("options that depend on the request are chosen among handlers", "[middleware][cors]") {
    app a;
    a.set("env", "test");
    a.use([open = cors(), closed = cors({.origin = {"http://a.example"}, .max_age = 7s})](request& req, response& res, next& n) {
        if (req.get("x-fail")) throw http_error(500, "no options"); // before any field was set
        req.path().starts_with("/open") ? open(req, res, n) : closed(req, res, n);
    });
    a.use([](request&, response& res) { res.send("next"); });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.what()); });
    testing::client c(a);
    c.get("/open").set("Origin", "http://b.example").expect(200, "next").expect("Access-Control-Allow-Origin", "*");
    CHECK_FALSE(c.get("/").set("Origin", "http://b.example").result().header("access-control-allow-origin"));
    c.options("/").set("Origin", "http://a.example").expect(204).expect("Access-Control-Max-Age", "7");
    const auto r = c.get("/").set("X-Fail", "1").result();
    CHECK(r.status == 500);
    CHECK_FALSE(r.header("access-control-allow-origin"));
}
