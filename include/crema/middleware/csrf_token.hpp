// csrf_token: refuses requests without a token that only pages of this site know; for clients that `csrf` cannot tell.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/signer.hpp>
#include <crema/middleware/safe_cookie.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace crema {

/** Options of `csrf_token`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct csrf_token_options {
    std::string field = "_csrf";          ///< of the form, or of the object in JSON: a body parser must stand in front
    std::string header = "X-CSRF-Token";  ///< header field for scripts, looked at first
    /// Signs the cookie of requests without a session; see `csrf_token`.
    std::shared_ptr<const crema::signer> signer{};
    /// Its name. When empty `__Host-csrf` over TLS, which no other host can plant, and `csrf` else.
    std::string cookie{};
    safe_cookie cookie_options{};         ///< how it is set: HttpOnly, SameSite=Lax, Secure over TLS
    /// Whose the cookie is, as the name of who has logged in: for others it is worth nothing. Nobody's when empty.
    std::function<std::string(request&)> bind{};
    std::function<bool(request&)> skip{}; ///< requests that are not looked at, as those of webhooks
};

/** Is the middleware that `csrf_token` makes. A copy may be registered many times.

    @par Thread Safety
    Safe, when the function among its options is.
*/
class csrf_token_handler {
public:
    /// @cond
    CREMA_DECL explicit csrf_token_handler(csrf_token_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    std::shared_ptr<const csrf_token_options> options_;
};

/** Make a middleware that wants a token with each request that may change something: all but GET, HEAD, OPTIONS, TRACE.

    `csrf_token_of(req)` gives the token for a form or a script: another text each time, so that nothing can be learnt
    from the size of compressed answers. What it is checked against is in the session, when `session` stands in front
    (synchronizer token): it ends with it. Else it is in a signed cookie (double submit), for which `signer` is needed; who can plant
    cookies, as from a subdomain, can plant his own one there, unless `bind` says whose it is or its name begins with `__Host-`.
    What is signed is no other signed cookie, though the signer may be that of others.

    Use it beside `csrf`, where clients are so old that they tell no origin.

    @par Errors
    403 `csrf.token.missing` or `csrf.token.refused`, through the error handlers.

    @throws system_error(error::bad_value) when a name is no token.

    @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
*/
inline csrf_token_handler csrf_token(csrf_token_options options = {}) { return csrf_token_handler(std::move(options)); }

/** Return a token for the client of a request, before the head of the answer is sent.

    @throws std::logic_error without `csrf_token` in front, or when there are neither session nor signer.
*/
CREMA_DECL std::string csrf_token_of(request& req);

} // namespace crema

#if CREMA_BODIES
#include <crema/async/context.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/error.hpp>
#include <crema/core/secret.hpp>
#include <crema/core/text.hpp>
#include <crema/middleware/session.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace crema {
namespace detail {

constexpr std::size_t csrf_secret_size = 32;

struct csrf_token_state {
    std::shared_ptr<const csrf_token_options> options;
    std::string made; // a secret that this request has brought into being

    std::string_view cookie(request& req) const {
        if (!options->cookie.empty()) return options->cookie;
        const auto& c = options->cookie_options;
        return req.secure() && c.secure != secure_cookie::never && c.domain.empty() && c.path == "/" ? "__Host-csrf" : "csrf";
    }
    // No other text that one signs begins so, and no octet of a secret is a colon.
    std::string to_be_signed(request& req, std::string_view encoded) const {
        return std::string("csrf_token:").append(encoded).append(":").append(options->bind ? options->bind(req) : std::string());
    }
    // The secret that the client's tokens are checked against; empty when there is none.
    std::string secret(request& req) const {
        if (!made.empty()) return made;
        std::string encoded;
        if (has_session(req)) {
            const auto* kept = session_of(req).find("csrf");
            if (kept && kept->is_string()) encoded = kept->as_string();
        } else if (options->signer) {
            const auto given = http::find_cookie(req.head().get(http::field::cookie), cookie(req));
            const auto dot = given && given->size() < 256 ? given->rfind('.') : std::string::npos;
            if (dot != std::string::npos && options->signer->is_signature(to_be_signed(req, given->substr(0, dot)), std::string_view(*given).substr(dot + 1)))
                encoded = given->substr(0, dot);
        }
        const auto octets = base64url_decode(encoded);
        return octets && octets->size() == csrf_secret_size ? *octets : std::string();
    }
    void make(request& req) {
        auto octets = random_octets(csrf_secret_size);
        const auto encoded = base64url_encode(octets);
        if (has_session(req)) {
            session_of(req)["csrf"] = encoded;
            return; // it may be another session by the next call
        }
        if (!options->signer)
            throw std::logic_error("crema: csrf_token needs app.use(session({...})) in front, or a signer of its own");
        req.res().cookie(cookie(req), encoded + "." + options->signer->signature(to_be_signed(req, encoded)),
                         cookie_options_of(options->cookie_options, req));
        made = std::move(octets);
    }
};

inline const context_key<csrf_token_state> csrf_token_key;

// The secret behind a mask that is in front of it.
inline bool is_csrf_token(std::string_view token, std::string_view secret) {
    if (secret.empty() || token.size() > 200) return false;
    const auto octets = base64url_decode(token);
    if (!octets || octets->size() != 2 * csrf_secret_size) return false;
    std::string unmasked(csrf_secret_size, '\0');
    for (std::size_t i = 0; i < csrf_secret_size; ++i)
        unmasked[i] = static_cast<char>((*octets)[i] ^ (*octets)[i + csrf_secret_size]);
    return equal_secrets(unmasked, secret);
}

} // namespace detail

CREMA_DECL csrf_token_handler::csrf_token_handler(csrf_token_options options) {
    for (const auto& name : {options.header, options.cookie.empty() ? std::string("csrf") : options.cookie})
        if (!is_token(name)) throw system_error(make_error_code(error::bad_value), "csrf_token: name \"" + name + "\"");
    options_ = std::make_shared<const csrf_token_options>(std::move(options));
}

CREMA_DECL void csrf_token_handler::operator()(request& req, response&, next& next) const {
    const auto& state = req.context().set(detail::csrf_token_key, {options_, {}});
    const auto method = req.method();
    const bool harmless = method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
    if (!harmless && !(options_->skip && options_->skip(req))) {
        auto given = req.get(options_->header);
        if (!given && req.body().is_object())
            if (const auto* v = req.body().find(options_->field); v && v->is_string()) given = v->as_string();
        if (!given) throw http_error(403, "the request has no token against forgery").type("csrf.token.missing");
        if (!detail::is_csrf_token(*given, state.secret(req)))
            throw http_error(403, "the token against forgery is not right").type("csrf.token.refused");
    }
    next();
}

CREMA_DECL std::string csrf_token_of(request& req) {
    auto* state = req.context().find(detail::csrf_token_key);
    if (!state) throw std::logic_error("crema: csrf_token_of(req) needs app.use(csrf_token()) in front");
    if (state->secret(req).empty()) state->make(req);
    const auto secret = state->secret(req);
    auto octets = random_octets(detail::csrf_secret_size);
    for (std::size_t i = 0; i < detail::csrf_secret_size; ++i) octets += static_cast<char>(octets[i] ^ secret[i]);
    return base64url_encode(octets);
}

} // namespace crema
#endif
