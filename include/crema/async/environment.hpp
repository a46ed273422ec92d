// environment: what a coroutine hands down to the coroutines that it awaits.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/cancellation.hpp>
#include <crema/core/activity.hpp>
#include <coroutine>

namespace crema {

class context_frame; // per-request values, see context.hpp

/** Travels down a chain of coroutines: whom to obey, what they work on, which values they see.

    A root (`spawn`, the handler of a request, a combinator) owns one; the promises below point to it. Whoever
    resumes a coroutine after a real suspension does so through `resume_in`, so that the thread knows what runs.

    @par Thread Safety
    Only on the thread of the coroutines.
*/
struct environment {
    cancel_scope* scope = nullptr;     ///< whose cancellation is obeyed; may be null
    const activity* what = nullptr;    ///< what the coroutines work on; may be null
    context_frame* context = nullptr;  ///< innermost values of `context_value`; may be null
};

/// Returns the environment for coroutines that were started without one.
inline environment& no_environment() noexcept {
    static thread_local constinit environment none{};
    return none;
}

/** Resume a coroutine after a real suspension, from a callback of the loop.

    @param env The environment of the coroutine; not null.
    @param handle What to resume.
*/
inline void resume_in(const environment& env, std::coroutine_handle<> handle) {
    const activity_scope running(env.what);
    handle.resume();
}

/// Is a promise that knows its environment: what leaf awaitables require of the coroutine that awaits them.
template <class Promise>
concept has_environment = requires(Promise& p) {
    { p.env() } -> std::convertible_to<environment*>;
};

/// Returns the environment of the coroutine, or the empty one when its promise knows none.
template <class Promise>
environment* environment_of(std::coroutine_handle<Promise> h) noexcept {
    if constexpr (has_environment<Promise>) return h.promise().env();
    else return &no_environment();
}

} // namespace crema
