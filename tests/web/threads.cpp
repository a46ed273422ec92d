// One app on several threads: each serves with a loop of its own, and they share the app without a lock.
// SPDX-License-Identifier: MIT
#include <crema/web/app.hpp>

#include <crema/loop/offload.hpp>
#include <crema/loop/sleep.hpp>

#include "server/sockets.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace crema;
using namespace crema_test;
using namespace std::chrono_literals;

namespace {

std::string get(std::string_view target) { return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

struct point {
    int x, y;
};

// All that a request may meet on its way: middleware, mounts, parameters, JSON, coroutines, the pool, errors.
app whole() {
    app a;
    a.use([](request&, response& res, next& next) {
        res.set("X-Seen", "yes");
        next();
    });
    a.get("/json", [](request&, response& res) { res.json(point{1, 2}); });
    a.get("/users/:id", [](request& req, response& res) { res.send(req.params()["id"]); });
    a.get("/later", [](request&, response& res) -> task<> {
        co_await sleep(1ms);
        const int n = co_await offload([] { return 42; });
        res.send(std::to_string(n));
    });
    a.get("/throws", [](request&, response&) { throw http_error(418, "mine"); });
    router below;
    below.get("/deep", [](request& req, response& res) { res.send(req.base_url()); });
    a.use("/mount", below);
    return a;
}

} // namespace

TEST_CASE("an app on several threads answers as on one", "[app][threads][socket]") {
    auto a = whole();
    auto& l = loop::current();
    std::atomic<int> wrong{0}, answered{0};
    std::vector<std::thread> clients;
    std::optional<drain_report> report;
    listen_options options;
    options.address = "127.0.0.1";
    options.block = false;
    options.threads = 3;
    std::atomic<int> running{4};
    a.listen(0, std::move(options), [&](server& s) {
        for (int i = 0; i < 4; ++i)
            clients.emplace_back([&, port = s.port()] {
                for (int round = 0; round < 20; ++round) {
                    tcp_client c(port);
                    const auto ask = [&](std::string_view target, std::string_view status, std::string_view end) {
                        c.send(get(target));
                        const auto text = c.answer();
                        ++(text.substr(9, 3) == status && text.ends_with(end) ? answered : wrong);
                    };
                    ask("/json", "200", "{\"x\":1,\"y\":2}");
                    ask("/users/" + std::to_string(round), "200", "\r\n\r\n" + std::to_string(round));
                    ask("/later", "200", "42");
                    ask("/mount/deep", "200", "/mount");
                    ask("/throws", "418", "");
                    ask("/none", "404", "");
                }
                if (--running == 0) l.post([&] { a.close(5s, [&](const drain_report& r) { report = r; }); });
            });
    });
    l.run();
    for (auto& c : clients) c.join();
    CHECK(wrong == 0);
    CHECK(answered == 4 * 20 * 6);
    REQUIRE(report);
    CHECK(report->cut == 0);
}

TEST_CASE("an app listens on a path, or on a socket it is given", "[app][socket]") {
    auto a = whole();
    auto& l = loop::current();
    listen_options options;
    options.block = false;
    const auto path = (std::filesystem::temp_directory_path() / ("crema_app_" + std::to_string(::getpid()))).string();
    const bool unix_socket = GENERATE(true, false);
    if (unix_socket) options.address = "unix:" + path;
    else options.sockets = {net::listen_on("127.0.0.1", 0)};
    std::string got;
    std::thread client;
    a.listen(0, std::move(options), [&](server& s) {
        client = std::thread([&, port = s.port()] {
            {
                std::optional<tcp_client> c;
                if (unix_socket) c.emplace(path);
                else c.emplace(port);
                c->send(get("/users/7"));
                got = c->answer();
            }
            l.post([&] { a.close(0ms); });
        });
    });
    l.run();
    client.join();
    std::filesystem::remove(path);
    CHECK_THAT(got, Catch::StartsWith("HTTP/1.1 200 ") && Catch::EndsWith("7"));
}
