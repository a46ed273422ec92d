// cookie_parser: checks signed cookies before the layers behind run, and lets them sign, as the package cookie-parser.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/signer.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <memory>
#include <utility>

namespace crema {

/** Options of `cookie_parser`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct cookie_parser_options {
    /// Checks and makes signatures: `openssl::hmac_signer({"new secret", "old secret"})`. Without one nothing is signed.
    std::shared_ptr<const crema::signer> signer{};
};

/** Is the middleware that `cookie_parser` makes. A copy may be registered many times.

    @par Thread Safety
    Safe.
*/
class cookie_parser_handler {
public:
    /// Construct with options.
    explicit cookie_parser_handler(cookie_parser_options options) : signer_(std::move(options.signer)) {}
    /// @cond
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    std::shared_ptr<const signer> signer_;
};

/** Make a middleware for signed cookies.

    Unsigned ones need no middleware: `req.cookies()` is always there. With a signer, a cookie that begins with `s:` moves from
    `req.cookies()` to `req.signed_cookies()`: as its text, as what it says in JSON when it begins with `j:`, or as
    false when the signature is not right. `res.signed_cookie(name, value)` sets one.

    A signature says who made a cookie, not that it is fresh: put an expiry into what is signed when that matters.
*/
inline cookie_parser_handler cookie_parser(cookie_parser_options options = {}) {
    return cookie_parser_handler(std::move(options));
}

} // namespace crema

#if CREMA_BODIES
#include <crema/http/cookie.hpp>
#include <crema/json/parse.hpp>
#include <algorithm>
#include <cstddef>
#include <string>

namespace crema {

CREMA_DECL void cookie_parser_handler::operator()(request& req, response& res, next& next) const {
    if (signer_) {
        res.cookie_signer(*signer_);
        const auto is_signed = [](const value& v) { return v.is_string() && v.as_string().starts_with("s:"); };
        const auto& all = req.cookies().members();
        if (std::any_of(all.begin(), all.end(), [&](const auto& c) { return is_signed(c.second); })) {
            // Signatures are in the texts that came: what JSON says, as `j:"s:x.y"`, is none.
            const auto texts = http::parse_cookies(req.get("Cookie").value_or(""));
            std::size_t at = 0;
            auto plain = value::object(), checked = value::object();
            for (const auto& [name, v] : all) {
                while (at != texts.size() && texts[at].first != name) ++at; // of what another layer has left, in the same order
                const bool made_of_json = at != texts.size() && !texts[at].second.starts_with("s:");
                if (!is_signed(v) || made_of_json) {
                    plain.as_object().emplace_back(name, v);
                    continue;
                }
                const auto text = signer_->unsign(std::string_view(v.as_string()).substr(2));
                value content = false;
                if (text) content = std::string(*text);
                if (text && text->starts_with("j:"))
                    if (auto tree = json::parse_value(text->substr(2)); tree && detail::truthy(*tree)) content = std::move(*tree);
                checked.as_object().emplace_back(name, std::move(content));
            }
            req.cookies(std::move(plain));
            req.signed_cookies(std::move(checked));
        }
    }
    next();
}

} // namespace crema
#endif
