// cors: lets pages of other origins read answers, as the package cors.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/** Says which origins may read: any (`"*"`), one, several, none, or those for which a function says true.

    @par Thread Safety
    Distinct objects: safe.
*/
class cors_origins {
public:
    /// Construct for one origin, which is sent whoever asks; `"*"` for any.
    cors_origins(const char* one) : fixed_(one) {}
    /// Construct for one origin; see above.
    cors_origins(std::string one) : fixed_(std::move(one)) {}
    /// Construct for several: the one that asks is sent when it is among them.
    cors_origins(std::initializer_list<std::string_view> several)
        : allowed_([all = std::vector<std::string>(several.begin(), several.end())](std::string_view origin) {
              for (const auto& o : all)
                  if (o == origin) return true;
              return false;
          }) {}
    /// Construct with a function of the Origin that asks.
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, cors_origins> && std::is_invocable_r_v<bool, F&, std::string_view>)
    cors_origins(F f) : allowed_(std::move(f)) {}
    /// Returns one that sends back whatever origin asks. With credentials it gives every page the rights of its visitor.
    static cors_origins reflect() {
        return cors_origins([](std::string_view) { return true; });
    }
    /// Returns one that turns the middleware off.
    static cors_origins none() {
        cors_origins o("");
        o.off_ = true;
        return o;
    }

private:
    friend class cors_handler;
    std::string fixed_;
    std::function<bool(std::string_view)> allowed_;
    bool off_ = false;
};

/** Options of `cors`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct cors_options {
    cors_origins origin = "*";                                                        ///< who may read
    std::vector<std::string> methods{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"}; ///< that a preflight allows
    std::optional<std::vector<std::string>> allowed_headers{};  ///< that a preflight allows; those it asks for when not given
    std::vector<std::string> exposed_headers{};                 ///< of answers, that scripts may read
    bool credentials = false;                                   ///< cookies and such may be sent along
    std::optional<std::chrono::seconds> max_age{};              ///< how long a preflight may be remembered
    bool preflight_continue = false;                            ///< preflights are handed on instead of answered
    int options_success_status = 204;                           ///< of the answer to a preflight
};

/** Is the middleware that `cors` makes. A copy may be registered many times.

    @par Thread Safety
    Safe, when the function that decides on origins is.
*/
class cors_handler {
public:
    /// @cond
    CREMA_DECL explicit cors_handler(cors_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    struct prepared;
    CREMA_DECL void set_origin(request& req, response& res) const;
    std::shared_ptr<const prepared> options_;
};

/** Make a middleware that answers preflights (OPTIONS) and says on other answers who may read them.

    By default any page may read, without the cookies of its visitor.

    @throws system_error(error::bad_value) for credentials with any origin, which no browser accepts: name the origins; when
    a name of a method or field is no token, or the origin cannot stand in a field.

    @see https://fetch.spec.whatwg.org/#http-cors-protocol
*/
inline cors_handler cors(cors_options options = {}) { return cors_handler(std::move(options)); }

} // namespace crema

#if CREMA_BODIES
#include <crema/core/printable.hpp>
#include <crema/core/text.hpp>
#include <crema/http/fields.hpp>

namespace crema {

struct cors_handler::prepared {
    cors_options given;
    std::string methods, allowed, exposed, max_age;
};

CREMA_DECL cors_handler::cors_handler(cors_options options) {
    const auto joined = [](const std::vector<std::string>& names, const char* what) {
        std::string all;
        for (const auto& n : names) {
            if (!is_token(n)) throw system_error(make_error_code(error::bad_value), std::string("cors: ") + what + " \"" + n + "\"");
            all.append(all.empty() ? "" : ",").append(n);
        }
        return all;
    };
    if (options.credentials && options.origin.fixed_ == "*")
        throw system_error(make_error_code(error::bad_value), "cors: credentials with any origin; name the origins");
    if (!http::valid_field_value(options.origin.fixed_))
        throw system_error(make_error_code(error::bad_value), "cors: origin \"" + printable(options.origin.fixed_) + "\"");
    auto p = std::make_shared<prepared>();
    p->methods = joined(options.methods, "method");
    for (auto& c : p->methods) c = to_upper(c);
    if (options.allowed_headers) p->allowed = joined(*options.allowed_headers, "allowed header");
    p->exposed = joined(options.exposed_headers, "exposed header");
    if (options.max_age) p->max_age = std::to_string(options.max_age->count());
    p->given = std::move(options);
    options_ = std::move(p);
}

CREMA_DECL void cors_handler::set_origin(request& req, response& res) const {
    const auto& origin = options_->given.origin;
    if (!origin.allowed_) {
        res.set("Access-Control-Allow-Origin", origin.fixed_);
        if (origin.fixed_ == "*") return;
    } else {
        const auto asks = req.get("origin");
        if (asks && origin.allowed_(*asks)) res.set("Access-Control-Allow-Origin", *asks);
    }
    res.vary("Origin");
}

CREMA_DECL void cors_handler::operator()(request& req, response& res, next& next) const {
    const auto& o = *options_;
    if (o.given.origin.off_) {
        next();
        return;
    }
    const bool preflight = req.method() == "OPTIONS";
    set_origin(req, res);
    if (o.given.credentials) res.set("Access-Control-Allow-Credentials", "true");
    if (preflight) {
        if (!o.methods.empty()) res.set("Access-Control-Allow-Methods", o.methods);
        if (!o.given.allowed_headers) {
            res.vary("Access-Control-Request-Headers");
            const auto wanted = req.get("access-control-request-headers");
            if (wanted && !wanted->empty()) res.set("Access-Control-Allow-Headers", *wanted);
        } else if (!o.allowed.empty()) {
            res.set("Access-Control-Allow-Headers", o.allowed);
        }
        if (!o.max_age.empty()) res.set("Access-Control-Max-Age", o.max_age);
    }
    if (!o.exposed.empty()) res.set("Access-Control-Expose-Headers", o.exposed);
    if (!preflight || o.given.preflight_continue) {
        next();
        return;
    }
    res.status(o.given.options_success_status).end();
}

} // namespace crema
#endif
