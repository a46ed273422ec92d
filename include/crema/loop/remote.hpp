// Remote jobs: work that other threads hand to a loop, without a lock and with one wake-up for a batch.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/core/recycle.hpp>
#include <atomic>
#include <utility>

namespace crema::detail {

// A node in the queue of a loop; whoever hands it over keeps it alive until `run` is called, on the loop.
struct remote_job {
    using function = void (*)(remote_job&, bool abandoned); // abandoned: the loop ends, only clean up
    explicit remote_job(function f) noexcept : run(f) {}
    function run;
    remote_job* next = nullptr;
};

// What `loop::post` makes.
class posted_job final : public remote_job {
public:
    explicit posted_job(unique_function<void()> f) noexcept
        : remote_job([](remote_job& self, bool abandoned) {
              auto work = std::move(static_cast<posted_job&>(self).work_);
              delete static_cast<posted_job*>(&self);
              if (!abandoned) work();
          }),
          work_(std::move(f)) {}
    static void* operator new(std::size_t size) { return recycle_allocate(size); }
    static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }

private:
    unique_function<void()> work_;
};

// Many producers, one consumer, first in, first out.
class remote_queue {
public:
    // True when it was empty: then the consumer has to be woken.
    bool push(remote_job& job) noexcept {
        auto* head = head_.load(std::memory_order_relaxed);
        do job.next = head;
        while (!head_.compare_exchange_weak(head, &job, std::memory_order_acq_rel, std::memory_order_relaxed));
        return head == nullptr;
    }
    // Takes all, in the order in which they came.
    remote_job* take_all() noexcept {
        auto* job = head_.exchange(nullptr, std::memory_order_acq_rel);
        remote_job* first = nullptr;
        while (job) {
            auto* next = job->next;
            job->next = first;
            first = job;
            job = next;
        }
        return first;
    }

private:
    std::atomic<remote_job*> head_{nullptr};
};

} // namespace crema::detail
