#include <crema/core/result.hpp>
#include <catch2/catch.hpp>
#include <memory>
using crema::result;

TEST_CASE("a result holds a value or says why there is none", "[result]") {
    result<int> good = 7;
    REQUIRE(good);
    CHECK(*good == 7);
    CHECK(good.value() == 7);
    CHECK(good.value_or(1) == 7);

    const result<int> bad = crema::failure{make_error_code(crema::error::bad_syntax), 3, "no digit"};
    REQUIRE_FALSE(bad);
    CHECK(bad.error().position == 3);
    CHECK(bad.error().message() == "no digit");
    CHECK(bad.value_or(1) == 1);
    CHECK_THROWS_WITH(bad.value(), Catch::Contains("no digit"));
}

TEST_CASE("a failure without a detail has the message of its code", "[result]") {
    const result<int> bad = crema::error::too_deep;
    CHECK(bad.error().message() == "nested too deeply");
}

TEST_CASE("a result moves what cannot be copied", "[result]") {
    result<std::unique_ptr<int>> r = std::make_unique<int>(4);
    auto p = std::move(r).value();
    CHECK(*p == 4);
}
