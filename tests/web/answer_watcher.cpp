// Tests of web/answer_watcher.hpp, and of what watchers ask: the route, the length of the answer.
// SPDX-License-Identifier: MIT
#include <crema/web/answer_watcher.hpp>

#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace crema;

namespace {

struct seen {
    std::string route;
    int status;
    std::optional<std::uint64_t> length;
    bool sent, in_order;
};

class watcher final : public detail::answer_watcher {
public:
    explicit watcher(std::vector<seen>& to) : to_(to) {}
    void over(request& req, response& res) noexcept override {
        const auto& w = res.watched();
        to_.push_back({req.route(), res.status_code(), req.raw().answer_length(), res.headers_sent(),
                       w.begun() <= w.head_at() && w.head_at() <= w.over_at()});
    }

private:
    std::vector<seen>& to_;
};

app watched(std::vector<seen>& all) {
    app a;
    a.use([&all](request& req, response& res, next& next) {
        res.watched().add(*req.raw().memory().make<watcher>(all));
        next();
    });
    return a;
}

} // namespace

TEST_CASE("a watcher is told once, with the route as it was registered", "[web][answer_watcher]") {
    std::vector<seen> all;
    auto a = watched(all);
    router inner, api;
    inner.get("/", [](request&, response& res) { res.send("root"); });
    inner.get("/:id", [](request&, response&, next& next) { next(); }, [](request& req, response& res) { res.send(req.params("id")); });
    api.use("/users", inner);
    a.use("/api/:version", api);
    a.get("/", [](request&, response& res) { res.status(201).end(); });
    a.get("/stream", [](request&, response& res) -> task<> {
        co_await res.write("a");
        res.end("b");
    });
    a.get("/none", [](request&, response& res) { res.status(204).end(); });
    a.get("/wrong", [](request&, response&) { throw http_error(418, "no"); });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).end("error"); });
    testing::client c(a);
    for (const auto* path : {"/api/v1/users/12345", "/api/v1/users", "/", "/stream", "/none", "/wrong", "/nowhere"}) static_cast<void>(c.get(path).result());
    c.run();
    REQUIRE(all.size() == 7);
    CHECK(all[0].route == "/api/:version/users/:id");
    CHECK(all[0].length == 5);
    CHECK(all[1].route == "/api/:version/users");
    CHECK(all[2].route == "/");
    CHECK(all[2].status == 201);
    CHECK(all[2].length == 0);
    CHECK(all[3].length == std::nullopt);
    CHECK(all[4].length == std::nullopt);
    CHECK(all[5].route == "/wrong");
    CHECK(all[5].status == 418);
    CHECK(all[6].route == "");
    CHECK(all[6].status == 404);
    for (const auto& s : all) {
        CHECK(s.sent);
        CHECK(s.in_order);
    }
}

TEST_CASE("several watchers are told, also of a client that leaves", "[web][answer_watcher]") {
    std::vector<seen> all;
    auto a = watched(all);
    a.use(watched(all));
    a.get("/", [](request&, response& res) -> task<> {
        co_await sleep(std::chrono::seconds(1));
        res.send("late");
    });
    testing::client c(a);
    c.get("/").start().disconnect();
    c.run();
    REQUIRE(all.size() == 2);
    CHECK_FALSE(all[0].sent);
    CHECK(all[0].length == std::nullopt);
}
