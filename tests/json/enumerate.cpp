// Enumerations: the names of enumerators, in every kind of enumeration.
// SPDX-License-Identifier: MIT
#include <crema/json/enumerate.hpp>
#include <catch2/catch.hpp>
#include <string>

using crema::json::enum_name;
using crema::json::enum_value;

namespace far {
enum class color { red, green, blue };
template <class A, class B>
struct holder {
    enum class state { on, off };
};
} // namespace far

namespace {
enum plain { zero, one, five = 5 };
enum signed_plain { minus = -3, plus = 2 };
enum class sparse : int { low = -128, middle = 17, high = 255, beyond = 256, far_below = -129 };
enum class small : std::uint8_t { none = 0, all = 255 };
enum class tiny : signed char { lowest = -128, highest = 127 };
enum class yes_no : bool { no, yes };
enum class wide : std::uint64_t { a = 1, b = 1ull << 60 };
enum class aliased { first, second, also_first = first };
enum class renamed { not_found, ok };
} // namespace

template <>
struct crema::json::names<renamed> {
    static constexpr crema::json::rename list[] = {{"not_found", "not-found"}};
};

TEST_CASE("enumerators have names", "[enumerate]") {
    CHECK(enum_name(far::color::red) == "red");
    CHECK(enum_name(far::color::blue) == "blue");
    CHECK(enum_name(far::holder<int, std::string>::state::off) == "off");
    CHECK(enum_name(five) == "five");
    CHECK(enum_name(minus) == "minus");
    CHECK(enum_name(plus) == "plus");
    CHECK(enum_name(sparse::low) == "low");
    CHECK(enum_name(sparse::middle) == "middle");
    CHECK(enum_name(sparse::high) == "high");
    CHECK(enum_name(small::all) == "all");
    CHECK(enum_name(tiny::lowest) == "lowest");
    CHECK(enum_name(tiny::highest) == "highest");
    CHECK(enum_name(yes_no::yes) == "yes");
    CHECK(enum_name(wide::a) == "a");
    CHECK(enum_name(aliased::second) == "second");
    enum class local { here, there };
    CHECK(enum_name(local::there) == "there");
}

TEST_CASE("values without a name have none", "[enumerate]") {
    CHECK(enum_name(static_cast<far::color>(3)).empty());
    CHECK(enum_name(static_cast<far::color>(-1)).empty());
    CHECK(enum_name(static_cast<plain>(2)).empty());
    CHECK(enum_name(sparse::beyond).empty());
    CHECK(enum_name(sparse::far_below).empty());
    CHECK(enum_name(wide::b).empty());
}

TEST_CASE("names lead back to values", "[enumerate]") {
    CHECK(enum_value<far::color>("green") == far::color::green);
    CHECK(enum_value<signed_plain>("minus") == minus);
    CHECK_FALSE(enum_value<far::color>("Green"));
    CHECK_FALSE(enum_value<far::color>("gree"));
    CHECK_FALSE(enum_value<far::color>(""));
    CHECK_FALSE(enum_value<far::color>("1"));
    CHECK_FALSE(enum_value<sparse>("beyond"));
}

TEST_CASE("enumerators may be renamed", "[enumerate]") {
    CHECK(enum_name(renamed::not_found) == "not-found");
    CHECK(enum_name(renamed::ok) == "ok");
    CHECK(enum_value<renamed>("not-found") == renamed::not_found);
    CHECK_FALSE(enum_value<renamed>("not_found"));
}
