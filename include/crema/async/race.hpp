// race: the first branch that ends decides, as Promise.race.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/join.hpp>
#include <crema/core/config.hpp>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

namespace crema {

namespace detail {

template <class First, class... Rest>
struct first_or_variant_of {
    using type = std::conditional_t<(std::is_same_v<First, Rest> && ...), First,
                                    std::variant<value_of_t<First>, value_of_t<Rest>...>>;
};
template <class... T>
using first_or_variant = typename first_or_variant_of<T...>::type;

// Gives the result of the branch that won, for `race` and `when_any`.
struct finish_winner {
    template <class... T>
    static first_or_variant<T...> finish(join_state& join, std::tuple<branch<T>...>& branches) {
        join.check_parent();
        return pick<first_or_variant<T...>, 0>(join.winner(), branches);
    }
    template <class T>
    static T finish(join_state& join, std::vector<branch<T>>& branches) {
        join.check_parent();
        if (join.winner() == no_branch) throw std::invalid_argument("crema: a race of nothing never ends");
        return static_cast<T>(task_access::promise(branches[join.winner()].work).take());
    }

private:
    template <class R, std::size_t I, class Branches>
    static R pick(std::size_t winner, Branches& branches) {
        if constexpr (I + 1 < std::tuple_size_v<Branches>)
            if (winner != I) return pick<R, I + 1>(winner, branches);
        auto& b = std::get<I>(branches);
        using T = typename decltype(b.work)::value_type;
        if constexpr (std::is_same_v<R, T>) return static_cast<R>(task_access::promise(b.work).take());
        else return R(std::in_place_index<I>, b.take());
    }
};

} // namespace detail

/** Run awaitables side by side; the first that ends, by value or by exception, decides.

    The others are cancelled, and have ended and been destroyed when this returns or throws.

    @param a One or more awaitables; moved in.
    @return The result of the first, when all have one type; else a `std::variant`, whose index tells which.

    @par Cancellation
    Cancels every branch, waits for them, throws `cancelled`.

    @see ECMAScript, Promise.race
*/
template <detail::joinable... A>
    requires(sizeof...(A) > 0 && (sizeof...(A) != 1 || (!detail::range_of_awaitables<A> && ...)))
auto race(A&&... a) {
    return detail::join_all<detail::finish_winner>(detail::join_until::first_end, std::forward<A>(a)...);
}

/** Race the awaitables of a range.

    @param range Its elements are moved from.
    @throws std::invalid_argument when the range is empty: such a race would never end.
*/
template <detail::range_of_awaitables R>
auto race(R&& range) {
    return detail::join_all_of<detail::finish_winner>(detail::join_until::first_end, range);
}

/// Says what was wanted of other arguments.
template <class... A>
    requires detail::not_joinable<A...>
task<> race(A&&...) {
    static_assert(!detail::lvalue_to_join<A...>, "crema: race takes what it awaits: std::move(t) what has a name");
    static_assert(detail::lvalue_to_join<A...>, "crema: race takes awaitables, or one range of them");
    return {};
}

} // namespace crema
