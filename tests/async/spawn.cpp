#include <crema/async/spawn.hpp>
#include <catch2/catch.hpp>
#include "gate.hpp"
#include <stdexcept>
using namespace crema;

TEST_CASE("spawn runs a task at once up to its first wait", "[spawn]") {
    std::vector<std::string> log;
    gate g;
    spawn([](gate& gate, std::vector<std::string>& l) -> task<> {
        l.push_back("before");
        co_await gate.wait();
        l.push_back("after");
    }(g, log));
    log.push_back("spawned");
    g.open();
    CHECK(log == std::vector<std::string>{"before", "spawned", "after"});
}

TEST_CASE("an error that nobody observes is reported; without a loop it leaves spawn", "[spawn]") {
    static std::string reported;
    const auto before = detail::report_unobserved;
    detail::report_unobserved = [](std::exception_ptr e) {
        try {
            std::rethrow_exception(std::move(e));
        } catch (const std::exception& x) {
            reported = x.what();
        }
    };
    spawn([]() -> task<> {
        throw std::runtime_error("lost");
        co_return;
    }());
    CHECK(reported == "lost");
    reported.clear();
    spawn([]() -> task<> {
        throw cancelled();
        co_return;
    }());
    CHECK(reported.empty());
    detail::report_unobserved = before;
}

TEST_CASE("what was spawned and still waits is destroyed with the loop of the thread", "[spawn]") {
    std::vector<std::string> log;
    gate g;
    spawn([](gate& gate, std::vector<std::string>& l) -> task<> {
        const tracer t(l, "gone");
        co_await gate.wait();
    }(g, log));
    detail::destroy_spawned();
    CHECK(log == std::vector<std::string>{"gone"});
}

TEST_CASE("spawn takes tasks with results, which are dropped", "[spawn]") {
    int calls = 0;
    spawn([](int& c) -> task<int> { co_return ++c; }(calls));
    CHECK(calls == 1);
}
