// security_headers: tells browsers to be careful, as the package helmet, with its defaults.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/// Is the Content-Security-Policy: names of directives with their sources, in order.
using csp_directives = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// Returns helmet's policy. A source `'nonce'` among them is replaced by a nonce for each request; see `csp_nonce`.
CREMA_DECL csp_directives default_csp();

/** Options of `security_headers`: a field is left out when its value is empty.

    @par Thread Safety
    Distinct objects: safe.
*/
struct security_headers_options {
    csp_directives content_security_policy = default_csp();        ///< no policy when empty
    bool report_only = false;                                      ///< violations are reported, nothing is blocked
    std::string cross_origin_embedder_policy{};                    ///< `require-corp` or `credentialless`; off
    std::string cross_origin_opener_policy = "same-origin";        ///< also `same-origin-allow-popups`, `unsafe-none`
    std::string cross_origin_resource_policy = "same-origin";      ///< also `same-site`, `cross-origin`
    bool origin_agent_cluster = true;                              ///< the origin has a process of its own
    std::string referrer_policy = "no-referrer";                   ///< tokens, with commas between
    std::chrono::seconds hsts_max_age = std::chrono::hours(24 * 365); ///< Strict-Transport-Security; off when negative
    bool hsts_include_subdomains = true;                           ///< and for hosts below
    bool hsts_preload = false;                                     ///< and may be put into browsers
    std::string content_type_options = "nosniff";                  ///< X-Content-Type-Options
    std::string dns_prefetch_control = "off";                      ///< X-DNS-Prefetch-Control
    std::string download_options = "noopen";                       ///< X-Download-Options
    std::string frame_options = "SAMEORIGIN";                      ///< X-Frame-Options; also `DENY`
    std::string permitted_cross_domain_policies = "none";          ///< X-Permitted-Cross-Domain-Policies
    std::string xss_protection = "0";                              ///< X-XSS-Protection: the filter does harm
    bool hide_powered_by = true;                                   ///< X-Powered-By is removed
};

/** Is the middleware that `security_headers` makes. A copy may be registered many times.

    @par Thread Safety
    Safe.
*/
class security_headers_handler {
public:
    /// @cond
    CREMA_DECL explicit security_headers_handler(const security_headers_options& options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    struct prepared {
        std::vector<std::pair<std::string, std::string>> fields;
        std::string policy_name;
        std::vector<std::string> policy; // pieces with a nonce between
        bool hide_powered_by = true;
    };
    std::shared_ptr<const prepared> options_;
};

/** Make a middleware that sets the fields which protect pages.

    @throws system_error(error::bad_value) when a value cannot stand in a header, or a directive or source has a semicolon, a comma
    or a space, or the name of a directive comes twice.

    @see https://www.w3.org/TR/CSP3/
*/
inline security_headers_handler security_headers(const security_headers_options& options = {}) {
    return security_headers_handler(options);
}

/// Returns the nonce of this request's policy, for `<script nonce="…">`; empty without one. Valid until the exchange ends.
CREMA_DECL std::string_view csp_nonce(request& req);

} // namespace crema

#if CREMA_BODIES
#include <crema/async/context.hpp>
#include <crema/core/secret.hpp>
#include <crema/core/text.hpp>
#include <crema/http/fields.hpp>
#include <algorithm>
#include <set>

namespace crema {
namespace detail {
inline const context_key<std::string> csp_nonce_key;
}

CREMA_DECL csp_directives default_csp() {
    return {{"default-src", {"'self'"}},
            {"base-uri", {"'self'"}},
            {"font-src", {"'self'", "https:", "data:"}},
            {"form-action", {"'self'"}},
            {"frame-ancestors", {"'self'"}},
            {"img-src", {"'self'", "data:"}},
            {"object-src", {"'none'"}},
            {"script-src", {"'self'"}},
            {"script-src-attr", {"'none'"}},
            {"style-src", {"'self'", "https:", "'unsafe-inline'"}},
            {"upgrade-insecure-requests", {}}};
}

CREMA_DECL security_headers_handler::security_headers_handler(const security_headers_options& o) {
    auto p = std::make_shared<prepared>();
    const auto bad = [](const std::string& what) {
        throw system_error(make_error_code(error::bad_value), "security_headers: " + what);
    };
    const auto field = [&](const char* name, std::string value) {
        if (value.empty()) return;
        if (!http::valid_field_value(value)) bad(std::string(name) + " cannot be \"" + value + "\"");
        p->fields.emplace_back(name, std::move(value));
    };
    std::string policy;
    std::set<std::string> names;
    for (const auto& [name, sources] : o.content_security_policy) {
        if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; }))
            bad("the directive \"" + name + "\" is malformed");
        if (!names.insert(to_lower(name)).second) bad("the directive \"" + name + "\" comes twice");
        policy.append(policy.empty() ? "" : ";").append(name);
        for (const auto& source : sources) {
            if (source.empty() || source.find_first_of(";, \t\r\n") != source.npos || !http::valid_field_value(source))
                bad("the source \"" + source + "\" of " + name + " is malformed");
            for (const char* word : {"self", "none", "unsafe-inline", "unsafe-eval", "strict-dynamic"})
                if (iequals(source, word)) bad("the source " + source + " of " + name + " must have quotes: '" + source + "'");
            if (source != "'nonce'") {
                policy.append(" ").append(source);
                continue;
            }
            p->policy.push_back(policy + " 'nonce-");
            policy = "'";
        }
    }
    if (!policy.empty()) p->policy.push_back(std::move(policy));
    p->policy_name = o.report_only ? "Content-Security-Policy-Report-Only" : "Content-Security-Policy";
    if (p->policy.size() == 1) {
        field(p->policy_name.c_str(), p->policy.front());
        p->policy.clear();
    }
    field("Cross-Origin-Embedder-Policy", o.cross_origin_embedder_policy);
    field("Cross-Origin-Opener-Policy", o.cross_origin_opener_policy);
    field("Cross-Origin-Resource-Policy", o.cross_origin_resource_policy);
    if (o.origin_agent_cluster) field("Origin-Agent-Cluster", "?1");
    field("Referrer-Policy", o.referrer_policy);
    if (o.hsts_max_age.count() >= 0)
        field("Strict-Transport-Security", "max-age=" + std::to_string(o.hsts_max_age.count()) +
                                               (o.hsts_include_subdomains ? "; includeSubDomains" : "") +
                                               (o.hsts_preload ? "; preload" : ""));
    field("X-Content-Type-Options", o.content_type_options);
    field("X-DNS-Prefetch-Control", o.dns_prefetch_control);
    field("X-Download-Options", o.download_options);
    field("X-Frame-Options", o.frame_options);
    field("X-Permitted-Cross-Domain-Policies", o.permitted_cross_domain_policies);
    field("X-XSS-Protection", o.xss_protection);
    p->hide_powered_by = o.hide_powered_by;
    options_ = std::move(p);
}

CREMA_DECL void security_headers_handler::operator()(request& req, response& res, next& next) const {
    if (!options_->policy.empty()) {
        const auto& nonce = req.context().set(detail::csp_nonce_key, random_token(16));
        std::string policy = options_->policy.front();
        for (std::size_t i = 1; i < options_->policy.size(); ++i) policy.append(nonce).append(options_->policy[i]);
        res.set(options_->policy_name, policy);
    }
    for (const auto& [name, value] : options_->fields) res.set(name, value);
    if (options_->hide_powered_by) res.remove("X-Powered-By");
    next();
}

CREMA_DECL std::string_view csp_nonce(request& req) {
    const auto* nonce = req.context().find(detail::csp_nonce_key);
    return nonce ? std::string_view(*nonce) : std::string_view();
}

} // namespace crema
#endif
