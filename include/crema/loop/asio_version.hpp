// What differs between the versions of Asio, in one place: 1.22 is the floor.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>

// Asio before 1.24 does not know that clang has coroutines. It is too late to tell when <asio.hpp> came before crema:
// then define ASIO_HAS_CO_AWAIT for the whole program, or do without asio::awaitable.
#if defined(__clang__) && !defined(ASIO_HAS_CO_AWAIT) && !defined(ASIO_DISABLE_CO_AWAIT) && !defined(ASIO_AWAITABLE_HPP)
#define ASIO_HAS_CO_AWAIT 1
#endif

#include <asio/execution.hpp>
#include <asio/io_context.hpp>
#include <asio/version.hpp>
#include <utility>

#if ASIO_VERSION < 102200
#error "crema needs Asio 1.22 or newer"
#endif

namespace crema::detail {

// Runs a function on an executor as its properties say.
template <class Executor, class F>
void execute_on(const Executor& executor, F&& f) {
#if ASIO_VERSION < 102400
    asio::execution::execute(executor, std::forward<F>(f)); // the member is not public
#else
    executor.execute(std::forward<F>(f));
#endif
}

// Counts one more, one less reason for `run` to go on.
inline void work_started(asio::io_context& context) noexcept {
#if defined(ASIO_NO_TS_EXECUTORS)
    asio::use_service<asio::detail::io_context_impl>(context).work_started();
#else
    context.get_executor().on_work_started();
#endif
}
inline void work_finished(asio::io_context& context) noexcept {
#if defined(ASIO_NO_TS_EXECUTORS)
    asio::use_service<asio::detail::io_context_impl>(context).work_finished();
#else
    context.get_executor().on_work_finished();
#endif
}

} // namespace crema::detail
