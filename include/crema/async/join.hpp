// join: the primitive under the combinators: run branches side by side, wait for all of them.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/awaitable.hpp>
#include <crema/async/environment.hpp>
#include <crema/async/settled.hpp>
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <cstddef>
#include <exception>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <vector>

namespace crema::detail {

inline constexpr std::size_t no_branch = static_cast<std::size_t>(-1);

/// When the rest of the branches is cancelled.
enum class join_until {
    all_ended,     // all_settled
    first_error,   // when_all
    first_success, // when_any
    first_end,     // race
};

// Counts the branches, keeps their scope, resumes whoever awaits them. Lives in the frame of the awaiting coroutine.
class join_state {
public:
    explicit join_state(join_until until) noexcept : until_(until) {}
    join_state(const join_state&) = delete;
    join_state& operator=(const join_state&) = delete;

    join_until until() const noexcept { return until_; }
    std::size_t winner() const noexcept { return winner_; }
    bool parent_cancelled() const noexcept { return parent_scope_ && parent_scope_->is_cancelled(); }
    void check_parent() const {
        if (parent_scope_) parent_scope_->check();
    }

    void open(environment* parent, std::coroutine_handle<> h) noexcept {
        parent_scope_ = parent->scope;
        env_ = *parent;
        env_.scope = &scope_;
        scope_.attach(parent->scope);
        parent_ = h;
        pending_ = 1; // held by the starting loop
    }
    environment* env() noexcept { return &env_; }
    void begin_one() noexcept { ++pending_; }
    // A branch has ended. Resumes the parent when it was the last, which may destroy this.
    void end_one(std::size_t index, bool failed) noexcept {
        const bool decides = until_ == join_until::first_end || (until_ == join_until::first_error && failed) ||
                             (until_ == join_until::first_success && !failed);
        if (decides && winner_ == no_branch) {
            winner_ = index;
            scope_.cancel(cancel_reason::requested); // the count held by this branch keeps the parent waiting
        }
        if (--pending_ == 0) parent_.resume();
    }
    // All were started: true when none is left to wait for.
    bool all_started() noexcept { return --pending_ == 0; }

private:
    cancel_scope scope_;
    environment env_;
    cancel_scope* parent_scope_ = nullptr;
    std::coroutine_handle<> parent_;
    std::size_t pending_ = 0;
    std::size_t winner_ = no_branch;
    join_until until_;
};

template <class T>
struct branch {
    task<T> work;
    join_state* join = nullptr;
    std::size_t index = 0;

    explicit branch(task<T> t) noexcept : work(std::move(t)) {}
    branch(branch&&) noexcept = default;

    void start(join_state& j, std::size_t i) {
        join = &j;
        index = i;
        j.begin_one();
        task_access::start(work, j.env(), [](void* self) {
            auto& b = *static_cast<branch*>(self);
            b.join->end_one(b.index, task_access::promise(b.work).failed());
        }, this);
    }
    std::exception_ptr error() { return task_access::promise(work).error(); }
    value_of_t<T> take() {
        if constexpr (std::is_void_v<T>) {
            task_access::promise(work).take();
            return {};
        } else {
            return task_access::promise(work).take();
        }
    }
    settled<value_of_t<T>> settle() {
        if (auto e = error()) return settled<value_of_t<T>>(e);
        return settled<value_of_t<T>>(take());
    }
};

// Nothing of a branch is left when the combinator has returned or thrown, its parameters included.
template <class F>
struct destroy_frames {
    F f;
    ~destroy_frames() { f(); }
};
template <class F>
destroy_frames(F) -> destroy_frames<F>;

// The awaiter of a pack. Finish turns (join_state&, tuple of branches) into the result.
template <class Finish, class... T>
class [[nodiscard("a combinator does nothing until it is awaited")]] join_pack {
public:
    join_pack(join_until until, task<T>... tasks) : join_(until), branches_(branch<T>(std::move(tasks))...) {}
    // before it is awaited
    join_pack(join_pack&& other) noexcept : join_(other.join_.until()), branches_(std::move(other.branches_)) {}

    bool await_ready() const noexcept { return sizeof...(T) == 0; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        join_.open(environment_of(h), h);
        std::size_t i = 0;
        std::apply([&](auto&... b) { (b.start(join_, i++), ...); }, branches_);
        return !join_.all_started();
    }
    decltype(auto) await_resume() {
        const destroy_frames at_end{[this] { std::apply([](auto&... b) { ((b.work = {}), ...); }, branches_); }};
        return Finish::finish(join_, branches_);
    }

private:
    join_state join_;
    std::tuple<branch<T>...> branches_;
};

// The awaiter of a range.
template <class Finish, class T>
class [[nodiscard("a combinator does nothing until it is awaited")]] join_range {
public:
    join_range(join_until until, std::vector<branch<T>> branches) : join_(until), branches_(std::move(branches)) {}
    // before it is awaited
    join_range(join_range&& other) noexcept : join_(other.join_.until()), branches_(std::move(other.branches_)) {}

    bool await_ready() const noexcept { return branches_.empty(); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        join_.open(environment_of(h), h);
        for (std::size_t i = 0; i < branches_.size(); ++i) branches_[i].start(join_, i);
        return !join_.all_started();
    }
    decltype(auto) await_resume() {
        const destroy_frames at_end{[this] { branches_.clear(); }};
        return Finish::finish(join_, branches_);
    }

private:
    join_state join_;
    std::vector<branch<T>> branches_;
};

template <class R>
concept range_of_awaitables =
    std::ranges::input_range<R> && awaitable<std::ranges::range_value_t<R>> && !awaitable<std::remove_cvref_t<R>>;

template <class A>
concept joinable = awaitable<A> && !std::is_lvalue_reference_v<A>;

// Why a combinator cannot take these arguments. A combinator has one more overload, for what it does not take.
template <class... A>
concept not_joinable = sizeof...(A) > 0 && !(joinable<A> && ...) && (sizeof...(A) != 1 || (!range_of_awaitables<A> && ...));
template <class... A>
inline constexpr bool lvalue_to_join = ((std::is_lvalue_reference_v<A> && awaitable<std::remove_cvref_t<A>>) || ...);

template <class A>
using task_of = decltype(as_task(std::declval<A>()));

template <class Finish, class... A>
auto join_all(join_until until, A... a) {
    return join_pack<Finish, typename task_of<A>::value_type...>(until, as_task(std::move(a))...);
}

template <class Finish, class R>
auto join_all_of(join_until until, R& range) {
    using T = typename task_of<std::ranges::range_value_t<R>>::value_type;
    std::vector<branch<T>> branches;
    if constexpr (std::ranges::sized_range<R>) branches.reserve(std::ranges::size(range));
    for (auto&& a : range) branches.emplace_back(as_task(std::move(a)));
    return join_range<Finish, T>(until, std::move(branches));
}

} // namespace crema::detail
