#include <crema/async/settled.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
using namespace crema;

TEST_CASE("settled tells how a branch ended", "[settled]") {
    settled<int> good(3);
    CHECK(good);
    CHECK(good.value() == 3);
    CHECK(good.error() == nullptr);
    settled<int> bad(std::make_exception_ptr(std::runtime_error("no")));
    CHECK_FALSE(bad.fulfilled());
    CHECK_THROWS_WITH(bad.value(), "no");
    settled<std::unique_ptr<int>> moved(std::make_unique<int>(1));
    CHECK(*std::move(moved).value() == 1);
}

TEST_CASE("an aggregate error holds all of them", "[settled]") {
    const aggregate_error e({std::make_exception_ptr(1), std::make_exception_ptr(2)});
    CHECK(e.errors().size() == 2);
}
