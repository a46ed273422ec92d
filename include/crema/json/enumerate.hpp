// Enumerations as text: the names of the enumerators without macros.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/json/reflect.hpp>
#include <algorithm>
#include <limits>
#include <optional>

namespace crema::detail {

inline constexpr int lowest_enumerator = -128;
inline constexpr int highest_enumerator = 255;

#if defined(__clang__)
#pragma clang diagnostic push
#if __has_warning("-Wenum-constexpr-conversion") // clang 16 to 19 warn and cast all the same; later ones see no value
#pragma clang diagnostic ignored "-Wenum-constexpr-conversion"
#endif
#endif

template <class E, int V, class = void>
struct is_enumerable : std::false_type {};
template <class E, int V>
struct is_enumerable<E, V, std::void_t<std::integral_constant<E, static_cast<E>(V)>>> : std::true_type {};

// The first and the last value that may be cast to E in a constant expression.
template <class E>
consteval std::pair<int, int> enumerable_range() {
    using U = std::underlying_type_t<E>;
    if constexpr (std::is_same_v<U, bool>) return {0, 1};
    else if constexpr (requires { E{U(0)}; }) {
        const int low = std::is_signed_v<U> ? lowest_enumerator : 0;
        const bool small = sizeof(U) == 1 && std::is_signed_v<U>;
        return {low, small ? 127 : highest_enumerator};
    } else {
        // Not fixed: the values of the smallest bit-field that holds all enumerators.
        int low = 0, high = 0;
        [&]<int... Bits>(std::integer_sequence<int, Bits...>) {
            ((is_enumerable<E, (1 << Bits) - 1>::value ? high = (1 << Bits) - 1 : 0), ...);
            ((is_enumerable<E, -(1 << Bits)>::value ? low = -(1 << Bits) : 0), ...);
        }(std::make_integer_sequence<int, 9>());
        return {std::max(low, lowest_enumerator), std::min(high, highest_enumerator)};
    }
}

template <auto... V>
consteval std::string_view print_values() {
    return __PRETTY_FUNCTION__;
}

template <class E>
struct enumerator {
    E value;
    std::string_view name;
};

// Cuts "a::red, (a::color)1, a::blue" after its "= {" or "= <"; what begins with a parenthesis has no name.
template <class E>
consteval auto cut_enumerators() {
    constexpr auto range = enumerable_range<E>();
    constexpr std::size_t most = static_cast<std::size_t>(range.second - range.first + 1);
    std::string_view printed = []<int... I>(std::integer_sequence<int, I...>) {
        return print_values<static_cast<E>(I + enumerable_range<E>().first)...>();
    }(std::make_integer_sequence<int, static_cast<int>(most)>());
    struct {
        std::array<enumerator<E>, most> all{};
        std::size_t count = 0;
        std::size_t length = 0;
    } r;
    printed.remove_prefix(printed.find("V = ") + 5);
    int value = range.first, depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < printed.size() && value <= range.second; ++i) {
        const char c = printed[i];
        const bool last = depth == 0 && (c == '}' || c == '>');
        if (last || (depth == 0 && c == ',')) {
            std::string_view one = printed.substr(begin, i - begin);
            // `(anonymous namespace)::x` and `{anonymous}::x` are names too: what matters is whether an identifier
            // ends it.
            const std::size_t start = one.find_last_of(":)") + 1; // npos + 1 is 0
            std::string_view name = one.substr(start);
            const char first = name.empty() ? '0' : name.front();
            const bool number = first == '-' || (first >= '0' && first <= '9') || (start != 0 && one[start - 1] == ')');
            if (!number) {
                r.all[r.count++] = {static_cast<E>(value), name};
                r.length += name.size();
            }
            ++value;
            begin = i + 2;
            if (last) break;
        } else if (c == '(' || c == '<' || c == '{' || c == '[') {
            ++depth;
        } else if (c == ')' || c == '>' || c == '}' || c == ']') {
            --depth;
        }
    }
    return r;
}

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

template <class E>
consteval auto make_enumerators() {
    constexpr auto cut = cut_enumerators<E>();
    constexpr auto identifiers = [&] {
        std::array<std::string_view, cut.count> names{};
        for (std::size_t i = 0; i != cut.count; ++i) names[i] = cut.all[i].name;
        return names;
    }();
    constexpr auto all = renamed<E>(identifiers);
    static_assert(cut.count != 0, "crema::json: an enumeration without a named value from -128 to 255 is not "
                                  "reflected; give it to_json and from_json");
    static_assert(all.known, "crema::json: json::names lists an identifier that is no enumerator of the type");
    static_assert(all.distinct, "crema::json: two enumerators have the same name in JSON");
    constexpr std::size_t length = [&] {
        std::size_t n = 0;
        for (auto name : all.names) n += name.size();
        return n;
    }();
    struct {
        std::array<E, cut.count> values{};
        text_row<cut.count, length> names{};
    } r;
    std::size_t at = 0;
    for (std::size_t i = 0; i != cut.count; ++i) {
        r.values[i] = cut.all[i].value;
        for (char c : all.names[i]) r.names.text[at++] = c;
        r.names.begin[i + 1] = static_cast<std::uint32_t>(at);
    }
    return r;
}

template <class E>
inline constexpr auto enumerators = make_enumerators<E>();

} // namespace crema::detail

namespace crema::json {

/** Return the name of an enumerator, as `json::names` gives it.

    @return A text that lives forever; empty when the value has no name or lies outside of -128 to 255.

    @par Complexity
    Linear in the number of enumerators; constant when they count up from 0.

    @par Thread Safety
    Safe.
*/
template <class E>
    requires std::is_enum_v<E>
constexpr std::string_view enum_name(E value) noexcept {
    constexpr auto& all = detail::enumerators<E>;
    const auto guess = static_cast<std::size_t>(static_cast<std::underlying_type_t<E>>(value));
    if (guess < all.values.size() && all.values[guess] == value) return all.names[guess];
    for (std::size_t i = 0; i < all.values.size(); ++i)
        if (all.values[i] == value) return all.names[i];
    return {};
}

/** Return the enumerator of that name, or nothing.

    @par Complexity
    Linear in the number of enumerators.

    @par Thread Safety
    Safe.
*/
template <class E>
    requires std::is_enum_v<E>
constexpr std::optional<E> enum_value(std::string_view name) noexcept {
    constexpr auto& all = detail::enumerators<E>;
    for (std::size_t i = 0; i < all.values.size(); ++i)
        if (all.names[i] == name) return all.values[i];
    return std::nullopt;
}

} // namespace crema::json
