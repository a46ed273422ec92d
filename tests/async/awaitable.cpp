#include <crema/async/awaitable.hpp>
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <catch2/catch.hpp>
#include <string>
using namespace crema;

namespace {
struct ready_int {
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    int await_resume() const noexcept { return 1; }
};
struct with_member {
    ready_int operator co_await() const noexcept { return {}; }
};
struct with_free {};
ready_int operator co_await(with_free) noexcept { return {}; }
struct foreign {
    int value;
};
} // namespace

template <>
struct crema::await_adaptor<foreign> {
    static task<std::string> adapt(foreign&& f) {
        return [](int v) -> task<std::string> { co_return std::to_string(v); }(f.value);
    }
};

TEST_CASE("what can be awaited is known at compile time, and what it gives", "[awaitable]") {
    STATIC_REQUIRE(awaitable<ready_int>);
    STATIC_REQUIRE(awaitable<with_member>);
    STATIC_REQUIRE(awaitable<with_free>);
    STATIC_REQUIRE(awaitable<foreign>);
    STATIC_REQUIRE(awaitable<task<int>>);
    STATIC_REQUIRE_FALSE(awaitable<int>);
    STATIC_REQUIRE_FALSE(awaitable<std::string>);
    STATIC_REQUIRE(std::is_same_v<await_result_t<with_free>, int>);
    STATIC_REQUIRE(std::is_same_v<await_result_t<foreign>, std::string>);
    STATIC_REQUIRE(std::is_same_v<value_of_t<void>, std::monostate>);
    STATIC_REQUIRE(std::is_same_v<value_of_t<const int&>, int>);
}

TEST_CASE("every kind of awaitable gives its value in a task, lvalues too", "[awaitable]") {
    std::string all;
    spawn([](std::string& out) -> task<> {
        ready_int named;
        const int a = co_await named;
        const int b = co_await with_member{};
        const int c = co_await with_free{};
        foreign f{7};
        const std::string d = co_await std::move(f);
        out = std::to_string(a + b + c) + d;
    }(all));
    CHECK(all == "37");
}
