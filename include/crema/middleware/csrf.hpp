// csrf: refuses requests that a page of another site made a browser send.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace crema {

/** Options of `csrf`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct csrf_options {
    std::vector<std::string> trusted_origins{};   ///< other origins whose pages may send: `"https://login.example"`
    std::function<bool(request&)> skip{};         ///< requests that are not looked at, as those of webhooks
};

/** Is the middleware that `csrf` makes. A copy may be registered many times.

    @par Thread Safety
    Safe, when the function among its options is.
*/
class csrf_handler {
public:
    /// @cond
    CREMA_DECL explicit csrf_handler(csrf_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    std::shared_ptr<const csrf_options> options_;
};

/** Make a middleware that protects what cookies authorize, without tokens.

    Browsers say where a request comes from: in `Sec-Fetch-Site`, older ones in `Origin`. A request that may change something
    (all but GET, HEAD, OPTIONS) passes when it comes from the same origin, from the user himself, or from a trusted origin.
    What has neither field comes from no browser of today and carries nobody's cookies: it passes. For browsers from before 2020, some
    of which tell neither, see `csrf_token`.

    | Sec-Fetch-Site | Origin | outcome |
    |---|---|---|
    | `same-origin`, `none` | any | passes |
    | `same-site`, `cross-site`, anything else | trusted | passes |
    | `same-site`, `cross-site`, anything else | other | 403 |
    | none | none, or with the host and port of Host | passes |
    | none | trusted | passes |
    | none | other, `null` | 403 |

    Answer GET without changing anything, and set cookies with `same_site`.

    @par Errors
    403 `csrf.refused`, through the error handlers.

    @throws system_error(error::bad_value) for a trusted origin that is none: `scheme://host[:port]`.

    @see https://www.w3.org/TR/fetch-metadata/
*/
inline csrf_handler csrf(csrf_options options = {}) { return csrf_handler(std::move(options)); }

} // namespace crema

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <algorithm>

namespace crema {

CREMA_DECL csrf_handler::csrf_handler(csrf_options options) {
    for (auto& origin : options.trusted_origins) {
        const auto colon = origin.find("://");
        const auto host = colon == origin.npos ? std::string_view{} : std::string_view(origin).substr(colon + 3);
        if (colon == 0 || host.empty() || host.find_first_of("/?#@ ") != host.npos)
            throw system_error(make_error_code(error::bad_value), "csrf: \"" + origin + "\" is no origin (wanted: https://host)");
        origin = to_lower(origin);
    }
    options_ = std::make_shared<const csrf_options>(std::move(options));
}

CREMA_DECL void csrf_handler::operator()(request& req, response&, next& next) const {
    const auto passes = [&] {
        const auto method = req.method();
        if (method == "GET" || method == "HEAD" || method == "OPTIONS") return true;
        if (options_->skip && options_->skip(req)) return true;
        const auto origin = req.get("origin"), site = req.get("sec-fetch-site");
        if (origin) {
            const auto& trusted = options_->trusted_origins;
            if (std::find(trusted.begin(), trusted.end(), to_lower(*origin)) != trusted.end()) return true;
        }
        if (site) return *site == "same-origin" || *site == "none";
        if (!origin) return true;
        const auto colon = origin->find("://");
        const auto host = req.get("host").value_or(std::string_view{});
        return colon != origin->npos && !host.empty() && iequals(origin->substr(colon + 3), host);
    };
    if (!passes()) throw http_error(403, "the request comes from another site").type("csrf.refused");
    next();
}

} // namespace crema
#endif
