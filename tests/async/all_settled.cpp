#include <crema/async/all_settled.hpp>
#include <catch2/catch.hpp>
#include "combinators.hpp"
using namespace crema;

TEST_CASE("all_settled waits for all and tells of each how it ended", "[all_settled]") {
    gate g;
    std::string got;
    spawn([](gate& gate, std::string& o) -> task<> {
        auto [a, b, c] = co_await all_settled(fails("no"), fails_after(gate, "later"), number(3));
        o = std::to_string(a.fulfilled()) + std::to_string(b.fulfilled()) + std::to_string(c.value());
    }(g, got));
    CHECK(got.empty());
    g.open();
    CHECK(got == "003");
}

TEST_CASE("all_settled of a range gives a vector", "[all_settled]") {
    CHECK(caught([]() -> task<> {
              std::vector<task<int>> all;
              all.push_back(number(1));
              all.push_back(fails("no"));
              auto r = co_await all_settled(std::move(all));
              if (r.size() != 2 || r[0].value() != 1 || r[1].fulfilled()) throw std::runtime_error("wrong");
          }) == "");
}

TEST_CASE("all_settled of a cancelled parent throws cancelled once all have ended", "[all_settled]") {
    gate g;
    cancel_scope scope;
    std::string got;
    spawn([](gate& gate, std::string& o) -> task<> {
        try {
            co_await all_settled(fails_after(gate, "x"), number(1));
        } catch (const cancelled&) {
            o = "cancelled";
        }
    }(g, got), &scope);
    scope.cancel();
    CHECK(got == "cancelled");
}
