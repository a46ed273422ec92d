// Typed patterns: route patterns that the compiler reads, and their parameters as typed arguments of handlers.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/result.hpp>
#include <crema/route/from_text.hpp>
#include <crema/route/tokens.hpp>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema::route {

/// Holds a string literal as a template argument, its final zero included in `Size`.
template <std::size_t Size>
struct fixed_string {
    char octets[Size]{}; ///< the text and a zero

    /// Construct from a literal.
    consteval fixed_string(const char (&literal)[Size]) {
        for (std::size_t i = 0; i < Size; ++i) octets[i] = literal[i];
    }
    /// Construct from a text of `Size - 1` octets.
    consteval explicit fixed_string(std::string_view text) {
        for (std::size_t i = 0; i + 1 < Size; ++i) octets[i] = text[i];
    }
    /// Returns the text, which lives as long as the program when this is a template argument.
    constexpr std::string_view view() const noexcept { return {octets, Size - 1}; }
};

namespace detail {

// Where the parser puts the tokens of a pattern that the compiler reads: there are never more than octets.
template <std::size_t Size>
struct fixed_tokens {
    char text[Size + 1]{};
    token tokens[Size + 1]{};
    std::uint32_t text_used = 0, count = 0;
    syntax_fault fault;

    constexpr void put(std::string_view octets) {
        for (const char c : octets) text[text_used++] = c;
    }
    constexpr std::uint32_t text_size() const { return text_used; }
    constexpr void add(token t) { tokens[count++] = t; }
    constexpr void close() {
        for (std::uint32_t i = count; i-- > 0;) {
            if (tokens[i].kind != token_kind::group_open || tokens[i].partner != 0) continue;
            tokens[i].partner = count;
            tokens[count++] = {token_kind::group_close, text_used, 0, i};
            return;
        }
    }
    constexpr std::string_view text_of(const token& t) const { return {text + t.at, t.size}; }
};

template <fixed_string Source>
consteval auto parse_fixed() {
    fixed_tokens<sizeof(Source.octets)> out;
    out.fault = parse_tokens(Source.view(), out);
    std::uint32_t room[sizeof(Source.octets) + 1]{}, combinations = 0;
    if (!out.fault) out.fault = check_tokens(out.tokens, out.count, room, combinations);
    return out;
}

} // namespace detail

/// Describes a parameter of a pattern.
struct parameter_info {
    std::string_view name; ///< without `:` or `*`
    bool wildcard = false; ///< `*name`
    bool optional = false; ///< it stands in a group: a path may match without it
};

/// Lists names in error messages of the compiler.
template <fixed_string... Names>
struct parameters_are;
/// Is what the compiler complains about when a handler takes a parameter that its pattern does not have.
template <fixed_string Missing, class ParametersAre>
struct no_such_parameter;
/// Is what the compiler complains about when a parameter can be absent but its type cannot say so.
template <fixed_string Name, class Type>
struct optional_parameter_needs_std_optional;

/** Reads a route pattern at compile time; one that is malformed does not compile.

    @code
    using users = typed_pattern<"/users/:id{/posts/:post}">;
    static_assert(users::has_param("id") && users::at(users::find("post")).optional);
    users::require<"idd">();   // error: … no_such_parameter<"idd", parameters_are<"id", "post">>
    @endcode
*/
template <fixed_string Source>
class typed_pattern {
    static constexpr auto parsed_ = detail::parse_fixed<Source>();
    static constexpr pattern_fault fault_ = parsed_.fault.fault;
    static constexpr char character_ =
        parsed_.fault.position < Source.view().size() ? Source.octets[parsed_.fault.position] : '\0';
    static constexpr bool unexpected_ = fault_ == pattern_fault::unexpected_character;

    static_assert(!unexpected_ || character_ != '?',
                  "crema: unexpected ? in a route pattern: what is optional stands in braces, "
                  "as in {/:id}; write \\\\? for the character");
    static_assert(!unexpected_ || character_ != '(',
                  "crema: unexpected ( in a route pattern: patterns hold no regular expressions; "
                  "take param<\"id\", int> for digits; write \\\\( for the character");
    static_assert(!unexpected_ || character_ != '+',
                  "crema: unexpected + in a route pattern: one or more segments are a "
                  "wildcard, as in /*name; write \\\\+ for the character");
    static_assert(!unexpected_ || character_ != '}',
                  "crema: unexpected } in a route pattern: there is no { to close; write \\\\} "
                  "for the character");
    static_assert(!unexpected_ || (character_ != ')' && character_ != '[' && character_ != ']' && character_ != '!'),
                  "crema: one of ) [ ] ! in a route pattern: write it with \\\\ before it");
    static_assert(fault_ != pattern_fault::missing_name,
                  "crema: : or * without a name in a route pattern: a wildcard is written "
                  "*name; write \\\\: or \\\\* for the character");
    static_assert(fault_ != pattern_fault::unterminated_quote, "crema: a quoted name in a route pattern does not end");
    static_assert(fault_ != pattern_fault::unfinished_escape, "crema: a route pattern ends with a backslash");
    static_assert(fault_ != pattern_fault::unclosed_group, "crema: a { in a route pattern is not closed");
    static_assert(fault_ != pattern_fault::missing_text,
                  "crema: two parameters in a route pattern have no text between them");
    static_assert(fault_ != pattern_fault::too_many_combinations,
                  "crema: a route pattern has too many optional groups");

    // The distinct names in order, then how many there are.
    static consteval auto collect() {
        struct list {
            std::array<parameter_info, sizeof(Source.octets)> all{};
            std::size_t size = 0;
        } out;
        std::size_t depth = 0;
        for (std::uint32_t i = 0; fault_ == pattern_fault::none && i < parsed_.count; ++i) {
            const token& t = parsed_.tokens[i];
            depth += t.kind == token_kind::group_open;
            depth -= t.kind == token_kind::group_close;
            if (t.kind != token_kind::param && t.kind != token_kind::wildcard) continue;
            const std::string_view name = parsed_.text_of(t);
            std::size_t at = 0;
            while (at < out.size && out.all[at].name != name) ++at;
            if (at == out.size) out.all[out.size++] = {name, t.kind == token_kind::wildcard, true};
            out.all[at].wildcard = t.kind == token_kind::wildcard;
            out.all[at].optional = out.all[at].optional && depth != 0;
        }
        return out;
    }
    static constexpr auto list_ = collect();

    template <std::size_t... I>
    static parameters_are<fixed_string<list_.all[I].name.size() + 1>(list_.all[I].name)...>
        listed(std::index_sequence<I...>);

public:
    /// Lists the names, for the compiler's messages.
    using names = decltype(listed(std::make_index_sequence<list_.size>{}));

    /// Returns the pattern as it was written.
    static constexpr std::string_view source() noexcept { return Source.view(); }
    /// Returns the number of distinct parameters.
    static constexpr std::size_t size() noexcept { return list_.size; }
    /// Returns one of them, in the order of the pattern.
    static constexpr const parameter_info& at(std::size_t i) noexcept { return list_.all[i]; }
    /// Returns the number of the parameter of this name, `size()` when there is none.
    static constexpr std::size_t find(std::string_view name) noexcept {
        std::size_t i = 0;
        while (i < list_.size && list_.all[i].name != name) ++i;
        return i;
    }
    /// Tells whether there is a parameter of this name.
    static constexpr bool has_param(std::string_view name) noexcept { return find(name) != list_.size; }

    /** Refuse to compile unless there is a parameter of this name.

        With a type, also unless a parameter that can be absent is a `std::optional`.
    */
    template <fixed_string Name, class T = void>
    static consteval void require() noexcept {
        if constexpr (!has_param(Name.view())) {
            static_cast<void>(sizeof(no_such_parameter<Name, names>));
            static_assert(has_param(Name.view()),
                          "crema: the route has no parameter of this name; those it has are listed above");
        } else if constexpr (!std::is_void_v<T> && !detail::is_optional<T>) {
            constexpr bool always = !at(find(Name.view())).optional;
            if constexpr (!always) static_cast<void>(sizeof(optional_parameter_needs_std_optional<Name, T>));
            static_assert(always, "crema: this parameter stands in an optional group: take it as std::optional");
        }
    }

    /// @cond for url_for
    static constexpr const auto& parsed() noexcept { return parsed_; }
    /// @endcond
};

} // namespace crema::route

namespace crema {

/** Is a parameter of the route as an argument of a handler: `[](param<"id", int> id, response& res)`.

    Behaves as its value. With `app.get<"/users/:id">(…)` a misspelt name does not compile.

    @tparam Name The name in the pattern, without `:` or `*`.
    @tparam T What `route::from_text` makes of the text; `std::optional` for a parameter that may be absent;
    `std::vector<std::string>` for the segments of a wildcard, each decoded by itself.

    @par Thread Safety
    Distinct objects: safe.
*/
template <route::fixed_string Name, class T = std::string>
class param {
public:
    using value_type = T; ///< the type of the value

    /// Construct with a value.
    constexpr explicit param(T value) noexcept(std::is_nothrow_move_constructible_v<T>) : value_(std::move(value)) {}

    /** Convert a decoded text.

        @par Errors
        @li `error::bad_value` it is no `T`: `parameter "id": "abc" is not an integer`.
    */
    static result<param> from(std::string_view text) {
        auto v = route::from_text<T>(text);
        if (v) return param(std::move(*v));
        failure f = v.error();
        f.detail = "parameter \"" + std::string(Name.view()) + "\": " + f.message();
        return f;
    }

    /// Returns the name.
    static constexpr std::string_view name() noexcept { return Name.view(); }
    /// Returns the value.
    constexpr const T& value() const& noexcept { return value_; }
    /// Returns the value, moved out.
    constexpr T&& value() && noexcept { return std::move(value_); }
    /// Converts to the value.
    constexpr operator const T&() const noexcept { return value_; }
    /// Returns the value.
    constexpr const T& operator*() const noexcept { return value_; }
    /// Accesses the value.
    constexpr const T* operator->() const noexcept { return &value_; }

    /// Compares the value. (Numbers are compared as numbers, by conversion.)
    friend constexpr bool operator==(const param& a, const T& b)
        requires(!std::is_arithmetic_v<T>)
    {
        return a.value_ == b;
    }
    /// Compares the values.
    friend constexpr bool operator==(const param& a, const param& b)
        requires(!std::is_arithmetic_v<T>)
    {
        return a.value_ == b.value_;
    }

private:
    T value_;
};

} // namespace crema
