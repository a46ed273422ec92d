// closing: an app that is awaited until it has stopped.
// SPDX-License-Identifier: MIT
#include <crema/web/app.hpp>
#include <crema/web/closing.hpp>

#include <crema/async/spawn.hpp>
#include <crema/loop/clock.hpp>
#include <crema/loop/sleep.hpp>

#include "server/sockets.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <optional>
#include <string>

using namespace crema;
using namespace crema_test;
using namespace std::chrono_literals;

namespace {

listen_options beside() {
    listen_options o;
    o.address = "127.0.0.1";
    o.block = false;
    return o;
}

task<> close_into(app a, close_options how, std::optional<drain_report>& report) {
    report = co_await a.close(how);
}

task<> close_but_not_wait(app a, close_options how) {
    static_cast<void>(a.close(how)); // dropped: closes all the same
    co_return;
}

} // namespace

TEST_CASE("an app that is awaited tells what has ended and what was cut", "[closing][socket]") {
    app a;
    int cancelled_ones = 0;
    int begun = 0;
    auto& l = loop::current();
    std::optional<drain_report> report;
    const auto begins = [&] {
        if (++begun == 2) l.set_immediate([&] { spawn(close_into(a, {.grace = 300ms}, report)); });
    };
    a.get("/short", [&](request&, response& res) -> task<> {
        begins();
        co_await sleep(60ms);
        res.send("short");
    });
    a.get("/endless", [&](request&, response&) -> task<> {
        begins();
        try {
            co_await sleep(1h);
        } catch (const cancelled&) {
            ++cancelled_ones;
            throw;
        }
    });
    std::optional<tcp_client> first, second;
    a.listen(0, beside(), [&](server& s) {
        first.emplace(s.port());
        second.emplace(s.port());
        first->send("GET /short HTTP/1.1\r\nHost: h\r\n\r\n");
        second->send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n");
    });
    l.run();
    REQUIRE(report);
    CHECK(report->finished == 1);
    CHECK(report->cut == 1);
    CHECK(cancelled_ones == 1);
    CHECK(first->all().value_or("").ends_with("short"));
}

TEST_CASE("an app that does not listen has stopped already", "[closing]") {
    std::optional<drain_report> report;
    spawn(close_into(app(), {}, report));
    loop::current().run();
    REQUIRE(report);
    CHECK(report->finished == 0);
    CHECK(report->cut == 0);
}

TEST_CASE("closing goes on when nobody waits for it any more", "[closing][socket]") {
    app a;
    a.listen(0, beside());
    auto& l = loop::current();
    std::optional<drain_report> report;
    cancel_scope scope;
    SECTION("cancelled") {
        l.set_timeout(
            [&] {
                spawn(close_into(a, {}, report), &scope);
                scope.cancel(cancel_reason::requested);
            },
            1ms);
    }
    SECTION("cancelled before") {
        scope.cancel(cancel_reason::requested);
        l.set_timeout([&] { spawn(close_into(a, {}, report), &scope); }, 1ms);
    }
    SECTION("dropped") {
        l.set_timeout([&] { spawn(close_but_not_wait(a, {})); }, 1ms);
    }
    l.run(); // ends: nothing listens any more
    CHECK_FALSE(report);
}
