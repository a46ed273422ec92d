// response_arguments: what calls of a response take: texts or numbers, lists of fields, links, cases of `format`.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema {

namespace detail {

// A callable by reference, for the length of one call.
class call_ref {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, call_ref> && std::invocable<F&>)
    call_ref(F&& f) noexcept
        : what_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
          call_([](void* what) { (*static_cast<std::remove_reference_t<F>*>(what))(); }) {}
    void operator()() const { call_(what_); }

private:
    void* what_;
    void (*call_)(void*);
};

// Something that Express writes as a string in a header: a text or a number.
class field_text {
public:
    template <class T>
        requires std::convertible_to<const T&, std::string_view>
    field_text(const T& text) : text_(text) {}
    template <class T>
        requires(std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>)
    field_text(T number)
        : text_(digits_, static_cast<std::size_t>(std::to_chars(digits_, digits_ + 24, number).ptr - digits_)) {}
    field_text(const field_text&) = delete;
    operator std::string_view() const noexcept { return text_; }

private:
    char digits_[24];
    std::string_view text_;
};

} // namespace detail

/// Is one of the answers of `response::format`.
struct format_case {
    std::string_view type;   ///< a media type, an extension as `"json"`, or `"default"`
    detail::call_ref answer; ///< called without arguments when this one is the best
};

/// Is one entry of `response::links`.
struct link_entry {
    /// Names one target.
    link_entry(std::string_view r, std::string_view url) : rel(r), one(url) {}
    /// Names several targets.
    link_entry(std::string_view r, std::initializer_list<std::string_view> urls) : rel(r), several(urls) {}
    std::string_view rel;                            ///< the relation: `"next"`
    std::string_view one{};                          ///< the target
    std::initializer_list<std::string_view> several{}; ///< the targets, when they are several
};

/// Is a list of names and values of header fields, for the length of one call.
using field_list = std::initializer_list<std::pair<std::string_view, std::string_view>>;

} // namespace crema
