// path_params: what a path captured, as text and as values.
// SPDX-License-Identifier: MIT
#include <crema/web/path_params.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;

namespace {

enum class colour { red, green };

} // namespace

template <>
struct crema::route::text_conversion<colour> {
    static result<colour> from(std::string_view text) {
        if (text == "red") return colour::red;
        if (text == "green") return colour::green;
        return failure{make_error_code(error::bad_value), 0, "\"" + std::string(text) + "\" is not a colour"};
    }
};

TEST_CASE("parameters are found by name, in the order of the path", "[path_params]") {
    app site;
    site.get("/:a/x/*rest", [](request& req, response& res) {
        const path_params& p = req.params();
        CHECK(p.size() == 2);
        CHECK(p["a"] == "é");
        CHECK(p.get("rest") == "b/c d");
        CHECK_FALSE(p.get("none"));
        CHECK(p.has("a"));
        CHECK_FALSE(p.has("x"));
        std::string names;
        for (const auto& e : p) names += std::string(e.name) + (e.wildcard ? "* " : " ");
        CHECK(names == "a rest* ");
        res.end();
    });
    testing::client c(site);
    c.get("/%C3%A9/x/b/c%20d").expect(200);
    c.get("/%ff/x/b").expect(400);
}

TEST_CASE("a parameter becomes what is asked for, or 400 that names it", "[path_params]") {
    app site;
    site.set("env", value("production"));
    site.get("/:n/:c", [](request& req, response& res) {
        const int n = req.params().as<"n", int>();
        const auto c = req.params().as<"c", colour>();
        const auto more = req.params().as<"more", std::optional<int>>();
        res.send(std::to_string(n) + (c == colour::green ? " green" : " red") + (more ? "!" : ""));
    });
    site.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.what()); });
    testing::client c(site);
    c.get("/-7/green").expect(200, "-7 green");
    c.get("/seven/green").expect(400, "parameter \"n\": \"seven\" is not an integer");
    c.get("/7/blue").expect(400, "parameter \"c\": \"blue\" is not a colour");
    c.get("/99999999999/red").expect(400);
}

TEST_CASE("a wildcard becomes a list of its segments, each decoded and converted", "[path_params]") {
    app site;
    site.set("env", value("production"));
    site.get<"/files/*path">([](param<"path", std::vector<std::string>> path, response& res) { res.json(*path); });
    site.get("/sum{/*n}", [](request& req, response& res) {
        const auto all = req.params<"n", std::optional<std::vector<int>>>();
        int sum = 0;
        for (const int n : all.value_or(std::vector<int>{100})) sum += n;
        res.send(std::to_string(sum));
    });
    site.get("/one/:a", [](request& req, response& res) { res.json(req.params<"a", std::vector<std::string>>()); });
    site.get("/none", [](request& req, response& res) { res.json(req.params<"a", std::vector<std::string>>()); });
    site.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.what()); });
    testing::client c(site);
    c.get("/files/a/b/c").expect(200, R"(["a","b","c"])");
    c.get("/files/a%2Fb/c").expect(200, R"(["a/b","c"])");
    c.get("/sum/1/2/-4").expect(200, "-1");
    c.get("/sum").expect(200, "100");
    c.get("/sum/1/x").expect(400, "parameter \"n\": \"x\" is not an integer");
    c.get("/one/a%2Fb").expect(200, R"(["a/b"])");
    c.get("/none").expect(404);
}
