// Reading C++ values straight out of JSON text, in one pass and without a tape, where nothing is unusual.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/copy.hpp>
#include <crema/core/text.hpp>
#include <crema/json/read.hpp>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace crema::detail {

/* Most texts fit the type they are read into, and hold nothing out of the way. Such a text is read in one pass over its
   octets. Whatever else is met, be it wrong or only rare (a number of more than 18 digits, an exponent, a member twice, a
   surrogate), ends the attempt: then the text is parsed whole and read from the tape, which knows everything and says what
   is wrong. So what is read here has to be what would be read there, and nothing may be accepted that is refused there. */
struct json_cursor {
    const char* at;
    const char* end;
    std::size_t depth; // containers that may still be opened
    bool refuse_unknown, refuse_missing;
    std::unique_ptr<char[]> spare; // as large as the text: a string with escapes, taken apart, is shorter
    std::size_t size;              // of the text

    // Goes to what is no white space; false at the end.
    CREMA_FORCEINLINE bool next() noexcept {
        if (at != end && static_cast<unsigned char>(*at) > ' ') [[likely]] return true;
        return next_slowly();
    }
    bool next_slowly() noexcept;
    template <std::size_t N>
    CREMA_FORCEINLINE bool literal(const char (&word)[N]) noexcept {
        if (static_cast<std::size_t>(end - at) < N - 1 || std::memcmp(at, word, N - 1) != 0) return false;
        at += N - 1;
        return true;
    }
};

template <class T>
bool read_direct(json_cursor& c, T& out);

CREMA_DECL bool direct_string(json_cursor& c, std::string_view& out);
CREMA_DECL bool direct_whole(json_cursor& c, std::uint64_t& size, bool& negative) noexcept;
CREMA_DECL bool direct_number(json_cursor& c, double& out) noexcept;
bool skip_direct(json_cursor& c);
std::size_t direct_estimate(const json_cursor& c, char mark) noexcept;

using direct_slot = bool (*)(json_cursor& c, void* member);
CREMA_DECL bool read_direct_object(json_cursor& c, void* out, const json_shape& shape, const direct_slot* slots, const char* keys,
                        const std::uint32_t* key);

// Tells whether it is worth trying: members of kinds that are never read directly end every attempt.
template <class T, int Depth = 4>
consteval bool reads_directly() {
    if constexpr (Depth == 0) return true;
    else if constexpr (json_hooks::reads_itself<T> || std::is_same_v<T, value> || is_held_variant<T>::value ||
                       std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate> || is_char_array<T>)
        return false;
    else if constexpr (std::is_arithmetic_v<T> || owning_text<T>) return true;
    else if constexpr (std::is_enum_v<T>) return true;
    else if constexpr (optional_like<T>) return reads_directly<typename T::value_type, Depth - 1>();
    else if constexpr (is_owner<T>::value) return reads_directly<typename T::element_type, Depth - 1>();
    else if constexpr (map_like<T>)
        return owning_text<typename T::key_type> && reads_directly<typename T::mapped_type, Depth - 1>();
    else if constexpr (std::is_array_v<T>) return reads_directly<std::remove_extent_t<T>, Depth - 1>();
    else if constexpr (fixed_range<T> || growing_range<T>) return reads_directly<typename T::value_type, Depth - 1>();
    else if constexpr (requires { std::tuple_size<T>::value; })
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (reads_directly<std::tuple_element_t<I, T>, Depth - 1>() && ...);
        }(std::make_index_sequence<std::tuple_size_v<T>>());
    else if constexpr (aggregate<T>) {
        for (std::size_t i = 0; i != field_names<T>.size(); ++i) // a name is compared as it stands, so it has to be UTF-8
            for (auto rest = field_names<T>[i]; !rest.empty(); rest.remove_prefix(utf8_length(rest)))
                if (utf8_length(rest) == 0) return false;
        return []<std::size_t... I, class... P>(addresses<std::index_sequence<I...>, P...>*) {
            return (reads_directly<std::remove_cv_t<std::remove_pointer_t<P>>, Depth - 1>() && ...);
        }(static_cast<decltype(addresses_of<T>())*>(nullptr));
    } else return false;
}

template <class T>
CREMA_FORCEINLINE bool direct_null(json_cursor& c, T& out) { // of an optional or a smart pointer
    if (*c.at != 'n' || !c.literal("null")) return false;
    out.reset();
    return true;
}

// Calls `each` for the elements of an array; false when it does, or when this is no array.
template <class F>
bool direct_elements(json_cursor& c, F&& each) {
    if (*c.at != '[' || c.depth == 0) return false;
    --c.depth;
    ++c.at;
    if (!c.next()) return false;
    if (*c.at == ']') {
        ++c.at;
    } else {
        for (;;) {
            if (!each() || !c.next()) return false;
            const char mark = *c.at++;
            if (mark == ']') break;
            if (mark != ',' || !c.next()) return false;
        }
    }
    ++c.depth;
    return true;
}

template <class T>
bool read_direct_range(json_cursor& c, T& out) {
    using E = typename T::value_type;
    out.clear();
    if constexpr (requires { out.reserve(1); } && sizeof(E) <= 1024) {
        std::size_t guess = 0; // how many there are, told from a look ahead
        if constexpr (owning_text<E>) guess = direct_estimate(c, '"') / 2;
        else if constexpr (std::is_arithmetic_v<E>) guess = direct_estimate(c, ',') + 1;
        else if constexpr (aggregate<E>) guess = direct_estimate(c, '{');
        if (guess > 1) out.reserve(guess);
    }
    return direct_elements(c, [&] {
        if constexpr (std::is_same_v<E, bool> || !requires { out.emplace_back(); }) {
            E element{};
            if (!read_direct(c, element)) return false;
            if constexpr (requires { out.push_back(std::move(element)); }) out.push_back(std::move(element));
            else out.insert(std::move(element));
            return true;
        } else {
            return read_direct(c, out.emplace_back());
        }
    });
}

template <class T>
bool read_direct_map(json_cursor& c, T& out) {
    using K = typename T::key_type;
    if (*c.at != '{' || c.depth == 0) return false;
    --c.depth;
    ++c.at;
    out.clear();
    if (!c.next()) return false;
    if (*c.at == '}') {
        ++c.at;
    } else {
        for (;;) {
            std::string_view name;
            if (!direct_string(c, name)) return false;
            K key(name.data(), name.size());
            typename T::mapped_type content{};
            if (!c.next() || *c.at++ != ':' || !c.next() || !read_direct(c, content)) return false;
            if constexpr (requires { out.insert_or_assign(std::move(key), std::move(content)); })
                out.insert_or_assign(std::move(key), std::move(content));
            else out.emplace(std::move(key), std::move(content));
            if (!c.next()) return false;
            const char mark = *c.at++;
            if (mark == '}') break;
            if (mark != ',' || !c.next()) return false;
        }
    }
    ++c.depth;
    return true;
}

template <class M>
bool read_direct_member(json_cursor& c, void* member) {
    return read_direct(c, *static_cast<M*>(member));
}

template <class T>
bool read_direct_aggregate(json_cursor& c, T& out) {
    static constexpr auto slots = []<std::size_t... I, class... P>(addresses<std::index_sequence<I...>, P...>*) {
        return std::array<direct_slot, sizeof...(P) + 1>{
            &read_direct_member<std::remove_const_t<std::remove_pointer_t<P>>>..., nullptr};
    }(static_cast<decltype(addresses_of<T>())*>(nullptr));
    return read_direct_object(c, &out, shape_of(out), slots.data(), field_keys<T>.text, field_keys<T>.begin);
}

// Reads the value at which the cursor stands: not white space, and not the end.
template <class T>
bool read_direct(json_cursor& c, T& out) {
    if constexpr (!reads_directly<T, 1>()) {
        return false;
    } else if constexpr (std::is_same_v<T, bool>) {
        out = *c.at == 't';
        return out ? c.literal("true") : c.literal("false");
    } else if constexpr (std::is_same_v<T, char>) {
        std::string_view text;
        if (!direct_string(c, text) || text.size() != 1) return false;
        out = text[0];
        return true;
    } else if constexpr (whole_number<T>) {
        using limits = std::numeric_limits<T>;
        std::uint64_t size;
        bool negative;
        if (!direct_whole(c, size, negative)) return false;
        const auto most = static_cast<std::uint64_t>(limits::max());
        if (size > (negative ? std::is_signed_v<T> ? most + 1 : 0 : most)) return false;
        out = static_cast<T>(negative ? std::uint64_t{0} - size : size);
        return true;
    } else if constexpr (std::is_floating_point_v<T>) {
        double d;
        if (!direct_number(c, d)) return false;
        if (sizeof(T) < sizeof(double) && std::abs(d) > static_cast<double>(std::numeric_limits<T>::max())) return false;
        out = static_cast<T>(d);
        return true;
    } else if constexpr (owning_text<T>) {
        std::string_view text;
        if (!direct_string(c, text)) return false;
        if constexpr (requires { out.capacity(); }) {
            if (text.size() <= out.capacity()) {
                out.clear(); // and append: that is less than assign
                out.append(text.data(), text.size());
                return true;
            }
        }
        out = T(text.data(), text.size());
        return true;
    } else if constexpr (optional_like<T>) {
        return direct_null(c, out) || read_direct(c, out.emplace());
    } else if constexpr (is_owner<T>::value) {
        using E = typename T::element_type;
        if (direct_null(c, out)) return true;
        if constexpr (std::is_same_v<T, std::unique_ptr<E>>) out = std::make_unique<E>();
        else out = std::make_shared<E>();
        return read_direct(c, *out);
    } else if constexpr (map_like<T>) {
        if constexpr (owning_text<typename T::key_type>) return read_direct_map(c, out);
        else return false;
    } else if constexpr (fixed_range<T>) {
        auto to = std::begin(out);
        std::size_t left = fixed_size<T>();
        return direct_elements(c, [&] { return left-- != 0 && read_direct(c, *to++); }) && left == 0;
    } else if constexpr (growing_range<T>) {
        return read_direct_range(c, out);
    } else if constexpr (requires { std::tuple_size<T>::value; }) {
        std::size_t i = 0;
        const bool fine = direct_elements(c, [&] {
            const std::size_t wanted = i++;
            std::size_t k = 0;
            return std::apply([&](auto&... e) { return ((k++ == wanted && read_direct(c, e)) || ...); }, out);
        });
        return fine && i == std::tuple_size_v<T>;
    } else if constexpr (std::is_enum_v<T>) {
        constexpr auto& names = enumerators<T>.names;
        std::string_view text;
        if (!direct_string(c, text)) return false;
        const std::size_t i = find_json_field(names.text, names.begin, names.size(), text, 0);
        if (i == names.size()) return false;
        out = enumerators<T>.values[i];
        return true;
    } else {
        return read_direct_aggregate(c, out);
    }
}

// Reads a whole text. False: it has to be parsed, and `out` may hold anything.
template <class T>
bool parse_directly(std::string_view text, const json::parse_options& options, T& out) {
    json_cursor c{text.data(), text.data() + text.size(), options.max_depth < 1 ? 1 : options.max_depth > 1024 ? 1024 : options.max_depth,
                  options.unknown == json::unknown_members::refuse, options.missing == json::missing_members::refuse, nullptr, text.size()};
    return text.size() < 0xf0000000 && c.next() && read_direct(c, out) && !c.next();
}

} // namespace crema::detail

#if CREMA_BODIES
#include <algorithm>
#include <bit>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace crema::detail {

CREMA_NOINLINE CREMA_DECL bool json_cursor::next_slowly() noexcept {
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) ++at;
    return at != end;
}

// Returns where something else than printable ASCII comes, or an escape, or the end of the string.
CREMA_FORCEINLINE const char* plain_json(const char* p, const char* end) noexcept {
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16) {
        const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const auto stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'))),
                                       _mm_cmplt_epi8(x, _mm_set1_epi8(0x20))); // signed: above 0x7f too
        if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(stop))) return p + std::countr_zero(mask);
    }
#endif
    while (p != end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20 && static_cast<unsigned char>(*p) < 0x80) ++p;
    return p;
}

// The rest of a string behind what is plain.
CREMA_NOINLINE inline bool direct_string_slowly(json_cursor& c, const char* begin, const char* p, std::string_view& out) {
    const char* from = begin; // what is not taken apart yet
    char* to = nullptr;
    const auto take = [&] {
        if (from != p) std::memcpy(to, from, static_cast<std::size_t>(p - from));
        to += p - from;
    };
    for (;; p = plain_json(p, c.end)) {
        if (p == c.end) return false;
        if (*p == '"') break;
        if (*p != '\\') { // a control octet has the length 1
            const auto n = utf8_length({p, static_cast<std::size_t>(c.end - p)});
            if (n < 2) return false;
            p += n;
            continue;
        }
        if (c.end - p < 2) return false;
        if (!to) {
            if (!c.spare) c.spare = std::make_unique_for_overwrite<char[]>(c.size);
            to = c.spare.get();
        }
        take();
        switch (p[1]) {
        case '"':
        case '\\':
        case '/': *to++ = p[1]; break;
        case 'b': *to++ = '\b'; break;
        case 'f': *to++ = '\f'; break;
        case 'n': *to++ = '\n'; break;
        case 'r': *to++ = '\r'; break;
        case 't': *to++ = '\t'; break;
        case 'u': {
            if (c.end - p < 6) return false;
            unsigned point = 0;
            for (int i = 2; i < 6; ++i) {
                if (!is_hex(p[i])) return false;
                point = point << 4 | hex_value(p[i]);
            }
            if (point >= 0xd800 && point < 0xe000) return false;
            if (point < 0x80) {
                *to++ = static_cast<char>(point);
            } else {
                if (point < 0x800) {
                    *to++ = static_cast<char>(0xc0 | point >> 6);
                } else {
                    *to++ = static_cast<char>(0xe0 | point >> 12);
                    *to++ = static_cast<char>(0x80 | (point >> 6 & 0x3f));
                }
                *to++ = static_cast<char>(0x80 | (point & 0x3f));
            }
            p += 4;
            break;
        }
        default: return false;
        }
        p += 2;
        from = p;
    }
    if (to) {
        take();
        out = {c.spare.get(), static_cast<std::size_t>(to - c.spare.get())};
    } else {
        out = {begin, static_cast<std::size_t>(p - begin)};
    }
    c.at = p + 1;
    return true;
}

CREMA_DECL bool direct_string(json_cursor& c, std::string_view& out) {
    const char* const begin = c.at + 1;
    if (*c.at != '"') return false;
    const char* const p = plain_json(begin, c.end);
    if (p == c.end || *p != '"') [[unlikely]] return direct_string_slowly(c, begin, p, out);
    out = {begin, static_cast<std::size_t>(p - begin)};
    c.at = p + 1;
    return true;
}

// Reads digits behind those of `n`, which is right when they are 18 at most.
CREMA_FORCEINLINE std::uint64_t direct_digits(const char*& at, const char* end, std::uint64_t n) noexcept {
    const char* p = at;
    for (unsigned d; p != end && (d = static_cast<unsigned char>(*p) - unsigned{'0'}) < 10; ++p) n = n * 10 + d;
    at = p;
    return n;
}

CREMA_DECL bool direct_whole(json_cursor& c, std::uint64_t& size, bool& negative) noexcept {
    const char* p = c.at;
    negative = *p == '-';
    p += negative;
    const char* const first = p;
    const std::uint64_t n = direct_digits(p, c.end, 0);
    const auto digits = static_cast<std::size_t>(p - first);
    if (digits - 1 > 17 || (*first == '0' && digits != 1)) return false;
    if (p != c.end && *p != ',' && (*p == '.' || (*p | 0x20) == 'e')) return false; // 1.0 and 1e3 are whole, too
    size = n;
    c.at = p;
    return true;
}

// Two numbers that a double holds exactly, divided, are rounded once, as they have to be.
CREMA_DECL bool direct_number(json_cursor& c, double& out) noexcept {
    static constexpr double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    const char* p = c.at;
    const bool negative = *p == '-';
    p += negative;
    const char* const first = p;
    std::uint64_t n = direct_digits(p, c.end, 0);
    if (p == first || (*first == '0' && p - first > 1)) return false;
    std::ptrdiff_t behind = 0;
    if (p != c.end && *p == '.') {
        const char* const point = ++p;
        n = direct_digits(p, c.end, n);
        behind = p - point;
        if (behind == 0 || n > std::uint64_t{1} << 53 || FLT_EVAL_METHOD != 0) return false;
    }
    if (p - first > 18 || (n == 0 && negative)) return false; // -0 is 0, -0.0 is not
    if (p != c.end && (*p | 0x20) == 'e') return false;
    double d = static_cast<double>(n);
    if (behind != 0) d /= powers[behind];
    out = negative ? -d : d;
    c.at = p;
    return true;
}

// Goes behind a value that nobody wants; it has to be right all the same.
CREMA_DECL bool skip_direct(json_cursor& c) {
    std::string_view text;
    switch (*c.at) {
    case '"': return direct_string(c, text);
    case 't': return c.literal("true");
    case 'f': return c.literal("false");
    case 'n': return c.literal("null");
    case '[': return direct_elements(c, [&] { return skip_direct(c); });
    case '{': {
        if (c.depth == 0) return false;
        --c.depth;
        ++c.at;
        if (!c.next()) return false;
        if (*c.at == '}') {
            ++c.at;
        } else {
            for (;;) {
                if (!direct_string(c, text) || !c.next() || *c.at++ != ':' || !c.next() || !skip_direct(c) || !c.next()) return false;
                const char mark = *c.at++;
                if (mark == '}') break;
                if (mark != ',' || !c.next()) return false;
            }
        }
        ++c.depth;
        return true;
    }
    default: {
        double any;
        return direct_number(c, any);
    }
    }
}

// Counts a mark in front of the first closing bracket, or of the end of what is looked at.
CREMA_DECL std::size_t direct_estimate(const json_cursor& c, char mark) noexcept {
    const auto* p = c.at;
    const auto* const end = p + std::min<std::ptrdiff_t>(c.end - p, 1024);
    std::size_t count = 0;
#if defined(__SSE2__)
    const auto wanted = _mm_set1_epi8(mark), bracket = _mm_set1_epi8(']');
    for (; end - p >= 16; p += 16) {
        const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const auto found = _mm_cmpeq_epi8(x, wanted);
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(x, bracket)) != 0) break;
        const auto sums = _mm_sad_epu8(_mm_sub_epi8(_mm_setzero_si128(), found), _mm_setzero_si128());
        count += static_cast<std::size_t>(_mm_cvtsi128_si32(sums)) + static_cast<std::size_t>(_mm_cvtsi128_si32(_mm_srli_si128(sums, 8)));
    }
#endif
    for (; p != end && *p != ']'; ++p) count += *p == mark;
    return count;
}

CREMA_DECL bool read_direct_object(json_cursor& c, void* out, const json_shape& shape, const direct_slot* slots, const char* keys,
                                   const std::uint32_t* key) {
    if (*c.at != '{' || c.depth == 0) return false;
    --c.depth;
    ++c.at;
    std::uint64_t seen = 0;
    if (!c.next()) return false;
    if (*c.at == '}') {
        ++c.at;
    } else {
        const auto expected = [&](std::size_t i, std::size_t skipped) { // ,"name": or without the comma
            if (i >= shape.count) return false;
            const std::string_view wanted(keys + key[i] + skipped, key[i + 1] - key[i] - skipped);
            if (static_cast<std::size_t>(c.end - c.at) <= wanted.size() || !same_text({c.at, wanted.size()}, wanted)) return false;
            c.at += wanted.size();
            return true;
        };
        for (std::size_t next = 0;;) { // mostly they come in order, and spelt as they are written
            std::size_t i = next;
            if (!expected(i, 1)) {
                std::string_view name;
                if (!direct_string(c, name) || !c.next() || *c.at++ != ':') return false;
                i = find_json_field(shape.names, shape.begin, shape.count, name, next);
            }
        again:
            if (!c.next()) return false;
            if (i == shape.count) {
                if (c.refuse_unknown || !skip_direct(c)) return false;
            } else {
                const std::uint64_t bit = std::uint64_t{1} << i;
                if ((seen & bit) != 0 || !slots[i](c, static_cast<char*>(out) + shape.offset[i])) return false;
                seen |= bit;
                next = i + 1;
            }
            if (expected(next, 0)) {
                i = next;
                goto again;
            }
            if (!c.next()) return false;
            const char mark = *c.at++;
            if (mark == '}') break;
            if (mark != ',' || !c.next()) return false;
        }
    }
    ++c.depth;
    return (shape.required & ~seen) == 0 || !c.refuse_missing;
}

} // namespace crema::detail
#endif
