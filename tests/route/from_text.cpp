// Text becomes values strictly, and the error says what was expected.
// SPDX-License-Identifier: MIT
#include <crema/route/from_text.hpp>

#include <catch2/catch.hpp>
#include <cstdint>

using crema::error;
using crema::result;
using crema::route::from_text;

namespace {

template <class T>
std::string refused(std::string_view text) {
    const auto v = from_text<T>(text);
    REQUIRE_FALSE(v);
    CHECK(v.error().code == error::bad_value);
    return v.error().message();
}

struct colour {
    int value = 0;
    static result<colour> from_text(std::string_view text) {
        if (text == "red") return colour{1};
        return crema::failure{make_error_code(error::bad_value), 0, "no such colour"};
    }
};

enum class size { small, large };

} // namespace

template <>
struct crema::route::text_conversion<size> {
    static result<size> from(std::string_view text) {
        if (text == "small") return size::small;
        if (text == "large") return size::large;
        return error::bad_value;
    }
};

TEST_CASE("integers are digits and a minus sign, nothing else", "[route][from_text]") {
    CHECK(*from_text<int>("42") == 42);
    CHECK(*from_text<int>("-7") == -7);
    CHECK(*from_text<int>("007") == 7);
    for (const std::string_view bad :
         {"", "abc", "12x", "x12", " 1", "1 ", "+1", "1.0", "0x10", "--1", "-", "1e3", "\xD9\xA3"})
        CHECK(refused<int>(bad) == "\"" + std::string(bad) + "\" is not an integer");
    CHECK(refused<unsigned>("x-1") == "\"x-1\" is not an integer");
    using namespace std::string_view_literals;
    CHECK_FALSE(from_text<int>("1\0"sv));
}

TEST_CASE("integers stay in their range", "[route][from_text]") {
    CHECK(*from_text<std::uint8_t>("255") == 255);
    CHECK(refused<std::uint8_t>("256") == "\"256\" is out of range, which is 0 to 255");
    CHECK(refused<std::uint8_t>("-1") == "\"-1\" is out of range, which is 0 to 255");
    CHECK(*from_text<std::int8_t>("-128") == -128);
    CHECK(refused<std::int8_t>("128") == "\"128\" is out of range, which is -128 to 127");
    CHECK(*from_text<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    CHECK(*from_text<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
    CHECK_THAT(refused<std::uint64_t>("18446744073709551616"), Catch::Contains("out of range"));
    CHECK_THAT(refused<std::int64_t>(std::string(400, '9')), Catch::Contains("out of range"));
    CHECK_THAT(refused<std::uint64_t>("-" + std::string(400, '9')), Catch::Contains("out of range"));
}

TEST_CASE("numbers are finite and count as a whole", "[route][from_text]") {
    CHECK(*from_text<double>("-2.5e3") == -2500);
    CHECK(*from_text<float>("0.5") == 0.5f);
    for (const std::string_view bad : {"", "nan", "inf", "-inf", "1,5", "1.5 ", "0x1p3", "1e"})
        CHECK_FALSE(from_text<double>(bad));
    CHECK(refused<double>("1e999") == "\"1e999\" is out of range");
}

TEST_CASE("truth values, characters, text and optionals", "[route][from_text]") {
    CHECK(*from_text<bool>("true"));
    CHECK(*from_text<bool>("1"));
    CHECK_FALSE(*from_text<bool>("false"));
    CHECK_FALSE(*from_text<bool>("0"));
    CHECK(refused<bool>("yes") == "\"yes\" is not true or false");
    CHECK(*from_text<char>("x") == 'x');
    CHECK(refused<char>("xy") == "\"xy\" is not a single character");
    CHECK(*from_text<std::string>("") == "");
    const std::string_view text = "view";
    CHECK(from_text<std::string_view>(text)->data() == text.data());
    CHECK(*from_text<std::optional<int>>("3") == 3);
    CHECK(refused<std::optional<int>>("x") == "\"x\" is not an integer");
}

TEST_CASE("types of the application say themselves how they are read", "[route][from_text]") {
    CHECK(from_text<colour>("red")->value == 1);
    CHECK(refused<colour>("green") == "no such colour");
    CHECK(*from_text<size>("large") == size::large);
    CHECK(refused<size>("huge") == "bad value");
    CHECK(*from_text<std::optional<size>>("small") == size::small);
}

TEST_CASE("a long text is quoted in part", "[route][from_text]") {
    CHECK(refused<int>(std::string(1000, 'x')) == "\"" + std::string(64, 'x') + "...\" is not an integer");
}
