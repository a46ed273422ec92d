#include <crema/async/join.hpp>
#include <crema/async/when_all.hpp>
#include <catch2/catch.hpp>
#include "combinators.hpp"
using namespace crema;

TEST_CASE("ranges of awaitables are told from awaitables", "[join]") {
    STATIC_REQUIRE(detail::range_of_awaitables<std::vector<task<int>>>);
    STATIC_REQUIRE_FALSE(detail::range_of_awaitables<std::vector<int>>);
    STATIC_REQUIRE_FALSE(detail::range_of_awaitables<task<int>>);
    STATIC_REQUIRE(detail::joinable<task<int>>);
    STATIC_REQUIRE_FALSE(detail::joinable<task<int>&>);
}

TEST_CASE("ten thousand ready branches are joined in one await", "[join]") {
    CHECK(caught([]() -> task<> {
              std::vector<task<int>> all;
              for (int i = 0; i < 10000; ++i) all.push_back(number(1));
              long sum = 0;
              for (const int n : co_await when_all(std::move(all))) sum += n;
              if (sum != 10000) throw std::runtime_error("wrong");
          }) == "");
}
