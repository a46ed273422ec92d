// safe_cookie: attributes of cookies that middleware sets: hidden from scripts and other sites, encrypted where that can be.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/http/cookie.hpp>
#include <crema/web/request.hpp>
#include <chrono>
#include <concepts>
#include <optional>
#include <string>

namespace crema {

/// Says when a cookie is marked as one for encrypted connections alone.
enum class secure_cookie : unsigned char {
    automatic, ///< when the request came over one; see the setting `trust proxy`
    always,    ///< always: over others no session is set
    never,     ///< never
};

/** Is a `secure_cookie`, or true for always and false for never, as in express-session.

    @par Thread Safety
    Distinct objects: safe.
*/
class secure_cookie_choice {
public:
    /// Construct.
    constexpr secure_cookie_choice(secure_cookie choice) noexcept : choice_(choice) {}
    /// Construct from true (always) or false (never).
    constexpr secure_cookie_choice(std::same_as<bool> auto choice) noexcept
        : choice_(choice ? secure_cookie::always : secure_cookie::never) {}
    /// Returns it.
    constexpr operator secure_cookie() const noexcept { return choice_; }

private:
    secure_cookie choice_;
};

/** Describes a cookie as `http::cookie_options` does, with defaults that are safe: what is not given stays so.

    @par Thread Safety
    Distinct objects: safe.
*/
struct safe_cookie {
    std::string domain{};                                           ///< none when empty: this host alone
    std::string path{"/"};                                          ///< none when empty
    std::optional<std::chrono::system_clock::time_point> expires{}; ///< when it ends
    std::optional<std::chrono::milliseconds> max_age{};             ///< how long it lives; stronger than `expires`
    bool http_only = true;                                          ///< hidden from scripts
    secure_cookie_choice secure = secure_cookie::automatic;         ///< sent over TLS only
    bool partitioned = false;                                       ///< one for each top-level site
    http::cookie_priority priority = http::cookie_priority::unset;  ///< which to drop first
    http::same_site_policy same_site = http::same_site_policy::lax; ///< sent with requests of other sites?
};

/// Returns the options of `response::cookie` for the answer to a request.
CREMA_DECL http::cookie_options cookie_options_of(const safe_cookie& cookie, request& req);

} // namespace crema

#if CREMA_BODIES

namespace crema {

CREMA_DECL http::cookie_options cookie_options_of(const safe_cookie& cookie, request& req) {
    http::cookie_options o;
    o.domain = cookie.domain;
    o.path = cookie.path;
    o.expires = cookie.expires;
    o.max_age = cookie.max_age;
    o.http_only = cookie.http_only;
    o.secure = cookie.secure == secure_cookie::always || (cookie.secure == secure_cookie::automatic && req.secure());
    o.partitioned = cookie.partitioned;
    o.priority = cookie.priority;
    o.same_site = cookie.same_site;
    return o;
}

} // namespace crema
#endif
