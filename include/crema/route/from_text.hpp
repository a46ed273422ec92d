// Conversion of text to values: numbers, truth values, text; strict, with an error that says what was expected.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/result.hpp>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace crema::route {

/** Converts text to a `T`. Specialize it for types that have no `static result<T> from_text(std::string_view)`.

    A specialization has one member, `static result<T> from(std::string_view text)`, whose failures are of
    `error::bad_value` and whose detail reads `"abc" is not a colour`.

    @tparam T An integer, a floating-point number, `bool`, `char`, `std::string`, `std::string_view` (of the text
    itself), `std::optional` of these, or a type of the application.
*/
template <class T>
struct text_conversion;

/** Convert text to a value. The whole text counts: no blanks, no plus sign, nothing behind.

    @return The value. A `std::string_view` is a view of `text`.

    @par Errors
    @li `error::bad_value` the text is no `T`, or out of its range; the detail quotes it.
*/
template <class T>
result<T> from_text(std::string_view text) {
    return text_conversion<T>::from(text);
}

namespace detail {

CREMA_DECL failure not_a(std::string_view text, std::string_view what);
CREMA_DECL failure out_of_range(std::string_view text, std::string_view from, std::string_view to);
CREMA_DECL result<long long> signed_from_text(std::string_view text, long long least, long long most);
CREMA_DECL result<unsigned long long> unsigned_from_text(std::string_view text, unsigned long long most);
CREMA_DECL result<float> float_from_text(std::string_view text, float);
CREMA_DECL result<double> float_from_text(std::string_view text, double);
CREMA_DECL result<long double> float_from_text(std::string_view text, long double);
CREMA_DECL result<bool> bool_from_text(std::string_view text);

template <class T>
concept has_from_text = requires(std::string_view text) {
    { T::from_text(text) } -> std::convertible_to<result<T>>;
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

} // namespace detail

/// @cond
template <class T>
struct text_conversion {
    static result<T> from(std::string_view text) {
        if constexpr (detail::has_from_text<T>) {
            return T::from_text(text);
        } else if constexpr (std::same_as<T, bool>) {
            return detail::bool_from_text(text);
        } else if constexpr (std::same_as<T, char>) {
            if (text.size() != 1) return detail::not_a(text, "a single character");
            return text[0];
        } else if constexpr (std::signed_integral<T>) {
            const auto v = detail::signed_from_text(text, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
            if (!v) return v.error();
            return static_cast<T>(*v);
        } else if constexpr (std::unsigned_integral<T>) {
            const auto v = detail::unsigned_from_text(text, std::numeric_limits<T>::max());
            if (!v) return v.error();
            return static_cast<T>(*v);
        } else if constexpr (std::floating_point<T>) {
            return detail::float_from_text(text, T{});
        } else if constexpr (std::same_as<T, std::string>) {
            return std::string(text);
        } else if constexpr (std::same_as<T, std::string_view>) {
            return text;
        } else if constexpr (detail::is_optional<T>) {
            auto v = route::from_text<typename T::value_type>(text);
            if (!v) return v.error();
            return T(std::move(*v));
        } else {
            static_assert(detail::has_from_text<T>,
                          "crema: a parameter cannot be converted to this type; give it a member "
                          "'static crema::result<T> from_text(std::string_view)' or specialize "
                          "'crema::route::text_conversion<T>'");
            return error::unsupported;
        }
    }
};
/// @endcond

} // namespace crema::route

#if CREMA_BODIES
#include <charconv>
#include <cmath>
namespace crema::route::detail {

// Quotes a text that came from outside, not all of it when it is long.
inline std::string quoted(std::string_view text) {
    constexpr std::size_t most = 64;
    return "\"" + std::string(text.substr(0, most)) + (text.size() > most ? "...\"" : "\"");
}

CREMA_DECL failure not_a(std::string_view text, std::string_view what) {
    return {make_error_code(error::bad_value), 0, quoted(text) + " is not " + std::string(what)};
}

CREMA_DECL failure out_of_range(std::string_view text, std::string_view from, std::string_view to) {
    return {make_error_code(error::bad_value), 0,
            quoted(text) + " is out of range, which is " + std::string(from) + " to " + std::string(to)};
}

// Reads the whole text as one number; the error code is that of std::from_chars.
template <class T>
std::errc read_number(std::string_view text, T& value) {
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    if (problem != std::errc{} && problem != std::errc::result_out_of_range) return problem;
    return stop == end ? problem : std::errc::invalid_argument;
}

CREMA_DECL result<long long> signed_from_text(std::string_view text, long long least, long long most) {
    long long v = 0;
    const auto problem = read_number(text, v);
    if (problem == std::errc::invalid_argument) return not_a(text, "an integer");
    if (problem != std::errc{} || v < least || v > most)
        return out_of_range(text, std::to_string(least), std::to_string(most));
    return v;
}

CREMA_DECL result<unsigned long long> unsigned_from_text(std::string_view text, unsigned long long most) {
    unsigned long long v = 0;
    auto problem = read_number(text, v);
    if (long long negative = 0; problem == std::errc::invalid_argument && text.starts_with('-') &&
                                read_number(text, negative) != std::errc::invalid_argument)
        problem = std::errc::result_out_of_range;
    if (problem == std::errc::invalid_argument) return not_a(text, "an integer");
    if (problem != std::errc{} || v > most) return out_of_range(text, "0", std::to_string(most));
    return v;
}

template <class T>
result<T> read_float(std::string_view text) {
    T v{};
    const auto problem = read_number(text, v);
    if (problem == std::errc::invalid_argument || (problem == std::errc{} && !std::isfinite(v)))
        return not_a(text, "a number");
    if (problem != std::errc{}) return failure{make_error_code(error::bad_value), 0, quoted(text) + " is out of range"};
    return v;
}
CREMA_DECL result<float> float_from_text(std::string_view text, float) { return read_float<float>(text); }
CREMA_DECL result<double> float_from_text(std::string_view text, double) { return read_float<double>(text); }
CREMA_DECL result<long double> float_from_text(std::string_view text, long double) {
    return read_float<long double>(text);
}

CREMA_DECL result<bool> bool_from_text(std::string_view text) {
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    return not_a(text, "true or false");
}

} // namespace crema::route::detail
#endif
