// unique_function: a callable that is moved, never copied, with room for small ones inside.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

namespace crema {

template <class Signature>
class unique_function;

/** Holds any callable of the signature, without copying it.

    Callables of up to four pointers that move without throwing are kept inside; others cost one allocation.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
template <class R, class... Args>
class unique_function<R(Args...)> {
    static constexpr std::size_t room = 4 * sizeof(void*);

    template <class F>
    static constexpr bool fits = sizeof(F) <= room && alignof(F) <= alignof(std::max_align_t) &&
                                 std::is_nothrow_move_constructible_v<F>;

    struct operations {
        R (*call)(void*, Args...);
        void (*move)(void* from, void* to) noexcept;
        void (*destroy)(void*) noexcept;
    };

    template <class F>
    static F& stored(void* place) noexcept {
        if constexpr (fits<F>) return *std::launder(static_cast<F*>(place));
        else return **static_cast<F**>(place);
    }

    template <class F>
    static constexpr operations operations_of{
        [](void* place, Args... args) -> R {
            return std::invoke(stored<F>(place), std::forward<Args>(args)...);
        },
        [](void* from, void* to) noexcept {
            if constexpr (fits<F>) {
                F& f = stored<F>(from);
                ::new (to) F(std::move(f));
                f.~F();
            } else {
                *static_cast<F**>(to) = *static_cast<F**>(from);
            }
        },
        [](void* place) noexcept {
            if constexpr (fits<F>) stored<F>(place).~F();
            else delete *static_cast<F**>(place);
        }};

public:
    /// Construct empty.
    unique_function() noexcept = default;
    /// Construct empty.
    unique_function(std::nullptr_t) noexcept {}

    /// Construct from a callable, which is moved in.
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, unique_function> &&
                 std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
    unique_function(F&& f) {
        using D = std::decay_t<F>;
        if constexpr (fits<D>) ::new (static_cast<void*>(place_)) D(std::forward<F>(f));
        else *reinterpret_cast<D**>(place_) = new D(std::forward<F>(f));
        ops_ = &operations_of<D>;
    }

    unique_function(unique_function&& other) noexcept : ops_(std::exchange(other.ops_, nullptr)) {
        if (ops_) ops_->move(other.place_, place_);
    }
    unique_function& operator=(unique_function&& other) noexcept {
        if (this != &other) {
            reset();
            ops_ = std::exchange(other.ops_, nullptr);
            if (ops_) ops_->move(other.place_, place_);
        }
        return *this;
    }
    unique_function(const unique_function&) = delete;
    unique_function& operator=(const unique_function&) = delete;
    ~unique_function() { reset(); }

    /// Tells whether there is a callable.
    explicit operator bool() const noexcept { return ops_ != nullptr; }

    /// Calls it; undefined when empty.
    R operator()(Args... args) { return ops_->call(place_, std::forward<Args>(args)...); }

    /// Destroys the callable and leaves this empty.
    void reset() noexcept {
        if (auto* ops = std::exchange(ops_, nullptr)) ops->destroy(place_);
    }

private:
    const operations* ops_ = nullptr;
    alignas(std::max_align_t) std::byte place_[room];
};

} // namespace crema
