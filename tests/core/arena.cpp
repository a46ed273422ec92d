// arena: memory that ends all at once.
// SPDX-License-Identifier: MIT
#include <crema/core/arena.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <new>
#include <string>
#include <vector>

using namespace crema;

TEST_CASE("arena aligns what it hands out", "[arena]") {
    arena a(256);
    for (std::size_t align : {1, 2, 8, 16, 64, 512}) {
        a.allocate(1, 1);
        CHECK(reinterpret_cast<std::uintptr_t>(a.allocate(3, align)) % align == 0);
    }
}

TEST_CASE("arena hands out disjoint memory, beyond one block", "[arena]") {
    arena a(64);
    std::vector<std::string_view> copies;
    for (int i = 0; i < 200; ++i) copies.push_back(a.copy(std::to_string(i) + std::string(static_cast<std::size_t>(i), 'x')));
    for (int i = 0; i < 200; ++i) CHECK(copies[static_cast<std::size_t>(i)] == std::to_string(i) + std::string(static_cast<std::size_t>(i), 'x'));
    CHECK(a.copy("").empty());
    CHECK(a.allocate(0) != nullptr);
}

TEST_CASE("arena keeps its first block when it is reset", "[arena]") {
    arena a(128);
    void* first = a.allocate(16);
    a.allocate(1000);
    a.reset();
    CHECK(a.allocate(16) == first);
    a.release();
    CHECK(a.copy("again") == "again");
}

TEST_CASE("arena constructs objects", "[arena]") {
    struct point {
        int x, y;
    };
    arena a;
    auto* p = a.make<point>(1, 2);
    CHECK(p->x + p->y == 3);
    auto* many = a.make_array<std::uint64_t>(1000);
    for (std::uint64_t i = 0; i < 1000; ++i) many[i] = i;
    CHECK(many[999] == 999);
    CHECK(p->x == 1);
}

TEST_CASE("arena refuses sizes that cannot be", "[arena]") {
    arena a;
    CHECK_THROWS_AS(a.allocate(static_cast<std::size_t>(-1)), std::bad_alloc);
    CHECK_THROWS_AS(a.allocate(static_cast<std::size_t>(-1) / 2 + 1, 16), std::bad_alloc);
    CHECK_THROWS_AS(a.make_array<std::uint64_t>(static_cast<std::size_t>(-1) / 4), std::bad_alloc);
    CHECK(a.copy("usable") == "usable");
}
