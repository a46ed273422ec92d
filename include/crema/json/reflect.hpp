// Reflection of aggregates without macros: how many fields, their names, and what a type says about itself.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema::json {

/// Says how a member or an enumerator is called in JSON.
struct rename {
    std::string_view member; ///< the identifier in C++
    std::string_view name;   ///< the name in JSON
};

/** Gives members of a type, or enumerators, other names. Specialise it for types you do not own:
    @code
    template <>
    struct crema::json::names<user> {
        static constexpr crema::json::rename list[] = {{"class_", "class"}, {"ref", "$ref"}};
    };
    @endcode
    A type of your own may hold the list itself, as `static constexpr crema::json::rename json_names[]`. What is not
    listed keeps its identifier. An identifier that does not exist, and two members of one name, do not compile.
*/
template <class T>
struct names {};

/** Says that every member of the type may be absent from JSON and then keeps the value that `T{}` gives it.

    Specialise it as `std::true_type`, or write `static constexpr bool json_defaults = true;` into the type. Which
    single members have a default initialiser cannot be seen in C++20, so it is all or none; a member of type
    `std::optional` or a smart pointer may always be absent.
*/
template <class T>
struct defaults : std::bool_constant<requires { requires T::json_defaults; }> {};

} // namespace crema::json

namespace crema::detail {

// ---- counting fields

// Converts to whatever a member wants; never called. A member's constructor for anything at all competes with the
// conversion: `const &&` loses against its `U&&` and wins against its `const U&`, so that one is always better.
// g++ 12 asks for a definition when T is local to a function.
struct anything {
    template <class T>
    operator T() const&& {
        throw nullptr;
    }
};

template <class T>
struct any_base_of {
    template <class B>
        requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>)
    operator B() const {
        throw nullptr;
    }
};

template <class T, class Places>
struct takes;
template <class T, std::size_t... I>
struct takes<T, std::index_sequence<I...>>
    : std::bool_constant<requires { T{(static_cast<void>(I), anything{})...}; }> {};

// T{anything × before, {anything × inside}, anything × after}
template <class T, class Before, class Inside, class After>
struct takes_nested;
template <class T, std::size_t... B, std::size_t... I, std::size_t... A>
struct takes_nested<T, std::index_sequence<B...>, std::index_sequence<I...>, std::index_sequence<A...>>
    : std::bool_constant<requires {
          T{(static_cast<void>(B), anything{})...,
            {(static_cast<void>(I), anything{})...},
            (static_cast<void>(A), anything{})...};
      }> {};

template <class T, std::size_t N>
inline constexpr bool takes_n = takes<T, std::make_index_sequence<N>>::value;
template <class T, std::size_t B, std::size_t I, std::size_t A>
inline constexpr bool takes_nested_n =
    takes_nested<T, std::make_index_sequence<B>, std::make_index_sequence<I>, std::make_index_sequence<A>>::value;

inline constexpr std::size_t most_fields = 64;
inline constexpr std::size_t most_initializers = 4096; // with each element of an array member counted

// The number of initializers: elements of C arrays count one by one, since braces may be left out.
template <class T, std::size_t Low, std::size_t High> // Low is taken, High is not
consteval std::size_t search_initializers() {
    if constexpr (High - Low <= 1) return Low;
    else if constexpr (takes_n<T, (Low + High) / 2>) return search_initializers<T, (Low + High) / 2, High>();
    else return search_initializers<T, Low, (Low + High) / 2>();
}
template <class T, std::size_t N = 8>
consteval std::size_t count_initializers() {
    if constexpr (takes_n<T, N> && N < most_initializers) return count_initializers<T, N * 2>();
    else return search_initializers<T, N == 8 ? 0 : N / 2, N>();
}
// Members without a default initialisation need at least so many.
template <class T, std::size_t N>
consteval std::size_t least_initializers() {
    if constexpr (N > most_fields) return 0;
    else if constexpr (takes_n<T, N>) return N;
    else return least_initializers<T, N + 1>();
}
template <class T, std::size_t N>
consteval std::size_t climb_initializers() {
    if constexpr (takes_n<T, N + 1>) return climb_initializers<T, N + 1>();
    else return N;
}

// The initializers that the member beginning at the Ith takes: more than one for a C array only. An array of k takes
// up to k in braces, and leaves All - I - k for those behind it.
template <class T, std::size_t All, std::size_t I, std::size_t Size>
inline constexpr bool is_array_of =
    takes_nested_n<T, I, Size, All - I - Size> && !takes_nested_n<T, I, Size, All - I - Size + 1>;

template <class T, std::size_t I, std::size_t Low, std::size_t High> // Low is taken, High is not
consteval std::size_t search_array() {
    if constexpr (High - Low <= 1) return Low;
    else if constexpr (takes_nested_n<T, I, (Low + High) / 2, 0>) return search_array<T, I, (Low + High) / 2, High>();
    else return search_array<T, I, Low, (Low + High) / 2>();
}
template <class T, std::size_t All, std::size_t I, std::size_t Size>
consteval std::size_t try_array() { // where the members behind need values, each size is tried
    if constexpr (I + Size > All || Size > most_fields) return 1;
    else if constexpr (is_array_of<T, All, I, Size>) return Size;
    else return try_array<T, All, I, Size + 1>();
}
template <class T, std::size_t All, std::size_t I>
consteval std::size_t member_length() {
    // A member of one initializer can be `{}`, with all the others still there.
    if constexpr (I + 1 >= All || takes_nested_n<T, I, 0, All - I - 1>) {
        return 1;
    } else if constexpr (takes_nested_n<T, I, 2, 0>) {
        constexpr std::size_t size = search_array<T, I, 2, All - I + 1>();
        if constexpr (is_array_of<T, All, I, size>) return size;
        else return 1;
    } else {
        return try_array<T, All, I, 2>();
    }
}
template <class T, std::size_t All, std::size_t I, std::size_t Count>
consteval std::size_t count_members() {
    if constexpr (I >= All) return Count;
    else return count_members<T, All, I + member_length<T, All, I>(), Count + 1>();
}

template <class T>
consteval std::size_t count_fields() {
    if constexpr (std::is_empty_v<T>) return 0;
    else if constexpr (takes_n<T, 0>) return count_members<T, count_initializers<T>(), 0, 0>();
    else return count_members<T, climb_initializers<T, least_initializers<T, 1>()>(), 0, 0>();
}

template <class T>
inline constexpr bool has_base = requires { T{any_base_of<T>{}}; };

/// Is the number of members of an aggregate.
template <class T>
inline constexpr std::size_t field_count = count_fields<T>();

template <class T>
concept aggregate = std::is_class_v<T> && std::is_aggregate_v<T>;

// ---- reaching them

#define CREMA_N1(p) p##1
#define CREMA_N2(p) CREMA_N1(p), p##2
#define CREMA_N3(p) CREMA_N2(p), p##3
#define CREMA_N4(p) CREMA_N3(p), p##4
#define CREMA_N5(p) CREMA_N4(p), p##5
#define CREMA_N6(p) CREMA_N5(p), p##6
#define CREMA_N7(p) CREMA_N6(p), p##7
#define CREMA_N8(p) CREMA_N7(p), p##8
#define CREMA_N9(p) CREMA_N8(p), p##9
#define CREMA_N10(p) CREMA_N9(p), p##10
#define CREMA_N11(p) CREMA_N10(p), p##11
#define CREMA_N12(p) CREMA_N11(p), p##12
#define CREMA_N13(p) CREMA_N12(p), p##13
#define CREMA_N14(p) CREMA_N13(p), p##14
#define CREMA_N15(p) CREMA_N14(p), p##15
#define CREMA_N16(p) CREMA_N15(p), p##16
#define CREMA_FIELDS(n, ...)                                                                                           \
    else if constexpr (count == n) {                                                                                   \
        auto& [__VA_ARGS__] = object;                                                                                  \
        return visitor(__VA_ARGS__);                                                                                   \
    }

// Calls `visitor` with references to all members, in order.
template <class T, class F>
constexpr decltype(auto) with_fields(T& object, F&& visitor) {
    static_assert(!takes_n<std::remove_cv_t<T>, most_initializers>,
                  "crema::json: an aggregate with arrays of more than 4095 elements is not reflected; give it "
                  "to_json and from_json");
    static_assert(!has_base<std::remove_cv_t<T>>,
                  "crema::json: an aggregate with a base class is not reflected; give it to_json and from_json, or "
                  "make the base a member");
    constexpr std::size_t count = field_count<std::remove_cv_t<T>>;
    static_assert(count <= most_fields,
                  "crema::json: an aggregate of more than 64 members is not reflected; give it to_json and from_json");
    if constexpr (count == 0) return visitor();
    // clang-format off
    CREMA_FIELDS(1, CREMA_N1(a))
    CREMA_FIELDS(2, CREMA_N2(a))
    CREMA_FIELDS(3, CREMA_N3(a))
    CREMA_FIELDS(4, CREMA_N4(a))
    CREMA_FIELDS(5, CREMA_N5(a))
    CREMA_FIELDS(6, CREMA_N6(a))
    CREMA_FIELDS(7, CREMA_N7(a))
    CREMA_FIELDS(8, CREMA_N8(a))
    CREMA_FIELDS(9, CREMA_N9(a))
    CREMA_FIELDS(10, CREMA_N10(a))
    CREMA_FIELDS(11, CREMA_N11(a))
    CREMA_FIELDS(12, CREMA_N12(a))
    CREMA_FIELDS(13, CREMA_N13(a))
    CREMA_FIELDS(14, CREMA_N14(a))
    CREMA_FIELDS(15, CREMA_N15(a))
    CREMA_FIELDS(16, CREMA_N16(a))
    CREMA_FIELDS(17, CREMA_N16(a), CREMA_N1(b))
    CREMA_FIELDS(18, CREMA_N16(a), CREMA_N2(b))
    CREMA_FIELDS(19, CREMA_N16(a), CREMA_N3(b))
    CREMA_FIELDS(20, CREMA_N16(a), CREMA_N4(b))
    CREMA_FIELDS(21, CREMA_N16(a), CREMA_N5(b))
    CREMA_FIELDS(22, CREMA_N16(a), CREMA_N6(b))
    CREMA_FIELDS(23, CREMA_N16(a), CREMA_N7(b))
    CREMA_FIELDS(24, CREMA_N16(a), CREMA_N8(b))
    CREMA_FIELDS(25, CREMA_N16(a), CREMA_N9(b))
    CREMA_FIELDS(26, CREMA_N16(a), CREMA_N10(b))
    CREMA_FIELDS(27, CREMA_N16(a), CREMA_N11(b))
    CREMA_FIELDS(28, CREMA_N16(a), CREMA_N12(b))
    CREMA_FIELDS(29, CREMA_N16(a), CREMA_N13(b))
    CREMA_FIELDS(30, CREMA_N16(a), CREMA_N14(b))
    CREMA_FIELDS(31, CREMA_N16(a), CREMA_N15(b))
    CREMA_FIELDS(32, CREMA_N16(a), CREMA_N16(b))
    CREMA_FIELDS(33, CREMA_N16(a), CREMA_N16(b), CREMA_N1(c))
    CREMA_FIELDS(34, CREMA_N16(a), CREMA_N16(b), CREMA_N2(c))
    CREMA_FIELDS(35, CREMA_N16(a), CREMA_N16(b), CREMA_N3(c))
    CREMA_FIELDS(36, CREMA_N16(a), CREMA_N16(b), CREMA_N4(c))
    CREMA_FIELDS(37, CREMA_N16(a), CREMA_N16(b), CREMA_N5(c))
    CREMA_FIELDS(38, CREMA_N16(a), CREMA_N16(b), CREMA_N6(c))
    CREMA_FIELDS(39, CREMA_N16(a), CREMA_N16(b), CREMA_N7(c))
    CREMA_FIELDS(40, CREMA_N16(a), CREMA_N16(b), CREMA_N8(c))
    CREMA_FIELDS(41, CREMA_N16(a), CREMA_N16(b), CREMA_N9(c))
    CREMA_FIELDS(42, CREMA_N16(a), CREMA_N16(b), CREMA_N10(c))
    CREMA_FIELDS(43, CREMA_N16(a), CREMA_N16(b), CREMA_N11(c))
    CREMA_FIELDS(44, CREMA_N16(a), CREMA_N16(b), CREMA_N12(c))
    CREMA_FIELDS(45, CREMA_N16(a), CREMA_N16(b), CREMA_N13(c))
    CREMA_FIELDS(46, CREMA_N16(a), CREMA_N16(b), CREMA_N14(c))
    CREMA_FIELDS(47, CREMA_N16(a), CREMA_N16(b), CREMA_N15(c))
    CREMA_FIELDS(48, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c))
    CREMA_FIELDS(49, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N1(d))
    CREMA_FIELDS(50, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N2(d))
    CREMA_FIELDS(51, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N3(d))
    CREMA_FIELDS(52, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N4(d))
    CREMA_FIELDS(53, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N5(d))
    CREMA_FIELDS(54, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N6(d))
    CREMA_FIELDS(55, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N7(d))
    CREMA_FIELDS(56, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N8(d))
    CREMA_FIELDS(57, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N9(d))
    CREMA_FIELDS(58, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N10(d))
    CREMA_FIELDS(59, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N11(d))
    CREMA_FIELDS(60, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N12(d))
    CREMA_FIELDS(61, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N13(d))
    CREMA_FIELDS(62, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N14(d))
    CREMA_FIELDS(63, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N15(d))
    CREMA_FIELDS(64, CREMA_N16(a), CREMA_N16(b), CREMA_N16(c), CREMA_N16(d))
    // clang-format on
}

#undef CREMA_FIELDS
#undef CREMA_N1
#undef CREMA_N2
#undef CREMA_N3
#undef CREMA_N4
#undef CREMA_N5
#undef CREMA_N6
#undef CREMA_N7
#undef CREMA_N8
#undef CREMA_N9
#undef CREMA_N10
#undef CREMA_N11
#undef CREMA_N12
#undef CREMA_N13
#undef CREMA_N14
#undef CREMA_N15
#undef CREMA_N16

// ---- their names

// An object that never lives. Its members have addresses, and an address as a template argument is printed with
// the member's name. The union keeps the members from being built, so any type will do.
template <class T>
union ghost {
    constexpr ghost() : none() {}
    constexpr ~ghost() {}
    char none;
    T object;
};
#if defined(__clang__)
template <class T>
inline ghost<T> ghost_of{}; // constant, though its type is no literal one
#else
template <class T>
inline constexpr ghost<T> ghost_of{}; // so that no destructor is registered
#endif

template <class P>
struct address {
    P at; // clang 16 takes the address of a subobject inside a class only
};

template <std::size_t I, class P>
struct numbered_address {
    P at;
};
template <class Places, class... P>
struct addresses;
template <std::size_t... I, class... P>
struct addresses<std::index_sequence<I...>, P...> : numbered_address<I, P>... {};
template <std::size_t I, class P>
consteval address<P> address_at(const numbered_address<I, P>& a) {
    return {a.at};
}

template <class T>
consteval auto addresses_of() {
    return with_fields(ghost_of<T>.object, [](auto&... member) {
        return addresses<std::index_sequence_for<decltype(member)...>, decltype(&member)...>{{&member}...};
    });
}

template <auto Address>
consteval std::string_view print_address() {
    return __PRETTY_FUNCTION__;
}

// g++: "... (& ghost_of<T>.ghost<T>::object.T::name)}; ...", clang: "... {&ghost_of.object.name}]"
consteval std::string_view cut_identifier(std::string_view printed) {
#if defined(__clang__)
    printed = printed.substr(0, printed.rfind('}'));
#else
    printed = printed.substr(0, printed.rfind(")}"));
#endif
    return printed.substr(printed.find_last_of(".:>") + 1);
}

template <class T>
consteval auto identifiers_of() {
    constexpr auto all = addresses_of<T>();
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<std::string_view, sizeof...(I)>{cut_identifier(print_address<address_at<I>(all)>())...};
    }(std::make_index_sequence<field_count<T>>());
}

// ---- their names in JSON

// A row of texts without the compiler's long literals they were cut from.
template <std::size_t Count, std::size_t Length>
struct text_row {
    char text[Length + 1] = {};
    std::uint32_t begin[Count + 1] = {};

    constexpr std::string_view operator[](std::size_t i) const { return {text + begin[i], begin[i + 1] - begin[i]}; }
    static constexpr std::size_t size() { return Count; }
};

template <class T>
concept has_names = requires { json::names<T>::list[0].member; };
template <class T>
concept has_own_names = requires { T::json_names[0].member; };

template <class T, std::size_t N>
consteval bool apply_names(std::array<std::string_view, N>& all) {
    const auto apply = [&](const auto& list) {
        const std::array<std::string_view, N> identifiers = all;
        for (const json::rename& r : list) {
            bool found = false;
            for (std::size_t i = 0; i != N; ++i)
                if (identifiers[i] == r.member) all[i] = r.name, found = true;
            if (!found) return false;
        }
        return true;
    };
    if constexpr (has_names<T>) return apply(json::names<T>::list);
    else if constexpr (has_own_names<T>) return apply(T::json_names);
    else return true;
}

template <std::size_t N>
consteval bool all_distinct(const std::array<std::string_view, N>& all) {
    for (std::size_t i = 0; i != N; ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (all[i] == all[j]) return false;
    return true;
}

template <class T, std::size_t N>
consteval auto renamed(std::array<std::string_view, N> all) {
    struct {
        std::array<std::string_view, N> names;
        bool known, distinct;
    } r{all, true, true};
    r.known = apply_names<T>(r.names);
    r.distinct = all_distinct(r.names);
    return r;
}

// What of a name is written differently inside quotes.
constexpr std::size_t quoted_length(std::string_view name) {
    std::size_t n = name.size();
    for (char c : name) n += c == '"' || c == '\\' ? 1 : static_cast<unsigned char>(c) < 0x20 ? 5 : 0;
    return n;
}
constexpr char* quote(char* to, std::string_view name) {
    for (char c : name) {
        if (static_cast<unsigned char>(c) < 0x20) {
            for (char d : {'\\', 'u', '0', '0'}) *to++ = d;
            *to++ = "0123456789abcdef"[c >> 4];
            *to++ = "0123456789abcdef"[c & 15];
            continue;
        }
        if (c == '"' || c == '\\') *to++ = '\\';
        *to++ = c;
    }
    return to;
}

template <class T>
consteval auto names_of_fields() {
    constexpr auto all = renamed<T>(identifiers_of<T>());
    static_assert(all.known, "crema::json: json::names lists an identifier that is no member of the type");
    static_assert(all.distinct, "crema::json: two members have the same name in JSON");
    constexpr std::size_t length = [&] {
        std::size_t n = 0;
        for (auto name : all.names) n += name.size();
        return n;
    }();
    text_row<all.names.size(), length> row;
    std::size_t at = 0;
    for (std::size_t i = 0; i != all.names.size(); ++i) {
        for (char c : all.names[i]) row.text[at++] = c;
        row.begin[i + 1] = static_cast<std::uint32_t>(at);
    }
    return row;
}

/// Is the names in JSON of the members of an aggregate, in order.
template <class T>
inline constexpr auto field_names = names_of_fields<T>();

template <class T>
consteval auto keys_of_fields() {
    constexpr auto& all = field_names<T>;
    constexpr std::size_t length = [] {
        std::size_t n = 0;
        for (std::size_t i = 0; i != all.size(); ++i) n += quoted_length(all[i]) + 4;
        return n;
    }();
    text_row<all.size(), length> row;
    char* at = row.text;
    for (std::size_t i = 0; i != all.size(); ++i) {
        *at++ = ',';
        *at++ = '"';
        at = quote(at, all[i]);
        *at++ = '"';
        *at++ = ':';
        row.begin[i + 1] = static_cast<std::uint32_t>(at - row.text);
    }
    return row;
}

/// Is `,"name":` for each member of an aggregate, ready to be written.
template <class T>
inline constexpr auto field_keys = keys_of_fields<T>();

} // namespace crema::detail
