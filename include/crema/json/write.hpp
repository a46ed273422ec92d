// Writing JSON from C++ values: aggregates without macros, containers, variants, enumerations, trees.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/value.hpp>
#include <crema/json/enumerate.hpp>
#include <crema/json/reflect.hpp>
#include <crema/json/writer.hpp>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

namespace crema::json {

/** Append a value as JSON text to a sink.

    What is written, in the order it is looked for:
    @li a type with a function `to_json(json::writer&, const T&)` in its namespace: what that writes;
    @li `bool`; integers with all digits; floating point as JavaScript does, a `float` with the digits a float needs;
        NaN and infinities as null, -0 as 0; `char` as a string of one;
    @li strings and what converts to `std::string_view`; array of `char` up to its NUL; invalid UTF-8 becomes U+FFFD;
    @li `nullptr`, `std::monostate`, null pointers, an empty `std::optional`: null; but a member of an aggregate that
        is an empty `std::optional` is left out, as JSON.stringify leaves out `undefined` (see
        `write_options::keep_empty`);
    @li `std::variant`: the alternative it holds; `crema::value`; pointers, smart or not: what they point to, which
        must not lead back;
    @li maps whose keys are text, integers or enumerators: objects; other ranges, `std::tuple` and `std::pair`: arrays;
    @li enumerations: the name of the enumerator (see `json::names`), an integer where there is none;
    @li aggregates: objects, members in order of declaration, which `json::names` may rename. At most 64 members, no
        base class, no references, bit-fields or anonymous unions; types of namespaces, classes and functions alike.

    Anything else does not compile, and says so.

    @param out `std::string`, or any class with `append(const char*, std::size_t)`.
    @param v The value.
    @param options White space and escapes.

    @throws What the sink throws; nothing else is allocated.

    @par Complexity
    Linear in the size of the text.

    @par Thread Safety
    Safe for distinct sinks.

    @see RFC 8259
*/
template <sink S, class T>
void write(S& out, const T& v, const write_options& options = {}) {
    writer w(out, options);
    detail::put_json(w, v);
    w.finish();
}

/// Returns a value as JSON text; see `write`.
template <class T>
std::string stringify(const T& v, const write_options& options = {}) {
    std::string out;
    write(out, v, options);
    return out;
}

} // namespace crema::json

namespace crema::detail {

namespace json_hooks {
void to_json(); // hides what stands in outer namespaces

template <class T>
concept writes_itself = requires(json::writer& w, const T& t) { to_json(w, t); };

template <class T>
void call_to_json(json::writer& w, const T& t) {
    to_json(w, t);
}
} // namespace json_hooks

template <class T>
struct is_variant : std::false_type {};
template <class... A>
struct is_variant<std::variant<A...>> : std::true_type {};

template <class T>
struct is_smart_pointer : std::false_type {};
template <class T, class D>
struct is_smart_pointer<std::unique_ptr<T, D>> : std::true_type {};
template <class T>
struct is_smart_pointer<std::shared_ptr<T>> : std::true_type {};

template <class T>
concept tuple_like = requires { std::tuple_size<T>::value; };

template <class T>
concept object_pointer = std::is_pointer_v<T> && std::is_object_v<std::remove_pointer_t<T>>;

// A container type that is neither text nor an optional.
template <class T>
concept json_range = plain_range<T> && !text_like<T>;

template <class K>
void put_json_key(json::writer& w, const K& key) {
    if constexpr (text_like<K>) {
        w.string(std::string_view(key));
    } else if constexpr (std::is_enum_v<K>) {
        const std::string_view name = json::enum_name(key);
        if (!name.empty()) return w.string(name);
        w.put('"');
        w.integer(static_cast<std::underlying_type_t<K>>(key));
        w.put('"');
    } else {
        static_assert(
            whole_number<K>,
            "crema::json: the keys of a map have to be text, integers or enumerators to become names of members");
        w.put('"');
        w.integer(key);
        w.put('"');
    }
}

template <class M>
void put_json_map(json::writer& w, const M& map) {
    bool first = true;
    w.open('{');
    for (const auto& [key, content] : map) {
        w.separate(first);
        first = false;
        put_json_key(w, key);
        w.colon();
        put_json(w, content);
    }
    w.close('}', first);
}

template <class R>
void put_json_range(json::writer& w, const R& range) {
    using element = std::iter_value_t<decltype(std::begin(range))>;
    bool first = true;
    w.open('[');
    for (auto&& e : range) {
        w.separate(first);
        first = false;
        put_json<element>(w, e);
    }
    w.close(']', first);
}

template <class... E>
void put_json_tuple(json::writer& w, const E&... e) {
    bool first = true;
    w.open('[');
    ((w.separate(first), first = false, put_json(w, e)), ...);
    w.close(']', first);
}

template <class T, std::size_t I, class M>
CREMA_FORCEINLINE void put_json_member(json::writer& w, const M& member, bool& first) {
    if constexpr (optional_like<M>)
        if (!member.has_value() && !w.options().keep_empty) return;
    constexpr std::string_view key = field_keys<T>[I];
    if (w.plain()) [[likely]] {
        if constexpr (key.size() <= json_text::room) {
            char* at = w.copy(key.data(), key.size());
            if (first) *at = '{'; // instead of the comma
        } else {
            w.text(first ? "{" : ",");
            w.text(key.substr(1));
        }
    } else {
        if (first) w.open('{');
        w.separate(first);
        w.string(field_names<T>[I]);
        w.colon();
    }
    first = false;
    put_json(w, member);
}

template <class T>
void put_json_aggregate(json::writer& w, const T& v) {
    bool first = true;
    with_fields(v, [&](const auto&... member) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (put_json_member<T, I>(w, member, first), ...);
        }(std::index_sequence_for<decltype(member)...>());
    });
    if (first) w.copy("{}", 2);
    else if (w.plain()) w.put('}');
    else w.close('}', false);
}

CREMA_DECL void put_json_tree(json::writer& w, const value& v);

template <class T>
inline constexpr bool never = false;

template <class T>
void put_json(json::writer& w, const T& v) {
    if constexpr (json_hooks::writes_itself<T>) {
        w.hooked([&] { json_hooks::call_to_json(w, v); });
    } else if constexpr (std::is_same_v<T, bool>) {
        v ? w.copy("true", 4) : w.copy("false", 5);
    } else if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) {
        w.copy("null", 4);
    } else if constexpr (std::is_same_v<T, char>) {
        w.string({&v, 1});
    } else if constexpr (whole_number<T>) {
        w.integer(v);
    } else if constexpr (std::is_same_v<T, float>) {
        w.number(v);
    } else if constexpr (std::is_floating_point_v<T>) {
        w.number(static_cast<double>(v));
    } else if constexpr (std::is_same_v<T, value>) {
        put_json_tree(w, v);
    } else if constexpr (std::is_array_v<T> && std::is_same_v<std::remove_cv_t<std::remove_extent_t<T>>, char>) {
        const void* nul = std::memchr(v, 0, std::extent_v<T>);
        w.string({v, nul ? static_cast<std::size_t>(static_cast<const char*>(nul) - v) : std::extent_v<T>});
    } else if constexpr (text_like<T>) {
        if constexpr (std::is_pointer_v<T>)
            if (!v) return void(w.copy("null", 4));
        w.string(std::string_view(v));
    } else if constexpr (optional_like<T>) {
        if (v.has_value()) put_json(w, static_cast<const typename T::value_type&>(*v));
        else w.copy("null", 4);
    } else if constexpr (object_pointer<T> || is_smart_pointer<T>::value) {
        if (v) put_json(w, *v);
        else w.copy("null", 4);
    } else if constexpr (is_variant<T>::value) {
        std::visit([&](const auto& held) { put_json(w, held); }, v);
    } else if constexpr (map_like<T>) {
        put_json_map(w, v);
    } else if constexpr (json_range<T>) {
        put_json_range(w, v);
    } else if constexpr (tuple_like<T>) {
        std::apply([&](const auto&... e) { put_json_tuple(w, e...); }, v);
    } else if constexpr (std::is_enum_v<T>) {
        const std::string_view name = json::enum_name(v);
        if (name.empty()) w.integer(static_cast<std::underlying_type_t<T>>(v));
        else w.string(name);
    } else if constexpr (aggregate<T>) {
        put_json_aggregate(w, v);
    } else {
        static_assert(never<T>, "crema::json: this type cannot be written as JSON: make it an aggregate, or give it "
                                "void to_json(crema::json::writer&, const T&) in its namespace");
    }
}

} // namespace crema::detail

#if CREMA_BODIES
namespace crema::detail {

CREMA_DECL void put_json_tree(json::writer& w, const value& v) {
    switch (v.type()) {
    case value::kind::null: w.copy("null", 4); break;
    case value::kind::boolean: put_json(w, v.as_bool()); break;
    case value::kind::integer: w.integer(v.as_int64()); break;
    case value::kind::natural: w.integer(v.as_uint64()); break;
    case value::kind::number: w.number(v.as_double()); break;
    case value::kind::string: w.string(v.as_string()); break;
    case value::kind::array: put_json_range(w, v.as_array()); break;
    case value::kind::object: {
        bool first = true;
        w.open('{');
        for (const value::member& m : v.as_object()) {
            w.separate(first);
            first = false;
            w.string(m.first);
            w.colon();
            put_json_tree(w, m.second);
        }
        w.close('}', first);
    }
    }
}

} // namespace crema::detail
#endif
