// histogram: counts of values in buckets that grow with the value, for percentiles in bounded memory.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace crema {

/** Counts values from 0 to 2^42 (nanoseconds of more than an hour), each with a relative error of at most 1/32.

    Below 64 the buckets hold one value each; above, every power of two has 32 of them. Greater values count as the
    greatest; `min`, `max` and `mean` are exact. About 10 KB, allocates nothing.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see HdrHistogram, which has the idea from floating-point numbers
*/
class histogram {
public:
    /** Count a value.

        @param v The value.
        @param times How often.
    */
    void record(std::uint64_t v, std::uint64_t times = 1) noexcept {
        if (times == 0) return;
        counts_[index(v)] += times;
        count_ += times;
        min_ = std::min(min_, v);
        max_ = std::max(max_, v);
        const auto weight = static_cast<double>(times), off = static_cast<double>(v) - mean_;
        mean_ += off * weight / static_cast<double>(count_);
        squares_ += weight * off * (static_cast<double>(v) - mean_);
    }
    /// Forgets everything.
    void reset() noexcept { *this = histogram(); }

    /// Returns how many values were counted.
    std::uint64_t count() const noexcept { return count_; }
    /// Returns the least value; 0 when there is none.
    std::uint64_t min() const noexcept { return count_ ? min_ : 0; }
    /// Returns the greatest value; 0 when there is none.
    std::uint64_t max() const noexcept { return max_; }
    /// Returns the mean; 0 when there is none.
    double mean() const noexcept { return mean_; }
    /// Returns the standard deviation; 0 when there is none.
    double stddev() const noexcept {
        return count_ ? std::sqrt(std::max(squares_, 0.0) / static_cast<double>(count_)) : 0;
    }

    /** Return the least value that is not exceeded by that many percent of the values, to the precision of its bucket.

        @param percent 0 to 100: 50 gives the median, 0 the least value, 100 the greatest. What lies outside, or is no
        number, counts as the nearer end, or 0.

        @par Complexity
        Linear in the number of buckets, about 1200.
    */
    std::uint64_t percentile(double percent) const noexcept {
        if (count_ == 0) return 0;
        if (!(percent > 0)) return min_;
        if (percent >= 100) return max_;
        const auto wanted = static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets; ++i) {
            seen += counts_[i];
            if (seen >= wanted && seen > 0) return std::clamp(greatest(i), min_, max_);
        }
        return max_;
    }

private:
    static constexpr unsigned precision = 5; // bits behind the first one
    static constexpr unsigned range = 42;
    static constexpr std::size_t half = std::size_t{1} << precision;
    static constexpr std::size_t buckets = (range - precision) * half + half;

    // The first 2 * half values have buckets of their own, in the row of shift 0; each further row has half.
    static std::size_t index(std::uint64_t v) noexcept {
        v = std::min(v, (std::uint64_t{1} << range) - 1);
        const auto width = static_cast<unsigned>(std::bit_width(v));
        const unsigned shift = width > precision + 1 ? width - precision - 1 : 0;
        return shift * half + static_cast<std::size_t>(v >> shift);
    }
    // The greatest value of a bucket; of the last one, any.
    static std::uint64_t greatest(std::size_t i) noexcept {
        if (i + 1 == buckets) return ~std::uint64_t{0};
        const auto shift = i < 2 * half ? 0 : i / half - 1;
        return ((std::uint64_t{i - shift * half} + 1) << shift) - 1;
    }

    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t min_ = ~std::uint64_t{0};
    std::uint64_t max_ = 0;
    double mean_ = 0;
    double squares_ = 0; // of the distances from the mean
};

} // namespace crema
