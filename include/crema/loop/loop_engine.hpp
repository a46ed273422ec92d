// loop_engine: how the phases of a loop come out of an io_context.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/loop/timer.hpp>

namespace crema {
class loop;
namespace detail {
struct loop_engine;
}
} // namespace crema

#if CREMA_BODIES
#include <crema/loop/asio_version.hpp>
#include <crema/loop/operation_slot.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace crema::detail {

// What handlers in the queue of a context refer to; outlives the loop.
struct loop_anchor {
    loop_engine* engine;
    operation_slot pump, wake, wait;
};

template <void (loop_engine::*Run)(), operation_slot loop_anchor::*Slot>
struct engine_handler {
    std::shared_ptr<loop_anchor> anchor;
    using allocator_type = slot_allocator<void>;
    allocator_type get_allocator() const noexcept { return allocator_type((*anchor).*Slot); }
    void operator()(const asio::error_code& = {}) const {
        if (anchor->engine) (anchor->engine->*Run)();
    }
};

/* How the phases come out of `io_context::run()`: after the poll phase there is a handler at the end of the queue, the
   pump, which runs check, close and timers. It is posted only when these have something to do, so a turn that only
   polls costs nothing else. The context's reactor stands in the same queue: behind the handlers of one poll, before
   the pump. A pump that was posted by the phases themselves must let the next poll go first; when it comes up the
   events of that poll are queued behind it, so it queues itself once more. */
struct loop_engine {
    // On the concrete executor: the one that can be any costs much to compile.
    using steady_timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                                    asio::io_context::executor_type>;

    explicit loop_engine(loop& l, asio::io_context* borrowed)
        : self(l), anchor(std::make_shared<loop_anchor>()) {
        anchor->engine = this;
        if (!borrowed) borrowed = &own.emplace(1);
        context = borrowed;
        wait.emplace(*context);
    }
    ~loop_engine() {
        wait.reset();
        anchor->engine = nullptr;
        for (; waits > 0; --waits) work_started(); // their handlers, if they are called at all, end it
        if (counted) work_finished();
    }
    void work_started() { detail::work_started(*context); }
    void work_finished() { detail::work_finished(*context); }

    // Tells whether anything keeps the context alive; what is 0 when it is raised and lowered stops it.
    bool has_work() {
        context->restart();
        work_started();
        work_finished();
        return !context->stopped();
    }
    void count(bool alive) {
        if (alive == counted) return;
        counted = alive;
        if (alive) work_started();
        else work_finished();
    }
    void request_pump(bool after_poll) {
        if (pumping) return;
        pumping = true;
        poll_first = after_poll;
        requested_at = this_thread_activity().turn.load(std::memory_order_relaxed);
        asio::post(*context, engine_handler<&loop_engine::pump, &loop_anchor::pump>{anchor});
    }
    void pump();
    void wake();
    // Does not count as work: `count` does.
    void wait_until(std::int64_t due) {
        if (armed <= due) return;
        armed = due;
        wait->expires_at(loop_time::at(due));
        wait->async_wait(engine_handler<&loop_engine::waited, &loop_anchor::wait>{anchor});
        ++waits;
        work_finished();
    }
    void waited();

    loop& self;
    std::shared_ptr<loop_anchor> anchor;
    std::optional<asio::io_context> own;
    asio::io_context* context = nullptr;
    std::optional<steady_timer> wait;
    std::int64_t armed = timer_queue::never; // when `wait` ends
    int waits = 0;                           // handlers of `wait` that were not called yet
    std::uint64_t requested_at = 0;          // the turn of the board when the pump was posted
    bool counted = false;
    bool pumping = false;
    bool poll_first = false;
};

} // namespace crema::detail
#endif
