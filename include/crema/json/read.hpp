// Reading C++ values out of parsed JSON: what fits what, and where it did not.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <crema/json/enumerate.hpp>
#include <crema/json/node.hpp>
#include <crema/json/reader.hpp>
#include <crema/json/reflect.hpp>
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

namespace crema::detail {

template <class T>
bool read_json(json::reader& r, json::node n, T& out);
CREMA_DECL void read_json_tree(json::node n, value& out);

namespace json_hooks {
void from_json(); // hides what stands in outer namespaces

template <class T>
concept reads_itself = requires(json::reader& r, json::node n, T& t) {
    { from_json(r, n, t) } -> std::same_as<bool>;
};

template <class T>
bool call_from_json(json::reader& r, json::node n, T& t) {
    return from_json(r, n, t);
}
} // namespace json_hooks

template <class T>
struct is_held_variant : std::false_type {};
template <class... A>
struct is_held_variant<std::variant<A...>> : std::true_type {};

template <class T>
struct is_owner : std::false_type {};
template <class T>
struct is_owner<std::unique_ptr<T>> : std::true_type {};
template <class T>
struct is_owner<std::shared_ptr<T>> : std::true_type {};

template <class T>
inline constexpr bool is_char_array = std::is_array_v<T> && std::is_same_v<std::remove_extent_t<T>, char>;

template <class T>
concept owning_text =
    std::constructible_from<T, const char*, std::size_t> && std::is_convertible_v<const T&, std::string_view> &&
    requires(T& t, const char* p, std::size_t n) { t.assign(p, n); };

// As many elements as its type says.
template <class T>
concept fixed_range = std::is_array_v<T> || requires(T& t) {
    requires std::tuple_size<T>::value >= 0;
    std::begin(t);
};

template <class T>
concept has_back = requires(T& t) { t.emplace_back(); };
template <class T>
concept has_insert = requires(T& t, typename T::value_type e) { t.insert(std::move(e)); };
template <class T>
concept growing_range = plain_range<T> && (has_back<T> || has_insert<T>);

template <class T>
inline constexpr bool may_be_absent = optional_like<T> || is_owner<T>::value;

template <class T>
consteval std::size_t fixed_size() {
    if constexpr (std::is_array_v<T>) return std::extent_v<T>;
    else return std::tuple_size<T>::value;
}

// ---- parts that are compiled once

CREMA_DECL std::size_t find_json_field(const char* names, const std::uint32_t* begin, std::size_t count,
                                       std::string_view name, std::size_t guess) noexcept;
CREMA_DECL bool whole_in_range(json::node n, std::int64_t low, std::uint64_t high, std::uint64_t& bits) noexcept;
bool expected_range(json::reader& r, json::node n, std::int64_t low, std::uint64_t high);
bool expected_size(json::reader& r, json::node n, std::size_t size);
CREMA_DECL bool exact_size(json::node n, std::size_t size) noexcept;
bool expected_name(json::reader& r, json::node n, const char* names, const std::uint32_t* begin, std::size_t count);
bool refuse_unknown(json::reader& r, json::node n, std::string_view name);
bool missing_member(json::reader& r, json::node n, std::string_view name);

// ---- what fits, told from the outside: for variants. Nothing inside of an array or of a member is looked at, so it
// costs no second reading.

template <class T>
bool fits_json(json::node n);

template <class T>
consteval std::uint64_t required_members() {
    std::uint64_t all = 0;
    if constexpr (!json::defaults<T>::value) {
        using pointers = decltype(addresses_of<T>());
        [&]<std::size_t... I, class... P>(addresses<std::index_sequence<I...>, P...>*) {
            ((all |= may_be_absent<std::remove_cv_t<std::remove_pointer_t<P>>> ? 0 : std::uint64_t(1) << I), ...);
        }(static_cast<pointers*>(nullptr));
    }
    return all;
}

template <class T>
bool fits_aggregate(json::node n) {
    if (!n.is_object()) return false;
    constexpr auto& names = field_names<T>;
    std::uint64_t seen = 0;
    std::size_t guess = 0;
    for (const auto& m : n.members()) {
        const std::size_t i = find_json_field(names.text, names.begin, names.size(), m.name, guess);
        if (i == names.size()) continue;
        seen |= std::uint64_t(1) << i;
        guess = i + 1;
    }
    return (required_members<T>() & ~seen) == 0;
}

template <class T>
bool fits_json(json::node n) {
    std::uint64_t bits;
    if constexpr (json_hooks::reads_itself<T> || std::is_same_v<T, value>) return true;
    else if constexpr (std::is_same_v<T, bool>) return n.is_bool();
    else if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) return n.is_null();
    else if constexpr (std::is_same_v<T, char>) return n.is_string() && n.as_string().size() == 1;
    else if constexpr (whole_number<T>)
        return whole_in_range(n, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), bits);
    else if constexpr (std::is_floating_point_v<T>) return n.is_number();
    else if constexpr (owning_text<T> || is_char_array<T>) return n.is_string();
    else if constexpr (optional_like<T>) return n.is_null() || fits_json<typename T::value_type>(n);
    else if constexpr (is_owner<T>::value) return n.is_null() || fits_json<typename T::element_type>(n);
    else if constexpr (is_held_variant<T>::value)
        return []<class... A>(json::node held, std::variant<A...>*) {
            return (fits_json<A>(held) || ...);
        }(n, static_cast<T*>(nullptr));
    else if constexpr (map_like<T>) return n.is_object();
    else if constexpr (fixed_range<T> || (requires { std::tuple_size<T>::value; }))
        return n.is_array() && exact_size(n, fixed_size<T>());
    else if constexpr (plain_range<T>) return n.is_array();
    else if constexpr (std::is_enum_v<T>) return n.is_string() && json::enum_value<T>(n.as_string()).has_value();
    else return fits_aggregate<T>(n);
}

// ---- reading

template <class M>
void forget(M& member) { // what an earlier member of the same name left
    if constexpr (std::is_array_v<M>) {
        for (auto& e : member) forget(e);
    } else if constexpr (std::is_default_constructible_v<M> && std::is_move_assignable_v<M>) {
        member = M();
    }
}

// What there is to know of an aggregate; the reading itself is compiled once for all of them.
struct json_slot {
    bool (*read)(json::reader& r, json::node n, void* member);
    void (*forget)(void* member);
};
struct json_shape {
    const char* names;           // of all members, one behind the other
    const std::uint32_t* begin;  // where each begins
    const std::uint32_t* offset; // where each member lies in the object
    const json_slot* slots;
    std::size_t count;
    std::uint64_t required; // a bit for each member that may not be absent
};
bool read_json_object(json::reader& r, json::node n, void* out, const json_shape& shape);

template <class M>
inline constexpr json_slot slot_of{
    [](json::reader& r, json::node n, void* member) { return read_json(r, n, *static_cast<M*>(member)); },
    [](void* member) { forget(*static_cast<M*>(member)); }};

template <class T>
const json_shape& shape_of(T& any) {
    static const auto offsets = with_fields(any, [&](auto&... member) {
        const char* const begin = reinterpret_cast<const char*>(&any);
        return std::array<std::uint32_t, sizeof...(member) + 1>{
            static_cast<std::uint32_t>(reinterpret_cast<const char*>(&member) - begin)..., 0};
    });
    static constexpr auto slots = []<std::size_t... I, class... P>(addresses<std::index_sequence<I...>, P...>) {
        return std::array<json_slot, sizeof...(P) + 1>{slot_of<std::remove_const_t<std::remove_pointer_t<P>>>...,
                                                       json_slot{}};
    }(addresses_of<T>());
    static const json_shape shape{field_names<T>.text, field_names<T>.begin, offsets.data(),
                                  slots.data(),        field_count<T>,       required_members<T>()};
    return shape;
}

template <class T>
bool read_json_map(json::reader& r, json::node n, T& out) {
    if (!n.is_object()) return r.expected(n, "an object");
    using K = typename T::key_type;
    out.clear();
    for (const auto& m : n.members()) {
        K key{};
        if constexpr (owning_text<K>) {
            key.assign(m.name.data(), m.name.size());
        } else if constexpr (std::is_enum_v<K>) {
            const auto e = json::enum_value<K>(m.name);
            if (!e) return r.fail(m.content, "unknown name"), r.inside(m.name);
            key = *e;
        } else {
            static_assert(whole_number<K>, "crema::json: the keys of a map have to be text that is owned, integers or "
                                           "enumerators to be read from names of members");
            const char* const end = m.name.data() + m.name.size();
            const auto [stop, bad] = std::from_chars(m.name.data(), end, key);
            if (bad != std::errc() || stop != end)
                return r.fail(m.content, "expected an integer as name"), r.inside(m.name);
        }
        typename T::mapped_type content{};
        if (!read_json(r, m.content, content)) return r.inside(m.name);
        if constexpr (requires { out.insert_or_assign(std::move(key), std::move(content)); })
            out.insert_or_assign(std::move(key), std::move(content));
        else out.emplace(std::move(key), std::move(content));
    }
    return true;
}

template <class T>
bool read_json_range(json::reader& r, json::node n, T& out) {
    if (!n.is_array()) return r.expected(n, "an array");
    using E = typename T::value_type;
    out.clear();
    // A short text may promise many large elements: what is reserved ahead is bounded.
    if constexpr (requires { out.reserve(n.size()); })
        out.reserve(std::min<std::size_t>(n.size(), 64 + 65536 / sizeof(E)));
    std::size_t i = 0;
    for (const json::node& e : n.elements()) {
        bool fine;
        if constexpr (std::is_same_v<E, bool> || !requires { out.emplace_back(); }) {
            E element{};
            fine = read_json(r, e, element);
            if constexpr (requires { out.push_back(std::move(element)); }) out.push_back(std::move(element));
            else out.insert(std::move(element));
        } else {
            fine = read_json(r, e, out.emplace_back());
        }
        if (!fine) return r.inside(i);
        ++i;
    }
    return true;
}

template <class T>
bool read_json_fixed(json::reader& r, json::node n, T& out) {
    if (!n.is_array() || !exact_size(n, fixed_size<T>())) return expected_size(r, n, fixed_size<T>());
    auto to = std::begin(out);
    std::size_t i = 0;
    for (const json::node& e : n.elements()) {
        if (!read_json(r, e, *to++)) return r.inside(i);
        ++i;
    }
    return true;
}

template <class T>
bool read_json_tuple(json::reader& r, json::node n, T& out) {
    if (!n.is_array() || !exact_size(n, fixed_size<T>())) return expected_size(r, n, fixed_size<T>());
    auto from = n.elements().begin();
    return std::apply(
        [&](auto&... e) {
            std::size_t i = 0;
            [[maybe_unused]] const auto one = [&](auto& here) {
                const json::node at = *from;
                ++from;
                return read_json(r, at, here) ? (++i, true) : r.inside(i);
            };
            return (one(e) && ...);
        },
        out);
}

template <class... A>
bool read_json_variant(json::reader& r, json::node n, std::variant<A...>& out) {
    bool fine = false, found = false;
    const auto one = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
        using T = std::variant_alternative_t<I, std::variant<A...>>;
        if (!fits_json<T>(n)) return false;
        found = true;
        fine = read_json(r, n, out.template emplace<I>());
        return true;
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        static_cast<void>((one(std::integral_constant<std::size_t, I>()) || ...));
    }(std::index_sequence_for<A...>());
    return found ? fine : r.fail(n, "none of the types that may stand here fits");
}

template <class T>
inline constexpr bool no_reading = false;

template <class T>
bool read_json(json::reader& r, json::node n, T& out) {
    if constexpr (json_hooks::reads_itself<T>) {
        return json_hooks::call_from_json(r, n, out);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!n.is_bool()) return r.expected(n, "true or false");
        out = n.as_bool();
        return true;
    } else if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) {
        return n.is_null() || r.expected(n, "null");
    } else if constexpr (std::is_same_v<T, char>) {
        if (!n.is_string() || n.as_string().size() != 1) return r.expected(n, "a string of one ASCII character");
        out = n.as_string()[0];
        return true;
    } else if constexpr (whole_number<T>) {
        using limits = std::numeric_limits<T>;
        std::uint64_t bits;
        if (!whole_in_range(n, static_cast<std::int64_t>(limits::min()), static_cast<std::uint64_t>(limits::max()),
                            bits)) [[unlikely]]
            return expected_range(r, n, static_cast<std::int64_t>(limits::min()),
                                  static_cast<std::uint64_t>(limits::max()));
        out = static_cast<T>(bits);
        return true;
    } else if constexpr (std::is_floating_point_v<T>) {
        if (!n.is_number()) return r.expected(n, "a number");
        const double d = n.as_double();
        if (sizeof(T) < sizeof(double) && std::abs(d) > static_cast<double>(std::numeric_limits<T>::max()) &&
            std::abs(d) <= std::numeric_limits<double>::max())
            return r.expected(n, "a number that fits a float");
        out = static_cast<T>(d);
        return true;
    } else if constexpr (std::is_same_v<T, value>) {
        read_json_tree(n, out);
        return true;
    } else if constexpr (owning_text<T>) {
        if (!n.is_string()) return r.expected(n, "a string");
        const std::string_view text = n.as_string();
        out = T(text.data(), text.size()); // cheaper than assign, which cannot know that it is empty
        return true;
    } else if constexpr (is_char_array<T>) {
        constexpr std::size_t room = std::extent_v<T>;
        if (!n.is_string() || n.as_string().size() >= room)
            return r.expected(n, "a string of at most " + std::to_string(room - 1) + " octets");
        const std::string_view text = n.as_string();
        std::fill(std::copy(text.begin(), text.end(), out), out + room, '\0');
        return true;
    } else if constexpr (std::is_same_v<T, std::string_view> || std::is_same_v<T, const char*>) {
        static_assert(
            no_reading<T>,
            "crema::json: a view would dangle, since the parsed text does not outlive parsing: use std::string");
    } else if constexpr (optional_like<T>) {
        if (n.is_null()) {
            out.reset();
            return true;
        }
        return read_json(r, n, out.emplace());
    } else if constexpr (is_owner<T>::value) {
        using E = typename T::element_type;
        if (n.is_null()) {
            out.reset();
            return true;
        }
        if constexpr (std::is_same_v<T, std::unique_ptr<E>>) out = std::make_unique<E>();
        else out = std::make_shared<E>();
        return read_json(r, n, *out);
    } else if constexpr (is_held_variant<T>::value) {
        return read_json_variant(r, n, out);
    } else if constexpr (map_like<T>) {
        return read_json_map(r, n, out);
    } else if constexpr (fixed_range<T>) {
        return read_json_fixed(r, n, out);
    } else if constexpr (growing_range<T>) {
        return read_json_range(r, n, out);
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
        return read_json_tuple(r, n, out);
    } else if constexpr (std::is_enum_v<T>) {
        constexpr auto& names = enumerators<T>.names;
        const std::size_t i =
            n.is_string() ? find_json_field(names.text, names.begin, names.size(), n.as_string(), 0) : names.size();
        if (i == names.size()) return expected_name(r, n, names.text, names.begin, names.size());
        out = enumerators<T>.values[i];
        return true;
    } else if constexpr (aggregate<T>) {
        return read_json_object(r, n, &out, shape_of(out));
    } else {
        static_assert(no_reading<T>,
                      "crema::json: this type cannot be read from JSON: make it an aggregate, or give it "
                      "bool from_json(crema::json::reader&, crema::json::node, T&) in its namespace");
    }
}

} // namespace crema::detail

namespace crema::json {

template <class T>
bool reader::read(node n, T& out) {
    return detail::read_json(*this, n, out);
}

template <class T>
bool reader::member(node n, std::string_view name, T& out) {
    if (!n.is_object()) return expected(n, "an object");
    const node* found = nullptr;
    node content = n;
    for (const auto& m : n.members())
        if (m.name == name) content = m.content, found = &content;
    if (found) return detail::read_json(*this, content, out) || inside(name);
    if constexpr (detail::may_be_absent<T>) {
        out.reset();
        return true;
    } else {
        return detail::missing_member(*this, n, name);
    }
}

} // namespace crema::json

#if CREMA_BODIES
#include <cstring>
#include <utility>
#include <vector>

namespace crema::detail {

CREMA_DECL std::size_t find_json_field(const char* names, const std::uint32_t* begin, std::size_t count,
                                       std::string_view name, std::size_t guess) noexcept {
    const auto load = []<class W>(const char* p, W w) {
        std::memcpy(&w, p, sizeof w);
        return w;
    };
    const std::size_t n = name.size();
    const auto same = [&](const char* p) { // short texts, without a call
        const char* const q = name.data();
        if (n > 16) return std::memcmp(p, q, n) == 0;
        if (n >= 8) {
            const std::uint64_t w = 0;
            return ((load(p, w) ^ load(q, w)) | (load(p + n - 8, w) ^ load(q + n - 8, w))) == 0;
        }
        if (n >= 4) {
            const std::uint32_t w = 0;
            return ((load(p, w) ^ load(q, w)) | (load(p + n - 4, w) ^ load(q + n - 4, w))) == 0;
        }
        return n == 0 || (p[0] == q[0] && p[n / 2] == q[n / 2] && p[n - 1] == q[n - 1]);
    };
    const auto is = [&](std::size_t i) { return begin[i + 1] - begin[i] == n && same(names + begin[i]); };
    if (guess < count && is(guess)) return guess; // mostly they come in order
    for (std::size_t i = 0; i < count; ++i)
        if (is(i)) return i;
    return count;
}

CREMA_DECL bool read_json_object(json::reader& r, json::node n, void* out, const json_shape& shape) {
    if (!n.is_object()) return r.expected(n, "an object");
    std::uint64_t seen = 0;
    std::size_t guess = 0;
    for (const auto& m : n.members()) {
        const std::size_t i = find_json_field(shape.names, shape.begin, shape.count, m.name, guess);
        if (i == shape.count) [[unlikely]] {
            if (r.options().unknown == json::unknown_members::refuse) return refuse_unknown(r, m.content, m.name);
            continue;
        }
        guess = i + 1;
        void* const member = static_cast<char*>(out) + shape.offset[i];
        const std::uint64_t bit = std::uint64_t(1) << i;
        if ((seen & bit) != 0) [[unlikely]]
            shape.slots[i].forget(member);
        seen |= bit;
        if (!shape.slots[i].read(r, m.content, member)) [[unlikely]]
            return r.inside(m.name);
    }
    const std::uint64_t missing = shape.required & ~seen;
    if (missing != 0 && r.options().missing == json::missing_members::refuse) [[unlikely]] {
        const auto i = static_cast<std::size_t>(std::countr_zero(missing));
        return missing_member(r, n, {shape.names + shape.begin[i], shape.begin[i + 1] - shape.begin[i]});
    }
    return true;
}

CREMA_DECL bool whole_in_range(json::node n, std::int64_t low, std::uint64_t high, std::uint64_t& bits) noexcept {
    switch (n.type()) {
    case json::node::kind::integer: {
        bits = n.whole_bits();
        const auto i = static_cast<std::int64_t>(bits);
        return i < 0 ? i >= low : bits >= static_cast<std::uint64_t>(std::max<std::int64_t>(low, 0)) && bits <= high;
    }
    case json::node::kind::natural: bits = n.whole_bits(); return bits <= high;
    case json::node::kind::number: { // 1.0 and 1e3 are whole too
        const double d = n.as_double();
        if (std::trunc(d) != d || d < -9007199254740992.0 || d > 9007199254740992.0) return false;
        const auto i = static_cast<std::int64_t>(d);
        bits = static_cast<std::uint64_t>(i);
        return i < 0 ? i >= low : bits <= high;
    }
    default: return false;
    }
}

CREMA_COLD CREMA_DECL bool expected_range(json::reader& r, json::node n, std::int64_t low, std::uint64_t high) {
    std::uint64_t bits;
    const bool whole =
        n.type() == json::node::kind::integer || n.type() == json::node::kind::natural ||
        whole_in_range(n, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max(), bits);
    if (!whole) return r.expected(n, "an integer");
    return r.expected(n, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
}

CREMA_DECL bool exact_size(json::node n, std::size_t size) noexcept {
    if (n.size() < 0xFFFFFF) return n.size() == size;
    std::size_t all = 0;
    for (const json::node& e : n.elements()) all += static_cast<std::size_t>(e.index() != 0);
    return all == size;
}

CREMA_COLD CREMA_DECL bool expected_size(json::reader& r, json::node n, std::size_t size) {
    return r.expected(n, "an array of " + std::to_string(size) + (size == 1 ? " element" : " elements"));
}

CREMA_COLD CREMA_DECL bool expected_name(json::reader& r, json::node n, const char* names, const std::uint32_t* begin,
                                         std::size_t count) {
    std::string what = count > 1 ? "one of " : "";
    for (std::size_t i = 0; i < count; ++i) {
        if (i == 16) {
            what += ", ...";
            break;
        }
        what.append(i ? ", \"" : "\"").append(names + begin[i], begin[i + 1] - begin[i]).append("\"");
    }
    return r.expected(n, what);
}

CREMA_COLD CREMA_DECL bool refuse_unknown(json::reader& r, json::node n, std::string_view name) {
    r.fail(n, "unknown member");
    return r.inside(name);
}

CREMA_COLD CREMA_DECL bool missing_member(json::reader& r, json::node n, std::string_view name) {
    r.fail(n, "missing member");
    return r.inside(name);
}

// Of several members of one name the last value counts, in the place of the first, as in JSON.parse.
CREMA_DECL void keep_last(value::object_type& members) {
    if (members.size() <= 16) {
        for (std::size_t i = 1; i < members.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                if (members[j].first == members[i].first) {
                    members[j].second = std::move(members[i].second);
                    members.erase(members.begin() + static_cast<std::ptrdiff_t>(i--));
                    break;
                }
        return;
    }
    std::vector<std::size_t> order(members.size()); // sorted: no hash that could be attacked
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const int c = members[a].first.compare(members[b].first);
        return c != 0 ? c < 0 : a < b;
    });
    std::vector<bool> dropped(members.size());
    bool any = false;
    for (std::size_t i = 0, first = 0; i < order.size(); ++i) {
        if (members[order[i]].first != members[order[first]].first) first = i;
        if (i == first) continue;
        members[order[first]].second = std::move(members[order[i]].second);
        dropped[order[i]] = any = true;
    }
    if (!any) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < members.size(); ++i)
        if (!dropped[i]) {
            if (kept != i) members[kept] = std::move(members[i]);
            ++kept;
        }
    members.resize(kept);
}

CREMA_DECL void read_json_tree(json::node n, value& out) {
    switch (n.type()) {
    case value::kind::null: out = nullptr; break;
    case value::kind::boolean: out = n.as_bool(); break;
    case value::kind::integer: out = static_cast<std::int64_t>(n.whole_bits()); break;
    case value::kind::natural: out = n.whole_bits(); break;
    case value::kind::number: out = n.as_double(); break;
    case value::kind::string: out = n.as_string(); break;
    case value::kind::array: {
        out = value::array();
        auto& all = out.as_array();
        all.reserve(std::min<std::size_t>(n.size(), 1024)); // an element is 40 octets for two of the text
        for (const json::node& e : n.elements()) read_json_tree(e, all.emplace_back());
        break;
    }
    case value::kind::object: {
        out = value::object();
        auto& all = out.as_object();
        all.reserve(std::min<std::size_t>(n.size(), 1024));
        for (const auto& m : n.members()) {
            auto& made = all.emplace_back(std::string(m.name), value());
            read_json_tree(m.content, made.second);
        }
        keep_last(all);
    }
    }
}

} // namespace crema::detail
#endif
