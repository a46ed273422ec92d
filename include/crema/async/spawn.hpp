// spawn: start a coroutine that nobody awaits.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <exception>
#include <source_location>

namespace crema {

namespace detail {

// A root coroutine: owns its environment, is in the list of its thread until it ends.
struct spawned {
    spawned* next = nullptr;
    spawned** link = nullptr;
    std::coroutine_handle<> frame;
    void remove() noexcept {
        *link = next;
        if (next) next->link = link;
    }
};

struct spawned_list {
    spawned* head = nullptr;
    void add(spawned& s) noexcept {
        s.next = head;
        if (head) head->link = &s.next;
        s.link = &head;
        head = &s;
    }
};
inline thread_local constinit spawned_list all_spawned{};

// Set by the loop of the thread: receives errors that nobody observed. Without a loop they leave `spawn`.
using unobserved_function = void (*)(std::exception_ptr);
inline thread_local constinit unobserved_function report_unobserved = nullptr;

// Destroys every spawned coroutine of this thread that still waits; the loop calls it when it is destroyed.
CREMA_DECL void destroy_spawned() noexcept;
CREMA_DECL void unobserved(std::exception_ptr error);

struct spawn_frame {
    struct promise_type : spawned {
        environment environment_;
        activity activity_;

        promise_type(task<>&, cancel_scope* scope, const activity_label& label) noexcept {
            activity_.label = &label;
            environment_.scope = scope;
            environment_.what = &activity_;
            frame = std::coroutine_handle<promise_type>::from_promise(*this);
            all_spawned.add(*this);
        }
        ~promise_type() { remove(); }
        static void* operator new(std::size_t size) { return recycle_allocate(size); }
        static void operator delete(void* p, std::size_t size) noexcept { recycle_free(p, size); }
        spawn_frame get_return_object() noexcept { return {this}; }
        std::suspend_always initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        void unhandled_exception() const { unobserved(std::current_exception()); }
        environment* env() noexcept { return &environment_; }
    };
    promise_type* promise;
};

inline spawn_frame spawn_root(task<> t, cancel_scope*, const activity_label&) {
    co_await std::move(t);
}

} // namespace detail

/** Start a task that nobody awaits. It runs at once until it first waits, then goes on by itself.

    It has an environment of its own: it is not cancelled with whoever spawned it. Its frame lives until it ends,
    or until the loop of the thread is destroyed.

    @param t The task; its result, if any, is discarded.
    @param scope Whose cancellation it obeys; null for none. It must outlive the task.
    @param where What the watchdog names; the caller's place by default.

    @par Errors
    An exception that leaves the task reaches `loop.on_error` once the microtasks are drained; `cancelled` is dropped.

    @par Thread Safety
    The task stays on the calling thread.
*/
template <class T>
void spawn(task<T> t, cancel_scope* scope = nullptr, std::source_location where = std::source_location::current()) {
    if constexpr (std::is_void_v<T>) {
        auto* p = detail::spawn_root(std::move(t), scope, label_at("task", where)).promise;
        resume_in(p->environment_, p->frame);
    } else {
        spawn([](task<T> inner) -> task<> { co_await std::move(inner); }(std::move(t)), scope, where);
    }
}

} // namespace crema

#if CREMA_BODIES
namespace crema::detail {

CREMA_DECL void destroy_spawned() noexcept {
    while (auto* s = all_spawned.head) s->frame.destroy();
}

CREMA_DECL void unobserved(std::exception_ptr error) {
    try {
        std::rethrow_exception(error);
    } catch (const cancelled&) {
        return;
    } catch (...) {
    }
    if (report_unobserved) report_unobserved(std::move(error));
    else std::rethrow_exception(std::move(error)); // no loop: out of spawn()
}

} // namespace crema::detail
#endif
