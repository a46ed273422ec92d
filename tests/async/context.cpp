#include <crema/async/context.hpp>
#include <crema/async/spawn.hpp>
#include <crema/async/when_all.hpp>
#include <catch2/catch.hpp>
#include "gate.hpp"
using namespace crema;

namespace {
const context_key<std::string> request_id;
const context_key<int> depth;

task<std::string> id_here() {
    auto* id = co_await context_value(request_id);
    co_return id ? *id : "none";
}
task<std::string> id_after(gate& g) {
    co_await g.wait();
    co_return co_await id_here();
}
} // namespace

TEST_CASE("a value follows the coroutines of its tree, over suspensions, and no others", "[context]") {
    gate first, second;
    std::vector<std::string> out;
    spawn([](gate& x, gate& y, std::vector<std::string>& o) -> task<> {
        o.push_back(co_await id_here());
        auto [a, b] = co_await when_all(with_context(request_id, "a", id_after(x)), with_context(request_id, "b", id_after(y)));
        o.push_back(a + b);
        o.push_back(co_await id_here());
    }(first, second, out));
    second.open();
    first.open();
    CHECK(out == std::vector<std::string>{"none", "ab", "none"});
}

TEST_CASE("an inner value hides an outer one; other keys shine through", "[context]") {
    context_frame root;
    root.set(request_id, "root");
    root.set(depth, 1);
    context_frame inner(&root);
    CHECK(*inner.find(request_id) == "root");
    inner.set(request_id, "inner");
    inner.set(request_id, "again");
    CHECK(*inner.find(request_id) == "again");
    CHECK(*root.find(request_id) == "root");
    CHECK(*inner.find(depth) == 1);
    root.clear();
    CHECK(inner.find(depth) == nullptr);
}
