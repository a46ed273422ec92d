// cookie-parser and finalhandler.
#pragma once
#include "wire.hpp"
#include <crema/middleware/cookie_parser.hpp>
#if defined(CREMA_WITH_OPENSSL)
#include <crema/ext/openssl.hpp>
#endif

namespace wire {

namespace small_tests {

#if defined(CREMA_WITH_OPENSSL)
inline setup cookies(std::vector<std::string_view> secrets, handler before = {}) {
    return [=](app& a) {
        a.disable("x-powered-by");
        if (before) a.use(before);
        a.use(cookie_parser({.signer = secrets.empty() ? nullptr : openssl::hmac_signer(std::span<const std::string_view>(secrets))}));
        a.use("/signed", handler([](request& req, response& res, next&) { res.end(json::stringify(req.signed_cookies())); }));
        a.use(handler([](request& req, response& res, next&) { res.end(json::stringify(req.cookies())); }));
    };
}

inline void add_cookies(suite& s) {
    const std::string top = "cookieParser() / ";
    s.family([top](std::string_view title) {
        if (!title.starts_with(top)) return setup{};
        if (title.find("when req.cookies exists") != title.npos)
            return cookies({}, handler([](request& req, response&, next& n) {
                               req.cookies(value{{"fizz", "buzz"}});
                               n();
                           }));
        if (title.find("when a secret is given") != title.npos) return cookies({"keyboard cat"});
        if (title.find("when multiple secrets") != title.npos) return cookies({"keyboard cat", "nyan cat"});
        if (title.find("when no secret") != title.npos) return cookies({});
        return cookies({"keyboard cat"});
    });
    // the functions that it exports, as what a request shows
    const auto shown = [](std::vector<std::string_view> secrets, std::string cookie, std::string signed_path, std::string expected) {
        return [=] {
            app a;
            a.set("env", "test");
            cookies(secrets)(a);
            testing::client(a).get(signed_path).set("Cookie", cookie).expect(200, expected);
        };
    };
    const std::string json_cookie = "cookieParser.JSONCookie(str) / ", one = "cookieParser.signedCookie(str, secret) / ", many = "cookieParser.signedCookies(obj, secret) / ";
    const std::string good = "s:foobarbaz.CP7AWaXDfAKIRfH49dQzKJx7sKzzSoPq7/AcBBRVwlI", bad = "s:foobaz.CP7AWaXDfAKIRfH49dQzKJx7sKzzSoPq7/AcBBRVwlI";
    s.result(json_cookie + "should return undefined for non-JSON cookie string", shown({}, "a=foo", "/", R"({"a":"foo"})"));
    s.result(json_cookie + "should return object for JSON cookie string", shown({}, R"(a=j:{"foo":"bar"})", "/", R"({"a":{"foo":"bar"}})"));
    s.result(json_cookie + "should return undefined on invalid JSON", shown({}, R"(a=j:{foo:"bar"})", "/", R"({"a":"j:{foo:\"bar\"}"})"));
    s.result(one + "should pass through non-signed string", shown({"keyboard cat"}, "a=foobar", "/", R"({"a":"foobar"})"));
    s.result(one + "should return false for tampered signed string", shown({"keyboard cat"}, "a=" + bad, "/signed", R"({"a":false})"));
    s.result(one + "should return unsigned value for signed string", shown({"keyboard cat"}, "a=" + good, "/signed", R"({"a":"foobarbaz"})"));
    s.result(one + "when secret is an array / should return false for tampered signed string", shown({"keyboard cat", "x"}, "a=" + bad, "/signed", R"({"a":false})"));
    s.result(one + "when secret is an array / should return unsigned value for first secret", shown({"keyboard cat", "x"}, "a=" + good, "/signed", R"({"a":"foobarbaz"})"));
    s.result(one + "when secret is an array / should return unsigned value for second secret", shown({"x", "keyboard cat"}, "a=" + good, "/signed", R"({"a":"foobarbaz"})"));
    s.result(many + "should ignore non-signed strings", shown({"keyboard cat"}, "a=1", "/signed", "{}"));
    s.result(many + "should include tampered strings as false", shown({"keyboard cat"}, "foo=" + bad, "/signed", R"({"foo":false})"));
    s.result(many + "should include unsigned strings", shown({"keyboard cat"}, "foo=" + good, "/signed", R"({"foo":"foobarbaz"})"));
    s.result(many + "should remove signed strings from original object", shown({"keyboard cat"}, "foo=" + good, "/", "{}"));
    s.result(many + "should remove tampered strings from original object", shown({"keyboard cat"}, "foo=" + bad, "/", "{}"));
    s.result(many + "should leave unsigned string in original object", shown({"keyboard cat"}, "fizz=buzz; foo=" + good, "/", R"({"fizz":"buzz"})"));
    const std::string two = "buzz=s:foobar.N5r0C3M8W+IPpzyAJaIddMWbTGfDSO+bfKlZErJ+MeE; fizz=s:foobar.JTCAgiMWsnuZpN3mrYnEUjXlGxmDi4POCBnWbRxse88";
    s.result(many + "when secret is an array / should include unsigned strings for matching secrets",
             shown({"keyboard cat"}, two, "/signed", R"({"buzz":"foobar","fizz":false})"));
    s.result(many + "when secret is an array / should include unsigned strings for all secrets", shown({"keyboard cat", "nyan cat"}, two, "/signed", R"({"buzz":"foobar","fizz":"foobar"})"));
    s.reason("should export JSONCookies", "there are no functions to export: the requests show what they do");
    s.reason("for non-string arguments", "the compiler refuses another type");
}
#endif

inline std::exception_ptr failing(int status, std::string message, std::vector<std::pair<std::string, std::string>> fields = {}) {
    http_error e(status, message);
    for (auto& [name, text] : fields) e.header(name, text);
    return std::make_exception_ptr(e);
}

inline void add_final(suite& s) {
    const std::string top = "http / ";
    const auto with = [&](std::string_view title, std::function<std::exception_ptr()> error, handler before = {}, std::string env = "test") {
        s.add(top + std::string(title), [=](app& a) {
            a.disable("x-powered-by");
            a.set("env", env);
            a.use(handler([=](request& req, response& res, next& n) {
                if (before) before(req, res, n);
                if (auto e = error ? error() : nullptr) n(e);
                else n();
            }));
        });
    };
    const auto plain = [](std::string text) { return [text] { return std::make_exception_ptr(std::runtime_error(text)); }; };
    const auto http = [](int status, std::string text, std::vector<std::pair<std::string, std::string>> fields = {}) {
        return [=] { return failing(status, text, fields); };
    };
    with("headers / should ignore err.headers with invalid res.status", http(601, "oops!", {{"X-Custom-Header", "foo"}}));
    with("headers / should ignore err.headers with invalid res.statusCode", http(601, "oops!", {{"X-Custom-Header", "foo"}}));
    with("headers / should include err.headers with err.status", http(500, "oops!", {{"X-Custom-Header", "foo=500"}, {"X-Custom-Header2", "bar"}}));
    with("headers / should include err.headers with err.statusCode", http(429, "too many requests", {{"Retry-After", "5"}}));
    with("status code / should 404 on no error", {});
    with("status code / should use err.statusCode", http(400, "nope"));
    with("status code / should ignore non-error err.statusCode code", http(201, "created"));
    with("status code / should use err.status", http(400, "nope"));
    with("status code / should set status to 500 when err.status < 400", http(202, "oops"));
    with("status code / should set status to 500 when err.status > 599", http(601, "oops"));
    with("status code / should ignore non-error err.status code", http(201, "created"));
    with("status message / should be \"Not Found\" on no error", {});
    with("status message / should be \"Bad Request\" when err.statusCode = 400", http(400, "oops"));
    for (const auto* one : {"should include method and pathname", "should include original pathname", "should include pathname only", "should handle HEAD",
                            "should include X-Content-Type-Options header", "should include Content-Security-Policy header", "should not hang/error if there is a request body"})
        with(std::string("404 response / ") + one, {});
    for (const auto* one : {"should include error stack", "should include X-Content-Type-Options header", "should includeContent-Security-Policy header"})
        with(std::string("error response / ") + one, plain("boom!"));
    with("error response / should handle non-error-objects", plain("lame string"));
    with("error response / should handle null prototype objects", [] { return std::make_exception_ptr(std::runtime_error("")); });
    with("error response / should send staus code name when production", http(501, "boom!"), {}, "production");
    with("error response / when there is a request body / should not hang/error when unread", plain("boom!"));
    with("error response / when res.statusCode set / should keep when >= 400", plain("oops"), handler([](request&, response& res, next&) { res.status(503); }));
    with("error response / when res.statusCode set / should override with err.status", http(414, "oops"), handler([](request&, response& res, next&) { res.status(503); }));
    with("error response / when res.statusCode set / should default body to status message in production", http(509, "boom!"), {}, "production");
    with("headers set / should persist set headers", {}, handler([](request&, response& res, next&) { res.set("Server", "foobar"); }));
    with("headers set / should override content-type and length", {},
         handler([](request&, response& res, next&) { res.set({{"Content-Type", "image/png"}, {"Content-Length", "50"}}); }));
    with("headers set / should remove other content headers", {}, handler([](request&, response& res, next&) {
             res.set({{"Content-Encoding", "gzip"}, {"Content-Language", "jp"}, {"Content-Range", "bytes 0-2/10"}});
         }));
    with("no deprecation warnings / should respond 404 on no error", {});
    s.add(top + "request started / should not respond", [](app& a) {
        a.disable("x-powered-by");
        a.use([](request&, response& res, next& n) {
            res.status(301);
            res.write("0");
            n();
            res.end("1");
        });
    });
    s.add(top + "request started / should terminate on error", [](app& a) {
        a.disable("x-powered-by");
        a.use([](request&, response& res, next& n) {
            res.status(301);
            res.write("0");
            n(http_error(429, "too many requests"));
        });
    });
    s.add(top + "req.socket / should not throw when socket is null", [](app& a) {
        a.disable("x-powered-by");
        a.use([](request&, response& res, next& n) {
            res.end("ok");
            n(std::runtime_error("late"));
        });
    });
    s.reason("http2 / ", "HTTP/2 is not spoken");
    s.reason("when not an object", "the compiler refuses another type");
    s.reason("non-numeric", "the compiler refuses another type");
    s.reason("is not a number", "the compiler refuses another type");
    s.reason("statusCode undefined", "the compiler refuses another type");
    s.reason("over err.statusCode", "an error has one status");
    s.reason("over invalid err.status", "an error has one status");
    s.reason("statusMessage", "the reason is that of the status");
    s.reason("without URL", "a request has a target");
}

} // namespace small_tests

inline void add_small(std::map<std::string, suite>& all) {
#if defined(CREMA_WITH_OPENSSL)
    small_tests::add_cookies(all["cookie-parser"]);
#endif
    small_tests::add_final(all["finalhandler"]);
}

} // namespace wire
