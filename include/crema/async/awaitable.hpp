// awaitable: what can be awaited, what it gives, and how foreign types are made awaitable.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>
#include <variant>

namespace crema {

/** Makes a foreign type awaitable in a `task`. Specialise it with

    @code
    template <> struct await_adaptor<foreign> { static awaitable auto adapt(foreign&& x); };
    @endcode

    `loop/asio_bridge.hpp` does so for `asio::awaitable`.
*/
template <class T>
struct await_adaptor {};

/// Has an `await_adaptor`.
template <class T>
concept adaptable = requires(std::remove_cvref_t<T>&& x) { await_adaptor<std::remove_cvref_t<T>>::adapt(std::move(x)); };

namespace detail {

template <class A>
concept awaiter = requires(A& a) {
    { a.await_ready() } -> std::convertible_to<bool>;
    a.await_resume();
};

template <class A>
concept has_member_co_await = requires(A&& a) { std::forward<A>(a).operator co_await(); };
template <class A>
concept has_free_co_await = requires(A&& a) { operator co_await(std::forward<A>(a)); };

template <class A>
decltype(auto) get_awaiter(A&& a) {
    if constexpr (adaptable<A>) return get_awaiter(await_adaptor<std::remove_cvref_t<A>>::adapt(std::move(a)));
    else if constexpr (has_member_co_await<A>) return std::forward<A>(a).operator co_await();
    else if constexpr (has_free_co_await<A>) return operator co_await(std::forward<A>(a));
    else return std::forward<A>(a);
}

// Stands for an awaiter that lives until the end of the full expression. g++ 12 copies what an await_transform
// returns by reference, and awaiters are often immovable.
template <class A>
struct awaiter_ref {
    A& a;
    bool await_ready() { return static_cast<bool>(a.await_ready()); }
    template <class Promise>
    decltype(auto) await_suspend(std::coroutine_handle<Promise> h) {
        return a.await_suspend(h);
    }
    decltype(auto) await_resume() { return a.await_resume(); }
};

template <class A>
struct await_result {
    using awaiter_type = decltype(get_awaiter(std::declval<A>()));
    using type = decltype(std::declval<std::remove_reference_t<awaiter_type>&>().await_resume());
};

} // namespace detail

/// Can be awaited in a `task`: has the three functions of an awaiter, an `operator co_await`, or an adaptor.
template <class A>
concept awaitable = adaptable<A> || detail::has_member_co_await<A> || detail::has_free_co_await<A> ||
                    detail::awaiter<std::remove_reference_t<A>>;

/// The type of `co_await std::declval<A>()`.
template <awaitable A>
using await_result_t = typename detail::await_result<A>::type;

/// `std::monostate` for void, else the type without reference: what can be put into a tuple.
template <class T>
using value_of_t = std::conditional_t<std::is_void_v<T>, std::monostate, std::remove_cvref_t<T>>;

} // namespace crema
