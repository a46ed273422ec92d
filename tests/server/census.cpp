// How many connections there may be, in all and of one address, whatever thread they come to.
// SPDX-License-Identifier: MIT
#include <crema/server/census.hpp>

#include <catch2/catch.hpp>
#include <atomic>
#include <sys/resource.h>
#include <thread>
#include <vector>

using crema::detail::census;
using verdict = census::verdict;

TEST_CASE("connections are counted in all and by address", "[census]") {
    census c;
    CHECK(c.enter(1, 3, 2) == verdict::counted);
    CHECK(c.enter(1, 3, 2) == verdict::counted);
    CHECK(c.enter(1, 3, 2) == verdict::address_full);
    CHECK(c.enter(2, 3, 2) == verdict::counted);
    CHECK(c.enter(3, 3, 2) == verdict::full);
    c.leave(1);
    CHECK(c.enter(1, 3, 2) == verdict::counted);
    c.leave(2);
    CHECK(c.enter(4, 3, 0) == verdict::address_full);
    CHECK(c.enter(0, 3, 0) == verdict::counted); // a Unix socket has no address
    c.leave(0);
    CHECK(c.enter(2, 3, 2) == verdict::counted);
}

TEST_CASE("threads count together", "[census]") {
    census c;
    std::atomic<int> counted{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) {
                if (c.enter(7, 100, 50) != verdict::counted) continue;
                ++counted;
                if (i % 2 == 0) {
                    c.leave(7);
                    --counted;
                }
            }
        });
    for (auto& t : threads) t.join();
    CHECK(counted == 50);
    CHECK(c.enter(7, 100, 50) == verdict::address_full);
}

TEST_CASE("a process may have all the descriptors that it is allowed", "[census]") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    auto less = before;
    less.rlim_cur = 64;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &less) == 0);
    CHECK(crema::detail::raise_descriptor_limit() == before.rlim_max);
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    CHECK(now.rlim_cur == before.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &before);
}
