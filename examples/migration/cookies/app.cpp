// Cookies: plain, JSON, signed.
#include <crema.hpp>
#include <crema/ext/openssl.hpp>
#include <crema/middleware/cookie_parser.hpp>
#include <chrono>
#include <iostream>
using namespace crema;

int main(int argc, char** argv) {
    app app;
    app.use(cookie_parser({.signer = openssl::hmac_signer({"new secret", "old secret"})}));

    app.get("/", [](request& req, response& res) {
        res.json({{"plain", req.cookies()}, {"signed", req.signed_cookies()}});
    });
    app.get("/set", [](request&, response& res) {
        res.cookie("theme", "dark & quiet",
                   {.max_age = std::chrono::minutes(1), .http_only = true, .same_site = http::same_site_policy::lax});
        res.cookie("cart", value{{"items", {1, 2}}}, {.path = "/shop", .secure = true});
        res.send("set");
    });
    app.get("/sign", [](request&, response& res) {
        res.signed_cookie("user", "ada", {.http_only = true});
        res.send("signed");
    });
    app.get("/clear", [](request&, response& res) {
        res.clear_cookie("theme");
        res.send("cleared");
    });
    app.get("/bad", [](request&, response& res) {
        res.cookie("na me", "x");
        res.send("never");
    });

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
