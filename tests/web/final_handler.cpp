// The final handler: pages for what nobody answered, in development, in production, as problem details.
#include <crema/web/final_handler.hpp>

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>
#include <cstdio>
#include <unistd.h>

using namespace crema;
using Catch::Matchers::Contains;

namespace {

std::string page(std::string text) {
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>" +
           text + "</pre>\n</body>\n</html>\n";
}
// What goes to stderr meanwhile.
template <class F>
std::string printed(F f) {
    std::FILE* const file = std::tmpfile();
    REQUIRE(file);
    std::fflush(stderr);
    const int before = ::dup(2);
    ::dup2(::fileno(file), 2);
    f();
    std::fflush(stderr);
    ::dup2(before, 2);
    ::close(before);
    std::string text(4096, ' ');
    std::rewind(file);
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    return text;
}

app failing() {
    app a;
    a.set("env", "test");
    a.get("/plain", [](request&, response&) { throw std::runtime_error("secret"); });
    a.get("/http", [](request&, response&) { throw http_error(400, "wrong id").type("id.wrong"); });
    a.get("/teapot", [](request&, response&) { throw http_error(418); });
    a.get("/open", [](request&, response&) { throw http_error(503, "back at noon").expose(true); });
    a.get("/fields", [](request&, response&) { throw http_error(401, "who?").header("WWW-Authenticate", "Basic"); });
    a.get("/odd", [](request&, response&) { throw http_error(200, "odd").header("X-Odd", "1"); });
    a.get("/set", [](request&, response& res) {
        res.status(422);
        throw std::runtime_error("bad");
    });
    a.get("/text", [](request&, response&) { throw std::runtime_error("<b>\n  two  spaces"); });
    a.get("/content", [](request&, response& res) {
        res.set({{"Content-Encoding", "gzip"}, {"Content-Language", "de"}, {"Content-Range", "bytes 0-1/2"}, {"X-Stays", "1"}});
        throw std::runtime_error("bad");
    });
    return a;
}

} // namespace

TEST_CASE("nobody answered: 404 with method and path", "[final_handler]") {
    testing::client c(failing());
    c.get("/no/where?x=1").expect(404, page("Cannot GET /no/where")).expect([](const testing::reply& r) {
        CHECK(r.header("Content-Security-Policy") == "default-src 'none'");
        CHECK(r.header("X-Content-Type-Options") == "nosniff");
        CHECK(r.header("Content-Type") == "text/html; charset=utf-8");
    });
    c.post("/50%&").expect(404, page("Cannot POST /50%25&amp;"));
    c.head("/nowhere").expect(404, "");
    c.get("http://h.example/x").expect(404, page("Cannot GET /x"));
}

TEST_CASE("an error is shown with its status, escaped", "[final_handler]") {
    testing::client c(failing());
    c.get("/plain").expect(500, page("secret"));
    c.get("/http").expect(400, page("wrong id"));
    c.get("/teapot").expect(418, page("I&#39;m a Teapot"));
    c.get("/set").expect(422, page("bad"));
    c.get("/odd").expect(500, page("odd")).expect([](const testing::reply& r) { CHECK_FALSE(r.header("X-Odd")); });
    c.get("/fields").expect(401).expect("WWW-Authenticate", "Basic");
    c.get("/text").expect(500, page("&lt;b&gt;<br> &nbsp;two &nbsp;spaces"));
}

TEST_CASE("fields of the content that will not come are removed", "[final_handler]") {
    testing::client c(failing());
    c.get("/content").expect(500).expect("X-Stays", "1").expect([](const testing::reply& r) {
        for (const auto* name : {"Content-Encoding", "Content-Language", "Content-Range"}) CHECK_FALSE(r.header(name));
    });
}

TEST_CASE("in production the page shows the phrase of the status, unless the error is exposed on purpose", "[final_handler]") {
    auto a = failing();
    a.set("env", "production");
    testing::client c(a);
    c.get("/plain").expect(500, page("Internal Server Error"));
    c.get("/http").expect(400, page("Bad Request"));
    c.get("/open").expect(503, page("back at noon"));
    c.get("/nowhere").expect(404, page("Cannot GET /nowhere"));
}

TEST_CASE("problem details instead of pages", "[final_handler]") {
    auto a = failing();
    a.enable("problem details");
    testing::client c(a);
    c.get("/http")
        .expect(400, R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"wrong id","kind":"id.wrong"})")
        .expect("Content-Type", "application/problem+json; charset=utf-8");
    c.get("/nowhere").expect(404, R"({"type":"about:blank","title":"Not Found","status":404,"detail":"Cannot GET /nowhere"})");
    a.set("env", "production");
    c.get("/plain").expect(500, R"({"type":"about:blank","title":"Internal Server Error","status":500})");
}

TEST_CASE("next() behind a complete answer is left alone", "[final_handler]") {
    app a;
    a.get("/", [](request&, response& res, next& next) {
        res.send("fine");
        next();
    });
    testing::client c(a);
    c.get("/").expect(200, "fine");
    c.get("/").expect(200, "fine"); // the connection lives
}

TEST_CASE("errors of 500 and more are printed without their query, unless env is test", "[final_handler]") {
    auto a = failing();
    testing::client c(a);
    CHECK(printed([&] { c.get("/plain?token=1").expect(500); }) == "");
    a.set("env", "development");
    CHECK(printed([&] { c.get("/plain?token=1").expect(500); }) == "crema: GET /plain: secret\n");
    a.set("env", "production");
    CHECK(printed([&] { c.get("/plain?token=1").expect(500); }) == "crema: GET /plain: secret\n");
    CHECK(printed([&] { c.get("/http").expect(400); }) == ""); // a client could fill the log
}
