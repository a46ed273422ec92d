// Tests of middleware/basic_auth.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/basic_auth.hpp>

#include <crema/core/encode.hpp>
#include <crema/loop/offload.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;

namespace {

app with(basic_auth_options options) {
    app a;
    a.set("env", "test");
    a.use("/admin", basic_auth(std::move(options)));
    a.get("/admin", [](request& req, response& res) { res.send("hello " + std::string(user_of(req))); });
    a.get("/", [](request& req, response& res) { res.send("anybody" + std::string(user_of(req))); });
    return a;
}

testing::call ask(testing::client& c, std::string_view credentials) {
    auto call = c.get("/admin");
    call.set("Authorization", "Basic " + base64_encode(credentials));
    return call;
}

} // namespace

TEST_CASE("who knows name and password passes", "[middleware][basic_auth]") {
    testing::client c(with({.check = {{"ada", "lace:42"}, {"bob", ""}}}));
    ask(c, "ada:lace:42").expect(200, "hello ada");
    ask(c, "bob:").expect(200, "hello bob");
    c.get("/admin").set("authorization", "bASIC  " + base64_encode("bob:")).expect(200);
    c.get("/").expect(200, "anybody");
}

TEST_CASE("everybody else is asked for them", "[middleware][basic_auth]") {
    testing::client c(with({.check = {{"ada", "right"}, {"bob", "other"}}, .realm = "the \"desk\""}));
    const char* challenge = R"(Basic realm="the \"desk\"", charset="UTF-8")";
    c.get("/admin").expect(401).expect("WWW-Authenticate", challenge);
    for (const char* wrong : {"ada:wrong", "ada:", "ada:other", "bob:right", ":right", "Ada:right", "ada:right ", ":"})
        ask(c, wrong).expect(401).expect("WWW-Authenticate", challenge);
    c.get("/admin").set("Authorization", "Bearer x").expect(401);
    c.get("/admin").set("Authorization", "Basic").expect(401);
}

TEST_CASE("malformed credentials are a bad request", "[middleware][basic_auth]") {
    testing::client c(with({.check = {{"ada", "right"}}}));
    for (const char* bad : {"Basic !!!", "Basic YWRh", "Basic YWRhOg", "Basic YWRhOg== x"}) c.get("/admin").set("Authorization", bad).expect(400);
}

TEST_CASE("a function decides, also one that takes its time", "[middleware][basic_auth]") {
    testing::client now(with({.check = [](std::string_view name, std::string_view password) { return name == password; }}));
    ask(now, "x:x").expect(200, "hello x");
    ask(now, "x:y").expect(401);
    testing::client later(with({.check = [](std::string name, std::string password) -> task<bool> {
        const bool same = co_await offload([&] { return name == password; });
        co_return same;
    }}));
    ask(later, "x:x").expect(200, "hello x");
    ask(later, "x:y").expect(401);
    testing::client broken(with({.check = [](std::string_view, std::string_view) -> bool { throw std::runtime_error("no database"); }}));
    ask(broken, "x:x").expect(500);
}

TEST_CASE("a realm cannot break out of its field", "[middleware][basic_auth]") {
    CHECK_THROWS_AS(basic_auth({.check = {{"a", "b"}}, .realm = "x\r\nSet-Cookie: y"}), system_error);
}
