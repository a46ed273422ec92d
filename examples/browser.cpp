// browser: what browsers enforce, on one page: policies with nonces, cookies, another origin, uploads, caching, compression. Needs
// OpenSSL, zlib, brotli and zstd.
//
//   browser [port]          in the folder of the project; open http://localhost:3000/
//   curl -si http://localhost:3000/ | grep -o "script-src [^;]*"          -> script-src 'self' 'nonce-…', another one each time
//   curl -si http://localhost:3000/assets/app.3f2a9c1e.js | grep -i cache  -> Cache-Control: public, max-age=31536000, immutable
//   curl -s -o /dev/null -w '%{http_code}' -d amount=5 http://localhost:3000/transfer   -> 403
//   curl -si http://localhost:3000/cookies | grep -ic set-cookie         -> 6
//
// A second application listens on another port, which is another origin; the page shows its address.
#include <crema.hpp>
#include <crema/ext/brotli.hpp>
#include <crema/ext/openssl.hpp>
#include <crema/ext/zlib.hpp>
#include <crema/ext/zstd.hpp>
#include <crema/middleware/compression.hpp>
#include <crema/middleware/cookie_parser.hpp>
#include <crema/middleware/cors.hpp>
#include <crema/middleware/csrf.hpp>
#include <crema/middleware/csrf_token.hpp>
#include <crema/middleware/multipart.hpp>
#include <crema/middleware/sealed_cookies.hpp>
#include <crema/middleware/security_headers.hpp>
#include <crema/middleware/session.hpp>
#include <crema/core/secret.hpp>

#include "browser/page.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
using namespace crema;
using namespace std::chrono_literals;

namespace {

std::string filled(std::string text, std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
    for (const auto& [name, with] : values) {
        const auto mark = "%" + std::string(name) + "%";
        for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + with.size())) text.replace(at, mark.size(), with);
    }
    return text;
}

security_headers_options policy(const std::string& other) {
    auto csp = default_csp();
    for (auto& [name, sources] : csp)
        if (name == "script-src") sources.push_back("'nonce'");
    csp.push_back({"connect-src", {"'self'", other}});
    csp.push_back({"report-uri", {"/report"}});
    return {.content_security_policy = std::move(csp)};
}

// What pages of another origin may ask, when they are those of `site`.
void make_other(app& other, const std::string& site) {
    // Anybody may read this, but without cookies.
    other.use("/open", cors(), [](request&, response& res) { res.send("for everybody"); });

    other.use(cors({.origin = [&site](std::string_view origin) { return origin == site; },
                    .exposed_headers = {"X-Request-Cost"},
                    .credentials = true,
                    .max_age = 60s}));
    other.get("/whoami", [](request& req, response& res) {
        const auto* theme = req.cookies().find("theme");
        res.set("X-Request-Cost", "3").set("X-Internal", "4").json({{"theme", theme ? *theme : value("unknown")}});
    });
    other.put("/item", body_json(), [](request& req, response& res) { res.json(req.body()); });
}

void make_site(app& site, const std::string& other) {
    // They belong into the environment, see accounts.cpp; one for each purpose, so that what one of them signs is nothing to another.
    const auto cookie_secret = random_token(), seal_secret = random_token(), session_secret = random_token();
    site.use(compression({.codecs = {codecs::zstd, codecs::br, codecs::gzip}}));
    site.use("/assets", static_files("examples/browser/assets", {.immutable_names = hashed_name}));
    site.use(security_headers(policy(other)));

    // Browsers report what they have blocked.
    const auto reports = std::make_shared<value>(value::array());
    site.post("/report", body_json({.type = "application/csp-report"}), [reports](request& req, response& res) {
        if (reports->size() < 100) reports->push_back(req.body());
        res.status(204).end();
    });
    site.get("/reports", [reports](request&, response& res) { res.json(*reports); });

    site.use(cookie_parser({.signer = openssl::hmac_signer(cookie_secret)}));
    site.use(sealed_cookies({.sealer = openssl::make_sealer({seal_secret})}));
    site.use(session({.signer = openssl::hmac_signer(session_secret)}));

    const auto guarded = csrf_token();
    site.get("/", guarded, [&other](request& req, response& res) {
        res.set("Cache-Control", "no-store") // it has a nonce and a token
            .cookie("theme", "dark")
            .send(filled(browser_page, {{"nonce", csp_nonce(req)}, {"token", csrf_token_of(req)}, {"other", other}}));
    });

    // Who may read and send each of these is the browser's affair.
    site.get("/cookies", [](request&, response& res) {
        using enum http::same_site_policy;
        res.cookie("plain", "1").cookie("hidden", "2", {.http_only = true}).cookie("strict", "3", {.same_site = strict});
        res.cookie("secure", "4", {.secure = true, .same_site = none}).signed_cookie("signed", "5");
        set_sealed_cookie(res, "sealed", "6");
        res.send("six cookies");
    });
    site.get("/cookies/seen", [](request& req, response& res) {
        value seen = {{"cookies", req.cookies()}, {"signed", req.signed_cookies()}};
        seen["sealed"] = sealed_cookie(req, "sealed").value_or("");
        res.json(seen);
    });

    // Whatever changes something: by pages of this site alone, with the token that they were given.
    site.use(csrf(), body_urlencoded());
    site.post("/login", guarded, [](request& req, response& res) -> task<> {
        const auto name = std::string(req.body().at("name").as_string());
        co_await session_of(req).regenerate();
        session_of(req)["user"] = name;
        res.redirect(303, "/me");
    });
    site.get("/me", [](request& req, response& res) {
        const auto* user = session_of(req).find("user");
        res.type("text").send(user ? user->as_string() : "nobody");
    });
    site.post("/transfer", guarded, [](request& req, response& res) {
        res.type("text").send("sent " + std::string(req.body().at("amount").as_string()));
    });
    site.post("/upload", guarded, multipart({.limits = {.file = "1mb"}}), [](request& req, response& res) {
        const auto* file = upload_of(req, "file");
        if (!file) throw http_error(400, "no file");
        res.json({{"name", file->filename()}, {"size", file->size()}, {"note", req.body().at("note")}});
    });

    site.get("/ticks", [](request&, response& res) -> task<> {
        res.type("text");
        for (int i = 1; i <= 3; ++i) {
            const auto line = "tick " + std::to_string(i) + "\n";
            co_await res.write(line);
            res.flush();
            co_await sleep(50ms);
        }
        res.end();
    });
    site.get("/long", [](request&, response& res) {
        std::string text;
        for (int i = 0; i < 2000; ++i) text += "line " + std::to_string(i) + " of a long text\n";
        res.type("text").send(text);
    });
}

} // namespace

int main(int argc, char** argv) {
    const int port = argc > 1 ? std::atoi(argv[1]) : 3000;
    std::string here, there;

    app other;
    make_other(other, here);
    other.listen(static_cast<std::uint16_t>(port ? port + 1 : 0), {.block = false},
                 [&](server& s) { there = "http://localhost:" + std::to_string(s.port()); });

    app site;
    make_site(site, there);
    return site.listen(static_cast<std::uint16_t>(port), [&](server& s) {
        here = "http://localhost:" + std::to_string(s.port());
        std::printf("%s\nthe other origin: %s\n", here.c_str(), there.c_str());
        std::fflush(stdout);
    });
}
