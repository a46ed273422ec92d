// request_of: a request whose route the compiler knows, so that it checks the names of parameters.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/route/typed.hpp>
#include <crema/web/request.hpp>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace crema {

namespace detail {

// The pattern of a route that was given as a string.
struct runtime_pattern {};

// Is what the compiler complains about in a name that is no parameter of the route: it is called, and no constant.
inline void the_route_has_no_parameter_of_this_name() {}

// A name that was checked against the pattern.
template <class Pattern>
struct checked_name {
    std::string_view text;
    template <std::size_t Size>
    consteval checked_name(const char (&name)[Size]) : text(name, Size - 1) {
        if (!Pattern::has_param(text)) the_route_has_no_parameter_of_this_name();
    }
};

} // namespace detail

/** Is what a generic handler of a typed route gets: `app.get<"/users/:id">([](auto& req, auto& res) …)`.

    It is the request, and its `params` take the names that the pattern has: others do not compile.

    @tparam Pattern A `route::typed_pattern`.

    @par Thread Safety
    As `request`.
*/
template <class Pattern>
class request_of final : public request {
public:
    /// Returns what the pattern of the layer captured.
    const path_params& params() const noexcept { return request::params(); }
    /// Returns one parameter by a literal that the compiler checks; empty when it stands in a group that is absent.
    std::string_view params(detail::checked_name<Pattern> name) const noexcept { return request::params(name.text); }
    /// Returns one parameter by a name that is known when the program runs.
    template <class S>
        requires(std::same_as<S, std::string_view> || std::same_as<S, std::string>)
    std::string_view params(const S& name) const noexcept {
        return request::params(std::string_view(name));
    }
    /// Sets a parameter. See `request::params`.
    void params(std::string_view name, std::string_view replacement) { request::params(name, replacement); }

    /** Return one parameter: `req.params<"id", int>()`.

        @tparam T By default a text, or an optional one when the parameter stands in a group.
        @throws http_error 400 that names the parameter when it is no `T`.
    */
    template <route::fixed_string Name, class T = void>
    auto params() const {
        Pattern::template require<Name, T>();
        if constexpr (!std::is_void_v<T>) return request::params<Name, T>();
        else if constexpr (Pattern::at(Pattern::find(Name.view())).optional)
            return request::params<Name, std::optional<std::string_view>>();
        else return request::params<Name>();
    }
};

namespace detail {

template <class Pattern>
struct request_type {
    using type = request_of<Pattern>;
};
template <>
struct request_type<runtime_pattern> {
    using type = request;
};

// The same request, by what is known of its route. `request_of` adds no member: it is a way to look at a request.
template <class Pattern>
typename request_type<Pattern>::type& as_request_of(request& req) noexcept {
    static_assert(sizeof(typename request_type<Pattern>::type) == sizeof(request));
    return static_cast<typename request_type<Pattern>::type&>(req);
}

} // namespace detail
} // namespace crema
