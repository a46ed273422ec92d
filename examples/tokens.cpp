// Tokens that one service signs with a private key and others check with the public ones, which change while they run. Needs OpenSSL.
//
//   tokens [port]            (where this repository is: it reads examples/tokens)
//   curl http://localhost:3000/token                                   -> a JSON Web Token J
//   curl -H 'Authorization: Bearer J' http://localhost:3000/api/me     -> ada; without it 401
//   curl http://localhost:3000/api/me                                  -> 401
//   curl -X POST -H 'Authorization: Bearer J' http://localhost:3000/api/logout    -> bye
//   curl -H 'Authorization: Bearer J' http://localhost:3000/api/me     -> 401: it was revoked
#include <crema.hpp>
#include <crema/core/secret.hpp>
#include <crema/ext/openssl_jwt.hpp>
#include <crema/middleware/jwt.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <set>
using namespace crema;
using namespace std::chrono_literals;

// The public keys of who signs, read again now and then: something else fetches the file, as a timer with curl.
class public_keys {
public:
    task<std::shared_ptr<const jwt_keys>> now() {
        const auto time = std::chrono::steady_clock::now();
        if (time >= read_again_) {
            read_again_ = time + 10min; // before the wait: one request reads, the others go on with what there is
            try {
                const auto text = co_await fs::read_file("examples/tokens/jwks.json");
                keys_ = openssl::jwt_key_set::jwks(text);
            } catch (const std::system_error& e) { // the former ones stay
                std::fprintf(stderr, "keys: %s\n", e.what());
            }
        }
        co_return keys_;
    }

private:
    std::shared_ptr<const jwt_keys> keys_;
    std::chrono::steady_clock::time_point read_again_{};
};

int main(int argc, char** argv) {
    app app;

    // Who signs has the private key, in PEM; its name tells others which of their keys it is.
    const auto pem = fs::read_file_now("examples/tokens/key.pem");
    openssl::jwt_key_set signing;
    signing.add_pem("EdDSA", pem, "2026");
    app.get("/token", [&](request&, response& res) {
        const auto end = static_cast<std::int64_t>(std::time(nullptr)) + 600;
        res.send(sign_jwt({{"sub", "ada"}, {"aud", "api"}, {"jti", random_token(16)}, {"exp", end}}, signing));
    });

    // Who checks has the public ones, and a list of what was revoked before its end.
    public_keys keys;
    std::set<std::string> revoked;
    app.use("/api", jwt({.rules = {.audiences = {"api"}},
                         .find_keys = [&](request&) { return keys.now(); },
                         .accept = [&](request&, const jwt_token& token) -> task<bool> {
                             co_return !revoked.contains(std::string(token.claims.at("jti").as_string()));
                         }}));
    app.get("/api/me", [](request& req, response& res) { res.send(principal_of(req).at("sub").as_string()); });
    app.post("/api/logout", [&](request& req, response& res) {
        revoked.emplace(principal_of(req).at("jti").as_string());
        res.send("bye");
    });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
