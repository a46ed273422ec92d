#include <crema/core/function.hpp>
#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
using crema::unique_function;

TEST_CASE("a unique_function calls what it holds", "[function]") {
    unique_function<int(int)> f = [](int x) { return x + 1; };
    CHECK(f(1) == 2);
    CHECK(static_cast<bool>(f));
    f.reset();
    CHECK_FALSE(static_cast<bool>(f));
}

TEST_CASE("a unique_function holds callables that cannot be copied", "[function]") {
    unique_function<int()> f = [p = std::make_unique<int>(5)] { return *p; };
    unique_function<int()> g = std::move(f);
    CHECK_FALSE(static_cast<bool>(f));
    CHECK(g() == 5);
}

TEST_CASE("a large callable lives on the heap and is destroyed once", "[function]") {
    auto counted = std::make_shared<int>(0);
    {
        unique_function<std::size_t()> f = [counted, big = std::array<char, 200>{}] { return big.size(); };
        CHECK(counted.use_count() == 2);
        unique_function<std::size_t()> g;
        g = std::move(f);
        CHECK(g() == 200);
        CHECK(counted.use_count() == 2);
    }
    CHECK(counted.use_count() == 1);
}

TEST_CASE("references are passed as they are", "[function]") {
    unique_function<void(std::string&)> f = [](std::string& s) { s += "!"; };
    std::string s = "hi";
    f(s);
    CHECK(s == "hi!");
}

TEST_CASE("assigning destroys what was held", "[function]") {
    auto a = std::make_shared<int>(0);
    unique_function<void()> f = [a] {};
    f = [] {};
    CHECK(a.use_count() == 1);
}
