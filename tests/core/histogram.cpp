#include <crema/core/histogram.hpp>
#include <catch2/catch.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>
using namespace crema;

TEST_CASE("an empty histogram is all zero", "[histogram]") {
    const histogram h;
    CHECK(h.count() == 0);
    CHECK(h.min() == 0);
    CHECK(h.max() == 0);
    CHECK(h.mean() == 0);
    CHECK(h.stddev() == 0);
    CHECK(h.percentile(50) == 0);
    CHECK(h.percentile(100) == 0);
}

TEST_CASE("small values are counted exactly", "[histogram]") {
    histogram h;
    for (std::uint64_t v = 0; v < 64; ++v) h.record(v);
    CHECK(h.count() == 64);
    CHECK(h.min() == 0);
    CHECK(h.max() == 63);
    CHECK(h.mean() == Approx(31.5));
    CHECK(h.stddev() == Approx(std::sqrt((64.0 * 64 - 1) / 12)));
    for (std::uint64_t v = 0; v < 64; ++v) CHECK(h.percentile(static_cast<double>(v + 1) * 100 / 64) == v);
}

TEST_CASE("a percentile is what that many percent do not exceed", "[histogram]") {
    histogram h;
    h.record(10, 98);
    h.record(20);
    h.record(30);
    CHECK(h.percentile(0) == 10);
    CHECK(h.percentile(50) == 10);
    CHECK(h.percentile(98) == 10);
    CHECK(h.percentile(98.5) == 20);
    CHECK(h.percentile(99) == 20);
    CHECK(h.percentile(99.5) == 30);
    CHECK(h.percentile(100) == 30);
}

TEST_CASE("what is no percentage is brought into range", "[histogram]") {
    histogram h;
    h.record(1);
    h.record(5);
    CHECK(h.percentile(-3) == 1);
    CHECK(h.percentile(300) == 5);
    CHECK(h.percentile(std::numeric_limits<double>::quiet_NaN()) == 1);
    CHECK(h.percentile(std::numeric_limits<double>::infinity()) == 5);
    CHECK(h.percentile(1e-300) == 1);
}

TEST_CASE("percentiles are right to 1/32 over the whole range", "[histogram]") {
    std::mt19937_64 random(7);
    std::vector<std::uint64_t> all;
    histogram h;
    double sum = 0;
    for (int i = 0; i < 20000; ++i) {
        const auto v = random() >> (22 + random() % 42); // as many small ones as great ones
        all.push_back(v);
        h.record(v);
        sum += static_cast<double>(v);
    }
    std::sort(all.begin(), all.end());
    CHECK(h.min() == all.front());
    CHECK(h.max() == all.back());
    CHECK(h.mean() == Approx(sum / static_cast<double>(all.size())));
    for (double p = 0.5; p < 100; p += 0.5) {
        const auto exact = all[static_cast<std::size_t>(std::ceil(p / 100 * static_cast<double>(all.size()))) - 1];
        const auto got = h.percentile(p);
        CHECK(got >= exact);
        CHECK(static_cast<double>(got) <= static_cast<double>(exact) * (1 + 1.0 / 32));
    }
}

TEST_CASE("each power of two and its neighbours fall into their buckets", "[histogram]") {
    for (unsigned bits = 0; bits < 42; ++bits)
        for (const auto v : {(std::uint64_t{1} << bits) - 1, std::uint64_t{1} << bits, (std::uint64_t{1} << bits) + 1}) {
            histogram h;
            h.record(v);
            h.record(v * 4);
            CHECK(h.percentile(50) >= v);
            CHECK(static_cast<double>(h.percentile(50)) <= static_cast<double>(v) * (1 + 1.0 / 32));
        }
}

TEST_CASE("what is too great counts as the greatest, and max stays exact", "[histogram]") {
    histogram h;
    h.record(5, 9);
    h.record(std::numeric_limits<std::uint64_t>::max());
    CHECK(h.count() == 10);
    CHECK(h.max() == std::numeric_limits<std::uint64_t>::max());
    CHECK(h.percentile(90) == 5);
    CHECK(h.percentile(99) == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("a value may be counted many times at once, or not at all", "[histogram]") {
    histogram one, many;
    for (int i = 0; i < 3; ++i) one.record(700);
    for (int i = 0; i < 5; ++i) one.record(90);
    many.record(700, 3);
    many.record(1, 0);
    many.record(90, 5);
    CHECK(many.count() == one.count());
    CHECK(many.min() == 90);
    CHECK(many.mean() == Approx(one.mean()));
    CHECK(many.stddev() == Approx(one.stddev()));
    CHECK(many.percentile(60) == one.percentile(60));
    many.reset();
    CHECK(many.count() == 0);
    CHECK(many.max() == 0);
    many.record(3);
    CHECK(many.min() == 3);
}
