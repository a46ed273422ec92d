// all_settled: run awaitables side by side and tell of each how it ended, as Promise.allSettled.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/join.hpp>
#include <crema/core/config.hpp>
#include <tuple>
#include <vector>

namespace crema {

namespace detail {

struct finish_settled {
    template <class... T>
    static std::tuple<settled<value_of_t<T>>...> finish(join_state& join, std::tuple<branch<T>...>& branches) {
        join.check_parent();
        return std::apply([](auto&... b) { return std::tuple<settled<value_of_t<T>>...>(b.settle()...); }, branches);
    }
    template <class T>
    static std::vector<settled<value_of_t<T>>> finish(join_state& join, std::vector<branch<T>>& branches) {
        join.check_parent();
        std::vector<settled<value_of_t<T>>> all;
        all.reserve(branches.size());
        for (auto& b : branches) all.push_back(b.settle());
        return all;
    }
};

} // namespace detail

/** Run awaitables side by side, wait for all of them, and tell of each how it ended.

    No branch cancels another.

    @param a Any awaitables; moved in.
    @return A tuple of `settled<T>` in the order of the arguments.

    @par Cancellation
    Cancels every branch, waits for them, throws `cancelled`.

    @see ECMAScript, Promise.allSettled
*/
template <detail::joinable... A>
    requires(sizeof...(A) != 1 || (!detail::range_of_awaitables<A> && ...))
auto all_settled(A&&... a) {
    return detail::join_all<detail::finish_settled>(detail::join_until::all_ended, std::forward<A>(a)...);
}

/** Run the awaitables of a range side by side and tell of each how it ended, in a vector of `settled<T>`.

    @param range Its elements are moved from.
*/
template <detail::range_of_awaitables R>
auto all_settled(R&& range) {
    return detail::join_all_of<detail::finish_settled>(detail::join_until::all_ended, range);
}

/// Says what was wanted of other arguments.
template <class... A>
    requires detail::not_joinable<A...>
task<> all_settled(A&&...) {
    static_assert(!detail::lvalue_to_join<A...>, "crema: all_settled takes what it awaits: std::move(t) what has a name");
    static_assert(detail::lvalue_to_join<A...>, "crema: all_settled takes awaitables, or one range of them");
    return {};
}

} // namespace crema
