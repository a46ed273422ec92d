// request_of: generic handlers of typed routes.
// SPDX-License-Identifier: MIT
#include <crema/web/request_of.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema;

TEST_CASE("a generic handler of a typed route names parameters that exist", "[request_of]") {
    app a;
    a.get<"/users/:id{/:part}">([](auto& req, auto& res) {
        std::string out(req.params("id"));
        out += "," + std::to_string(req.template params<"id", int>() + 1);
        const std::optional<std::string_view> part = req.template params<"part">();
        out += "," + std::string(part.value_or("-"));
        out += "," + std::string(req.params(std::string_view("none"))) + std::to_string(req.params().size());
        res.send(out);
    });
    a.get<"/next/:id">([](auto& req, auto&, auto& n) {
        req.params("id", "9");
        req.res().set("X-Id", req.params("id"));
        n();
    });
    a.get("/next/:id", [](auto& req, auto& res) { res.send(req.params("id")); });
    testing::client c(a);
    c.get("/users/7").expect(200, "7,8,-,1");
    c.get("/users/7/x").expect(200, "7,8,x,2");
    c.get("/users/x").expect(400);
    c.get("/next/1").expect(200, "1").expect("X-Id", "9");
}

TEST_CASE("a generic coroutine does so, too", "[request_of]") {
    app a;
    a.get<"/users/:id">([](auto& req, auto& res) -> task<> {
        co_await std::suspend_never{};
        res.send(std::to_string(req.template params<"id", int>() * 2));
    });
    testing::client c(a);
    c.get("/users/21").expect(200, "42");
}
