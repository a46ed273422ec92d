// body_text: reads bodies as text before the layers behind run, as express.text.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/middleware/body_parser.hpp>
#include <string>
#include <vector>

namespace crema {

/** Options of `body_text`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct body_text_options {
    byte_size limit = 102400;              ///< a longer body is answered 413; `"1mb"` may be written
    body_types type = "text/plain";        ///< bodies of other types are handed on unread
    bool inflate = true;                   ///< whether `codecs` are used
    std::vector<codec> codecs{};           ///< content codings that are undone: `{codecs::gzip, codecs::br}`
    body_verify verify{};                  ///< sees the octets first
    std::string default_charset = "utf-8"; ///< when the Content-Type says none
};

/** Make a middleware that reads bodies as text.

    After it `req.body()` is the text in UTF-8, from whatever character set; what was malformed in it is U+FFFD.

    @par Errors
    Those of `body_parser`.
*/
CREMA_DECL body_parser body_text(body_text_options options = {});

} // namespace crema

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <utility>

namespace crema {

CREMA_DECL body_parser body_text(body_text_options options) {
    const auto parse = [](std::string_view text, std::string_view) -> value {
        return is_utf8(text) ? std::string(text) : repair_utf8(text);
    };
    return body_parser({options.limit.octets(), options.inflate, std::move(options.codecs), std::move(options.type),
                        std::move(options.verify), std::move(options.default_charset), detail::body_charsets::any, parse});
}

} // namespace crema
#endif
