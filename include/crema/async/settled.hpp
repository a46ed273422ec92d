// settled<T>: how a branch ended, by value or by exception; aggregate_error: all of them failed.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/async/awaitable.hpp>
#include <crema/core/error.hpp>
#include <exception>
#include <utility>
#include <variant>
#include <vector>

namespace crema {

/** Holds how one branch of `all_settled` ended.

    @tparam T What the branch gives; `std::monostate` for void.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class T>
class settled {
public:
    using value_type = T; ///< what the branch gives

    /// Construct fulfilled.
    explicit settled(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    /// Construct rejected.
    explicit settled(std::exception_ptr error) : state_(std::in_place_index<1>, std::move(error)) {}

    /// Tells whether the branch gave a value.
    bool fulfilled() const noexcept { return state_.index() == 0; }
    /// Tells whether the branch gave a value.
    explicit operator bool() const noexcept { return fulfilled(); }

    /// Returns the value, or rethrows the exception.
    T& value() {
        if (!fulfilled()) std::rethrow_exception(*std::get_if<1>(&state_));
        return *std::get_if<0>(&state_);
    }
    /// Returns the exception, null when fulfilled.
    std::exception_ptr error() const noexcept { return fulfilled() ? nullptr : *std::get_if<1>(&state_); }

private:
    std::variant<T, std::exception_ptr> state_;
};

/** Thrown by `when_any` when no branch succeeded: holds the exceptions in the order of the arguments.

    @par Thread Safety
    Distinct objects: safe.
*/
class aggregate_error : public system_error {
public:
    /// Construct from all of them.
    explicit aggregate_error(std::vector<std::exception_ptr> all)
        : system_error(make_error_code(error::not_found), "all branches failed"), all_(std::move(all)) {}

    /// Returns the exceptions; valid as long as this.
    const std::vector<std::exception_ptr>& errors() const noexcept { return all_; }

private:
    std::vector<std::exception_ptr> all_;
};

} // namespace crema
