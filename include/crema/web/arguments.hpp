// arguments: fills the parameters of a handler by their types.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/awaitable.hpp>
#include <crema/core/config.hpp>
#include <crema/route/typed.hpp>
#include <crema/web/error.hpp>
#include <crema/web/next.hpp>
#include <crema/web/query_argument.hpp>
#include <crema/web/request.hpp>
#include <crema/web/request_of.hpp>
#include <crema/web/response.hpp>
#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace crema {

/** Is the parsed JSON body of the request, as an argument of a handler: `[](body<post> b, response& res)`.

    The body, at most 100 KiB of it, is read before the handler runs; what is no valid `T` is answered with 400, naming
    the field.

    @par Thread Safety
    Distinct objects: safe.
*/
template <class T>
struct body {
    T value; ///< what was parsed
    T* operator->() noexcept { return &value; }
    const T* operator->() const noexcept { return &value; }
    T& operator*() noexcept { return value; }
    const T& operator*() const noexcept { return value; }
    operator T&() noexcept { return value; }
};

namespace detail {

template <class T>
struct argument {
    static constexpr bool known = false;
};

template <class T>
concept argument_type = argument<T>::known;

template <>
struct argument<request&> {
    static constexpr bool known = true;
    static request& get(request& req, response&, next&) { return req; }
};
template <>
struct argument<const request&> : argument<request&> {};
template <>
struct argument<response&> {
    static constexpr bool known = true;
    static response& get(request&, response& res, next&) { return res; }
};
template <>
struct argument<next&> {
    static constexpr bool known = true;
    static next& get(request&, response&, next& n) { return n; }
};
template <>
struct argument<next> {
    static constexpr bool known = true;
    static next get(request&, response&, next& n) { return n; }
};
template <class T>
struct argument<body<T>> {
    static constexpr bool known = true;
    static constexpr bool is_body = true;
    static body<T> get(request& req, response&, next&) { return body<T>{req.json<T>()}; }
};
template <class T>
struct argument<const body<T>&> : argument<body<T>> {};
template <class T>
struct argument<query<T>> {
    static constexpr bool known = true;
    static query<T> get(request& req, response&, next&) {
        static_assert(aggregate<T> || std::is_same_v<T, value>,
                      "crema: query<T> reads an aggregate, whose members are the parameters of the query");
        query<T> q{};
        if constexpr (std::is_same_v<T, value>) q.value = req.query();
        else read_query_members(q.value, req.query(), std::string());
        return q;
    }
};
template <class T>
struct argument<const query<T>&> : argument<query<T>> {};

template <route::fixed_string Name, class T>
struct argument<param<Name, T>> {
    static constexpr bool known = true;
    static constexpr bool is_param = true;
    static constexpr auto name = Name;
    using type = T;

    static param<Name, T> get(request& req, response&, next&) {
        return param<Name, T>(req.params<Name, T>());
    }
};
template <route::fixed_string Name, class T>
struct argument<const param<Name, T>&> : argument<param<Name, T>> {};

template <class A>
inline constexpr bool is_plain_argument =
    std::is_same_v<A, request&> || std::is_same_v<A, response&> || std::is_same_v<A, next&>;

// Fails to compile, with the name in the first line, when the pattern has no such parameter.
template <class Pattern, class A>
consteval void check_argument() {
    static_assert(argument_type<A>, "crema: a handler cannot take an argument of this type; it may take request&, "
                                    "response&, next&, param<\"name\", T>, query<T>, body<T>, in any order");
    if constexpr (!std::is_same_v<Pattern, runtime_pattern> && requires { argument<A>::is_param; })
        Pattern::template require<argument<A>::name, typename argument<A>::type>();
}

template <class R, class... A>
struct call_signature {
    static constexpr bool known = true;
    using result = R;
    using first = std::tuple_element_t<0, std::tuple<A..., void>>;
    using error_type = std::remove_cvref_t<first>;
    static constexpr bool is_any_error = sizeof...(A) == 4 && std::is_same_v<error_type, std::exception_ptr>;
    static constexpr bool is_typed_error = sizeof...(A) == 4 && std::derived_from<error_type, std::exception>;
    static constexpr bool has_next = (std::is_same_v<std::remove_cvref_t<A>, next> || ...);
    static constexpr bool suspends = [] {
        if constexpr (std::is_void_v<R>) return false;
        else return awaitable<R>;
    }();
    static constexpr bool takes_body = (requires { argument<A>::is_body; } || ...);

    // Fails to compile when a handler of this signature cannot be registered for this pattern.
    template <class Pattern>
    static consteval bool check() {
        ([] {
            if constexpr (!is_plain_argument<A>) check_argument<Pattern, A>();
        }(), ...);
        return true;
    }
    template <class F>
    static R apply(F& f, request& req, response& res, next& n) {
        return f(argument<A>::get(req, res, n)...);
    }
};

template <class F>
struct signature {
    static constexpr bool known = false;
};
template <class R, class... A>
struct signature<R (*)(A...)> : call_signature<R, A...> {};
template <class R, class... A>
struct signature<R (*)(A...) noexcept> : call_signature<R, A...> {};

template <class M>
struct member_signature;
#define CREMA_MEMBER_SIGNATURE(qualifier)                                                                              \
    template <class C, class R, class... A>                                                                            \
    struct member_signature<R (C::*)(A...) qualifier> : call_signature<R, A...> {};
CREMA_MEMBER_SIGNATURE()
CREMA_MEMBER_SIGNATURE(const)
CREMA_MEMBER_SIGNATURE(noexcept)
CREMA_MEMBER_SIGNATURE(const noexcept)
#undef CREMA_MEMBER_SIGNATURE

template <class F>
    requires requires { &F::operator(); }
struct signature<F> : member_signature<decltype(&F::operator())> {};

} // namespace detail
} // namespace crema

#if CREMA_BODIES
namespace crema {

CREMA_DECL const settings& request::options() const noexcept { return const_cast<request*>(this)->res().options(); }

} // namespace crema
#endif
