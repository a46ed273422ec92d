// sealed_cookies: cookies that their holder can neither read nor change.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/sealer.hpp>
#include <crema/http/cookie.hpp>
#include <crema/middleware/safe_cookie.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace crema {

/** Options of `sealed_cookies`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct sealed_cookies_options {
    /// Encrypts; must be given: `openssl::make_sealer({"new secret", "old secret"})`.
    std::shared_ptr<const crema::sealer> sealer{};
    std::function<std::chrono::system_clock::time_point()> now{}; ///< the time; that of the system when empty
};

/** Is the middleware that `sealed_cookies` makes. A copy may be registered many times.

    @par Thread Safety
    Safe.
*/
class sealed_cookies_handler {
public:
    /// @cond
    CREMA_DECL explicit sealed_cookies_handler(sealed_cookies_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    std::shared_ptr<const sealed_cookies_options> options_;
};

/** Make a middleware for encrypted cookies.

    Behind it `set_sealed_cookie(res, name, text)` sets one and `sealed_cookie(req, name)` reads it. A cookie is bound
    to its name, and one with `max_age` or `expires` is worth nothing after that, whatever the client does with it; until
    then it can be sent again by who has copied it.

    @throws system_error(error::bad_value) without a sealer.
*/
inline sealed_cookies_handler sealed_cookies(sealed_cookies_options options) {
    return sealed_cookies_handler(std::move(options));
}

/** Set an encrypted cookie.

    @param cookie Its attributes. Unless it says otherwise: HttpOnly, SameSite=Lax, Secure over TLS.
    @throws std::logic_error without `sealed_cookies` in front; `system_error` `too_large` when it would have more than
    4096 octets; what `response::cookie` throws.
*/
CREMA_DECL void set_sealed_cookie(response& res, std::string_view name, std::string_view text,
                                  const safe_cookie& cookie = {});

/// Returns the text of an encrypted cookie; nothing when there is none, it was tampered with, is another, or expired.
CREMA_DECL std::optional<std::string> sealed_cookie(request& req, std::string_view name);

} // namespace crema

#if CREMA_BODIES
#include <crema/async/context.hpp>
#include <crema/core/error.hpp>
#include <charconv>
#include <stdexcept>

namespace crema {
namespace detail {

inline const context_key<std::shared_ptr<const sealed_cookies_options>> sealed_cookies_key;

inline const sealed_cookies_options& sealed_cookies_of(request& req) {
    const auto* o = req.context().find(sealed_cookies_key);
    if (!o) throw std::logic_error("crema: sealed cookies need app.use(sealed_cookies({.sealer = ...})) in front");
    return **o;
}

inline std::int64_t seconds_of(std::chrono::system_clock::time_point t) {
    return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}

inline std::chrono::system_clock::time_point now_of(const sealed_cookies_options& o) {
    return o.now ? o.now() : std::chrono::system_clock::now();
}

} // namespace detail

CREMA_DECL sealed_cookies_handler::sealed_cookies_handler(sealed_cookies_options options) {
    if (!options.sealer) throw system_error(make_error_code(error::bad_value), "sealed_cookies: a sealer is needed");
    options_ = std::make_shared<const sealed_cookies_options>(std::move(options));
}

CREMA_DECL void sealed_cookies_handler::operator()(request& req, response&, next& next) const {
    req.context().set(detail::sealed_cookies_key, options_);
    next();
}

// What is sealed: when it ends, in seconds, or nothing; a line feed; the text.
CREMA_DECL void set_sealed_cookie(response& res, std::string_view name, std::string_view text,
                                  const safe_cookie& cookie) {
    const auto& o = detail::sealed_cookies_of(res.req());
    std::string inside;
    auto end = cookie.expires;
    if (cookie.max_age) end = detail::now_of(o) + *cookie.max_age;
    if (end) inside = std::to_string(detail::seconds_of(*end));
    inside.append("\n").append(text);
    auto sealed = o.sealer->seal(inside, name);
    if (name.size() + sealed.size() > 4096) // RFC 6265bis section 5.6: browsers drop what is larger, and say nothing
        throw system_error(make_error_code(error::too_large), "sealed cookie \"" + std::string(name) + "\": more than 4096 octets");
    res.cookie(name, std::move(sealed), cookie_options_of(cookie, res.req()));
}

CREMA_DECL std::optional<std::string> sealed_cookie(request& req, std::string_view name) {
    const auto& o = detail::sealed_cookies_of(req);
    const auto given = http::find_cookie(req.head().get(http::field::cookie), name);
    if (!given) return std::nullopt;
    auto inside = o.sealer->open(*given, name);
    const auto line = inside ? inside->find('\n') : std::string::npos;
    if (line == std::string::npos) return std::nullopt;
    if (line > 0) {
        std::int64_t end = 0;
        const auto* const last = inside->data() + line;
        if (std::from_chars(inside->data(), last, end).ptr != last || end <= detail::seconds_of(detail::now_of(o)))
            return std::nullopt;
    }
    return inside->substr(line + 1);
}

} // namespace crema
#endif
