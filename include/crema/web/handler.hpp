// handler: what may be registered; turns any callable with a suitable signature into one kind of object.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/awaitable.hpp>
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/web/arguments.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <exception>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema {
namespace detail {

// A registered handler. Owned by the router, so that the captures of a lambda coroutine outlive its frame.
class handler_base {
public:
    // Calls it. A synchronous one has returned; a coroutine has been put where the frame that `n` belongs to says. That
    // has the error, too.
    using function = void (*)(handler_base& self, request& req, response& res, next& n);
    const function call;

    explicit handler_base(function f) noexcept : call(f) {}
    handler_base(const handler_base&) = delete;
    handler_base& operator=(const handler_base&) = delete;
    virtual ~handler_base() = default;

    bool takes_error = false; // (err, req, res, next)
    bool suspends = false;    // gives an awaitable: needs a frame, and its next in the arena
    bool takes_body = false;  // has a body<T>: the body is read before the call
    bool reads_now = false;   // synchronous, and takes no next: if it wants the body, then now
};

// Answers with what a handler returned.
template <class V>
void answer(response& res, V&& v) {
    if constexpr (std::is_convertible_v<V&&, std::string_view>) res.send(std::string_view(v));
    else res.json(v);
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsubobject-linkage" // when the type comes from an anonymous namespace
#endif
template <class A>
task<> answer_later(response& res, A work) {
    auto v = co_await std::move(work);
    answer(res, std::move(v));
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// Deals with what the call of a handler gave.
template <class Call>
void settle_call(Call&& call, response& res, next& n) {
    using R = std::invoke_result_t<Call>;
    if constexpr (std::is_void_v<R>) {
        call();
    } else if constexpr (awaitable<R>) {
        using V = await_result_t<R>;
        if constexpr (std::is_void_v<V>) *call_frame::of(n).put_work = as_task(call());
        else *call_frame::of(n).put_work = answer_later(res, call());
    } else {
        answer(res, call());
    }
}

template <class F, class... A>
inline constexpr bool gives_awaitable = [] {
    using R = std::invoke_result_t<F, A...>;
    if constexpr (std::is_void_v<R>) return false;
    else return awaitable<R>;
}();

enum class shape { none, nothing, req, res, req_res, req_res_next, error, error_typed, by_type };

template <class F>
inline constexpr bool takes_any_error = [] {
    if constexpr (signature<F>::known) return signature<F>::is_any_error; // cheaper to compile
    else return std::is_invocable_v<F&, std::exception_ptr, request&, response&, next&>;
}();

// Which of the signatures it has. A callable with written argument types is filled in by type, in any order;
// a generic lambda by position.
template <class F, class Pattern = runtime_pattern>
consteval shape shape_of() {
    using typed = typename request_type<Pattern>::type;
    if constexpr (takes_any_error<F>) return shape::error;
    else if constexpr (signature<F>::known) {
        if constexpr (signature<F>::is_typed_error) return shape::error_typed;
        else return shape::by_type;
    } else if constexpr (std::is_invocable_v<F&, typed&, response&, next&>) return shape::req_res_next;
    else if constexpr (std::is_invocable_v<F&, typed&, response&>) return shape::req_res;
    else return shape::none;
}

template <class F, class Pattern = runtime_pattern>
class handler_of final : public handler_base {
    static constexpr shape form = shape_of<F, Pattern>();
    using typed = typename request_type<Pattern>::type;
    static_assert(form != shape::none,
                  "crema: this cannot be a handler: it must be callable as (request&, response&), with next& or not, as "
                  "(std::exception_ptr, request&, response&, next&), or take any of request&, response&, next&, "
                  "param<\"name\", T>, query<T>, body<T>");

public:
    explicit handler_of(F&& f) : handler_base(&handler_of::run), f_(static_cast<F&&>(f)) {
        takes_error = form == shape::error || form == shape::error_typed;
        if constexpr (form == shape::error && !signature<F>::known)
            suspends = gives_awaitable<F&, std::exception_ptr, request&, response&, next&>;
        else if constexpr (form == shape::error) suspends = signature<F>::suspends;
        else if constexpr (form == shape::error_typed || form == shape::by_type) {
            suspends = signature<F>::suspends;
            takes_body = signature<F>::takes_body;
            reads_now = form == shape::by_type && !suspends && !signature<F>::has_next;
        } else if constexpr (form == shape::req_res_next) suspends = gives_awaitable<F&, typed&, response&, next&>;
        else if constexpr (form == shape::req_res) {
            suspends = gives_awaitable<F&, typed&, response&>;
            reads_now = !suspends;
        }
    }

private:
    static void run(handler_base& self, request& req, response& res, next& n) {
        auto& f = static_cast<handler_of&>(self).f_;
        (void)req;
        if constexpr (form == shape::error) {
            settle_call([&]() -> decltype(auto) { return f(*call_frame::of(n).given.error, req, res, n); }, res, n);
        } else if constexpr (form == shape::error_typed) {
            using E = typename signature<F>::error_type;
            const auto& error = *call_frame::of(n).given.error;
            try {
                std::rethrow_exception(error);
            } catch (const E& e) {
                if constexpr (signature<F>::suspends)
                    static_assert(!std::is_reference_v<typename signature<F>::first>,
                                  "crema: an error handler that is a coroutine takes the error by value, or as std::exception_ptr");
                settle_call([&]() -> decltype(auto) { return f(e, req, res, n); }, res, n);
            } catch (...) {
                n(error); // not for this one
            }
        } else if constexpr (form == shape::by_type) {
            if constexpr (std::is_void_v<typename signature<F>::result>) signature<F>::apply(f, req, res, n);
            else
                settle_call([&]() -> decltype(auto) { return signature<F>::apply(f, req, res, n); }, res, n);
        } else if constexpr (form == shape::req_res_next) {
            settle_call([&]() -> decltype(auto) { return f(as_request_of<Pattern>(req), res, n); }, res, n);
        } else if constexpr (form == shape::req_res) {
            settle_call([&]() -> decltype(auto) { return f(as_request_of<Pattern>(req), res); }, res, n);
        }
    }
    F f_;
};

// Makes one. Not by make_unique: each other unique_ptr costs milliseconds to compile, with a thousand routes seconds.
template <class Pattern = runtime_pattern, class F>
std::unique_ptr<handler_base> make_handler(F&& f) {
    using function = std::remove_cvref_t<F>;
    if constexpr (shape_of<function, Pattern>() == shape::by_type) {
        static_assert(signature<function>::template check<Pattern>());
        return std::unique_ptr<handler_base>(new handler_of<function>(static_cast<F&&>(f)));
    } else return std::unique_ptr<handler_base>(new handler_of<function, Pattern>(static_cast<F&&>(f)));
}

// A callback of `param()`; it gets the value and the name, too.
template <class F>
class param_handler_of final : public handler_base {
    static constexpr bool named =
        std::is_invocable_v<F&, request&, response&, next&, std::string_view, std::string_view>;

public:
    explicit param_handler_of(F f) : handler_base(&param_handler_of::run), f_(std::move(f)) {
        if constexpr (named)
            suspends = gives_awaitable<F&, request&, response&, next&, std::string_view, std::string_view>;
        else suspends = gives_awaitable<F&, request&, response&, next&, std::string_view>;
    }

private:
    static void run(handler_base& self, request& req, response& res, next& n) {
        auto& f = static_cast<param_handler_of&>(self).f_;
        const auto& [k, v] = *call_frame::of(n).given.param;
        if constexpr (named) settle_call([&]() -> decltype(auto) { return f(req, res, n, v, k); }, res, n);
        else settle_call([&]() -> decltype(auto) { return f(req, res, n, v); }, res, n);
    }
    F f_;
};

} // namespace detail

/** Can be registered as a callback of a parameter: called as `(request&, response&, next&, std::string_view value)`, or
    with the name behind. */
template <class F>
concept param_callback =
    std::is_invocable_v<std::decay_t<F>&, request&, response&, next&, std::string_view, std::string_view> ||
    std::is_invocable_v<std::decay_t<F>&, request&, response&, next&, std::string_view>;

/** Can be registered as a handler.

    | signature | called |
    |---|---|
    | `(request&, response&)`, `(request&, response&, next&)` and any order or part of these | for requests |
    | `(std::exception_ptr, request&, response&, next&)` | for errors |
    | `(const E&, request&, response&, next&)` | for errors of class `E`; others pass by |

    It returns nothing, a value (sent as text or JSON), or a `task`, `asio::awaitable` or other awaitable of these.
*/
template <class F>
concept handler = detail::shape_of<std::decay_t<F>>() != detail::shape::none;

} // namespace crema
