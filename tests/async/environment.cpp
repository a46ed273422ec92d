#include <crema/async/environment.hpp>
#include <crema/async/spawn.hpp>
#include <catch2/catch.hpp>
#include "gate.hpp"
using namespace crema;

TEST_CASE("resuming shows the activity of the coroutine", "[environment]") {
    gate g;
    const activity_label* seen = nullptr;
    const activity_label* at_start = nullptr;
    spawn([](gate& gate, const activity_label*& first, const activity_label*& then) -> task<> {
        first = this_thread_activity().label.load();
        co_await gate.wait();
        then = this_thread_activity().label.load();
    }(g, at_start, seen));
    REQUIRE(at_start);
    CHECK(at_start->kind == "task");
    g.open();
    CHECK(seen == at_start);
    CHECK(this_thread_activity().label.load() == nullptr);
}

TEST_CASE("a coroutine whose promise knows no environment has the empty one", "[environment]") {
    CHECK(environment_of(std::noop_coroutine()) == &no_environment());
    CHECK(no_environment().scope == nullptr);
}
