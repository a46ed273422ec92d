#include <crema/core/recycle.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <thread>
#include <vector>
using namespace crema;

TEST_CASE("memory that was given back is used again", "[recycle]") {
    if (sanitize_address) return; // there every piece is the allocator's, so that misuse is seen
    void* a = recycle_allocate(100);
    recycle_free(a, 100);
    void* b = recycle_allocate(120); // of the same class: 65 to 128
    CHECK(a == b);
    recycle_free(b, 120);
}

TEST_CASE("every size is usable to its last octet", "[recycle]") {
    for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 2047u, 2048u, 2049u, 100000u}) {
        auto* p = static_cast<char*>(recycle_allocate(size));
        std::memset(p, 0x5a, size);
        recycle_free(p, size);
    }
}

TEST_CASE("memory may be given back on another thread, which may end", "[recycle]") {
    std::vector<void*> all;
    for (int i = 0; i < 300; ++i) all.push_back(recycle_allocate(64));
    std::thread([&] {
        for (auto* p : all) recycle_free(p, 64);
    }).join();
}

TEST_CASE("the allocator serves standard containers", "[recycle]") {
    std::vector<int, recycling_allocator<int>> v;
    for (int i = 0; i < 1000; ++i) v.push_back(i);
    CHECK(v[999] == 999);
}
