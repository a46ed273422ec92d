// Tests of ext/openssl_jwt.hpp: vectors of RFC 7515 and RFC 8037, tokens made by Node.js, and forgeries.
// SPDX-License-Identifier: MIT
#include <crema/ext/openssl_jwt.hpp>

#include <crema/core/encode.hpp>
#include <crema/json/write.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include "jwt_vectors.hpp"

#include <catch2/catch.hpp>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

using namespace crema;
using openssl::jwt_key_set;

namespace {

using time_point = std::chrono::system_clock::time_point;
time_point at(std::int64_t seconds) { return time_point(std::chrono::seconds(seconds)); }

const jwt_rules rules{.issuers = {"https://login.example"}, .audiences = {"api"}};

result<jwt_token> check(std::string_view token, const jwt_keys& keys, std::int64_t now = 1'800'000'100) {
    return verify_jwt(token, keys, rules, at(now));
}

// A private key in PEM, made for this run.
std::string new_key(EVP_PKEY* made) {
    const std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(made, &::EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&::BIO_free)> out(::BIO_new(::BIO_s_mem()), &::BIO_free);
    REQUIRE(::PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr));
    char* data = nullptr;
    const auto size = ::BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

// The payload of the examples of RFC 7515.
const std::string joe = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
                        "fQ";

} // namespace

TEST_CASE("the examples of RFC 7515 are accepted", "[ext][openssl_jwt]") {
    const struct {
        const char *key, *header, *signature;
    } examples[] = {
        // A.1, A.2, A.3
        {R"({"kty":"oct","alg":"HS256",
            "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
         "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
        {R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJ)"
         R"(PMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb)"
         R"(BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_)"
         R"(h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})",
         "eyJhbGciOiJSUzI1NiJ9",
         "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU"
         "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
         "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
         "cN_IoypGlUPQGe77Rw"},
        {R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})",
         "eyJhbGciOiJFUzI1NiJ9", "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    };
    for (const auto& e : examples) {
        const auto keys = jwt_key_set::jwks(e.key);
        const auto token = std::string(e.header) + "." + joe + "." + e.signature;
        const auto t = verify_jwt(token, *keys, {.issuers = {"joe"}}, at(1300819000));
        REQUIRE(t);
        CHECK(t->claims.at("http://example.com/is_root").as_bool());
        CHECK(verify_jwt(token, *keys, {}, at(1300819380 + 30)).error().code == error::timed_out);
    }
}

TEST_CASE("the example of RFC 8037 is accepted", "[ext][openssl_jwt]") {
    const auto keys =
        jwt_key_set::jwks(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
    const std::string text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    auto signature = base64url_decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_M"
                                      "uM0KAg");
    CHECK(keys->is_signature("EdDSA", "", text, *signature));
    CHECK_FALSE(keys->is_signature("EdDSA", "", text + "x", *signature));
    (*signature)[10] ^= 1;
    CHECK_FALSE(keys->is_signature("EdDSA", "", text, *signature));
}

TEST_CASE("tokens of Node.js are accepted, of all algorithms", "[ext][openssl_jwt]") {
    const auto keys = jwt_key_set::jwks(vectors::jwks);
    CHECK(keys->size() == 9);
    for (const auto& v : vectors::tokens) {
        INFO(v.algorithm << " " << v.key_id);
        const auto t = check(v.text, *keys);
        REQUIRE(t);
        CHECK(t->header.at("alg").as_string() == v.algorithm);
        CHECK(t->claims.at("sub").as_string() == "ada");
        CHECK(check(v.text, *keys, 1'800'003'629));
        CHECK(check(v.text, *keys, 1'800'003'630).error().code == error::timed_out);
        CHECK(check(v.text, *keys, 1'799'999'969).error().detail == "the token is not valid yet");
    }
}

TEST_CASE("whatever is changed of a token is seen", "[ext][openssl_jwt]") {
    const auto keys = jwt_key_set::jwks(vectors::jwks);
    for (const auto& v : vectors::tokens) {
        INFO(v.algorithm);
        for (std::size_t i = 0; i < v.text.size(); i += 7) {
            std::string bad(v.text);
            bad[i] = bad[i] == 'A' ? 'B' : 'A';
            if (base64url_decode(bad.substr(bad.rfind('.') + 1)) && i + 1 < bad.size()) CHECK_FALSE(check(bad, *keys));
        }
        CHECK_FALSE(check(v.text.substr(0, v.text.rfind('.') + 1), *keys));
        CHECK_FALSE(check(std::string(v.text) + "AAAA", *keys));
        CHECK_FALSE(check(std::string(v.text) + "=", *keys));
        CHECK_FALSE(check(std::string(v.text) + ".AAAA", *keys));
    }
}

TEST_CASE("a key decides on its algorithm, not the token", "[ext][openssl_jwt]") {
    // HMAC with the public key as its secret, which everybody knows.
    jwt_key_set rsa;
    rsa.add_pem("RS256", vectors::rsa_pem, "rsa");
    CHECK(check(vectors::confused, rsa).error().code == error::unsupported);
    CHECK(check(vectors::confused, *jwt_key_set::jwks(vectors::jwks)).error().code == error::bad_value);
    // No signature at all.
    const std::string_view good = vectors::tokens[0].text;
    const auto payload = std::string(good.substr(good.find('.'), good.rfind('.') - good.find('.')));
    for (const std::string alg : {"none", "None", "NONE", "", "hs256", "RS1", "HS256 "}) {
        const auto header = base64url_encode(R"({"alg":")" + alg + "\"}");
        INFO(alg);
        for (const char* signature : {"", "AAAA"})
            CHECK_FALSE(check(header + payload + "." + signature, *jwt_key_set::jwks(vectors::jwks)));
    }
    CHECK(check(base64url_encode(R"({"alg":"none"})") + payload + ".", rsa).error().code == error::unsupported);
    // A key for RS256 checks neither RS512 nor PS256.
    for (const auto& v : vectors::tokens) CHECK(check(v.text, rsa).has_value() == (v.algorithm == "RS256"));
    jwt_key_set other;
    other.add_pem("PS256", vectors::rsa_pem);
    for (const auto& v : vectors::tokens) CHECK(check(v.text, other).has_value() == (v.algorithm == "PS256"));
}

TEST_CASE("a token that names a key is checked with that one", "[ext][openssl_jwt]") {
    jwt_key_set other;
    other.add_pem("RS256", vectors::rsa_pem, "another");
    CHECK_FALSE(check(vectors::tokens[0].text, other));
    jwt_key_set nameless;
    nameless.add_pem("RS256", vectors::rsa_pem);
    CHECK(check(vectors::tokens[0].text, nameless));
}

TEST_CASE("what is signed is accepted by whom has the key, and keys rotate", "[ext][openssl_jwt]") {
    const value claims = {{"iss", "https://login.example"}, {"aud", "api"}, {"exp", 1'800'003'600}};
    const std::string old_secret(64, 'o'), new_secret(64, 'n');
    const std::pair<const char*, std::string> keys[] = {
        {"RS256", new_key(::EVP_RSA_gen(2048))},
        {"PS512", new_key(::EVP_RSA_gen(2048))},
        {"ES256", new_key(::EVP_EC_gen("P-256"))},
        {"ES384", new_key(::EVP_EC_gen("P-384"))},
        {"ES512", new_key(::EVP_EC_gen("P-521"))},
        {"EdDSA", new_key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))},
    };
    for (const auto& [algorithm, pem] : keys) {
        INFO(algorithm);
        jwt_key_set set;
        set.add_pem(algorithm, pem, "k1");
        const auto t = check(sign_jwt(claims, set), set);
        REQUIRE(t);
        CHECK(t->header.at("kid").as_string() == "k1");
    }
    for (const char* algorithm : {"HS256", "HS384", "HS512"}) {
        jwt_key_set before, after, later;
        before.add_hmac(algorithm, old_secret);
        after.add_hmac(algorithm, new_secret).add_hmac(algorithm, old_secret);
        later.add_hmac(algorithm, new_secret);
        CHECK(check(sign_jwt(claims, before), after));
        CHECK(check(sign_jwt(claims, after), later));
        CHECK_FALSE(check(sign_jwt(claims, before), later));
    }
    jwt_key_set public_only;
    public_only.add_pem("RS256", vectors::rsa_pem);
    CHECK_THROWS_AS(sign_jwt(claims, public_only), std::logic_error);
}

TEST_CASE("weak, unfit and malformed keys are refused, and not shown", "[ext][openssl_jwt]") {
    jwt_key_set set;
    const auto refused = [&](auto&& add) {
        try {
            add();
        } catch (const system_error& e) {
            return e.code() == error::bad_value && std::string(e.what()).find("secret-") == std::string::npos;
        }
        return false;
    };
    CHECK(refused([&] { set.add_hmac("HS256", "secret-" + std::string(24, 'x')); })); // 31 octets
    CHECK(refused([&] { set.add_hmac("HS512", "secret-" + std::string(56, 'x')); }));
    CHECK(refused([&] { set.add_hmac("RS256", std::string(100, 'x')); }));
    CHECK(refused([&] { set.add_hmac("none", std::string(100, 'x')); }));
    CHECK(refused([&] { set.add_pem("HS256", vectors::rsa_pem); }));
    CHECK(refused([&] { set.add_pem("ES256", vectors::rsa_pem); }));
    CHECK(refused([&] { set.add_pem("RS256", vectors::small_rsa_pem); }));
    CHECK(refused([&] { set.add_pem("RS256", "secret-"); }));
    CHECK(refused([&] { set.add_pem("RS256", ""); }));
    CHECK(refused([&] { set.add_jwks(vectors::small_rsa); }));
    const std::string of_curve = R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":")";
    const std::string malformed[] = {
        "", "[]", "{}", R"({"keys":1})", R"({"keys":[1]})", R"({"kty":"RSA","e":"AQAB"})",
        R"({"kty":"RSA","e":"AQAB","n":"***"})", R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})",
        R"({"kty":"oct","alg":"HS256","k":"AAAA"})", of_curve + "AAAA\"}",
        of_curve + std::string(43, 'A') + "\"}" /* no point of the curve */};
    for (const auto& bad : malformed) {
        INFO(bad);
        CHECK(refused([&] { set.add_jwks(bad); }));
    }
    CHECK(set.size() == 0);
    // These are for others.
    set.add_jwks(R"({"keys":[{"kty":"new"},{"kty":"oct","k":"AAAA"},{"kty":"RSA","use":"enc","e":"AQAB"},
                   {"kty":"EC","crv":"secp256k1"},{"kty":"RSA","alg":"RSA-OAEP"},{"kty":"RSA","key_ops":["encrypt"]},
                   {"kty":"EC","crv":"P-256","alg":"ES512"}]})");
    CHECK(set.size() == 0);
}

TEST_CASE("a service lets in who has a token", "[ext][openssl_jwt]") {
    app a;
    a.set("env", "test");
    a.use(jwt({.keys = jwt_key_set::jwks(vectors::jwks), .rules = rules, .now = [] { return at(1'800'000'100); }}));
    a.get("/", [](request& req, response& res) { res.json(principal_of(req).at("sub")); });
    testing::client c(a);
    c.get("/").set("Authorization", "Bearer " + std::string(vectors::tokens[0].text)).expect(200, "\"ada\"");
    c.get("/").expect(401).expect("WWW-Authenticate", "Bearer realm=\"crema\"");
    c.get("/").set("Authorization", "Bearer " + std::string(vectors::confused)).expect(401);
}
