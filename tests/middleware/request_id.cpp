// Tests of middleware/request_id.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/request_id.hpp>

#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;

namespace {

app with(request_id_options options) {
    app a;
    a.use(request_id(std::move(options)));
    a.get("/", [](request& req, response& res) -> task<> {
        co_await sleep(1ms);
        res.send(id_of(req));
    });
    return a;
}

} // namespace

TEST_CASE("each request has a name of its own, on its answer too", "[middleware][request_id]") {
    testing::client c(with({}));
    const auto one = c.get("/").result(), two = c.get("/").result();
    CHECK_THAT(one.body, Catch::Matches("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    CHECK(one.header("x-request-id") == one.body);
    CHECK(one.body != two.body);
}

TEST_CASE("the name that a client sends is taken only from who is trusted", "[middleware][request_id]") {
    testing::client no(with({})), yes(with({.trust_client = true}));
    CHECK(no.get("/").set("X-Request-Id", "mine").result().body != "mine");
    yes.get("/").set("X-Request-Id", "mine-1:2/3").expect(200, "mine-1:2/3").expect("X-Request-Id", "mine-1:2/3");
    for (const std::string& bad : {std::string(), std::string("a b"), std::string("<script>"), std::string("\"x\""), std::string(129, 'x')})
        CHECK(yes.get("/").set("X-Request-Id", bad).result().body != bad);
}

TEST_CASE("field and maker can be set", "[middleware][request_id]") {
    int n = 0;
    testing::client c(with({.header = "Trace", .make = [&] { return "r" + std::to_string(++n); }}));
    c.get("/").expect(200, "r1").expect("Trace", "r1");
    c.get("/").expect(200, "r2");
    CHECK_THROWS_AS(request_id({.header = "a b"}), system_error);
}

TEST_CASE("without it the name is empty", "[middleware][request_id]") {
    app a;
    a.get("/", [](request& req, response& res) { res.send("[" + std::string(id_of(req)) + "]"); });
    testing::client(a).get("/").expect(200, "[]");
}
