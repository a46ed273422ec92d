// The queues of ticks and microtasks: first in, first out, without allocation in steady state.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace crema::detail {

// What a loop hears from its queues: that it must look at what keeps it alive.
class loop_signals {
public:
    // Something changed. Inside a callback the loop looks when the callback ends, else at once.
    void touch() noexcept {
        dirty_ = true;
        if (!inside_) settle_outside();
    }

protected:
    ~loop_signals() = default;
    virtual void settle_outside() noexcept = 0;
    bool dirty_ = false;
    bool inside_ = false;
};

struct queued_job {
    unique_function<void()> run;
    const activity_label* label = nullptr;
};

// A ring that grows and never shrinks. Positions count up, so that a job can be taken back.
class job_queue {
public:
    bool empty() const noexcept { return head_ == tail_; }

    std::uint64_t push(unique_function<void()> f, const activity_label* label) {
        if (tail_ - head_ == ring_.size()) grow();
        auto& slot = ring_[tail_ & (ring_.size() - 1)];
        slot.run = std::move(f);
        slot.label = label;
        return tail_++;
    }
    queued_job take() noexcept { return std::move(ring_[head_++ & (ring_.size() - 1)]); }

    // Makes the job at this position do nothing; one that was taken already stays as it is.
    void revoke(std::uint64_t position) noexcept {
        if (position >= head_ && position < tail_) ring_[position & (ring_.size() - 1)].run.reset();
    }
    // Destroys all jobs, also those that are queued by their destructors.
    void clear() noexcept {
        while (!empty()) take();
    }

private:
    void grow() {
        std::vector<queued_job> larger(ring_.empty() ? 64 : 2 * ring_.size());
        for (auto p = head_; p != tail_; ++p)
            larger[p & (larger.size() - 1)] = std::move(ring_[p & (ring_.size() - 1)]);
        ring_.swap(larger);
    }
    std::vector<queued_job> ring_; // a power of two, or empty
    std::uint64_t head_ = 0;
    std::uint64_t tail_ = 0;
};

} // namespace crema::detail
