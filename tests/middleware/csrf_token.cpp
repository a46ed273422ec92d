// Tests of middleware/csrf_token.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/csrf_token.hpp>

#include <crema/middleware/body_json.hpp>
#include <crema/middleware/body_urlencoded.hpp>
#include <crema/middleware/session.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;

namespace {

struct length_signer final : signer {
    std::string signature(std::string_view text) const override { return std::to_string(text.size()); }
    bool is_signature(std::string_view text, std::string_view s) const override { return s == signature(text); }
};

app make(bool with_session, csrf_token_options options = {}) {
    app a;
    a.set("env", "test");
    const auto signer = std::make_shared<length_signer>();
    if (with_session) a.use(session({.signer = signer}));
    else options.signer = signer;
    a.use(body_urlencoded());
    a.use(body_json());
    a.use(csrf_token(std::move(options)));
    a.get("/form", [](request& req, response& res) { res.send(csrf_token_of(req) + " " + csrf_token_of(req)); });
    a.get("/login", [](request& req, response& res) -> task<> {
        co_await session_of(req).regenerate();
        res.send(csrf_token_of(req));
    });
    a.all("/", [](request&, response& res) { res.send("done"); });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.type()); });
    return a;
}

constexpr const char* form = "application/x-www-form-urlencoded";

std::string cookie_of(const testing::reply& r) {
    const auto line = r.header("set-cookie").value_or("");
    return std::string(line.substr(0, line.find(';')));
}

} // namespace

TEST_CASE("what changes something needs the token of a page", "[middleware][csrf_token]") {
    const bool with_session = GENERATE(true, false);
    testing::client c(make(with_session));
    const auto page = c.get("/form").result();
    const auto cookie = cookie_of(page);
    CHECK(cookie.starts_with(with_session ? "connect.sid=" : "csrf="));
    const auto token = page.body.substr(0, page.body.find(' ')), second = page.body.substr(page.body.find(' ') + 1);
    CHECK(token.size() == 86);
    CHECK(token != second); // masked
    for (const auto& good : {token, second}) {
        c.post("/").set("Cookie", cookie).set("X-CSRF-Token", good).expect(200, "done");
        c.del("/").set("Cookie", cookie).set("x-csrf-token", good).expect(200, "done");
        c.post("/").set("Cookie", cookie).send("a=b&_csrf=" + good, form).expect(200, "done");
        c.post("/").set("Cookie", cookie).send("{\"_csrf\":\"" + good + "\"}", "application/json").expect(200, "done");
        c.post("/").set("Cookie", cookie).json("[1]").expect(403, "csrf.token.missing");
    }
    c.get("/").expect(200, "done");
    c.options("/").expect(200, "done");
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"})
        c.request(method, "/").set("Cookie", cookie).expect(403);
    c.post("/").set("Cookie", cookie).expect(403, "csrf.token.missing");
    c.post("/?_csrf=" + token).set("Cookie", cookie).expect(403, "csrf.token.missing"); // it would end up in logs
    c.post("/").set("X-CSRF-Token", token).expect(403, "csrf.token.refused");           // without the cookie
    // Another client's.
    const auto other = c.get("/form").result();
    CHECK(cookie_of(other) != cookie);
    c.post("/").set("Cookie", cookie_of(other)).set("X-CSRF-Token", token).expect(403, "csrf.token.refused");
    // A page that is read again needs no other cookie.
    CHECK(cookie_of(c.get("/form").set("Cookie", cookie).result()).empty());
}

TEST_CASE("malformed and changed tokens are refused", "[middleware][csrf_token]") {
    testing::client c(make(false));
    const auto page = c.get("/form").result();
    const auto token = page.body.substr(0, page.body.find(' '));
    std::vector<std::string> bad{"", "x", token + "A", token + "=", token.substr(1), std::string(86, 'A')};
    bad.emplace_back(5000, 'A');
    for (std::size_t i = 0; i < token.size(); i += 5) {
        bad.push_back(token);
        bad.back()[i] = bad.back()[i] == 'A' ? 'B' : 'A';
    }
    for (const auto& t : bad) {
        INFO(t);
        c.post("/").set("Cookie", cookie_of(page)).set("X-CSRF-Token", t).expect(403, "csrf.token.refused");
    }
    // Cookies that somebody made up.
    for (const char* cookie : {"csrf=", "csrf=abc", "csrf=abc.3", "csrf=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
        c.post("/").set("Cookie", cookie).set("X-CSRF-Token", std::string(86, 'A')).expect(403, "csrf.token.refused");
}

TEST_CASE("a token ends with its session", "[middleware][csrf_token]") {
    testing::client c(make(true));
    const auto page = c.get("/form").result();
    const auto token = page.body.substr(0, page.body.find(' '));
    const auto login = c.get("/login").set("Cookie", cookie_of(page)).result();
    c.post("/").set("Cookie", cookie_of(login)).set("X-CSRF-Token", token).expect(403, "csrf.token.refused");
    c.post("/").set("Cookie", cookie_of(login)).set("X-CSRF-Token", login.body).expect(200);
}

TEST_CASE("some requests are not looked at", "[middleware][csrf_token]") {
    const auto hook = [](request& r) { return r.get("X-Hook").has_value(); };
    testing::client c(make(false, {.field = "t", .header = "X-T", .skip = hook}));
    const auto page = c.get("/form").result();
    const auto token = page.body.substr(0, page.body.find(' '));
    c.post("/").set("X-Hook", "1").expect(200);
    c.post("/").set("Cookie", cookie_of(page)).set("X-T", token).expect(200);
    c.post("/").set("Cookie", cookie_of(page)).send("t=" + token, form).expect(200);
    c.post("/").set("Cookie", cookie_of(page)).set("X-CSRF-Token", token).expect(403);
}

TEST_CASE("without session and signer there is no token", "[middleware][csrf_token]") {
    app a;
    a.set("env", "test");
    a.get("/none", [](request& req, response& res) { res.send(csrf_token_of(req)); });
    a.use(csrf_token());
    a.get("/", [](request& req, response& res) { res.send(csrf_token_of(req)); });
    testing::client c(a);
    c.get("/none").expect(500);
    c.get("/").expect(500);
    c.post("/").set("X-CSRF-Token", std::string(86, 'A')).expect(403);
    CHECK_THROWS_AS(csrf_token({.header = "a b"}), system_error);
}

TEST_CASE("the cookie of a token is safe, and over TLS nobody else can plant it", "[middleware][csrf_token]") {
    const auto cookie = [](csrf_token_options options, const char* protocol) {
        auto a = make(false, std::move(options));
        a.set("trust proxy", true);
        const auto r = testing::client(a).get("/form").set("X-Forwarded-Proto", protocol).result();
        const auto line = std::string(r.header("set-cookie").value_or(""));
        return line.substr(0, line.find('=')) + line.substr(std::min(line.find(';'), line.size()));
    };
    CHECK(cookie({}, "http") == "csrf; Path=/; HttpOnly; SameSite=Lax");
    CHECK(cookie({}, "https") == "__Host-csrf; Path=/; HttpOnly; Secure; SameSite=Lax");
    CHECK(cookie({.cookie_options = {.domain = "a.example"}}, "https") == "csrf; Domain=a.example; Path=/; HttpOnly; Secure; SameSite=Lax");
    CHECK(cookie({.cookie = "mine", .cookie_options = {.same_site = http::same_site_policy::strict}}, "https") == "mine; Path=/; HttpOnly; Secure; SameSite=Strict");
}

TEST_CASE("a cookie of another purpose or of another user is no cookie of tokens", "[middleware][csrf_token]") {
    testing::client c(make(false, {.bind = [](request& req) { return std::string(req.get("x-user").value_or("")); }}));
    const auto page = c.get("/form").set("X-User", "ada").result();
    const auto cookie = cookie_of(page), token = page.body.substr(0, 86);
    c.post("/").set("X-User", "ada").set("Cookie", cookie).set("X-CSRF-Token", token).expect(200, "done");
    c.post("/").set("X-User", "grace").set("Cookie", cookie).set("X-CSRF-Token", token).expect(403, "csrf.token.refused");
    c.post("/").set("Cookie", cookie).set("X-CSRF-Token", token).expect(403, "csrf.token.refused");
    // What the same signer signs for a cookie of another purpose: the secret alone.
    testing::client plain(make(false));
    const auto one = plain.get("/form").result();
    const auto secret = cookie_of(one).substr(5, 43);
    plain.post("/").set("Cookie", cookie_of(one)).set("X-CSRF-Token", one.body.substr(0, 86)).expect(200, "done");
    plain.post("/").set("Cookie", "csrf=" + length_signer().sign(secret)).set("X-CSRF-Token", one.body.substr(0, 86)).expect(403, "csrf.token.refused");
}
