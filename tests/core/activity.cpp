#include <crema/core/activity.hpp>
#include <string>
#include <catch2/catch.hpp>
using namespace crema;

TEST_CASE("labels of one content are one label", "[activity]") {
    const auto here = std::source_location::current();
    const auto& a = make_label("handler", "/users/:id", here);
    const auto& b = make_label("handler", "/users/:id", here);
    CHECK(&a == &b);
    CHECK(a.name == "/users/:id");
    CHECK(a.where.line() == here.line());
    CHECK(&make_label("handler", "/users/:name", here) != &a);
    CHECK(&make_label("middleware", "/users/:id", here) != &a);
}

TEST_CASE("a label can be composed with what it is mounted below", "[activity]") {
    const auto here = std::source_location::current();
    const auto& leaf = make_label("handler", "/:id", here);
    const auto& mount = make_label("router", "/api", here);
    const auto& both = label_below(leaf, mount);
    CHECK(both.below == &mount);
    CHECK(both.name == "/:id");
    CHECK(&label_below(leaf, mount) == &both);
}

TEST_CASE("labels of many places survive the cache of places", "[activity]") {
    const auto here = std::source_location::current();
    const auto& a = label_at("timer", here);
    for (int i = 0; i < 1000; ++i) make_label("x", std::to_string(i), here);
    CHECK(&label_at("timer", here) == &a);
    CHECK(&label_at("immediate", here) != &a);
}

TEST_CASE("an activity scope shows and restores", "[activity]") {
    auto& board = this_thread_activity();
    const auto here = std::source_location::current();
    const activity outer{&make_label("handler", "/outer", here), "GET"};
    const activity inner{&make_label("handler", "/inner", here), "POST"};
    const activity_scope a(&outer);
    {
        const activity_scope b(&inner);
        CHECK(board.label.load() == inner.label);
        CHECK(std::string(board.method.load()) == "POST");
        const activity_scope nothing(nullptr);
        CHECK(board.label.load() == inner.label);
    }
    CHECK(board.label.load() == outer.label);
}

TEST_CASE("the turn of a board is odd while a callback runs", "[activity]") {
    activity_board board;
    CHECK(board.turn.load() % 2 == 0);
    board.begin();
    CHECK(board.turn.load() % 2 == 1);
    board.end();
    CHECK(board.turn.load() % 2 == 0);
}

TEST_CASE("whoever sleeps until a board shows the next callback is woken once", "[activity]") {
    struct sleeper final : activity_waker {
        void wake() noexcept override { ++times; }
        int times = 0;
    };
    static sleeper s;
    activity_board board;
    board.begin();
    board.end();
    CHECK(s.times == 0);
    board.waker = &s;
    board.begin();
    CHECK(s.times == 1);
    CHECK(board.turn % 2 == 1); // it sees the callback
    board.end();
    board.begin();
    CHECK(s.times == 1);
}
