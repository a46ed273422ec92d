#include <crema/async/when_any.hpp>
#include <catch2/catch.hpp>
#include "combinators.hpp"
using namespace crema;

TEST_CASE("the first that succeeds wins, errors before it do not matter", "[when_any]") {
    gate never;
    CHECK(caught([&]() -> task<> {
              const int n = co_await when_any(fails("a"), number(2), fails_after(never, "b"));
              if (n != 2) throw std::runtime_error("wrong");
          }) == "");
    CHECK_FALSE(never.waits());
}

TEST_CASE("when all fail, all errors come together, in the order of the arguments", "[when_any]") {
    CHECK(caught([]() -> task<> {
              try {
                  co_await when_any(fails("a"), fails("b"));
              } catch (const aggregate_error& e) {
                  if (e.errors().size() != 2) throw std::runtime_error("wrong");
                  std::rethrow_exception(e.errors()[1]);
              }
          }) == "b");
    CHECK(caught([]() -> task<> { co_await when_any(std::vector<task<int>>{}); }) != "");
}

TEST_CASE("when_any of a range gives the winner's value", "[when_any]") {
    CHECK(caught([]() -> task<> {
              std::vector<task<int>> all;
              all.push_back(fails("a"));
              all.push_back(number(4));
              if (co_await when_any(std::move(all)) != 4) throw std::runtime_error("wrong");
          }) == "");
}
