// body_json: reads JSON bodies before the layers behind run, as express.json.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <cstddef>

namespace crema {

/** Options of `body_json`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct body_json_options {
    std::size_t limit = 102400; ///< octets; a longer body is answered 413
    bool strict = true;         ///< only objects and arrays are accepted at the top
};

/** Is the middleware that `body_json` makes. A copy may be registered many times.

    A request without a body, or with one of another type, is handed on untouched.

    @par Thread Safety
    Safe.
*/
class body_json_handler {
public:
    /// Construct with options.
    explicit body_json_handler(body_json_options options) : options_(options) {}
    /// @cond
    task<> operator()(request& req, response&, next& next) const { return run(req, next); }
    /// @endcond

private:
    CREMA_COROUTINE task<> run(request& req, next& next) const;
    body_json_options options_;
};

/** Make a middleware that reads and checks JSON bodies.

    After it `req.body()` is the parsed value and `req.json<T>()` gives it as a `T`.

    @par Errors
    413 over the limit, 400 with the place of what is wrong, each through the error handlers.

    @see RFC 8259
*/
inline body_json_handler body_json(body_json_options options = {}) { return body_json_handler(options); }

} // namespace crema

#if CREMA_BODIES
#include <crema/json/parse.hpp>

namespace crema {

CREMA_COROUTINE task<> body_json_handler::run(request& req, next& next) const {
    if (req.body_parsed() || !req.has_body() || !req.is_json()) {
        next();
        co_return;
    }
    const std::string_view text = co_await req.read_text(options_.limit);
    value parsed;
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != text.npos) {
        if (options_.strict && text[first] != '{' && text[first] != '[')
            throw http_error(400, "the body must be a JSON object or array; it begins with '" + std::string(1, text[first]) + "'")
                .type("entity.parse.failed");
        auto made = json::parse_value(text);
        if (!made) throw http_error(400, made.error().message()).type("entity.parse.failed");
        parsed = std::move(*made);
    } else {
        parsed = value::object();
    }
    req.body(std::move(parsed));
    next();
}

} // namespace crema
#endif
