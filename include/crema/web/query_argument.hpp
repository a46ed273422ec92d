// query_argument: the query of a request as an aggregate, field by field.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <crema/json/enumerate.hpp>
#include <crema/json/reflect.hpp>
#include <crema/route/from_text.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema {

/** Is the query of the request as an aggregate, as an argument of a handler: `[](query<page> q, response& res)`.

    Each member is converted from what the query has under its name; what cannot be is answered with 400, naming it.
    Members are what `route::from_text` makes, enumerations by the names of their enumerators, `std::optional` and
    `std::vector` of these (`?tag=a&tag=b`, or once), `value`, and aggregates where the setting `query parser` is
    `"extended"`. A member that the query does not have keeps the value that `T{}` gives it; when the type says
    `static constexpr bool query_required = true;` only a `std::optional` may be absent. Names of the query that are no
    members are ignored.

    @par Thread Safety
    Distinct objects: safe.
*/
template <class T>
struct query {
    T value; ///< what was read
    T* operator->() noexcept { return &value; }
    const T* operator->() const noexcept { return &value; }
    T& operator*() noexcept { return value; }
    const T& operator*() const noexcept { return value; }
    operator T&() noexcept { return value; }
};

namespace detail {

// Throws http_error 400: query parameter "name" ...
[[noreturn]] CREMA_DECL void bad_query(std::string_view name, std::string_view why);

// The text of a value of the query.
CREMA_DECL const std::string& query_text_of(const value& v, std::string_view name);

template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;

template <class T>
void read_query_members(T& to, const value& from, const std::string& path);

template <class T>
void read_query(T& to, const value& from, const std::string& name) {
    if constexpr (std::is_same_v<T, value>) {
        to = from;
    } else if constexpr (route::detail::is_optional<T>) {
        read_query(to.emplace(), from, name);
    } else if constexpr (is_list<T>) {
        to.clear();
        if (from.is_array()) {
            for (const auto& one : from.elements()) {
                typename T::value_type element{};
                read_query(element, one, name + "[" + std::to_string(to.size()) + "]");
                to.push_back(std::move(element));
            }
        } else {
            typename T::value_type element{};
            read_query(element, from, name);
            to.push_back(std::move(element));
        }
    } else if constexpr (std::is_enum_v<T> && !route::detail::has_from_text<T>) {
        const auto& text = query_text_of(from, name);
        const auto found = json::enum_value<T>(text);
        if (!found) {
            std::string all;
            for (std::size_t i = 0; i < enumerators<T>.values.size(); ++i)
                (all += i == 0 ? "" : ", ") += enumerators<T>.names[i];
            bad_query(name, "\"" + text.substr(0, 64) + "\" is not one of " + all);
        }
        to = *found;
    } else if constexpr (aggregate<T> && !route::detail::has_from_text<T>) {
        if (!from.is_object()) bad_query(name, "names in brackets are expected");
        read_query_members(to, from, name);
    } else {
        auto v = route::from_text<T>(query_text_of(from, name));
        if (!v) bad_query(name, v.error().message());
        to = std::move(*v);
    }
}

template <class T>
void read_query_members(T& to, const value& from, const std::string& path) {
    std::size_t i = 0;
    const auto one = [&](auto& member) {
        const std::string_view own = field_names<T>[i++];
        const auto* v = from.find(own);
        if (!v) {
            if constexpr (requires { requires T::query_required; } &&
                          !route::detail::is_optional<std::remove_reference_t<decltype(member)>>)
                bad_query(path.empty() ? own : path + "[" + std::string(own) + "]", "is missing");
            return;
        }
        read_query(member, *v, path.empty() ? std::string(own) : path + "[" + std::string(own) + "]");
    };
    with_fields(to, [&](auto&... member) { (one(member), ...); });
}

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <crema/web/error.hpp>

namespace crema::detail {

CREMA_DECL void bad_query(std::string_view name, std::string_view why) {
    throw http_error(400, "query parameter \"" + std::string(name) + "\": " + std::string(why));
}

CREMA_DECL const std::string& query_text_of(const value& v, std::string_view name) {
    if (v.is_array()) bad_query(name, "one value is expected, there are " + std::to_string(v.size()));
    if (!v.is_string()) bad_query(name, "a text is expected, names in brackets are not");
    return v.as_string();
}

} // namespace crema::detail
#endif
