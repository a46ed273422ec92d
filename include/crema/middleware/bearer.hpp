// bearer: lets only those pass who hold a token (RFC 6750).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/core/value.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace crema {

/** Options of `bearer`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct bearer_options {
    /** Decides on a token; must be given. What it returns is `principal_of(req)` behind; nothing refuses the token.
        Compare with `equal_secrets`, or look up a hash of it. */
    std::function<task<std::optional<value>>(request& req, std::string token)> check;
    std::string realm = "crema";   ///< in the challenge
    std::string scope{};           ///< in the challenge, when not empty
};

/** Is the middleware that `bearer` makes. A copy may be registered many times.

    @par Thread Safety
    As the function that checks.
*/
class bearer_handler {
public:
    /// @cond
    CREMA_DECL explicit bearer_handler(bearer_options options);
    task<> operator()(request& req, response& res, next& next) const { return run(req, res, next); }
    /// @endcond

private:
    struct prepared {
        bearer_options given;
        std::string challenge;
    };
    CREMA_COROUTINE task<> run(request& req, response& res, next& next) const;
    std::shared_ptr<const prepared> options_;
};

/** Make a middleware that answers 401 to who has no token, or one that is refused.

    The token is taken from the field Authorization alone, never from the query, which ends up in logs.

    @par Errors
    401 `credentials.missing` or `credentials.refused`, 400 `credentials.malformed`, each with `WWW-Authenticate`,
    through the error handlers.

    @throws system_error(error::bad_value) without a check, or when realm or scope have control characters or quotes.

    @see RFC 6750
*/
inline bearer_handler bearer(bearer_options options) { return bearer_handler(std::move(options)); }

/// Returns what the check of `bearer` returned; null without it. Valid until the exchange ends.
CREMA_DECL const value& principal_of(request& req);

} // namespace crema

#if CREMA_BODIES
#include <crema/async/context.hpp>
#include <crema/core/text.hpp>
#include <algorithm>

namespace crema {
namespace detail {

inline const context_key<value> bearer_principal;

// token68 of RFC 9110.
inline bool is_token68(std::string_view s) {
    while (s.ends_with('=')) s.remove_suffix(1);
    return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || std::string_view("-._~+/").find(c) != std::string_view::npos;
    });
}

} // namespace detail

CREMA_DECL bearer_handler::bearer_handler(bearer_options options) {
    if (!options.check) throw system_error(make_error_code(error::bad_value), "bearer: no check was given");
    for (const auto& text : {options.realm, options.scope})
        for (const char c : text)
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '"' || c == '\\')
                throw system_error(make_error_code(error::bad_value), "bearer: realm or scope \"" + text + "\"");
    auto challenge = "Bearer realm=\"" + options.realm + "\"";
    if (!options.scope.empty()) challenge += ", scope=\"" + options.scope + "\"";
    options_ = std::make_shared<const prepared>(prepared{std::move(options), std::move(challenge)});
}

CREMA_COROUTINE task<> bearer_handler::run(request& req, response&, next& next) const {
    const auto refuse = [this](int status, const char* message, const char* kind, const char* code) {
        auto challenge = options_->challenge;
        if (*code) challenge += std::string(", error=\"") + code + "\"";
        throw http_error(status, message).type(kind).header("WWW-Authenticate", std::move(challenge));
    };
    const auto given = req.get("authorization").value_or(std::string_view{});
    if (!istarts_with(given, "bearer") || (given.size() > 6 && given[6] != ' '))
        refuse(401, "Unauthorized", "credentials.missing", "");
    const auto token = trim_ows(given.substr(6));
    if (!detail::is_token68(token)) refuse(400, "malformed token", "credentials.malformed", "invalid_request");
    auto principal = co_await options_->given.check(req, std::string(token));
    if (!principal) refuse(401, "Unauthorized", "credentials.refused", "invalid_token");
    req.context().set(detail::bearer_principal, std::move(*principal));
    next();
}

CREMA_DECL const value& principal_of(request& req) {
    static const value nobody;
    const auto* v = req.context().find(detail::bearer_principal);
    return v ? *v : nobody;
}

} // namespace crema
#endif
