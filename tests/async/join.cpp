#include <crema/async/join.hpp>
#include <crema/async/all_settled.hpp>
#include <crema/async/race.hpp>
#include <crema/async/when_all.hpp>
#include <crema/async/when_any.hpp>
#include <catch2/catch.hpp>
#include "combinators.hpp"
#include <cstdlib>
#include <memory>
#include <new>
using namespace crema;
using strings = std::vector<std::string>;

TEST_CASE("ranges of awaitables are told from awaitables", "[join]") {
    STATIC_REQUIRE(detail::range_of_awaitables<std::vector<task<int>>>);
    STATIC_REQUIRE_FALSE(detail::range_of_awaitables<std::vector<int>>);
    STATIC_REQUIRE_FALSE(detail::range_of_awaitables<task<int>>);
    STATIC_REQUIRE(detail::joinable<task<int>>);
    STATIC_REQUIRE_FALSE(detail::joinable<task<int>&>);
}

TEST_CASE("ten thousand ready branches are joined in one await", "[join]") {
    CHECK(caught([]() -> task<> {
              std::vector<task<int>> all;
              for (int i = 0; i < 10000; ++i) all.push_back(number(1));
              long sum = 0;
              for (const int n : co_await when_all(std::move(all))) sum += n;
              if (sum != 10000) throw std::runtime_error("wrong");
          }) == "");
}

namespace {

std::size_t allocations = 0;

// Counts what f allocates once everything is warm, also where memory is not recycled.
template <class F>
std::size_t counted(F f) {
    f();
    const auto before = allocations;
    f();
    return allocations - before;
}

task<int> waits_for(gate& g) {
    co_await g.wait();
    co_return 1;
}
task<> pack_of_three(gate& g, gate& h) { co_await when_all(waits_for(g), waits_for(h), number(3)); }
task<> range_of_three() {
    std::vector<task<int>> all;
    all.reserve(3);
    for (int i = 0; i < 3; ++i) all.push_back(number(i));
    co_await race(std::move(all));
}

} // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* p = std::malloc(size ? size : 1)) return p;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size ? size : 1); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

TEST_CASE("a combinator of tasks allocates nothing but, for a range, its branches", "[join]") {
    const auto ready = counted([] { spawn([]() -> task<> { co_await when_all(number(1), number(2), number(3)); }()); });
    const auto one_by_one = counted([] {
        spawn([]() -> task<> {
            co_await number(1);
            co_await number(2);
            co_await number(3);
        }());
    });
    CHECK(ready == one_by_one); // under AddressSanitizer a frame each, else none
    const auto suspended = counted([] {
        gate g, h;
        spawn(pack_of_three(g, h));
        g.open();
        h.open();
    });
    CHECK(suspended == one_by_one);
    // the vector of the caller, which is given back late, and the one of the branches
    CHECK(counted([] { spawn(range_of_three()); }) <= one_by_one + 2);
    CHECK(counted([] { spawn([]() -> task<> { co_await when_all(std::vector<task<int>>{}); }()); }) <= one_by_one);
}

TEST_CASE("references, void and what can only be moved come out of every combinator", "[join]") {
    static int referred = 1;
    const auto refer = []() -> task<int&> { co_return referred; };
    const auto move_only = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(4); };
    CHECK(caught([=]() -> task<> {
              auto [r, p] = co_await when_all(refer(), move_only());
              if (r != 1 || *p != 4) throw std::runtime_error("when_all");
              int& first = co_await race(refer(), refer());
              if (&first != &referred) throw std::runtime_error("race gives a copy");
              auto q = co_await when_any(move_only(), move_only());
              if (*q != 4) throw std::runtime_error("when_any");
              auto [s, n] = co_await all_settled(move_only(), nothing());
              if (*s.value() != 4 || !n.fulfilled()) throw std::runtime_error("all_settled");
              std::vector<task<std::unique_ptr<int>>> all;
              all.push_back(move_only());
              auto owned = co_await when_all(std::move(all));
              if (*owned[0] != 4) throw std::runtime_error("range");
              std::vector<task<>> empty;
              empty.push_back(nothing());
              if ((co_await when_all(std::move(empty))).size() != 1) throw std::runtime_error("void range");
          }) == "");
}

TEST_CASE("whatever of a tree is destroyed half-way, everything below is gone and nobody is resumed", "[join]") {
    // three branches, of which some wait at each of their suspension points
    const auto branch = [](gate& first, gate& second, int& living) -> task<int> {
        struct alive {
            int& n;
            explicit alive(int& l) : n(l) { ++n; }
            ~alive() { --n; }
        } const here(living);
        co_await first.wait();
        const alive again(living);
        co_await second.wait();
        co_return 1;
    };
    for (int opened = 0; opened < 8; ++opened)
        for (int form = 0; form < 4; ++form) {
            gate gates[6];
            int living = 0;
            {
                auto tree = [](auto b, gate* g, int& l, int f) -> task<> {
                    if (f == 0) co_await when_all(b(g[0], g[3], l), b(g[1], g[4], l), b(g[2], g[5], l));
                    else if (f == 1) co_await race(b(g[0], g[3], l), b(g[1], g[4], l), b(g[2], g[5], l));
                    else if (f == 2) co_await all_settled(when_all(b(g[0], g[3], l), b(g[1], g[4], l)), b(g[2], g[5], l));
                    else co_await when_any(race(b(g[0], g[3], l), b(g[1], g[4], l)), b(g[2], g[5], l));
                }(branch, gates, living, form);
                environment env;
                detail::task_access::start(tree, &env, [](void*) {}, nullptr);
                CHECK(living == 3);
                for (int i = 0; i < 3; ++i)
                    if (opened & (1 << i)) gates[i].open();
            }
            CHECK(living == 0);
            for (auto& g : gates) CHECK_FALSE(g.waits());
        }
}

TEST_CASE("a cancelled tree ends at each of its suspension points, and its parent last", "[join]") {
    for (int opened = 0; opened < 4; ++opened) {
        gate gates[4];
        cancel_scope scope;
        strings log;
        spawn([](gate* g, strings& l) -> task<> {
            const auto branch = [](gate& first, gate& second, strings& seen, const char* name) -> task<> {
                const tracer t(seen, name);
                co_await first.wait();
                co_await second.wait();
            };
            try {
                co_await when_all(branch(g[0], g[2], l, "a"), all_settled(branch(g[1], g[3], l, "b")));
            } catch (const cancelled&) {
                l.push_back("cancelled");
            }
        }(gates, log), &scope);
        if (opened & 1) gates[0].open();
        if (opened & 2) gates[1].open();
        scope.cancel();
        REQUIRE(log.size() == 3);
        CHECK(log.back() == "cancelled");
        for (auto& g : gates) CHECK_FALSE(g.waits());
    }
}
