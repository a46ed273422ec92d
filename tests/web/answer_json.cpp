// answer_json: the settings "json replacer", "json spaces" and "json escape", and scripts that call back.
#include <crema/web/answer_json.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;

TEST_CASE("a replacer sees the whole first, then what it made of that, names and numbers", "[answer_json]") {
    std::string seen;
    const auto made = detail::replaced(
        [&](std::string_view name, const value& v) -> std::optional<value> {
            seen += "[" + std::string(name) + "]";
            if (name == "secret") return std::nullopt;
            if (v.is_integer()) return value(v.as_int64() + 1);
            return v;
        },
        {}, value{{"a", 1}, {"secret", "x"}, {"list", value::array({1, 2})}});
    CHECK(seen == "[][a][secret][list][0][1]");
    REQUIRE(made);
    CHECK(*made == value{{"a", 2}, {"list", value::array({2, 3})}});
}

TEST_CASE("a replacer may leave out all; an element that it leaves out is null", "[answer_json]") {
    CHECK_FALSE(detail::replaced([](std::string_view, const value&) -> std::optional<value> { return std::nullopt; }, {}, value(1)));
    const auto made = detail::replaced(
        [](std::string_view name, const value& v) { return name == "0" ? std::nullopt : std::optional<value>(v); }, {},
        value::array({1, 2}));
    REQUIRE(made);
    CHECK(*made == value::array({nullptr, 2}));
}

TEST_CASE("a name of a callback keeps only what stands in one, and lines cannot end in the script", "[answer_json]") {
    app a;
    a.get("/", [](request&, response& res) { res.jsonp({{"text", "a\xe2\x80\xa8" "b"}}); });
    testing::client c(a);
    c.get("/?callback=x.y[0](1);").expect(200, "/**/ typeof x.y[0]1 === 'function' && x.y[0]1({\"text\":\"a\\u2028b\"});");
    c.get("/?callback=").expect(200, "{\"text\":\"a\xe2\x80\xa8" "b\"}");
    a.enable("json escape").set("json spaces", value(1));
    a.get("/b", [](request&, response& res) { res.json({{"text", "<&>"}}); });
    c.get("/b").expect(200, "{\n \"text\": \"\\u003c\\u0026\\u003e\"\n}");
}

TEST_CASE("a replacer may be an array of names, which are written in its order at every depth", "[answer_json]") {
    app a;
    a.set("json replacer", value::array({"b", "a", 1, "b"})).set("json spaces", "\t");
    a.get("/", [](request&, response& res) {
        res.json({{"a", 1}, {"c", 2}, {"b", {{"x", 1}, {"a", value::array({value{{"b", 1}, {"z", 2}}})}}}, {"1", 5}});
    });
    testing::client c(a);
    // as node has it
    c.get("/").expect(200, "{\n\t\"b\": {\n\t\t\"a\": [\n\t\t\t{\n\t\t\t\t\"b\": 1\n\t\t\t}\n\t\t]\n\t},\n\t\"a\": 1,\n\t\"1\": 5\n}");
    a.set("json replacer", value()).set("json spaces", 0);
    a.get("/all", [](request&, response& res) { res.json({{"c", 2}}); });
    c.get("/all").expect(200, R"({"c":2})");
}
