// Tests of middleware/cookie_parser.hpp, with signatures that protect nothing; tests of ext/openssl.hpp have real ones.
// SPDX-License-Identifier: MIT
#include <crema/middleware/cookie_parser.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <algorithm>
#include <functional>

using namespace crema;

namespace {

struct length_signer final : signer {
    std::string signature(std::string_view text) const override { return std::to_string(text.size()); }
    bool is_signature(std::string_view text, std::string_view s) const override { return s == signature(text); }
};

app sample(cookie_parser_options options = {.signer = std::make_shared<length_signer>()}) {
    app a;
    a.use(cookie_parser(std::move(options)));
    a.get("/", [](request& req, response& res) { res.json(req.cookies()); });
    a.get("/signed", [](request& req, response& res) { res.json(req.signed_cookies()); });
    a.get("/set", [](request&, response& res) {
        res.signed_cookie("name", "tobi", {.http_only = true});
        res.signed_cookie("object", std::vector<int>{1, 2});
        res.signed_cookie("number", 42);
        res.end();
    });
    return a;
}

} // namespace

TEST_CASE("signed cookies stand apart from others", "[middleware][cookie_parser]") {
    testing::client c(sample());
    c.get("/").expect(200, "{}");
    c.get("/signed").expect(200, "{}");
    c.get("/").set("Cookie", "a=1; b=s:hello.5; c=x").expect(200, R"({"a":"1","c":"x"})");
    c.get("/signed").set("Cookie", "a=1; b=s:hello.5; c=x").expect(200, R"({"b":"hello"})");
    c.get("/signed").set("Cookie", "b=s%3Aa%20b.3").expect(200, R"({"b":"a b"})");
    c.get("/signed").set("Cookie", "b=s:j:[1,2].7").expect(200, R"({"b":[1,2]})");
    c.get("/signed").set("Cookie", "b=s:j:[1,.5").expect(200, R"({"b":"j:[1,"})");
}

TEST_CASE("a cookie with a false signature is false", "[middleware][cookie_parser]") {
    testing::client c(sample());
    for (const char* cookie : {"b=s:hello.6", "b=s:hello", "b=s:", "b=s:.1", "b=s:hello.5.5"}) {
        c.get("/signed").set("Cookie", cookie).expect(200, R"({"b":false})");
        c.get("/").set("Cookie", cookie).expect(200, "{}");
    }
}

TEST_CASE("handlers set signed cookies", "[middleware][cookie_parser]") {
    testing::client c(sample());
    c.get("/set").expect(200).expect([](const testing::reply& r) {
        const auto all = r.headers("set-cookie");
        REQUIRE(all.size() == 3);
        CHECK(all[0] == "name=s%3Atobi.4; Path=/; HttpOnly");
        CHECK(all[1] == "object=s%3Aj%3A%5B1%2C2%5D.7; Path=/");
        CHECK(all[2] == "number=s%3A42.2; Path=/");
    });
}

TEST_CASE("without a signer nothing is checked, and nothing can be signed", "[middleware][cookie_parser]") {
    testing::client c(sample({}));
    c.get("/").set("Cookie", "b=s:hello.5").expect(200, R"({"b":"s:hello.5"})");
    c.get("/signed").set("Cookie", "b=s:hello.5").expect(200, "{}");
    c.get("/set").expect(500);
}

TEST_CASE("each signature is checked once, however many cookies there are", "[middleware][cookie_parser]") {
    struct counting final : signer {
        std::string signature(std::string_view text) const override { return std::to_string(text.size()); }
        bool is_signature(std::string_view text, std::string_view s) const override {
            ++checked;
            octets += text.size();
            return s == signature(text);
        }
        mutable std::size_t checked = 0, octets = 0;
    };
    const auto counts = std::make_shared<counting>();
    testing::client c(sample({.signer = counts}));
    const auto ask = [&](const std::string& cookies) {
        counts->checked = counts->octets = 0;
        return c.get("/signed").set("Cookie", cookies).result();
    };
    for (const std::size_t n : {1u, 10u, 400u}) { // linear: so many checks, of so many octets
        std::string all, alike;
        for (std::size_t i = 0; i < n; ++i) {
            all += "c" + std::to_string(i) + "=s:xyz.3; ";
            alike += "a=s:xyz.3; ";
        }
        CHECK(ask(all + "last=1").json().size() == n);
        CHECK(counts->checked == n);
        CHECK(counts->octets == 3 * n);
        CHECK(ask(alike).body == R"({"a":"xyz"})"); // the first of a name counts
        CHECK(counts->checked == 1);
    }
    ask("a=s:" + std::string(8000, '.') + "1");
    CHECK(counts->checked == 1); // one full stop is the last, not each
    CHECK(ask("a=" + std::string(100'000, 'x')).status == 431);
    CHECK(counts->checked == 0);
}

TEST_CASE("no text that reaches a header makes another one", "[middleware][cookie_parser]") {
    using sets = std::function<void(response&, const std::string&)>;
    const std::vector<sets> ways{
        [](response& res, const std::string& v) { res.set("X-A", v); },
        [](response& res, const std::string& v) { res.set(v, "a"); },
        [](response& res, const std::string& v) { res.append("X-A", v); },
        [](response& res, const std::string& v) { res.type(v); },
        [](response& res, const std::string& v) { res.location(v); },
        [](response& res, const std::string& v) { res.vary(v); },
        [](response& res, const std::string& v) { res.links({{"next", v}}); },
        [](response& res, const std::string& v) { res.attachment(v); },
        [](response& res, const std::string& v) { res.cookie("a", v); },
        [](response& res, const std::string& v) { res.cookie(v, "a"); },
        [](response& res, const std::string& v) { res.cookie("a", "b", {.path = v}); },
        [](response& res, const std::string& v) { res.cookie("a", "b", {.domain = v}); },
        [](response& res, const std::string& v) { res.signed_cookie("a", v); },
        [](response& res, const std::string& v) { res.clear_cookie(v); },
        [](response&, const std::string& v) { throw http_error(400, "no").header("X-A", v); },
        [](response&, const std::string& v) { throw http_error(400, v).type(v); },
        [](response& res, const std::string& v) { res.redirect(v); },
    };
    const sets* way = nullptr;
    std::string text;
    app a;
    a.set("env", "test");
    a.use(cookie_parser({.signer = std::make_shared<length_signer>()}));
    a.get("/", [&](request&, response& res) {
        (*way)(res, text);
        if (!res.headers_sent()) res.end("ok");
    });
    a.use([](const std::exception&, request&, response& res, next&) {
        if (!res.headers_sent()) res.status(500).end("refused");
    });
    testing::client c(a);
    for (const auto& w : ways)
        for (const std::string& v : {std::string("a\r\nInjected: 1"), std::string("a\nInjected: 1"), std::string("a\rInjected: 1"), std::string("a\0\r\nInjected: 1", 16),
                                     std::string("\r\n\r\nInjected"), std::string("a\xe5\x98\x8d\xe5\x98\x8aInjected: 1")}) {
            way = &w;
            text = v;
            const auto raw = c.raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            INFO(&w - ways.data() << ": " << raw);
            CHECK(raw.starts_with("HTTP/1.1 "));
            const auto head = raw.substr(0, raw.find("\r\n\r\n") + 2);
            CHECK(head.find("\nInjected") == head.npos);
            CHECK(head.find("\rInjected") == head.npos);
            CHECK(head.find('\0') == head.npos);
            CHECK(static_cast<std::size_t>(std::count(head.begin(), head.end(), '\r')) == static_cast<std::size_t>(std::count(head.begin(), head.end(), '\n')));
            if (const auto body = raw.substr(head.size()); raw.starts_with("HTTP/1.1 200")) CHECK(body == "\r\nok");
        }
}

TEST_CASE("signatures are looked for in texts, not in what JSON says; JSON that is not true stays a text", "[middleware][cookie_parser]") {
    testing::client c(sample());
    const char* const cookies = "a=j:%22s:x.1%22; b=s:hello.5; c=s:j:null.6; d=s:j:0.3; e=s:j:%22%22.4; f=s:j:1.3";
    c.get("/").set("Cookie", cookies).expect(200, R"({"a":"s:x.1"})");
    c.get("/signed").set("Cookie", cookies).expect(200, R"({"b":"hello","c":"j:null","d":"j:0","e":"j:\"\"","f":1})");
}
