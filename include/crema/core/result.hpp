// result<T>: a value, or an error code with what and where. For code that does no I/O and does not throw.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace crema {

/** Describes a failure: the code, where in the input, and a sentence for people.

    @par Thread Safety
    Distinct objects: safe.
*/
struct failure {
    std::error_code code;     ///< what happened
    std::size_t position = 0; ///< offset in octets into the input, when there is one
    std::string detail{};     ///< a sentence without a final full stop

    /// Returns the detail, or the message of the code when there is none.
    std::string message() const { return detail.empty() ? code.message() : detail; }
};

/** Holds either a `T` or a `failure`.

    @tparam T The type of the value; `std::monostate` where there is none.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class T>
class [[nodiscard]] result {
public:
    using value_type = T; ///< the type of the value

    /// Construct a success.
    result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    /// Construct a success from the arguments of `T`'s constructor, in place.
    template <class... Args>
    explicit result(std::in_place_t, Args&&... args) : state_(std::in_place_index<0>, std::forward<Args>(args)...) {}
    /// Construct a failure.
    result(failure f) : state_(std::in_place_index<1>, std::move(f)) {}
    /// Construct a failure from a code alone.
    result(crema::error e) : state_(std::in_place_index<1>, failure{make_error_code(e)}) {}

    /// Tells whether there is a value.
    bool has_value() const noexcept { return state_.index() == 0; }
    /// Tells whether there is a value.
    explicit operator bool() const noexcept { return has_value(); }

    /** Return the value.
        @throws system_error when there is none.
    */
    T& value() & {
        require();
        return *std::get_if<0>(&state_);
    }
    /// @copydoc value
    const T& value() const& {
        require();
        return *std::get_if<0>(&state_);
    }
    /// @copydoc value
    T value() && {
        require();
        return std::move(*std::get_if<0>(&state_));
    }

    /// Returns the value; undefined when there is none.
    T& operator*() & noexcept { return *std::get_if<0>(&state_); }
    /// Returns the value; undefined when there is none.
    const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
    /// Returns the value; undefined when there is none.
    T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
    /// Accesses the value; undefined when there is none.
    T* operator->() noexcept { return std::get_if<0>(&state_); }
    /// Accesses the value; undefined when there is none.
    const T* operator->() const noexcept { return std::get_if<0>(&state_); }

    /// Returns the value, or `other` when there is none.
    T value_or(T other) const& { return has_value() ? **this : std::move(other); }

    /// Returns the failure; undefined when there is a value.
    const failure& error() const noexcept { return *std::get_if<1>(&state_); }

private:
    void require() const {
        if (!has_value()) throw system_error(error().code, error().detail);
    }
    std::variant<T, failure> state_;
};

} // namespace crema
