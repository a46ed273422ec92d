// request_id: gives each request a name, in its context and on its answer.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace crema {

/** Options of `request_id`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct request_id_options {
    std::string header = "X-Request-Id"; ///< of the answer, and of the request when clients are trusted
    /// Whether the name that a client sends is taken: letters, digits and `-_.:/+=`, at most 128. Only behind a proxy that sets it.
    bool trust_client = false;
    std::function<std::string()> make{}; ///< makes a name; a random UUID when empty
};

/** Is the middleware that `request_id` makes. A copy may be registered many times.

    @par Thread Safety
    Safe, when the function that makes names is.
*/
class request_id_handler {
public:
    /// @cond
    CREMA_DECL explicit request_id_handler(request_id_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    std::shared_ptr<const request_id_options> options_;
};

/** Make a middleware that names requests. `id_of(req)` is the name.

    @throws system_error(error::bad_value) when the header is no name of a field.
*/
inline request_id_handler request_id(request_id_options options = {}) { return request_id_handler(std::move(options)); }

/// Returns the name that `request_id` gave; empty without it. Valid until the exchange ends.
CREMA_DECL std::string_view id_of(request& req);

} // namespace crema

#if CREMA_BODIES
#include <crema/async/context.hpp>
#include <crema/core/secret.hpp>
#include <crema/core/text.hpp>
#include <algorithm>

namespace crema {
namespace detail {
inline const context_key<std::string> request_id_key;
}

CREMA_DECL request_id_handler::request_id_handler(request_id_options options) {
    if (!is_token(options.header)) throw system_error(make_error_code(error::bad_value), "request_id: header \"" + options.header + "\"");
    options_ = std::make_shared<const request_id_options>(std::move(options));
}

CREMA_DECL void request_id_handler::operator()(request& req, response& res, next& next) const {
    const auto plain = [](char c) { return is_alpha(c) || is_digit(c) || std::string_view("-_.:/+=").find(c) != std::string_view::npos; };
    std::string id;
    if (options_->trust_client)
        if (const auto given = req.get(options_->header); given && given->size() <= 128 && std::all_of(given->begin(), given->end(), plain))
            id = *given;
    if (id.empty()) id = options_->make ? options_->make() : random_uuid();
    res.set(options_->header, req.context().set(detail::request_id_key, std::move(id)));
    next();
}

CREMA_DECL std::string_view id_of(request& req) {
    const auto* id = req.context().find(detail::request_id_key);
    return id ? std::string_view(*id) : std::string_view();
}

} // namespace crema
#endif
