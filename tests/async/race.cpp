#include <crema/async/race.hpp>
#include <catch2/catch.hpp>
#include "combinators.hpp"
using namespace crema;
using strings = std::vector<std::string>;

TEST_CASE("the first that ends wins; the losers are gone before the result is there", "[race]") {
    gate slow, quick;
    strings log;
    spawn([](gate& s, gate& q, strings& l) -> task<> {
        const int n = co_await race(waits(s, 1, tracer(l, "slow parameter"), l, "slow local"),
                                    waits(q, 2, tracer(l, "quick parameter"), l, "quick local"));
        l.push_back(std::to_string(n));
    }(slow, quick, log));
    quick.open();
    CHECK(log == strings{"quick local", "slow local", "slow parameter", "quick parameter", "2"});
    CHECK_FALSE(slow.waits());
}

TEST_CASE("an error that comes first is the result", "[race]") {
    gate g;
    strings log;
    CHECK(caught([&]() -> task<> { co_await race(waits(g, 1, tracer(log, "p"), log, "l"), fails("first")); }) == "first");
}

TEST_CASE("results of several types come as a variant whose index tells the winner", "[race]") {
    CHECK(caught([]() -> task<> {
              gate never;
              const auto r = co_await race(fails_after(never, "x"), nothing());
              if (r.index() != 1) throw std::runtime_error("wrong");
          }) == "");
}

TEST_CASE("a race of an empty range is an error, not a hang", "[race]") {
    CHECK(caught([]() -> task<> { co_await race(std::vector<task<int>>{}); }).find("never ends") != std::string::npos);
}

TEST_CASE("a race that was cancelled from above throws cancelled", "[race]") {
    gate g;
    cancel_scope scope;
    std::string got;
    spawn([](gate& gate, std::string& o) -> task<> {
        try {
            co_await race(fails_after(gate, "x"), fails_after(gate, "y"));
        } catch (const cancelled&) {
            o = "cancelled";
        }
    }(g, got), &scope);
    scope.cancel();
    CHECK(got == "cancelled");
}
