// answer_watcher: is told when an exchange is over, without a heap allocation; for logs and metrics.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/web/fwd.hpp>
#include <chrono>

namespace crema::detail {

// Is told once, when the exchange ends, answered or not. Made in the memory of the exchange; never destroyed.
class answer_watcher {
public:
    virtual void over(request& req, response& res) noexcept = 0;

protected:
    ~answer_watcher() = default;

private:
    friend class answer_watch;
    answer_watcher* next_ = nullptr;
};

// Those that watch one answer, and its times, which are taken only when somebody watches.
class answer_watch {
public:
    using clock = std::chrono::steady_clock;
    void add(answer_watcher& w) noexcept {
        if (!first_) begun_ = clock::now();
        w.next_ = first_;
        first_ = &w;
    }
    // The head of a streamed answer is sent.
    void head() noexcept {
        if (first_) head_ = clock::now();
    }
    void over(request& req, response& res) noexcept {
        if (!first_) return;
        over_ = clock::now();
        if (head_ == clock::time_point()) head_ = over_;
        for (auto* w = first_; w;) {
            auto& told = *w;
            w = w->next_;
            told.over(req, res);
        }
        *this = {};
    }
    clock::time_point begun() const noexcept { return begun_; }       // when the first was added
    clock::time_point head_at() const noexcept { return head_; }      // when the head was sent; in one go: the end
    clock::time_point over_at() const noexcept { return over_; }      // when it ended

private:
    answer_watcher* first_ = nullptr;
    clock::time_point begun_{}, head_{}, over_{};
};

} // namespace crema::detail
