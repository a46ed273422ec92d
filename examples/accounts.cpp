// Accounts: sessions, tokens against forgery, encrypted cookies, JSON Web Tokens, uploads. Needs OpenSSL.
//
//   accounts [port]
//   curl -c jar -b jar http://localhost:3000/visits                    -> visit 1, then visit 2, ...
//   curl -c jar -b jar -d name=ada http://localhost:3000/login         -> hello, ada
//   curl -c jar -b jar http://localhost:3000/form                      -> a token T
//   curl -b jar -d amount=5 -H 'X-CSRF-Token: T' http://localhost:3000/transfer    -> ada sent 5; without T 403
//   curl -c jar -b jar -d theme=dark http://localhost:3000/theme       -> saved, where nobody can read it
//   curl -b jar http://localhost:3000/theme                            -> dark
//   curl -c jar -b jar -d nickname=ada http://localhost:3000/nickname  -> signed, where everybody can read it
//   curl -b jar http://localhost:3000/nickname                         -> ada
//   curl -b nickname=s:grace.AAAA http://localhost:3000/nickname       -> forged
//   curl -b jar http://localhost:3000/token                            -> a JSON Web Token J for this account
//   curl -H 'Authorization: Bearer J' http://localhost:3000/api/me     -> ada; without it 401
//   curl -F note=hi -F file=@README.md http://localhost:3000/upload    -> README.md: so many octets, with the note hi
//   curl -c jar -b jar -X POST http://localhost:3000/logout            -> bye
#include <crema.hpp>
#include <crema/core/secret.hpp>
#include <crema/ext/openssl.hpp>
#include <crema/ext/openssl_jwt.hpp>
#include <crema/middleware/cookie_parser.hpp>
#include <crema/middleware/csrf_token.hpp>
#include <crema/middleware/jwt.hpp>
#include <crema/middleware/multipart.hpp>
#include <crema/middleware/sealed_cookies.hpp>
#include <crema/middleware/session.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
using namespace crema;

int main(int argc, char** argv) {
    app app;

    // Secrets belong into the environment: with this one all sessions end with the process. To replace one, put the new
    // one in front of the old (sessions.cpp). Each purpose has one of its own.
    const auto session_secret = random_token(), seal_secret = random_token(), cookie_secret = random_token();
    const auto keys = openssl::jwt_key_set::hmac(random_token());

    app.use(session({.signer = openssl::hmac_signer(session_secret), .cookie = {.max_age = std::chrono::hours(24)}}));
    app.use(sealed_cookies({.sealer = openssl::make_sealer({seal_secret})}));
    app.use(body_urlencoded());

    app.get("/visits", [](request& req, response& res) {
        auto& n = session_of(req)["visits"];
        n = n.is_null() ? 1 : n.as_int64() + 1;
        res.send("visit " + std::to_string(n.as_int64()));
    });

    // Whoever logs in gets another id: one that was planted before is worth nothing.
    app.post("/login", [](request& req, response& res) -> task<> {
        const auto name = std::string(req.body().at("name").as_string());
        co_await session_of(req).regenerate();
        session_of(req)["user"] = name;
        res.send("hello, " + name);
    });
    app.post("/logout", [](request& req, response& res) -> task<> {
        co_await session_of(req).destroy();
        res.send("bye");
    });

    const auto logged_in = [](request& req, response&, next& next) {
        if (!session_of(req).find("user")) throw http_error(401, "log in first");
        next();
    };
    const auto guarded = csrf_token();
    app.get("/form", guarded, [](request& req, response& res) { res.send(csrf_token_of(req)); });
    app.post("/transfer", logged_in, guarded, [](request& req, response& res) {
        const auto user = std::string(session_of(req)["user"].as_string());
        res.send(user + " sent " + std::string(req.body().at("amount").as_string()));
    });

    app.post("/theme", [](request& req, response& res) {
        set_sealed_cookie(res, "theme", req.body().at("theme").as_string());
        res.send("saved, where nobody can read it");
    });
    // Readable, but nobody else can make one.
    app.use("/nickname", cookie_parser({.signer = openssl::hmac_signer(cookie_secret)}));
    app.post("/nickname", [](request& req, response& res) {
        res.signed_cookie("nickname", req.body().at("nickname").as_string(), {.http_only = true, .same_site = http::same_site_policy::lax});
        res.send("signed");
    });
    app.get("/nickname", [](request& req, response& res) {
        const auto* name = req.signed_cookies().find("nickname");
        res.send(!name ? "none" : name->is_string() ? std::string(name->as_string()) : "forged");
    });

    app.get("/theme", [](request& req, response& res) { res.send(sealed_cookie(req, "theme").value_or("light")); });

    app.get("/token", logged_in, [keys](request& req, response& res) {
        value claims = value::object();
        claims["sub"] = session_of(req)["user"].as_string();
        claims["aud"] = "api";
        claims["exp"] = static_cast<std::int64_t>(std::time(nullptr)) + 600;
        res.send(sign_jwt(claims, *keys));
    });
    app.use("/api", jwt({.keys = keys, .rules = {.audiences = {"api"}}}));
    app.get("/api/me", [](request& req, response& res) { res.send(principal_of(req).at("sub").as_string()); });

    // The file is in a directory under a name of its own, and goes when the request has ended.
    const auto directory = std::filesystem::temp_directory_path();
    app.post("/upload", multipart({.directory = directory, .files = {{{"file"}}}}), [](request& req, response& res) {
        const auto* file = upload_of(req, "file");
        if (!file) throw http_error(400, "no file");
        const auto* note = req.body().find("note");
        res.send(file->filename() + ": " + std::to_string(file->size()) + " octets, with the note " +
                 std::string(note && note->is_string() ? note->as_string() : "none"));
    });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
