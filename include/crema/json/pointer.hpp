// JSON pointers: name a place inside of a tree.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/core/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace crema::json {

/** Append one step to the text of a pointer: a slash, and the step with `~` as `~0` and `/` as `~1`.

    @param pointer Grows.
    @param step The name of a member, or an index in decimal.
*/
CREMA_DECL void append_step(std::string& pointer, std::string_view step);

/** Names a place inside of a tree by the steps that lead there.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.

    @see RFC 6901
*/
class pointer {
public:
    /// Construct the pointer to the whole tree.
    pointer() = default;
    /// Construct from steps as they are, without escapes.
    explicit pointer(std::vector<std::string> steps) : steps_(std::move(steps)) {}

    /** Parse the text of a pointer, in which `~0` stands for `~` and `~1` for `/`.

        @param text Empty, or a slash before each step. Not the form of URI fragments.

        @par Errors
        @li `error::bad_syntax` it does not begin with a slash, or a `~` is followed by neither 0 nor 1.
    */
    static result<pointer> parse(std::string_view text);

    /// Returns the steps, without escapes.
    const std::vector<std::string>& steps() const noexcept { return steps_; }
    /// Returns the text, with escapes.
    std::string text() const;

    /** Find what this points to.

        @return The value, or null when there is none: no member or element of that name, an index with a leading
            zero, `-` (the place behind the last element), or a step into what is neither array nor object. Valid
            until the tree changes.

        @par Complexity
        Linear in the members of the objects on the way.
    */
    const value* find(const value& root) const noexcept;
    /// @copydoc find
    value* find(value& root) const noexcept { return const_cast<value*>(find(static_cast<const value&>(root))); }

    /// Compares the steps.
    friend bool operator==(const pointer&, const pointer&) = default;

private:
    std::vector<std::string> steps_;
};

/// Finds what a pointer's text points to; null also when the text is no pointer.
CREMA_DECL const value* find(const value& root, std::string_view pointer_text);

} // namespace crema::json

#if CREMA_BODIES
#include <charconv>
#include <cstddef>

namespace crema::json {

CREMA_DECL void append_step(std::string& pointer, std::string_view step) {
    pointer += '/';
    for (char c : step) {
        if (c == '~') pointer += "~0";
        else if (c == '/') pointer += "~1";
        else pointer += c;
    }
}

CREMA_DECL result<pointer> pointer::parse(std::string_view text) {
    pointer made;
    if (text.empty()) return made;
    if (text.front() != '/') return failure{make_error_code(error::bad_syntax), 0, "a JSON pointer begins with '/'"};
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '/') {
            made.steps_.emplace_back();
        } else if (c == '~') {
            const char next = ++i < text.size() ? text[i] : ' ';
            if (next != '0' && next != '1')
                return failure{make_error_code(error::bad_syntax), i - 1,
                               "in a JSON pointer '~' is followed by 0 or 1"};
            made.steps_.back() += next == '0' ? '~' : '/';
        } else {
            made.steps_.back() += c;
        }
    }
    return made;
}

CREMA_DECL std::string pointer::text() const {
    std::string all;
    for (const std::string& step : steps_) append_step(all, step);
    return all;
}

CREMA_DECL const value* pointer::find(const value& root) const noexcept {
    const value* at = &root;
    for (const std::string& step : steps_) {
        if (at->is_object()) {
            at = at->find(step);
        } else if (at->is_array()) {
            std::size_t index = 0;
            const char* const end = step.data() + step.size();
            const auto [stop, bad] = std::from_chars(step.data(), end, index);
            const bool decimal = bad == std::errc() && stop == end && (step.size() == 1 || step[0] != '0');
            at = decimal && index < at->as_array().size() ? &at->as_array()[index] : nullptr;
        } else {
            at = nullptr;
        }
        if (!at) return nullptr;
    }
    return at;
}

CREMA_DECL const value* find(const value& root, std::string_view pointer_text) {
    const auto p = pointer::parse(pointer_text);
    return p ? p->find(root) : nullptr;
}

} // namespace crema::json
#endif
