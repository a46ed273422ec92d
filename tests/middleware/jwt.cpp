// Tests of middleware/jwt.hpp, with signatures that protect nothing; tests of ext/openssl_jwt.hpp have real ones.
// SPDX-License-Identifier: MIT
#include <crema/middleware/jwt.hpp>

#include <crema/core/encode.hpp>
#include <crema/json/write.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <algorithm>

using namespace crema;

namespace {

struct length_keys final : jwt_keys {
    bool is_signature(std::string_view, std::string_view key_id, std::string_view text,
                      std::string_view s) const override {
        return s == std::to_string(text.size()) && (key_id.empty() || key_id == "k");
    }
    bool knows(std::string_view algorithm) const override { return algorithm == "LEN"; }
    signed_by signing_key() const override {
        return {"LEN", "k", [](std::string_view text) { return std::to_string(text.size()); }};
    }
};

const length_keys keys;
constexpr std::int64_t noon = 1'800'000'000;
std::chrono::system_clock::time_point at(std::int64_t seconds) {
    return std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
}

// Why a token with these claims is refused; empty when it is not.
std::string refused(const char* claims, const jwt_rules& rules = {.require_expiry = false}) {
    auto text = base64url_encode(R"({"alg":"LEN"})") + "." + base64url_encode(claims);
    text += "." + base64url_encode(std::to_string(text.size()));
    const auto r = verify_jwt(text, keys, rules, at(noon));
    return r ? "" : r.error().detail;
}

} // namespace

TEST_CASE("times are checked, with some leeway", "[middleware][jwt]") {
    CHECK(refused(R"({"exp":1800000000})") == ""); // 30 s
    CHECK(refused(R"({"exp":1799999971})") == "");
    CHECK(refused(R"({"exp":1799999970})") == "the token has expired");
    CHECK(refused(R"({"exp":1799999999})", {.leeway = std::chrono::seconds(0)}) == "the token has expired");
    CHECK(refused(R"({"exp":1.8e9})", {.leeway = std::chrono::seconds(0)}) == "the token has expired");
    CHECK(refused(R"({"exp":1800000000.5})", {.leeway = std::chrono::seconds(0)}) == "");
    CHECK(refused(R"({"nbf":1800000030})") == "");
    CHECK(refused(R"({"nbf":1800000031})") == "the token is not valid yet");
    CHECK(refused(R"({"iat":1800000031})") == "the token was issued in the future");
    CHECK(refused("{}") == "");
    CHECK(refused("{}", {}) == "the token has no expiry");
    for (const char* bad :
         {R"({"exp":"1900000000"})", R"({"exp":null})", R"({"nbf":[]})", R"({"iat":true})", R"({"exp":{}})"})
        CHECK(refused(bad) == "a time of the token is no number");
    CHECK(refused(R"({"exp":1e300})") == "");
    CHECK(refused(R"({"exp":-1e300})") == "the token has expired");
}

TEST_CASE("issuer and audience are checked", "[middleware][jwt]") {
    const jwt_rules rules{.issuers = {"a", "b"}, .audiences = {"api", "web"}, .require_expiry = false};
    CHECK(refused(R"({"iss":"b","aud":"web"})", rules) == "");
    CHECK(refused(R"({"iss":"b","aud":["x","api"]})", rules) == "");
    CHECK(refused(R"({"aud":"web"})", rules) == "the token is from another issuer");
    CHECK(refused(R"({"iss":"c","aud":"web"})", rules) == "the token is from another issuer");
    CHECK(refused(R"({"iss":["a"],"aud":"web"})", rules) == "the token is from another issuer");
    for (const char* other :
         {R"({"iss":"a"})", R"({"iss":"a","aud":"x"})", R"({"iss":"a","aud":[]})", R"({"iss":"a","aud":["x",1]})",
          R"({"iss":"a","aud":{"web":1}})", R"({"iss":"a","aud":"WEB"})"})
        CHECK(refused(other, rules) == "the token is for another audience");
    CHECK(refused(R"({"aud":"somebody"})") == "the token is for another audience"); // nobody was named
}

TEST_CASE("malformed tokens are refused", "[middleware][jwt]") {
    const auto part = [](const char* text) { return base64url_encode(text); };
    const auto code = [&](const std::string& token, const jwt_rules& rules = {.require_expiry = false}) {
        const auto r = verify_jwt(token, keys, rules, at(noon));
        return r ? std::error_code() : r.error().code;
    };
    const auto signed_part = [&](const char* header, const char* claims) {
        const auto text = part(header) + "." + part(claims);
        return text + "." + part(std::to_string(text.size()).c_str());
    };
    CHECK_FALSE(code(signed_part(R"({"alg":"LEN","kid":"k","typ":"JWT"})", "{}")));
    for (const char* bad : {"", ".", "..", "...", "a.b", "a.b.c.d", "a.b.c", "{}.{}.{}"})
        CHECK(code(bad) == error::bad_syntax);
    for (const char* header :
         {"[]", "{", "null", "{}", R"({"alg":1})", R"({"alg":["LEN"]})", R"({"alg":"LEN","kid":1})", ""})
        CHECK(code(signed_part(header, "{}")) == error::bad_syntax);
    for (const char* claims : {"[]", "{", "null", "\"x\"", "", "\xff"})
        CHECK(code(signed_part(R"({"alg":"LEN"})", claims)) == error::bad_syntax);
    for (const char* header :
         {R"({"alg":"none"})", R"({"alg":""})", R"({"alg":"len"})", R"({"alg":"LEN","crit":["b64"],"b64":false})"})
        CHECK(code(signed_part(header, "{}")) == error::unsupported);
    CHECK(code(signed_part(R"({"alg":"LEN","kid":"other"})", "{}")) == error::bad_value);
    const auto good = signed_part(R"({"alg":"LEN"})", "{}");
    CHECK(code(good + "=") == error::bad_syntax);
    CHECK(code(good + " ") == error::bad_syntax);
    CHECK(code(good, {.require_expiry = false, .longest = good.size()}) == std::error_code());
    CHECK(code(good, {.require_expiry = false, .longest = good.size() - 1}) == error::too_large);
    // The signature comes first: what is claimed without one is not looked at.
    CHECK(code(part(R"({"alg":"LEN"})") + "." + part("[") + "." + part("0")) == error::bad_value);
}

TEST_CASE("a token is made and let in", "[middleware][jwt]") {
    std::vector<std::string> revoked;
    app a;
    a.set("env", "test");
    a.use(jwt({.keys = std::make_shared<length_keys>(),
               .rules = {.issuers = {"me"}},
               .realm = "api",
               .accept = [&](request&, const jwt_token& t) -> task<bool> {
                   co_return std::find(revoked.begin(), revoked.end(), t.claims.at("sub").as_string()) == revoked.end();
               },
               .now = [] { return at(noon); }}));
    a.get("/", [](request& req, response& res) { res.json(principal_of(req)); });
    a.use([](const http_error& e, request&, response& res, next&) {
        for (const auto& [name, text] : e.headers()) res.set(name, text);
        res.status(e.status()).end(e.type());
    });
    testing::client c(a);
    const auto with = [&](const value& claims) {
        auto call = c.get("/");
        call.set("Authorization", "Bearer " + sign_jwt(claims, keys));
        return call;
    };
    with({{"iss", "me"}, {"sub", "ada"}, {"exp", noon}}).expect(200, R"({"iss":"me","sub":"ada","exp":1800000000})");
    with({{"iss", "me"}, {"sub", "ada"}, {"exp", noon - 60}})
        .expect(401, "token.expired")
        .expect("WWW-Authenticate",
                R"(Bearer realm="api", error="invalid_token", error_description="the token has expired")");
    with({{"iss", "you"}, {"sub", "ada"}, {"exp", noon}}).expect(401, "token.refused");
    revoked.push_back("ada");
    with({{"iss", "me"}, {"sub", "ada"}, {"exp", noon}}).expect(401, "credentials.refused");
    c.get("/").expect(401, "credentials.missing").expect("WWW-Authenticate", "Bearer realm=\"api\"");
    c.get("/").set("Authorization", "Bearer abc").expect(401, "token.malformed");
    c.get("/").set("Authorization", "Bearer a b").expect(400, "credentials.malformed");
    const auto none = base64url_encode(R"({"alg":"none"})") + ".e30.";
    c.get("/").set("Authorization", "Bearer " + none).expect(401, "token.algorithm");
    CHECK_THROWS_AS(jwt({}), system_error);
}

TEST_CASE("keys may change while it runs", "[middleware][jwt]") {
    std::shared_ptr<const jwt_keys> now;
    bool broken = false;
    app a;
    a.use(jwt({.rules = {.require_expiry = false}, .find_keys = [&](request&) -> task<std::shared_ptr<const jwt_keys>> {
                   if (broken) throw std::runtime_error("the secret 12345 cannot be read");
                   co_return now;
               }}));
    a.get("/", [](request& req, response& res) { res.json(principal_of(req)); });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).end(e.type()); });
    a.set("env", "production");
    testing::client c(a);
    const auto ask = [&] { return c.get("/").set("Authorization", "Bearer " + sign_jwt({{"sub", "ada"}}, keys)).result(); };
    CHECK(ask().body == "keys.missing");
    CHECK(ask().status == 503);
    now = std::make_shared<length_keys>();
    CHECK(ask().body == R"({"sub":"ada"})");
    broken = true;
    const auto r = ask();
    CHECK(r.status == 500);
    CHECK_THAT(r.body, !Catch::Matchers::Contains("12345"));
}
