// fresh: whether the copy that a client has is still good, so that 304 is the answer.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <string_view>

namespace crema::http {

/// Holds the fields that decide whether a copy is fresh; empty where there is none.
struct freshness {
    std::string_view if_none_match{};     ///< of the request
    std::string_view if_modified_since{}; ///< of the request
    std::string_view cache_control{};     ///< of the request
    std::string_view etag{};              ///< of the response
    std::string_view last_modified{};     ///< of the response
};

/** Tell whether the client's copy is still good.

    Without a condition in the request it is not. `Cache-Control: no-cache` asks for a new one. If-None-Match decides
    alone when it is there, by weak comparison; else If-Modified-Since does, when both dates can be read.

    @par Complexity
    Linear in the length of the fields.

    @see RFC 9110 section 13.2.2
*/
CREMA_DECL bool is_fresh(const freshness& fields);

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/date.hpp>
#include <crema/http/etag.hpp>

namespace crema::http {

CREMA_DECL bool is_fresh(const freshness& f) {
    if (f.if_none_match.empty() && f.if_modified_since.empty()) return false;
    for (auto directive : comma_list(f.cache_control))
        if (directive == "no-cache") return false;
    if (!f.if_none_match.empty()) {
        if (f.if_none_match == "*") return true;
        if (f.etag.empty()) return false;
        for (auto tag : comma_list(f.if_none_match))
            if (weakly_equal(tag, f.etag)) return true;
        return false;
    }
    if (f.last_modified == f.if_modified_since) return parse_date(f.last_modified).has_value();
    const auto modified = parse_date(f.last_modified), since = parse_date(f.if_modified_since);
    return modified && since && *modified <= *since;
}

} // namespace crema::http
#endif
