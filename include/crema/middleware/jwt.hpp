// jwt: lets only those pass who hold a JSON Web Token signed by whom one trusts (RFC 7519, RFC 7515, RFC 8725).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/core/value.hpp>
#include <crema/middleware/bearer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crema {

/** Checks and makes the signatures of tokens; `openssl::jwt_key_set` of ext/openssl_jwt.hpp does.

    @par Thread Safety
    Implementations are safe.
*/
class jwt_keys {
public:
    /// Is a signature, and how it was made.
    struct signed_by {
        std::string algorithm; ///< `HS256`, `RS256`, `ES256`, `EdDSA`, …
        std::string key_id;    ///< of the key, when it has one
        /// Signs; octets.
        std::function<std::string(std::string_view text)> sign;
    };
    virtual ~jwt_keys() = default;
    /** Tell whether a signature is right.

        The key decides on the algorithm, not the token: a key that was not meant for it must not be used.

        @param algorithm What the token says.
        @param key_id What the token says; empty when it says none.
        @param text What was signed.
        @param signature Octets.
    */
    virtual bool is_signature(std::string_view algorithm, std::string_view key_id, std::string_view text,
                              std::string_view signature) const = 0;
    /// Tells whether there is a key for an algorithm.
    virtual bool knows(std::string_view algorithm) const = 0;
    /// Returns the key that signs. @throws std::logic_error when there is none.
    virtual signed_by signing_key() const = 0;
};

/// Says what a token must claim.
struct jwt_rules {
    std::vector<std::string> issuers{};       ///< `iss` must be one of them, when there are any
    std::vector<std::string> audiences{};     ///< `aud` must name one of them; without them a token must not have it
    std::chrono::seconds leeway{30};          ///< how much clocks may differ
    bool require_expiry = true;               ///< whether `exp` must be there
    std::size_t longest = 16 * 1024;          ///< octets of a token
};

/// Is a token that was checked.
struct jwt_token {
    value header; ///< `alg`, `kid`, `typ`, …
    value claims; ///< `sub`, `iss`, …
};

/** Check a token in the compact form.

    @param token Three parts with full stops between.
    @param keys Whose signatures count.
    @param now The time.

    @par Errors
    @li `error::bad_syntax` it is malformed.
    @li `error::too_large` it is longer than the rules allow.
    @li `error::unsupported` there is no key for its algorithm (`none` is never one), or it has a `crit` field.
    @li `error::bad_value` the signature or a claim is not right; the detail says which.
    @li `error::timed_out` it has expired.

    @see RFC 7519 section 7.2
*/
CREMA_DECL result<jwt_token> verify_jwt(std::string_view token, const jwt_keys& keys, const jwt_rules& rules,
                                        std::chrono::system_clock::time_point now);

/** Make a token in the compact form.

    @param claims An object; times as seconds since 1970: `{{"sub", "ada"}, {"exp", 1700000000}}`.
    @throws std::logic_error when the keys cannot sign.
*/
CREMA_DECL std::string sign_jwt(const value& claims, const jwt_keys& keys);

/** Options of `jwt`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct jwt_options {
    std::shared_ptr<const jwt_keys> keys{};   ///< whose signatures count; must be given, or `find_keys`
    jwt_rules rules{};                        ///< what a token must claim
    std::string realm = "crema";              ///< in the challenge
    /// Gives the keys of now, for each request, instead of `keys`: a set that is read again now and then. May wait; what it throws is
    /// answered 500, no keys are 503 `keys.missing`.
    std::function<task<std::shared_ptr<const jwt_keys>>(request& req)> find_keys{};
    /// Decides on a token that was checked, as on one that was revoked; what is false is refused.
    std::function<task<bool>(request& req, const jwt_token& token)> accept{};
    std::function<std::chrono::system_clock::time_point()> now{}; ///< the time; that of the system when empty
};

/** Make a middleware that answers 401 to who has no token in the field Authorization, or not a good one.

    `app.use("/api", jwt({.keys = openssl::jwt_key_set::hmac(secret), .rules = {.issuers = {"https://a.example"}}}));`

    Behind it `principal_of(req)` are the claims.

    @par Errors
    401 with `WWW-Authenticate`, through the error handlers: `credentials.missing`, `token.malformed`,
    `token.algorithm`, `token.expired`, `token.refused`, `credentials.refused` (not accepted); 400
    `credentials.malformed`.

    @throws system_error(error::bad_value) without keys.
    @see RFC 6750, RFC 7519, RFC 8725
*/
CREMA_COROUTINE bearer_handler jwt(jwt_options options);

} // namespace crema

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/json/parse.hpp>
#include <crema/json/write.hpp>
#include <algorithm>
#include <utility>

namespace crema {
namespace detail {

inline std::optional<value> jwt_part(std::string_view encoded) {
    if (encoded.empty() || encoded.find('=') != encoded.npos) return std::nullopt;
    const auto text = base64url_decode(encoded);
    if (!text) return std::nullopt;
    auto made = json::parse_value(*text);
    if (!made || !made->is_object()) return std::nullopt;
    return std::move(*made);
}

// Seconds since 1970; `wrong` when the claim is there but is none.
inline std::optional<double> jwt_time(const value& claims, std::string_view name, bool& wrong) {
    const auto* v = claims.find(name);
    if (!v) return std::nullopt;
    if (v->is_number()) return v->as_double();
    wrong = true;
    return std::nullopt;
}

inline bool is_among(const std::vector<std::string>& all, const value& v) {
    return v.is_string() && std::find(all.begin(), all.end(), v.as_string()) != all.end();
}

inline const char* wrong_claim(const value& claims, const jwt_rules& rules, double now) {
    bool wrong = false;
    const auto exp = jwt_time(claims, "exp", wrong), nbf = jwt_time(claims, "nbf", wrong);
    const auto iat = jwt_time(claims, "iat", wrong);
    const auto leeway = static_cast<double>(rules.leeway.count());
    if (wrong) return "a time of the token is no number";
    if (!exp && rules.require_expiry) return "the token has no expiry";
    if (nbf && *nbf > now + leeway) return "the token is not valid yet";
    if (iat && *iat > now + leeway) return "the token was issued in the future";
    if (!rules.issuers.empty()) {
        const auto* iss = claims.find("iss");
        if (!iss || !is_among(rules.issuers, *iss)) return "the token is from another issuer";
    }
    const auto* aud = claims.find("aud");
    if (!aud) return rules.audiences.empty() ? nullptr : "the token is for another audience";
    bool ours = is_among(rules.audiences, *aud);
    if (aud->is_array())
        for (const auto& one : aud->elements()) ours = ours || is_among(rules.audiences, one);
    return ours ? nullptr : "the token is for another audience";
}

} // namespace detail

CREMA_DECL result<jwt_token> verify_jwt(std::string_view token, const jwt_keys& keys, const jwt_rules& rules,
                                        std::chrono::system_clock::time_point now) {
    const auto fail = [](error code, const char* why) { return failure{make_error_code(code), 0, why}; };
    if (token.size() > rules.longest) return fail(error::too_large, "the token is too long");
    const auto first = token.find('.'), last = token.rfind('.');
    if (first == token.npos || first == last || token.find('.', first + 1) != last)
        return fail(error::bad_syntax, "the token is malformed");
    auto header = detail::jwt_part(token.substr(0, first));
    const auto encoded = token.substr(last + 1);
    const auto signature = base64url_decode(encoded);
    if (!header || !signature || encoded.find('=') != encoded.npos)
        return fail(error::bad_syntax, "the token is malformed");
    const auto* alg = header->find("alg");
    const auto* kid = header->find("kid");
    if (!alg || !alg->is_string() || (kid && !kid->is_string()))
        return fail(error::bad_syntax, "the token is malformed");
    if (header->find("crit")) return fail(error::unsupported, "the token wants what is not supported");
    if (!keys.knows(alg->as_string()))
        return fail(error::unsupported, "there is no key for the algorithm of the token");
    if (!keys.is_signature(alg->as_string(), kid ? std::string_view(kid->as_string()) : std::string_view(),
                           token.substr(0, last), *signature))
        return fail(error::bad_value, "the signature of the token is not right");
    // Nothing of what it claims is looked at before.
    auto claims = detail::jwt_part(token.substr(first + 1, last - first - 1));
    if (!claims) return fail(error::bad_syntax, "the token is malformed");
    const auto seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
    if (const auto* why = detail::wrong_claim(*claims, rules, seconds)) return fail(error::bad_value, why);
    if (const auto* exp = claims->find("exp");
        exp && exp->as_double() + static_cast<double>(rules.leeway.count()) <= seconds)
        return fail(error::timed_out, "the token has expired");
    return jwt_token{std::move(*header), std::move(*claims)};
}

CREMA_DECL std::string sign_jwt(const value& claims, const jwt_keys& keys) {
    const auto key = keys.signing_key();
    auto header = value::object();
    header["alg"] = key.algorithm;
    header["typ"] = "JWT";
    if (!key.key_id.empty()) header["kid"] = key.key_id;
    auto text = base64url_encode(json::stringify(header)) + "." + base64url_encode(json::stringify(claims));
    const auto signature = key.sign(text);
    return text.append(".").append(base64url_encode(signature));
}

CREMA_COROUTINE bearer_handler jwt(jwt_options options) {
    if (!options.keys && !options.find_keys) throw system_error(make_error_code(error::bad_value), "jwt: no keys were given");
    auto realm = options.realm;
    const auto shared = std::make_shared<const jwt_options>(std::move(options));
    const auto check = [shared](request& req, std::string token) -> task<std::optional<value>> {
        const auto& o = *shared;
        auto keys = o.keys;
        if (o.find_keys) keys = co_await o.find_keys(req);
        if (!keys) throw http_error(503, "the keys are not known yet").type("keys.missing");
        auto t = verify_jwt(token, *keys, o.rules, o.now ? o.now() : std::chrono::system_clock::now());
        if (!t) {
            const auto code = t.error().code;
            const char* const type = code == error::bad_syntax || code == error::too_large ? "token.malformed"
                                     : code == error::unsupported                          ? "token.algorithm"
                                     : code == error::timed_out                            ? "token.expired"
                                                                                           : "token.refused";
            auto challenge = "Bearer realm=\"" + o.realm + "\", error=\"invalid_token\", error_description=\"";
            throw http_error(401, t.error().detail)
                .type(type)
                .header("WWW-Authenticate", challenge + t.error().detail + "\"");
        }
        if (o.accept) {
            const bool accepted = co_await o.accept(req, *t);
            if (!accepted) co_return std::optional<value>();
        }
        co_return std::optional<value>(std::move(t->claims));
    };
    return bearer({.check = check, .realm = std::move(realm)});
}

} // namespace crema
#endif
