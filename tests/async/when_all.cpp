#include <crema/async/when_all.hpp>
#include <catch2/catch.hpp>
#include "combinators.hpp"
#include <memory>
using namespace crema;
using strings = std::vector<std::string>;

TEST_CASE("when_all gives all results in the order of the arguments", "[when_all]") {
    gate g;
    strings log, out;
    spawn([](gate& gate, strings& l, strings& o) -> task<> {
        auto [a, b, c] = co_await when_all(waits(gate, 1, tracer(l, "p"), l, "l"), number(2), nothing());
        static_assert(std::is_same_v<decltype(c), std::monostate>);
        o.push_back(std::to_string(a) + std::to_string(b));
    }(g, log, out));
    CHECK(out.empty());
    g.open();
    CHECK(out == strings{"12"});
}

TEST_CASE("the first error cancels the others, which have ended before it is rethrown", "[when_all]") {
    gate g, h;
    strings log;
    spawn([](gate& slow, gate& bad, strings& l) -> task<> {
        try {
            co_await when_all(waits(slow, 1, tracer(l, "parameter"), l, "local"), fails_after(bad, "bad"));
        } catch (const std::runtime_error& e) {
            l.push_back(e.what());
        }
    }(g, h, log));
    CHECK(log.empty());
    h.open();
    CHECK(log == strings{"local", "parameter", "bad"});
    CHECK_FALSE(g.waits());
}

TEST_CASE("of several errors the first in time is rethrown", "[when_all]") {
    gate a, b;
    std::string got;
    spawn([](gate& x, gate& y, std::string& o) -> task<> {
        try {
            co_await when_all(fails_after(x, "x"), fails_after(y, "y"), fails("now"));
        } catch (const std::exception& e) {
            o = e.what();
        }
    }(a, b, got));
    CHECK(got == "now");
}

TEST_CASE("a range gives a vector", "[when_all]") {
    CHECK(caught([]() -> task<> {
              std::vector<task<int>> all;
              for (int i = 0; i < 5; ++i) all.push_back(number(i));
              const auto r = co_await when_all(std::move(all));
              if (r != std::vector<int>{0, 1, 2, 3, 4}) throw std::runtime_error("wrong");
              const auto none = co_await when_all(std::vector<task<int>>{});
              if (!none.empty()) throw std::runtime_error("not empty");
          }) == "");
}

namespace {
task<int> sum_of_two() {
    auto [a, b] = co_await when_all(number(1), number(2));
    co_return a + b;
}
task<std::unique_ptr<int>> moved(int n) { co_return std::make_unique<int>(n); }
struct opened {
    gate* g;
    auto operator co_await() const noexcept { return g->wait(); }
};
} // namespace

TEST_CASE("branches may be nested, move-only, and other awaitables than tasks", "[when_all]") {
    gate g;
    g.open();
    CHECK(caught([&g]() -> task<> {
              auto [p, inner, w] = co_await when_all(moved(9), sum_of_two(), opened{&g});
              if (*p != 9 || inner != 3) throw std::runtime_error("wrong");
              (void)w;
          }) == "");
}

TEST_CASE("cancelling the parent cancels the branches and awaits them", "[when_all]") {
    gate g;
    strings log;
    cancel_scope scope;
    spawn([](gate& gate, strings& l) -> task<> {
        try {
            co_await when_all(waits(gate, 1, tracer(l, "parameter"), l, "local"), waits(gate, 1, tracer(l, "p2"), l, "l2"));
        } catch (const cancelled&) {
            l.push_back("cancelled");
        }
    }(g, log), &scope);
    scope.cancel();
    CHECK(log.size() == 5);
    CHECK(log.back() == "cancelled");
}

TEST_CASE("when_all that is destroyed while it waits destroys its branches", "[when_all]") {
    gate g;
    strings log;
    {
        auto t = [](gate& gate, strings& l) -> task<> {
            co_await when_all(waits(gate, 1, tracer(l, "p"), l, "l"), number(1));
        }(g, log);
        environment env;
        detail::task_access::start(t, &env, [](void*) {}, nullptr);
    }
    CHECK(log == strings{"l", "p"});
    g.open();
}
