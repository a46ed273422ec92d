// nested_query_text: trees as queries, and back.
#include <crema/http/nested_query_text.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace crema::http;

namespace {

std::string text(const value& v, const nested_query_text_options& o = {}) { return stringify_nested_query(v, o).value(); }

const value list = value::object({{"a", value::array({"b", "c d"})}});

} // namespace

TEST_CASE("names have brackets, which are escaped", "[nested_query_text]") {
    CHECK(text(value::object({{"a", value::object({{"b", "c"}})}})) == "a%5Bb%5D=c");
    CHECK(text(value::object({{"a", value::object({{"b", "c=d"}})}}), {.escapes = query_escapes::values}) == "a[b]=c%3Dd");
    CHECK(text(value::object({{"a", value::object({{"b", "c"}})}}), {.escapes = query_escapes::none, .dots = true}) == "a.b=c");
    CHECK(text(value::object({{"n", 7}, {"x", 1.5}, {"t", true}, {"none", nullptr}})) == "n=7&x=1.5&t=true&none=");
}

TEST_CASE("arrays are written in four ways", "[nested_query_text]") {
    CHECK(text(list, {.escapes = query_escapes::values}) == "a[0]=b&a[1]=c%20d");
    CHECK(text(list, {.arrays = query_arrays::brackets, .escapes = query_escapes::values}) == "a[]=b&a[]=c%20d");
    CHECK(text(list, {.arrays = query_arrays::repeat}) == "a=b&a=c%20d");
    CHECK(text(list, {.arrays = query_arrays::comma}) == "a=b%2Cc%20d");
    CHECK(text(list, {.arrays = query_arrays::comma, .escapes = query_escapes::values}) == "a=b,c%20d");
}

TEST_CASE("null and empty arrays", "[nested_query_text]") {
    const value v = value::object({{"a", nullptr}, {"b", value::array({})}, {"c", "1"}});
    CHECK(text(v) == "a=&c=1");
    CHECK(text(v, {.null_without_equals = true}) == "a&c=1");
    CHECK(text(v, {.skip_null = true}) == "c=1");
    CHECK(text(v, {.skip_null = true, .empty_arrays = true}) == "b[]&c=1");
}

TEST_CASE("what stands in front, and spaces as forms have them", "[nested_query_text]") {
    const value v = value::object({{"a", "b c"}});
    CHECK(text(v, {.plus_for_space = true, .charset_sentinel = true, .question_mark = true}) == "?utf8=%E2%9C%93&a=b+c");
    CHECK(text(value::object({}), {.question_mark = true}).empty());
    CHECK(text(value("text")).empty());
    CHECK(text(value::object({{"a", "\xc3\xa6\xe2\x98\xba"}}), {.charset = query_charset::iso_8859_1}) == "a=%E6%26%239786%3B");
}

TEST_CASE("depth may be limited", "[nested_query_text]") {
    value deep = value::object({{"x", "y"}});
    for (int i = 0; i < 3; ++i) deep = value::object({{"a", deep}});
    CHECK(stringify_nested_query(deep, {.depth = 3}).has_value());
    const auto refused = stringify_nested_query(deep, {.depth = 2});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == make_error_code(error::too_deep));
}

TEST_CASE("what is written is read back", "[nested_query_text]") {
    const value v = value::object({{"a", value::object({{"b", value::array({"1", "2&3", "ü"})}})}, {"c d", "e=f"}, {"s", ""}});
    for (const auto arrays : {query_arrays::indices, query_arrays::brackets, query_arrays::repeat})
        CHECK(parse_nested_query(text(v, {.arrays = arrays})).value() == v);
}

TEST_CASE("numbers are written as JavaScript does", "[nested_query_text]") {
    const std::pair<double, const char*> numbers[] = {
        {1e-7, "1e-7"},          {-2.5e-7, "-2.5e-7"}, {0.000001, "0.000001"},         {100000, "100000"},
        {1e20, "100000000000000000000"}, {1e21, "1e%2B21"},    {123456789012345680000.0, "123456789012345680000"},
        {1.5, "1.5"},            {-0.0, "0"},          {5e-324, "5e-324"},             {1.7976931348623157e308, "1.7976931348623157e%2B308"},
        {0.1, "0.1"},            {1234.5678, "1234.5678"}};
    for (const auto& [number, wanted] : numbers) CHECK(text(value{{"a", number}}) == std::string("a=") + wanted);
}
