// set_timeout, set_interval, set_immediate, next_tick, queue_microtask, clear_*: Node's functions, on the loop of this thread.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/function.hpp>
#include <crema/loop/immediate.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/timer.hpp>
#include <source_location>
#include <utility>

namespace crema {

/// Calls a function once, after a delay, on the loop of this thread. @see loop::set_timeout
inline timer set_timeout(unique_function<void()> f, timer_delay delay = 1,
                         std::source_location where = std::source_location::current()) {
    return loop::current().set_timeout(std::move(f), delay, where);
}
/// Calls a function again and again, on the loop of this thread. @see loop::set_interval
inline timer set_interval(unique_function<void()> f, timer_delay period,
                          std::source_location where = std::source_location::current()) {
    return loop::current().set_interval(std::move(f), period, where);
}
/// Calls a function in the next check phase of the loop of this thread. @see loop::set_immediate
inline immediate set_immediate(unique_function<void()> f,
                               std::source_location where = std::source_location::current()) {
    return loop::current().set_immediate(std::move(f), where);
}
/// Queues a tick on the loop of this thread. @see loop::next_tick
inline void next_tick(unique_function<void()> f, std::source_location where = std::source_location::current()) {
    loop::current().next_tick(std::move(f), where);
}
/// Queues a microtask on the loop of this thread. @see loop::queue_microtask
inline void queue_microtask(unique_function<void()> f, std::source_location where = std::source_location::current()) {
    loop::current().queue_microtask(std::move(f), where);
}
/// Stops a timer for good. Interchangeable with `clear_interval`.
inline void clear_timeout(timer t) noexcept {
    t.clear();
}
/// Stops a timer for good. Interchangeable with `clear_timeout`.
inline void clear_interval(timer t) noexcept {
    t.clear();
}
/// Takes an immediate back.
inline void clear_immediate(immediate i) noexcept {
    i.clear();
}

} // namespace crema
