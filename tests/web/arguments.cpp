// arguments: handlers that take what they need, by type, in any order.
// SPDX-License-Identifier: MIT
#include <crema/web/arguments.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

using namespace crema;
using Catch::Matchers::Contains;

namespace {

enum class order { newest, oldest };

struct page {
    int number = 1;
    unsigned size = 20;
    std::optional<std::string> after;
    std::vector<std::string> tag;
    order by = order::newest;
    bool deep = false;
};
struct needed {
    static constexpr bool query_required = true;
    int id;
    std::optional<int> more;
};
struct span_of {
    int from = 0, to = 9;
};
struct filter {
    span_of price;
    std::vector<int> ids;
};
struct post {
    int id;
    std::string title;
};

// Errors are answered with their text.
void tell_errors(app& a) {
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.what()); });
}

} // namespace

TEST_CASE("arguments come in any order and number", "[arguments]") {
    app a;
    a.get<"/a/:x/:y">([](response& res, param<"y", int> y, request& req, param<"x"> x) {
        res.send(*x + "," + std::to_string(y) + "," + std::string(req.path()));
    });
    a.get("/none", [](response& res) { res.send("none"); });
    a.get("/next", [](next& n) { n(); });
    a.get("/next", []() { return "value"; });
    a.get("/const", [](const request& req, response& res) { res.send(req.method()); });
    testing::client c(a);
    c.get("/a/1/2").expect(200, "1,2,/a/1/2");
    c.get("/none").expect(200, "none");
    c.get("/next").expect(200, "value");
    c.get("/const").expect(200, "GET");
}

TEST_CASE("a parameter that is no such value is 400 and named", "[arguments]") {
    app a;
    a.get<"/n/:n">([](param<"n", int> n, response& res) { res.send(std::to_string(n)); });
    a.get<"/o{/:n}">([](const param<"n", std::optional<int>>& n, response& res) {
        res.send(n.value() ? std::to_string(*n.value()) : "none");
    });
    a.get("/r/:n", [](param<"n", bool> n, response& res) { res.send(n ? "yes" : "no"); });
    a.get("/wrong/:n", [](param<"m", bool>, response& res) { res.end(); });
    tell_errors(a);
    testing::client c(a);
    c.get("/n/-5").expect(200, "-5");
    c.get("/n/abc").expect(400, "parameter \"n\": \"abc\" is not an integer");
    c.get("/n/%20").expect(400, "parameter \"n\": \" \" is not an integer");
    c.get("/o").expect(200, "none");
    c.get("/o/7").expect(200, "7");
    c.get("/r/true").expect(200, "yes");
    c.get("/r/maybe").expect(400, "parameter \"n\": \"maybe\" is not true or false");
    c.get("/wrong/1").expect(404, "there is no parameter \"m\" in this path");
}

TEST_CASE("query<T> is filled by the names of its members", "[arguments]") {
    app a;
    a.get("/", [](query<page> q, response& res) { res.json(*q); });
    tell_errors(a);
    testing::client c(a);
    c.get("/").expect(200, R"({"number":1,"size":20,"tag":[],"by":"newest","deep":false})");
    c.get("/?number=3&size=50&after=x%20y&tag=a&tag=b&by=oldest&deep=true&other=1")
        .expect(200, R"({"number":3,"size":50,"after":"x y","tag":["a","b"],"by":"oldest","deep":true})");
    CHECK(c.get("/?tag=one").result().json()["tag"] == value::array({"one"}));
}

TEST_CASE("what does not fit query<T> is 400 and named", "[arguments]") {
    app a;
    a.get("/", [](const query<page>& q, response& res) { res.send(std::to_string(q->number)); });
    a.get("/needed", [](query<needed> q, response& res) { res.send(std::to_string(q->id)); });
    tell_errors(a);
    testing::client c(a);
    c.get("/?number=abc").expect(400, "query parameter \"number\": \"abc\" is not an integer");
    c.get("/?size=-1").expect(400, "query parameter \"size\": \"-1\" is out of range, which is 0 to 4294967295");
    c.get("/?number=1&number=2").expect(400, "query parameter \"number\": one value is expected, there are 2");
    c.get("/?by=best").expect(400, "query parameter \"by\": \"best\" is not one of newest, oldest");
    c.get("/?deep=").expect(400, "query parameter \"deep\": \"\" is not true or false");
    c.get("/needed?id=4").expect(200, "4");
    c.get("/needed").expect(400, "query parameter \"id\": is missing");
}

TEST_CASE("query<T> nests when the query does", "[arguments]") {
    app a;
    a.set("query parser", value("extended"));
    a.get("/", [](query<filter> q, response& res) { res.json(*q); });
    a.get("/raw", [](query<value> q, response& res) { res.json(*q); });
    tell_errors(a);
    testing::client c(a);
    c.get("/?price[from]=3&ids[]=1&ids[]=2").expect(200, R"({"price":{"from":3,"to":9},"ids":[1,2]})");
    c.get("/?price[to]=x").expect(400, "query parameter \"price[to]\": \"x\" is not an integer");
    c.get("/?ids[]=1&ids[]=x").expect(400, "query parameter \"ids[1]\": \"x\" is not an integer");
    c.get("/?price=3").expect(400, "query parameter \"price\": names in brackets are expected");
    c.get("/?ids[a]=3").expect(400, "query parameter \"ids\": a text is expected, names in brackets are not");
    c.get("/raw?a[b]=1").expect(200, R"({"a":{"b":"1"}})");
}

TEST_CASE("body<T> is read before the handler runs", "[arguments]") {
    app a;
    a.post<"/posts/:id">(
        [](param<"id", int> id, body<post> b, response& res) { res.send(std::to_string(id + b->id) + b->title); });
    tell_errors(a);
    testing::client c(a);
    c.post("/posts/1").json(R"({"id":2,"title":"t"})").expect(200, "3t");
    c.post("/posts/1").json(R"({"id":2,"title":"t"})").chunked(5).expect(200, "3t");
    const auto wrong = c.post("/posts/1").json(R"({"id":2,"title":7})").result();
    CHECK(wrong.status == 400);
    CHECK_THAT(wrong.body, Contains("/title"));
    CHECK(c.post("/posts/1").json(std::string(200'000, ' ')).result().status == 413);
    CHECK(c.post("/posts/1").send("x", "text/plain").result().status == 415);
}

TEST_CASE("a coroutine takes the same", "[arguments]") {
    app a;
    a.get<"/:id">([](param<"id", int> id, query<page> q, response& res) -> task<> {
        co_await std::suspend_never{};
        res.send(std::to_string(id) + " " + std::to_string(q->number));
    });
    tell_errors(a);
    testing::client c(a);
    c.get("/5?number=6").expect(200, "5 6");
    c.get("/x").expect(400);
}
