#include <crema/loop/schedule.hpp>
#include <catch2/catch.hpp>
#include <string>

using namespace crema;
using namespace std::chrono_literals;

TEST_CASE("the free functions work on the loop of this thread, in Node's order", "[loop][schedule]") {
    loop l;
    std::string order;
    set_immediate([&] {
        order += "immediate ";
        set_timeout([&] { order += "timeout "; }, 1ms);
    });
    queue_microtask([&] { order += "microtask "; });
    next_tick([&] { order += "tick "; });
    auto every = set_interval([&] { FAIL("was cleared"); }, 1ms);
    auto once = set_timeout([&] { FAIL("was cleared"); }, 1ms);
    auto soon = set_immediate([&] { FAIL("was cleared"); });
    clear_timeout(every); // interchangeable, as in Node
    clear_interval(once);
    clear_immediate(soon);
    l.run();
    CHECK(order == "tick microtask immediate timeout ");
}
