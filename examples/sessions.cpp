// Sessions that outlive the program, in SQLite; cookies that move with each answer; secrets that are replaced. Needs SQLite and OpenSSL.
//
//   sessions [port] [database]
//   curl -c jar -b jar http://localhost:3000/visits                    -> visit 1, then visit 2, and so on after the program was started anew
//   curl -c jar -b jar http://localhost:3000/visits                    -> visit 2
//   curl -i -b jar http://localhost:3000/ends                          -> Set-Cookie: connect.sid=…
//   curl -c jar -b jar http://localhost:3000/remember                  -> for 30 days
//   curl -b jar http://localhost:3000/ends                             -> in 30 days
//   curl -b jar http://localhost:3000/stored                           -> 1 session
//   curl -c jar http://localhost:3000/former                           -> a signed and a sealed cookie by the former secrets
//   curl -b jar http://localhost:3000/cookies                          -> ada likes dark, though both secrets are new
#include <crema.hpp>
#include <crema/core/secret.hpp>
#include <crema/ext/openssl.hpp>
#include <crema/ext/sqlite.hpp>
#include <crema/ext/sqlite_session_store.hpp>
#include <crema/middleware/cookie_parser.hpp>
#include <crema/middleware/sealed_cookies.hpp>
#include <crema/middleware/session.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
using namespace crema;
using namespace std::chrono_literals;

// They belong into the environment, one for each purpose. To replace one put the new one in front, and drop the old one when what it
// has signed or sealed has expired.
constexpr std::string_view new_secret = "Ut4Zr9mL0pWq7sXe2cVb6nHy8kJd3gFa", old_secret = "Qa1Ws2Ed3Rf4Tg5Yh6Uj7Ik8Ol9Pz0Xc";
constexpr std::string_view new_seal = "Mn0Bv9Cx8Zl7Kj6Hg5Fd4Sa3Qw2Er1Ty", old_seal = "Po9Iu8Yt7Re6Wq5As4Df3Gh2Jk1Lz0Xc";
constexpr std::string_view session_secret = "Zx1Cv2Bn3Ma4Sd5Fg6Hj7Kl8Qw9Er0Ty";

struct counted {
    std::int64_t n;
};

int main(int argc, char** argv) {
    const auto file = argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path() / ("crema-sessions-" + random_token(6) + ".db");
    sqlite::database db(file);
    const auto store = std::make_shared<sqlite::session_store>(db);
    app app;

    // As a program had set them before its secrets were replaced.
    app.get("/former", cookie_parser({.signer = openssl::hmac_signer(old_secret)}), sealed_cookies({.sealer = openssl::make_sealer({old_seal})}),
            [](request&, response& res) {
                res.signed_cookie("name", "ada", {.http_only = true});
                set_sealed_cookie(res, "theme", "dark", {.max_age = 24h});
                res.send("a signed and a sealed cookie by the former secrets");
            });
    app.get("/cookies", cookie_parser({.signer = openssl::hmac_signer({new_secret, old_secret})}),
            sealed_cookies({.sealer = openssl::make_sealer({new_seal, old_seal})}), [](request& req, response& res) {
                const auto* const name = req.signed_cookies().find("name");
                res.send(std::string(name && name->is_string() ? name->as_string() : "nobody") + " likes " + sealed_cookie(req, "theme").value_or("nothing"));
            });

    // `rolling`: the cookie is set with each answer, so that it ends an hour after the last one. `save_uninitialized`: also of who has
    // done nothing yet, which strangers can fill a database with: bound them by `rate_limit`.
    app.use(session({.signer = openssl::hmac_signer(session_secret), .store = store, .cookie = {.max_age = 1h}, .rolling = true,
                     .save_uninitialized = true, .store_timeout = 5s}));

    app.get("/visits", [](request& req, response& res) {
        auto& n = session_of(req)["visits"];
        n = n.is_null() ? 1 : n.as_int64() + 1;
        res.send("visit " + std::to_string(n.as_int64()));
    });
    app.get("/remember", [](request& req, response& res) {
        session_of(req).max_age(24h * 30); // from now on
        res.send("for 30 days");
    });
    // What asks by itself now and then may keep a session alive, by `touch`, or say how long it lives.
    app.get("/ends", [](request& req, response& res) {
        session_of(req).touch();
        const auto left = std::chrono::round<std::chrono::hours>(session_of(req).expires() - std::chrono::system_clock::now());
        res.send(left > 48h ? "in " + std::to_string(left.count() / 24) + " days" : "in " + std::to_string(left.count()) + " hours");
    });
    app.get("/stored", [&](request&, response& res) -> task<> {
        co_await store->sweep(); // what has expired goes; a timer does that in a program that runs for long
        const auto found = co_await db.query_one<counted>("SELECT count(*) AS n FROM sessions");
        res.send(std::to_string(found->n) + (found->n == 1 ? " session" : " sessions"));
    });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
