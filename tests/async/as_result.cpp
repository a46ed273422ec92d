// as_result: errors as values.
#include <crema/async/as_result.hpp>
#include <crema/async/event.hpp>
#include <crema/async/spawn.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
using namespace crema;

namespace {
task<std::unique_ptr<int>> gives(int n) { co_return std::make_unique<int>(n); }
task<> nothing() { co_return; }
task<int> fails() {
    throw system_error(make_error_code(error::not_found), "config.json");
    co_return 1;
}
task<int> fails_otherwise() {
    throw std::logic_error("a mistake");
    co_return 1;
}
} // namespace

TEST_CASE("as_result gives the value, whatever can be moved", "[as_result]") {
    int got = 0;
    bool done = false;
    spawn([](int& g, bool& d) -> task<> {
        auto r = co_await as_result(gives(3));
        g = **r;
        const auto none = co_await as_result(nothing());
        d = none.has_value();
    }(got, done));
    CHECK(got == 3);
    CHECK(done);
}

TEST_CASE("as_result gives the code of what was thrown, and what it happened to", "[as_result]") {
    std::optional<failure> got;
    spawn([](std::optional<failure>& g) -> task<> {
        const auto r = co_await as_result(fails());
        if (!r) g = r.error();
    }(got));
    REQUIRE(got);
    CHECK(got->code == make_error_code(error::not_found));
    CHECK(got->message() == "config.json: not found");
}

TEST_CASE("as_result takes a leaf, and waits", "[as_result]") {
    event e;
    bool done = false;
    spawn([](event& wait, bool& d) -> task<> { d = (co_await as_result(wait.wait())).has_value(); }(e, done));
    CHECK_FALSE(done);
    e.set();
    CHECK(done);
}

TEST_CASE("mistakes and cancellation come through as_result", "[as_result]") {
    bool logic = false, stopped = false;
    spawn([](bool& l) -> task<> {
        try {
            (void)co_await as_result(fails_otherwise());
        } catch (const std::logic_error&) {
            l = true;
        }
    }(logic));
    CHECK(logic);
    cancel_scope scope;
    event e;
    spawn(
        [](event& wait, bool& s) -> task<> {
            try {
                (void)co_await as_result(wait.wait());
            } catch (const cancelled&) {
                s = true;
            }
        }(e, stopped),
        &scope);
    scope.cancel();
    CHECK(stopped);
}
