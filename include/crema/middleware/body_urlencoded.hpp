// body_urlencoded: reads forms before the layers behind run, as express.urlencoded.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/middleware/body_parser.hpp>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace crema {

/** Options of `body_urlencoded`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct body_urlencoded_options {
    bool extended = false;                  ///< names have structure: `a[b]=c` is `{"a":{"b":"c"}}`
    byte_size limit = 102400;               ///< a longer body is answered 413; `"1mb"` may be written
    std::size_t parameter_limit = 1000;     ///< more pairs are answered 413
    std::size_t depth = 32;                 ///< of extended names; deeper ones are answered 400
    bool charset_sentinel = false;          ///< a pair `utf8=✓` says which character set the rest is in
    bool interpret_numeric_entities = false; ///< `&#9786;` in ISO-8859-1 is a character
    body_types type = "application/x-www-form-urlencoded"; ///< bodies of other types are handed on unread
    bool inflate = true;                    ///< whether `codecs` are used
    std::vector<codec> codecs{};            ///< content codings that are undone: `{codecs::gzip, codecs::br}`
    body_verify verify{};                   ///< sees the octets first
    std::string default_charset = "utf-8";  ///< `utf-8` or `iso-8859-1`
};

/** Make a middleware that reads forms.

    After it `req.body()` is an object of strings, arrays of strings for names that repeat, and with `extended`
    objects within. `__proto__` is never a name.

    @par Errors
    Those of `body_parser`; 413 `parameters.too.many`, 400 `querystring.parse.rangeError` for what is too deep.

    @throws system_error(error::bad_value) when an option is none of its values: no parameter allowed, a depth over 512,
    another character set.

    @see https://url.spec.whatwg.org/#application/x-www-form-urlencoded
*/
CREMA_DECL body_parser body_urlencoded(body_urlencoded_options options = {});

} // namespace crema

#if CREMA_BODIES
#include <crema/http/nested_query.hpp>
#include <algorithm>
#include <utility>

namespace crema {

CREMA_DECL body_parser body_urlencoded(body_urlencoded_options options) {
    const auto bad = [](const char* what) { throw system_error(make_error_code(error::bad_value), what); };
    if (options.default_charset != "utf-8" && options.default_charset != "iso-8859-1")
        bad("body_urlencoded: default_charset must be either utf-8 or iso-8859-1");
    if (options.parameter_limit == 0) bad("body_urlencoded: parameter_limit must be a positive number");
    if (options.extended && options.depth > 512) bad("body_urlencoded: depth must be at most 512");
    http::nested_query_options how;
    how.depth = options.extended ? options.depth : 0;
    how.strict_depth = true;
    how.charset_sentinel = options.charset_sentinel;
    how.numeric_entities = options.interpret_numeric_entities;
    how.max_pairs = options.parameter_limit;
    const auto parse = [how, extended = options.extended](std::string_view text, std::string_view charset) -> value {
        if (text.empty()) return value::object();
        const auto pairs = static_cast<std::size_t>(std::count(text.begin(), text.end(), '&')) + 1;
        if (pairs > how.max_pairs) throw http_error(413, "too many parameters").type("parameters.too.many");
        auto mine = how;
        mine.max_elements = static_cast<std::ptrdiff_t>(extended ? std::max<std::size_t>(100, pairs) : pairs);
        mine.charset = charset == "iso-8859-1" ? http::query_charset::iso_8859_1 : http::query_charset::utf_8;
        auto made = http::parse_nested_query(text, mine);
        if (!made) throw http_error(400, "The input exceeded the depth").type("querystring.parse.rangeError");
        return std::move(*made);
    };
    return body_parser({options.limit.octets(), options.inflate, std::move(options.codecs), std::move(options.type),
                        std::move(options.verify), std::move(options.default_charset), detail::body_charsets::form, parse});
}

} // namespace crema
#endif
