// when_any: the first branch that succeeds decides, as Promise.any.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/race.hpp>
#include <crema/core/config.hpp>
#include <tuple>
#include <vector>

namespace crema {

namespace detail {

struct finish_any {
    template <class... T>
    static auto finish(join_state& join, std::tuple<branch<T>...>& branches) {
        join.check_parent();
        if (join.winner() == no_branch)
            std::apply([](auto&... b) { throw aggregate_error(errors(b...)); }, branches);
        return finish_winner::finish(join, branches);
    }
    template <class T>
    static T finish(join_state& join, std::vector<branch<T>>& branches) {
        join.check_parent();
        if (join.winner() == no_branch) {
            std::vector<std::exception_ptr> all;
            for (auto& b : branches) all.push_back(b.error());
            throw aggregate_error(std::move(all));
        }
        return finish_winner::finish(join, branches);
    }

private:
    template <class... B>
    static std::vector<std::exception_ptr> errors(B&... b) {
        std::vector<std::exception_ptr> all;
        (all.push_back(b.error()), ...);
        return all;
    }
};

} // namespace detail

/** Run awaitables side by side; the first that succeeds decides.

    The others are cancelled, and have ended and been destroyed when this returns.

    @param a One or more awaitables; moved in.
    @return The result, when all have one type; else a `std::variant`, whose index tells which.
    @throws aggregate_error when every branch failed.

    @par Cancellation
    Cancels every branch, waits for them, throws `cancelled`.

    @see ECMAScript, Promise.any
*/
template <detail::joinable... A>
    requires(sizeof...(A) > 0 && (sizeof...(A) != 1 || (!detail::range_of_awaitables<A> && ...)))
auto when_any(A&&... a) {
    return detail::join_all<detail::finish_any>(detail::join_until::first_success, std::forward<A>(a)...);
}

/** Run the awaitables of a range; the first that succeeds decides.

    @param range Its elements are moved from.
    @throws aggregate_error when every branch failed, or there is none.
*/
template <detail::range_of_awaitables R>
auto when_any(R&& range) {
    return detail::join_all_of<detail::finish_any>(detail::join_until::first_success, range);
}

/// Says what was wanted of other arguments.
template <class... A>
    requires detail::not_joinable<A...>
task<> when_any(A&&...) {
    static_assert(!detail::lvalue_to_join<A...>, "crema: when_any takes what it awaits: std::move(t) what has a name");
    static_assert(detail::lvalue_to_join<A...>, "crema: when_any takes awaitables, or one range of them");
    return {};
}

} // namespace crema
