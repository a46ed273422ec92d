// basic_auth: lets only those pass who know a name and a password (RFC 7617).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/** Decides on a name and a password: a list of pairs, a function, or a function that returns a task.

    @par Thread Safety
    Distinct objects: safe.
*/
class basic_auth_check {
public:
    /// Construct from names and passwords. All are compared, in constant time.
    CREMA_DECL basic_auth_check(std::initializer_list<std::pair<std::string_view, std::string_view>> users);
    /// Construct from a function `bool(std::string_view name, std::string_view password)`.
    template <class F>
        requires std::is_invocable_r_v<bool, F&, std::string_view, std::string_view>
    basic_auth_check(F f) : now_(std::move(f)) {}
    /// Construct from a function `task<bool>(std::string name, std::string password)`: hashes belong on the pool.
    template <class F>
        requires std::is_invocable_r_v<task<bool>, F&, std::string, std::string>
    basic_auth_check(F f) : later_(std::move(f)) {}

private:
    friend class basic_auth_handler;
    std::function<bool(std::string_view, std::string_view)> now_;
    std::function<task<bool>(std::string, std::string)> later_;
};

/** Options of `basic_auth`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct basic_auth_options {
    basic_auth_check check;             ///< who may pass; must be given
    std::string realm = "crema";        ///< shown by clients that ask their user
};

/** Is the middleware that `basic_auth` makes. A copy may be registered many times.

    @par Thread Safety
    As the function that checks.
*/
class basic_auth_handler {
public:
    /// @cond
    CREMA_DECL explicit basic_auth_handler(basic_auth_options options);
    task<> operator()(request& req, response& res, next& next) const { return run(req, res, next); }
    /// @endcond

private:
    struct prepared {
        basic_auth_check check;
        std::string challenge;
    };
    CREMA_COROUTINE task<> run(request& req, response& res, next& next) const;
    std::shared_ptr<const prepared> options_;
};

/** Make a middleware that answers 401 to who does not know a name and its password.

    `app.use("/admin", basic_auth({.check = {{"ada", secret}}}));` Behind it `user_of(req)` is the name. Use it over TLS only: the
    password is sent with each request, readable.

    @par Errors
    401 with `WWW-Authenticate`, through the error handlers; 400 for credentials that are malformed.

    @throws system_error(error::bad_value) when the realm has control characters.

    @see RFC 7617
*/
inline basic_auth_handler basic_auth(basic_auth_options options) { return basic_auth_handler(std::move(options)); }

/// Returns the name that `basic_auth` let pass; empty without it. Valid until the exchange ends.
CREMA_DECL std::string_view user_of(request& req);

} // namespace crema

#if CREMA_BODIES
#include <crema/async/context.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/secret.hpp>
#include <crema/core/text.hpp>
#include <optional>

namespace crema {
namespace detail {

inline const context_key<std::string> basic_auth_user;

// The name and the password in a field that begins with "basic "; the name ends at the first colon.
inline std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view field) {
    const auto text = base64_decode(trim_ows(field.substr(6)));
    const auto colon = text ? text->find(':') : std::string::npos;
    if (colon == std::string::npos) return std::nullopt;
    return std::pair(text->substr(0, colon), text->substr(colon + 1));
}

} // namespace detail

CREMA_DECL basic_auth_check::basic_auth_check(std::initializer_list<std::pair<std::string_view, std::string_view>> users) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& [name, password] : users) all.emplace_back(name, password);
    now_ = [all = std::move(all)](std::string_view name, std::string_view password) {
        bool any = false;
        for (const auto& [n, p] : all) {
            const bool same_name = equal_secrets(name, n), same_password = equal_secrets(password, p);
            any |= same_name & same_password;
        }
        return any;
    };
}

CREMA_DECL basic_auth_handler::basic_auth_handler(basic_auth_options options) {
    std::string challenge = "Basic realm=\"";
    for (const char c : options.realm) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            throw system_error(make_error_code(error::bad_value), "basic_auth: a control character in the realm");
        if (c == '"' || c == '\\') challenge += '\\';
        challenge += c;
    }
    challenge += "\", charset=\"UTF-8\"";
    options_ = std::make_shared<const prepared>(prepared{std::move(options.check), std::move(challenge)});
}

CREMA_COROUTINE task<> basic_auth_handler::run(request& req, response&, next& next) const {
    const auto refuse = [this] {
        throw http_error(401, "Unauthorized").type("credentials.refused").header("WWW-Authenticate", options_->challenge);
    };
    const auto given = req.get("authorization").value_or(std::string_view{});
    if (!istarts_with(given, "basic ")) refuse();
    auto credentials = detail::basic_credentials(given);
    if (!credentials) throw http_error(400, "malformed credentials").type("credentials.malformed");
    auto& [name, password] = *credentials;
    bool passes = false;
    if (options_->check.later_) passes = co_await options_->check.later_(name, std::move(password));
    else if (options_->check.now_) passes = options_->check.now_(name, password);
    if (!passes) refuse();
    req.context().set(detail::basic_auth_user, std::move(name));
    next();
}

CREMA_DECL std::string_view user_of(request& req) {
    const auto* name = req.context().find(detail::basic_auth_user);
    return name ? std::string_view(*name) : std::string_view();
}

} // namespace crema
#endif
