// What keeps strangers out and browsers safe: security headers, CORS, limits, passwords, tokens, deadlines, health.
//
//   guards [port]
//   curl -i http://localhost:3000/                                     -> Content-Security-Policy: …'nonce-N'…, and a page with the same N
//   curl -i http://localhost:3000/ | grep -i request-id                -> X-Request-Id: another one each time
//   curl -i -H 'Origin: https://a.example' http://localhost:3000/api/  -> Access-Control-Allow-Origin: https://a.example
//   curl -i -X OPTIONS -H 'Origin: https://a.example' -H 'Access-Control-Request-Method: PUT' http://localhost:3000/api/   -> 204, with Access-Control-Allow-Methods
//   curl -i http://localhost:3000/api/                                 -> RateLimit: "api";r=4;t=1, the sixth time 429 with Retry-After
//   curl -u ada:lovelace http://localhost:3000/admin                   -> hello, ada; without it 401
//   curl -H 'Authorization: Bearer 12345' http://localhost:3000/robots -> hello, r2d2; without it 401
//   curl -i -d x -H 'Sec-Fetch-Site: cross-site' http://localhost:3000/save    -> 403: another site made the browser send it
//   curl -i http://localhost:3000/slow                                 -> 503 after 100 ms
//   curl http://localhost:3000/health/live                             -> {"status":"up"}
//   curl http://localhost:3000/health/ready                            -> {"status":"up","checks":{"disk":"up"}}; while it drains 503
#include <crema.hpp>
#include <crema/core/secret.hpp>
#include <crema/middleware/basic_auth.hpp>
#include <crema/middleware/bearer.hpp>
#include <crema/middleware/cors.hpp>
#include <crema/middleware/csrf.hpp>
#include <crema/middleware/deadline.hpp>
#include <crema/middleware/health.hpp>
#include <crema/middleware/rate_limit.hpp>
#include <crema/middleware/request_id.hpp>
#include <crema/middleware/security_headers.hpp>
#include <cstdio>
#include <cstdlib>
using namespace crema;
using namespace std::chrono_literals;

task<bool> disk_is_there() { co_return (co_await fs::stat("/")).is_directory(); }

task<std::optional<value>> robot_of(request&, std::string token) {
    if (equal_secrets(token, "12345")) co_return value("r2d2"); // a real one looks up a hash of it
    co_return std::nullopt;
}

int main(int argc, char** argv) {
    app app;

    app.use(request_id());
    // In front of what may refuse: who balances the load asks without a password. `drain()`, or the end of the server, makes it 503.
    auto healthy = health({.checks = {{"disk", disk_is_there}}});
    app.use(healthy);

    auto policy = default_csp();
    policy.push_back({"script-src-elem", {"'nonce'"}}); // a nonce for each request
    app.use(security_headers({.content_security_policy = policy}));

    // What changes something must not come from another site.
    app.use(csrf());
    app.post("/save", [](request&, response& res) { res.send("saved"); });

    app.get("/", [](request& req, response& res) {
        res.send("<script nonce=\"" + std::string(csp_nonce(req)) + "\">document.write('hello')</script>");
    });

    // Five at once, then five a second, for each client; pages of two origins may read.
    app.use("/api", cors({.origin = {"https://a.example", "https://b.example"}, .max_age = 600s}),
            rate_limit({.rule = {.algorithm = rate_algorithm::token_bucket, .limit = 5, .window = 1s}, .name = "api"}));
    app.get("/api", [](request&, response& res) { res.json({{"hello", "world"}}); });

    app.use("/admin", basic_auth({.check = {{"ada", "lovelace"}}})); // over TLS only
    app.get("/admin", [](request& req, response& res) { res.send("hello, " + std::string(user_of(req))); });

    app.use("/robots", bearer({.check = robot_of}));
    app.get("/robots", [](request& req, response& res) { res.send("hello, " + principal_of(req).as_string()); });

    app.use("/slow", deadline(100ms));
    app.get("/slow", [](request&, response& res) -> task<> {
        co_await sleep(10s); // is cancelled
        res.send("never");
    });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
