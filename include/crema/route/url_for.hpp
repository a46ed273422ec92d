// url_for: makes paths of route patterns and values, the reverse of matching.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/encode.hpp>
#include <crema/core/result.hpp>
#include <crema/route/tokens.hpp>
#include <crema/route/typed.hpp>
#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace crema::route {

/** Holds the value of a parameter: text, a list of segments for a wildcard, or nothing.

    Numbers become text.

    @par Thread Safety
    Distinct objects: safe.
*/
class url_value {
public:
    /// Construct nothing: the parameter is absent.
    url_value(std::nullopt_t = std::nullopt) noexcept {}
    /// Construct from text, which is copied.
    url_value(std::string_view text) : kind_(kind::text), text_(text) {}
    /// Construct from text, which is copied.
    url_value(const char* text) : url_value(std::string_view(text)) {}
    /// Construct from text.
    url_value(std::string text) : kind_(kind::text), text_(std::move(text)) {}
    /// Construct from a number.
    template <std::integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char>)
    url_value(T number) : kind_(kind::text), text_(std::to_string(number)) {}
    /// Construct from segments.
    url_value(std::initializer_list<url_value> segments) : kind_(kind::list), list_(segments) {}
    /// Construct from segments.
    url_value(std::vector<url_value> segments) : kind_(kind::list), list_(std::move(segments)) {}
    /// Construct from any range of values.
    template <std::ranges::input_range R>
        requires(!std::convertible_to<const R&, std::string_view> && !std::same_as<std::remove_cvref_t<R>, url_value> &&
                 std::constructible_from<url_value, std::ranges::range_reference_t<const R>>)
    url_value(const R& segments) : kind_(kind::list) {
        for (const auto& s : segments) list_.emplace_back(s);
    }
    /// Construct from a value that may be absent.
    template <class T>
    url_value(const std::optional<T>& value) : url_value(value ? url_value(*value) : url_value()) {}
    /// Construct from an argument of a handler.
    template <fixed_string Name, class T>
    url_value(const param<Name, T>& p) : url_value(p.value()) {}

    /// Tells whether there is no value.
    bool is_absent() const noexcept { return kind_ == kind::absent; }
    /// Returns the text, or null when it is none.
    const std::string* text() const noexcept { return kind_ == kind::text ? &text_ : nullptr; }
    /// Returns the segments, or null when it is no list.
    const std::vector<url_value>* list() const noexcept { return kind_ == kind::list ? &list_ : nullptr; }

private:
    enum class kind : unsigned char { absent, text, list };
    kind kind_ = kind::absent;
    std::string text_;
    std::vector<url_value> list_;
};

/// Is a list of names and their values. The names are views.
using url_params = std::vector<std::pair<std::string_view, url_value>>;

/// Says how values become parts of a path.
struct url_options {
    bool encode = true; ///< escape as encodeURIComponent does; else the values go in as they are, wildcards as text
    std::string_view delimiter = "/"; ///< what separates the segments of a wildcard
};

/** Makes paths of one pattern.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class url_template {
public:
    /** Make a path.

        @param params Values by name; those the pattern does not have are ignored. A group lacking one is left out.

        @par Errors
        @li `error::not_found` `Missing parameters: a, b`
        @li `error::bad_value` `Expected "a" to be a string`, `Expected "a" to be a non-empty array`
    */
    CREMA_DECL result<std::string> operator()(const url_params& params = {}) const;

private:
    friend CREMA_DECL result<url_template> compile(token_list tokens, const url_options& options);
    url_template(token_list tokens, const url_options& options)
        : tokens_(std::move(tokens)), delimiter_(options.delimiter), encode_(options.encode) {}
    token_list tokens_;
    std::string delimiter_;
    bool encode_;
};

/** Read a pattern for making paths.

    @par Errors
    @li `error::bad_pattern` as with `pattern::parse`, except that captures may stand side by side.
*/
CREMA_DECL result<url_template> compile(std::string_view pattern, const url_options& options = {});
/// Takes tokens for making paths. @copydetails compile
CREMA_DECL result<url_template> compile(token_list tokens, const url_options& options = {});

/// Is what the compiler complains about when `url_for` is given too many or too few values.
template <std::size_t Given, class ParametersAre>
struct url_for_wrong_number_of_values;

namespace detail {

// Makes a path of tokens, whose texts stand in `text`.
CREMA_DECL result<std::string> make_url(const token* tokens, std::size_t count, std::string_view text,
                                        const url_params& params, const url_options& options);

template <class T>
inline constexpr bool is_param = false;
template <fixed_string Name, class T>
inline constexpr bool is_param<param<Name, T>> = true;

template <class T>
concept url_segments = std::ranges::input_range<const T> && !std::convertible_to<const T&, std::string_view>;

// Which parameter of the pattern the value at `i` is for.
template <class Pattern>
constexpr std::size_t parameter_for(std::size_t i, bool required_only) {
    for (std::size_t p = 0; p < Pattern::size(); ++p) {
        if (required_only && Pattern::at(p).optional) continue;
        if (i-- == 0) return p;
    }
    return Pattern::size();
}

template <class Pattern>
constexpr std::size_t count_required() {
    std::size_t n = 0;
    for (std::size_t p = 0; p < Pattern::size(); ++p) n += !Pattern::at(p).optional;
    return n;
}

template <class Pattern, class Arg>
constexpr bool fits_parameter(std::size_t i) {
    if constexpr (is_optional<Arg>) return fits_parameter<Pattern, typename Arg::value_type>(i);
    else return Pattern::at(i).wildcard == url_segments<Arg>;
}

} // namespace detail
} // namespace crema::route

namespace crema {

/** Make the path of a pattern, with values by name: `url_for("/users/:id", {{"id", 7}})`.

    @throws system_error as `route::url_template` returns, or the pattern is malformed.
*/
CREMA_DECL std::string url_for(std::string_view pattern, const route::url_params& params = {});

/** Make the path of a pattern that the compiler reads.

    Values come in the order of the pattern, one for each parameter, or one for each that is not optional:
    `url_for<"/users/:id{/posts/:post}">(7, 8)`. Or all are `param`, of any order: `url_for<"/users/:id">(id)`.
    A wildcard takes a range. `std::nullopt` and empty optionals leave a group out.

    @throws system_error an empty range for a wildcard, or an empty optional where there is no group.
*/
template <route::fixed_string Pattern, class... Args>
std::string url_for(const Args&... args) {
    using pattern = route::typed_pattern<Pattern>;
    constexpr std::size_t given = sizeof...(Args), required = route::detail::count_required<pattern>();
    route::url_params params;
    params.reserve(given);
    if constexpr (given != 0 && (route::detail::is_param<Args> && ...)) {
        ((pattern::template require<route::fixed_string<Args::name().size() + 1>(Args::name())>()), ...);
        ((params.emplace_back(Args::name(), route::url_value(args))), ...);
    } else {
        constexpr bool all = given == pattern::size();
        if constexpr (!all && given != required)
            static_cast<void>(sizeof(route::url_for_wrong_number_of_values<given, typename pattern::names>));
        static_assert(all || given == required,
                      "crema: url_for takes a value for each parameter of the pattern, in order, or for "
                      "each that is not optional");
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_assert(
                (route::detail::fits_parameter<pattern, Args>(route::detail::parameter_for<pattern>(I, !all)) && ...),
                "crema: url_for takes a range of segments for a wildcard, and one value for any other parameter");
            (params.emplace_back(pattern::at(route::detail::parameter_for<pattern>(I, !all)).name,
                                 route::url_value(args)),
             ...);
        }(std::make_index_sequence<given>{});
    }
    const auto& p = pattern::parsed();
    auto path = route::detail::make_url(p.tokens, p.count, {p.text, p.text_used}, params, {});
    return std::move(path).value();
}

} // namespace crema

#if CREMA_BODIES
namespace crema::route {
namespace detail {

class url_maker {
public:
    url_maker(std::string_view text, const url_params& params, const url_options& options)
        : text_(text), params_(params), options_(options) {}

    result<std::string> make(const token* tokens, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const token& t = tokens[i];
            const std::string_view text = text_.substr(t.at, t.size);
            if (t.kind == token_kind::text) out_ += text;
            else if (t.kind == token_kind::group_open) groups_.push_back({out_.size(), missing_.size()});
            else if (t.kind == token_kind::group_close) leave_group();
            else if (auto f = put(t.kind == token_kind::wildcard, text)) return *f;
        }
        if (missing_.empty()) return std::move(out_);
        std::string names;
        for (const auto name : missing_) (names += names.empty() ? "" : ", ") += name;
        return failure{make_error_code(error::not_found), 0, "Missing parameters: " + names};
    }

private:
    struct group {
        std::size_t out, missing; // how much there was at its begin
    };

    // Takes back a group that lacks something.
    void leave_group() {
        const group g = groups_.back();
        groups_.pop_back();
        if (missing_.size() == g.missing) return;
        missing_.resize(g.missing);
        out_.resize(g.out);
    }
    static failure expected(std::string name, std::string_view what) {
        return {make_error_code(error::bad_value), 0, "Expected \"" + name + "\" to be " + std::string(what)};
    }
    void append(std::string_view text) {
        if (options_.encode) encode_uri_component_to(out_, text);
        else out_ += text;
    }
    std::optional<failure> put(bool wildcard, std::string_view name) {
        const url_value* value = nullptr;
        for (const auto& [n, v] : params_)
            if (n == name) value = &v; // the last one counts
        if (!value || value->is_absent()) {
            missing_.push_back(name);
            return std::nullopt;
        }
        if (!wildcard || !options_.encode) {
            if (!value->text()) return expected(std::string(name), "a string");
            append(*value->text());
            return std::nullopt;
        }
        if (!value->list() || value->list()->empty()) return expected(std::string(name), "a non-empty array");
        std::size_t i = 0;
        for (const url_value& segment : *value->list()) {
            if (!segment.text()) return expected(std::string(name) + "/" + std::to_string(i), "a string");
            if (i++ != 0) out_ += options_.delimiter;
            append(*segment.text());
        }
        return std::nullopt;
    }

    std::string_view text_;
    const url_params& params_;
    const url_options& options_;
    std::string out_;
    std::vector<std::string_view> missing_;
    std::vector<group> groups_;
};

CREMA_DECL result<std::string> make_url(const token* tokens, std::size_t count, std::string_view text,
                                        const url_params& params, const url_options& options) {
    return url_maker(text, params, options).make(tokens, count);
}

} // namespace detail

CREMA_DECL result<std::string> url_template::operator()(const url_params& params) const {
    const auto& t = tokens_.tokens();
    return detail::make_url(t.data(), t.size(), tokens_.text(), params, {.encode = encode_, .delimiter = delimiter_});
}

CREMA_DECL result<url_template> compile(std::string_view pattern, const url_options& options) {
    token_list tokens;
    if (const auto e = parse_pattern(pattern, tokens)) return e->as_failure();
    return compile(std::move(tokens), options);
}

CREMA_DECL result<url_template> compile(token_list tokens, const url_options& options) {
    return url_template(std::move(tokens), options);
}

} // namespace crema::route

namespace crema {

CREMA_DECL std::string url_for(std::string_view pattern, const route::url_params& params) {
    const auto made = route::compile(pattern).value();
    return made(params).value();
}

} // namespace crema
#endif
