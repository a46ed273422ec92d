// What a header of an application needs to declare its handlers.
#include <crema/web/fwd.hpp>

namespace {
crema::task<void> list_posts(crema::request& req, crema::response& res);
void count(crema::request& req, crema::response& res, crema::next& next);
void add_posts(crema::app& app, crema::router& below);
} // namespace

#include <crema.hpp>

#include <crema/testing/client.hpp>

#include <catch2/catch.hpp>

TEST_CASE("handlers are declared with forward declarations alone", "[fwd]") {
    crema::app app;
    crema::router below;
    add_posts(app, below);
    crema::testing::client c(app);
    c.get("/posts").expect(200, "a, b").expect("X-Count", "2");
}

namespace {
crema::task<void> list_posts(crema::request&, crema::response& res) {
    co_await crema::sleep(std::chrono::milliseconds(1));
    res.send("a, b");
}
void count(crema::request&, crema::response& res, crema::next& next) {
    res.set("X-Count", "2");
    next();
}
void add_posts(crema::app& app, crema::router& below) {
    below.get("/", count, list_posts);
    app.use("/posts", below);
}
} // namespace
