// Tests of ext/openssl.hpp.
// SPDX-License-Identifier: MIT
#include <crema/ext/openssl.hpp>

#include <crema/core/encode.hpp>
#include <crema/middleware/cookie_parser.hpp>
#include <crema/middleware/sealed_cookies.hpp>
#include <crema/middleware/session.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <atomic>
#include <thread>
#include <vector>

using namespace crema;

TEST_CASE("HMAC with SHA-256 gives the values of RFC 4231", "[ext][openssl]") {
    CHECK(hex_encode(openssl::hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(hex_encode(openssl::hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex_encode(openssl::hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("signatures are those of cookie-signature", "[ext][openssl]") {
    const auto tobi = openssl::hmac_signer("tobiiscool"), luna = openssl::hmac_signer("luna");
    CHECK(tobi->sign("hello") == "hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI");
    CHECK(luna->sign("hello") == "hello.WJDhcPjvHQmTXozZ1c0Mgt6tA2pOYlRd5ERzEIF5Wr4");
    CHECK(openssl::hmac_signer("\xa0\xab\xbc\x0c")->sign("hello") == "hello.hIvljrKw5oOZtHHSq5u+MlL27cgnPKX77y7F+x5r1to");
    CHECK(tobi->unsign("hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI") == "hello");
    CHECK_FALSE(luna->unsign("hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI"));
}

TEST_CASE("whatever is changed of a signed text is seen", "[ext][openssl]") {
    const auto s = openssl::hmac_signer("actual sekrit password");
    const std::string good = "real data.YYlk/GMK4eU1tRrQL2IzyrylAuKrlqvsm5FgfC4z3Ko";
    CHECK(s->sign("real data") == good);
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        CHECK_FALSE(s->unsign(bad));
    }
    for (const auto& bad : {"garbage" + good, "garbage." + good, good + ".garbage", good + "garbage", good + "=",
                            std::string("fake unsigned data"), std::string(), std::string(".")})
        CHECK_FALSE(s->unsign(bad));
}

TEST_CASE("secrets are rotated: the first signs, all are accepted", "[ext][openssl]") {
    const auto old = openssl::hmac_signer("old"), both = openssl::hmac_signer({"new", "old"}), now = openssl::hmac_signer("new");
    CHECK(both->unsign(old->sign("x")) == "x");
    CHECK(both->sign("x") == now->sign("x"));
    CHECK_FALSE(now->unsign(old->sign("x")));
    CHECK_THROWS_AS(openssl::hmac_signer(""), system_error);
    CHECK_THROWS_AS(openssl::hmac_signer(std::initializer_list<std::string_view>{}), system_error);
}

TEST_CASE("cookies of Express are understood", "[ext][openssl]") {
    // Recorded from cookie-parser.
    const auto ask = [](std::initializer_list<std::string_view> secrets, const char* cookie, const char* signed_ones, const char* plain) {
        app a;
        a.use(cookie_parser({.signer = openssl::hmac_signer(std::span(secrets.begin(), secrets.size()))}));
        a.get("/signed", [](request& req, response& res) { res.json(req.signed_cookies()); });
        a.get("/", [](request& req, response& res) { res.json(req.cookies()); });
        testing::client c(a);
        c.get("/signed").set("Cookie", cookie).expect(200, signed_ones);
        c.get("/").set("Cookie", cookie).expect(200, plain);
    };
    ask({"keyboard cat"}, "foo=s:foobarbaz.CP7AWaXDfAKIRfH49dQzKJx7sKzzSoPq7/AcBBRVwlI", R"({"foo":"foobarbaz"})", "{}");
    ask({"keyboard cat"}, "foo=foobarbaz.CP7AWaXDfAKIRfH49dQzKJx7sKzzSoPq7/AcBBRVwlI3", "{}",
        R"({"foo":"foobarbaz.CP7AWaXDfAKIRfH49dQzKJx7sKzzSoPq7/AcBBRVwlI3"})");
    ask({"keyboard cat"}, "foo=s:foobarbaz.CP7AWaXDfAKIRfH49dQzKJx7sKzzSoPq7/AcBBRVwlJ", R"({"foo":false})", "{}");
    ask({"keyboard cat", "nyan cat"},
        "buzz=s:foobar.N5r0C3M8W+IPpzyAJaIddMWbTGfDSO+bfKlZErJ+MeE; fizz=s:foobar.JTCAgiMWsnuZpN3mrYnEUjXlGxmDi4POCBnWbRxse88",
        R"({"buzz":"foobar","fizz":"foobar"})", "{}");
}

TEST_CASE("a sealed text is opened by who has a key", "[ext][openssl]") {
    const openssl::sealer s{"a secret of enough octets"};
    for (const std::string& text : {std::string(), std::string("hello"), std::string(5000, 'x'), std::string("a\0b", 3)}) {
        const auto sealed = s.seal(text, "session");
        CHECK(s.open(sealed, "session") == text);
        CHECK_FALSE(s.open(sealed, "other"));
        CHECK(s.seal(text, "session") != sealed); // a nonce of its own each time
    }
    CHECK(s.seal("hello").find("hello") == std::string::npos);
}

TEST_CASE("whatever is changed of a sealed text is seen", "[ext][openssl]") {
    const openssl::sealer s{"a secret of enough octets"};
    const auto good = s.seal("hello");
    auto raw = base64url_decode(good).value();
    for (std::size_t i = 0; i < raw.size(); ++i) {
        auto bad = raw;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        CHECK_FALSE(s.open(base64url_encode(bad)));
    }
    for (const auto& bad : {std::string(), good.substr(1), good + "A", std::string(38, 'A'), std::string("!!")}) CHECK_FALSE(s.open(bad));
}

TEST_CASE("keys of a sealer are rotated", "[ext][openssl]") {
    const openssl::sealer old{"the old secret, 16+"}, both{"the new secret, 16+", "the old secret, 16+"}, now{"the new secret, 16+"};
    CHECK(both.open(old.seal("x")) == "x");
    CHECK(now.open(both.seal("x")) == "x");
    CHECK_FALSE(now.open(old.seal("x")));
    CHECK_THROWS_AS(openssl::sealer{"short"}, system_error);
    CHECK_THROWS_AS(openssl::sealer(std::initializer_list<std::string_view>{}), system_error);
}

TEST_CASE("sessions have the cookies of express-session, and their keys rotate", "[ext][openssl]") {
    const auto store = std::make_shared<memory_session_store>();
    const auto make = [&](std::shared_ptr<const signer> keys) {
        app a;
        a.use(session({.signer = std::move(keys),
                       .store = store,
                       .generate_id = [](request&) { return std::string("apple"); }}));
        a.get("/", [](request& req, response& res) {
            auto& n = session_of(req)["n"];
            n = n.is_null() ? 1 : n.as_int64() + 1;
            res.json(n);
        });
        return a;
    };
    testing::client c(make(openssl::hmac_signer("keyboard cat")));
    const auto r = c.get("/").expect(200, "1").result();
    // As it was recorded (genid option / should allow custom function).
    const std::string cookie = "connect.sid=s%3Aapple.D8Y%2BpkTAmeR0PobOhY4G97PRW%2Bj7bUnP%2F5m6%2FOn1MCU";
    CHECK(r.header("set-cookie")->starts_with(cookie + ";"));
    // (secret option / when an array / should read cookies using all elements, should sign cookies with first element)
    testing::client rotated(make(openssl::hmac_signer({"new cat", "keyboard cat"})));
    rotated.get("/").set("Cookie", cookie).expect(200, "2");
    testing::client later(make(openssl::hmac_signer("new cat")));
    later.get("/").set("Cookie", cookie).expect(200, "1");
    for (std::size_t i = std::string("connect.sid=").size(); i < cookie.size(); ++i) {
        auto bad = cookie;
        bad[i] = bad[i] == 'x' ? 'y' : 'x';
        c.get("/").set("Cookie", bad).expect(200, "1");
    }
}

TEST_CASE("a signer is used by several threads at a time", "[ext][openssl]") {
    const auto s = openssl::hmac_signer({"one", "two"});
    const auto wanted = s->signature("text");
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int k = 0; k < 500; ++k)
                if (s->signature("text") != wanted || !s->is_signature("text", wanted)) ++wrong;
        });
    for (auto& t : threads) t.join();
    CHECK(wrong == 0);
}

TEST_CASE("sealed cookies keep their secret, and their keys rotate", "[ext][openssl]") {
    const auto make = [](std::shared_ptr<const crema::sealer> keys) {
        app a;
        a.use(sealed_cookies({.sealer = std::move(keys)}));
        a.get("/set", [](request&, response& res) {
            set_sealed_cookie(res, "name", "a secret", {.max_age = std::chrono::hours(1)});
            res.end();
        });
        a.get("/", [](request& req, response& res) { res.send(sealed_cookie(req, "name").value_or("none")); });
        return a;
    };
    testing::client c(make(openssl::make_sealer({"the first secret"})));
    const auto r = c.get("/set").result();
    const auto line = std::string(r.header("set-cookie").value());
    const auto cookie = line.substr(0, line.find(';'));
    CHECK(base64url_decode(cookie.substr(5))->find("secret") == std::string::npos);
    c.get("/").set("Cookie", cookie).expect(200, "a secret");
    c.get("/").set("Cookie", "other" + cookie.substr(4)).expect(200, "none");
    testing::client rotated(make(openssl::make_sealer({"the second secret", "the first secret"})));
    rotated.get("/").set("Cookie", cookie).expect(200, "a secret");
    testing::client later(make(openssl::make_sealer({"the second secret"})));
    later.get("/").set("Cookie", cookie).expect(200, "none");
    for (std::size_t i = 5; i + 1 < cookie.size(); i += 3) {
        auto bad = cookie;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        c.get("/").set("Cookie", bad).expect(200, "none");
    }
}
