// lag_histogram: how late a loop comes to what it has to do, over time.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/histogram.hpp>
#include <crema/loop/loop.hpp>
#include <algorithm>
#include <chrono>

namespace crema {

/// Configures a `lag_histogram`.
struct lag_options {
    std::chrono::milliseconds resolution{10}; ///< how often it measures
};

/** Measures the delay of a loop: a timer fires every few milliseconds, and how late it comes is counted.

    The answers tell what any request meets: a loop that has stood still for a second counts not as one late timer but
    as the hundred that should have fired meanwhile, each with its own delay. (Node's histogram counts one, and the
    period of the timer with it.)

    It does not keep the loop alive. While it is enabled an idle loop wakes up at each measurement.

    @par Thread Safety
    Only on the thread of the loop, which must outlive it.

    @see Node.js documentation, perf_hooks.monitorEventLoopDelay
*/
class lag_histogram : private loop_timer {
public:
    using duration = std::chrono::nanoseconds; ///< of all results

    /// Construct; measures nothing yet.
    explicit lag_histogram(lag_options options = {}, loop& l = loop::current()) noexcept
        : loop_timer([](loop_timer& t) { static_cast<lag_histogram&>(t).fired(); }), loop_(l),
          period_(std::max(options.resolution, std::chrono::milliseconds(1))) {
        unref();
    }

    /// Begins to measure. @return False when it does already.
    bool enable() {
        if (active()) return false;
        next();
        return true;
    }
    /// Stops measuring; what was counted stays. @return False when it did not measure.
    bool disable() noexcept {
        if (!active()) return false;
        cancel();
        return true;
    }
    /// Forgets what was counted.
    void reset() noexcept {
        values_.reset();
        this_second_ = last_second_ = duration::zero();
    }

    /// Returns how many delays were counted.
    std::uint64_t count() const noexcept { return values_.count(); }
    /// Returns the least delay.
    duration min() const noexcept { return duration(values_.min()); }
    /// Returns the greatest delay, or the one that still goes on.
    duration max() const noexcept { return std::max(duration(values_.max()), overdue()); }
    /// Returns the mean.
    duration mean() const noexcept { return duration(static_cast<duration::rep>(values_.mean())); }
    /// Returns the standard deviation.
    duration stddev() const noexcept { return duration(static_cast<duration::rep>(values_.stddev())); }
    /// Returns the delay that so many percent do not exceed. @see histogram::percentile
    duration percentile(double percent) const noexcept { return duration(values_.percentile(percent)); }
    /// Returns the greatest delay of the last second or two, or the one that still goes on: "now" of a display.
    duration recent() const noexcept {
        const auto age = active() ? loop_.now() - second_ : duration::zero();
        if (age >= 2 * second) return overdue();
        return std::max({this_second_, age < second ? last_second_ : duration::zero(), overdue()});
    }
    /// Returns the counts, in nanoseconds.
    const histogram& values() const noexcept { return values_; }

private:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr duration second = std::chrono::seconds(1);

    void next() {
        auto& queue = loop_.timers();
        start(queue, period_);
        due_ = detail::loop_time::at(queue.time.ms()) + period_;
    }
    // Anybody who asks before the timer of a loop that has stood still.
    duration overdue() const noexcept {
        return active() ? std::max<duration>(loop_.now() - due_, duration::zero()) : duration::zero();
    }
    void fired() {
        const auto now = loop_.now();
        const auto late = std::max<duration>(now - due_, duration::zero());
        values_.record(static_cast<std::uint64_t>(late.count()));
        // those that could not fire
        auto missed = std::min<duration>(late, 100'000 * period_) - period_;
        for (; missed > duration::zero(); missed -= period_) values_.record(static_cast<std::uint64_t>(missed.count()));
        if (now - second_ >= second) {
            last_second_ = now - second_ < 2 * second ? this_second_ : duration::zero();
            this_second_ = duration::zero();
            second_ = now;
        }
        this_second_ = std::max(this_second_, late);
        next();
    }

    loop& loop_;
    const std::chrono::milliseconds period_;
    time_point due_{};
    histogram values_;
    time_point second_{}; // when this_second_ began
    duration this_second_{}, last_second_{};
};

/** Return a histogram of the delay of this thread's loop; `enable` starts it.

    `auto delay = monitor_event_loop_delay({.resolution = 20ms}); delay.enable();`
*/
inline lag_histogram monitor_event_loop_delay(lag_options options = {}) {
    return lag_histogram(options);
}

} // namespace crema
