// when_all: run awaitables side by side and give all their results, as Promise.all.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/join.hpp>
#include <crema/core/config.hpp>
#include <tuple>
#include <vector>

namespace crema {

namespace detail {

struct finish_all {
    template <class... T>
    static std::tuple<value_of_t<T>...> finish(join_state& join, std::tuple<branch<T>...>& branches) {
        fail(join, branches, std::index_sequence_for<T...>{});
        return std::apply([](auto&... b) { return std::tuple<value_of_t<T>...>(b.take()...); }, branches);
    }
    template <class T>
    static std::vector<value_of_t<T>> finish(join_state& join, std::vector<branch<T>>& branches) {
        if (join.winner() != no_branch) {
            join.check_parent();
            std::rethrow_exception(branches[join.winner()].error());
        }
        std::vector<value_of_t<T>> all;
        all.reserve(branches.size());
        for (auto& b : branches) all.push_back(b.take());
        return all;
    }

private:
    template <class Branches, std::size_t... I>
    static void fail(join_state& join, Branches& branches, std::index_sequence<I...>) {
        if (join.winner() == no_branch) return;
        join.check_parent();
        ((join.winner() == I ? std::rethrow_exception(std::get<I>(branches).error()) : void()), ...);
    }
};

} // namespace detail

/** Run awaitables side by side and give all their results.

    `auto [user, posts] = co_await when_all(db.user(id), db.posts_of(id));`

    All are started at once, in order. The first that throws cancels the others; when every one of them has ended,
    that exception is rethrown. Nothing of a branch is left when this returns.

    @param a Tasks, Asio operations (`use_await`), `asio::awaitable`s, any awaitable; moved in.
    @return A tuple of the results in the order of the arguments, `std::monostate` for void.

    @par Cancellation
    Cancels every branch, waits for them, throws `cancelled`.

    @par Complexity
    No allocation besides the frames of the branches; one frame for a branch that is no `task`.

    @see ECMAScript, Promise.all
*/
template <detail::joinable... A>
    requires(sizeof...(A) != 1 || (!detail::range_of_awaitables<A> && ...))
auto when_all(A&&... a) {
    return detail::join_all<detail::finish_all>(detail::join_until::first_error, std::forward<A>(a)...);
}

/** Run the awaitables of a range side by side and give all their results in a vector.

    @param range Its elements are moved from.

    @see when_all(A&&...)
*/
template <detail::range_of_awaitables R>
auto when_all(R&& range) {
    return detail::join_all_of<detail::finish_all>(detail::join_until::first_error, range);
}

/// Says what was wanted of other arguments.
template <class... A>
    requires detail::not_joinable<A...>
task<> when_all(A&&...) {
    static_assert(!detail::lvalue_to_join<A...>, "crema: when_all takes what it awaits: std::move(t) what has a name");
    static_assert(detail::lvalue_to_join<A...>, "crema: when_all takes awaitables, or one range of them");
    return {};
}

} // namespace crema
