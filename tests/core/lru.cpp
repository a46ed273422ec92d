// lru: what is kept, what goes.
// SPDX-License-Identifier: MIT
#include <crema/core/lru.hpp>

#include <catch2/catch.hpp>
#include <string>

using crema::hash128;
using crema::lru;

TEST_CASE("lru: what was not used for longest goes first", "[lru]") {
    lru<std::string> kept(2);
    CHECK_FALSE(kept.oldest());
    const auto a = hash128("a"), b = hash128("b"), c = hash128("c");
    kept.add(a, "1");
    CHECK_FALSE(kept.full());
    kept.add(b, "2");
    CHECK(kept.full());
    CHECK(*kept.find(a) == "1");
    CHECK(*kept.oldest() == "2");
    CHECK(*kept.peek(b) == "2"); // does not use it
    kept.drop_oldest();
    kept.add(c, "3") += "!";
    CHECK_FALSE(kept.find(b));
    CHECK_FALSE(kept.peek(b));
    CHECK(*kept.find(c) == "3!");
    CHECK(*kept.oldest() == "1");
    CHECK(kept.size() == 2);
}

TEST_CASE("lru: what is dropped is gone", "[lru]") {
    lru<int> kept(0); // at least one
    const auto a = hash128("a");
    kept.add(a, 1);
    CHECK(kept.full());
    kept.erase(hash128("b"));
    CHECK(kept.size() == 1);
    kept.erase(a);
    CHECK(kept.size() == 0);
    CHECK_FALSE(kept.find(a));
    CHECK_FALSE(kept.full());
}
