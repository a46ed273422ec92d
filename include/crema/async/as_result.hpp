// as_result: gives what an awaitable throws as a value.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/awaitable.hpp>
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <crema/core/result.hpp>
#include <type_traits>
#include <utility>

namespace crema {

namespace detail {

template <class V, class A>
task<result<V>> give_result(A work) {
    try {
        if constexpr (std::is_void_v<await_result_t<A>>) {
            co_await std::move(work);
            co_return result<V>(V());
        } else {
            V value = co_await std::move(work);
            co_return result<V>(std::move(value));
        }
    } catch (const cancelled&) {
        throw;
    } catch (const std::system_error& e) {
        co_return result<V>(failure{e.code(), 0, e.what()});
    }
}

} // namespace detail

/** Turn the error of an awaitable into a value: its code, and as detail what it says, path or peer first.

    @code
    const auto text = co_await as_result(fs::read_file("config.json"));
    if (!text) use_defaults(text.error().message());
    @endcode

    @param a What is awaited; moved in.
    @return A task that gives `result<T>`; `result<std::monostate>` where `a` gives nothing.

    @par Errors
    A `std::system_error`, `crema::system_error` among them, becomes a `failure`. Other exceptions are no results: they come
    through.

    @par Cancellation
    Goes down to `a`; `cancelled` comes through.
*/
template <awaitable A>
    requires(!std::is_lvalue_reference_v<A>)
task<result<value_of_t<await_result_t<A>>>> as_result(A&& a) {
    return detail::give_result<value_of_t<await_result_t<A>>>(std::remove_cvref_t<A>(static_cast<A&&>(a)));
}

} // namespace crema
