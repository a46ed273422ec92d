// deadline: answers for handlers that take too long, and cancels them.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <string>
#include <utility>

namespace crema {

/** Options of `deadline`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct deadline_options {
    std::chrono::milliseconds after = std::chrono::seconds(30); ///< from this layer on
    int status = 503;                                           ///< of the error; also 504 behind a gateway
    std::string message = "the answer took too long";           ///< of the error
};

/** Is the middleware that `deadline` makes. A copy may be registered many times.

    @par Thread Safety
    Safe.
*/
class deadline_handler {
public:
    /// @cond
    CREMA_DECL explicit deadline_handler(deadline_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    deadline_options options_;
};

/** Make a middleware that bounds the time of the layers behind it.

    When the time is over and nothing was sent, an `http_error` of the type `deadline.exceeded` goes to the error handlers, and once
    it is answered the coroutines of the request are cancelled; so it does when the answer is complete but waits for a session to be
    saved. When an answer is being streamed its connection is closed. A callback that answers later by a `hold` should look at
    `res.headers_sent()`.

    @throws system_error(error::bad_value) when the time is not positive or the status is not one of an error.
*/
inline deadline_handler deadline(deadline_options options) { return deadline_handler(std::move(options)); }
/// @copydoc deadline(deadline_options)
inline deadline_handler deadline(std::chrono::milliseconds after) { return deadline_handler({.after = after}); }

} // namespace crema

#if CREMA_BODIES
#include <crema/async/cancellation.hpp>
#include <crema/loop/loop.hpp>
#include <exception>
#include <memory>
#include <optional>

namespace crema {
namespace detail {

// Waits for the time, the end of the answer or the client's leave, whatever comes first.
struct deadline_watch final : cancel_callback {
    deadline_watch(request& of, response& its, next n) : cancel_callback(&left), req(of), res(its), pass(std::move(n)) {}

    void end() noexcept {
        stop();
        detach();
        pass.reset(); // may end the exchange
    }
    // The scope that is being cancelled lives in the exchange: let go of it afterwards.
    static void left(cancel_callback& c) noexcept {
        auto& self = static_cast<deadline_watch&>(c);
        self.stop();
        if (self.pass) self.req.raw().loop().next_tick([last = std::move(*self.pass)] {});
        self.pass.reset();
    }
    void over(const deadline_options& options) {
        detach();
        auto n = std::move(pass); // holds the exchange until the end of this
        pass.reset();
        if (!n) return;
        const auto late = std::make_exception_ptr(http_error(options.status, options.message).type("deadline.exceeded"));
        if (!res.give_up(late)) { // it waits for no store
            if (res.headers_sent()) {
                if (!res.finished()) req.raw().abort();
                return;
            }
            (*n)(late);
            res.give_up(nullptr); // that is told at once, whatever a store does meanwhile
        }
        if (res.finished()) req.scope().cancel(cancel_reason::timed_out);
        else res.on_finish([r = &req] { r->scope().cancel(cancel_reason::timed_out); });
    }

    // The timer's function holds this, this must not go on holding the timer.
    void stop() noexcept { std::exchange(time, {}).clear(); }

    request& req;
    response& res;
    std::optional<next> pass;
    timer time;
};

} // namespace detail

CREMA_DECL deadline_handler::deadline_handler(deadline_options options) : options_(std::move(options)) {
    if (options_.after.count() <= 0 || options_.status < 400 || options_.status > 599)
        throw system_error(make_error_code(error::bad_value), "deadline: a time that is positive and a status from 400 to 599");
}

CREMA_DECL void deadline_handler::operator()(request& req, response& res, next& next) const {
    const auto watch = std::make_shared<detail::deadline_watch>(req, res, next);
    watch->time = req.raw().loop().set_timeout([watch, options = options_] {
        const auto self = watch;
        self->over(options);
        self->stop();
    }, options_.after);
    watch->attach(&req.scope());
    res.on_finish([watch] { watch->end(); });
    next();
}

} // namespace crema
#endif
