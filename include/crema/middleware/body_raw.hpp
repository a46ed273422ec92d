// body_raw: reads bodies as octets before the layers behind run, as express.raw.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/middleware/body_parser.hpp>
#include <vector>

namespace crema {

/** Options of `body_raw`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct body_raw_options {
    byte_size limit = 102400;                     ///< a longer body is answered 413; `"1mb"` may be written
    body_types type = "application/octet-stream"; ///< bodies of other types are handed on unread
    bool inflate = true;                          ///< whether `codecs` are used
    std::vector<codec> codecs{};                  ///< content codings that are undone: `{codecs::gzip, codecs::br}`
    body_verify verify{};                         ///< sees the octets first
};

/** Make a middleware that reads bodies as octets.

    After it `req.body()` holds them as a string, which need not be UTF-8, and `req.raw_body()` views them.

    @par Errors
    Those of `body_parser`.
*/
CREMA_DECL body_parser body_raw(body_raw_options options = {});

} // namespace crema

#if CREMA_BODIES
#include <string>
#include <utility>

namespace crema {

CREMA_DECL body_parser body_raw(body_raw_options options) {
    const auto parse = [](std::string_view octets, std::string_view) -> value { return std::string(octets); };
    return body_parser({options.limit.octets(), options.inflate, std::move(options.codecs), std::move(options.type),
                        std::move(options.verify), {}, detail::body_charsets::ignored, parse});
}

} // namespace crema
#endif
