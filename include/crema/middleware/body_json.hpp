// body_json: reads JSON bodies before the layers behind run, as express.json.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/middleware/body_parser.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crema {

/** Options of `body_json`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct body_json_options {
    byte_size limit = 102400;              ///< a longer body is answered 413; `"1mb"` may be written
    bool strict = true;                    ///< only objects and arrays are accepted at the top
    body_types type = "application/json";  ///< bodies of other types are handed on unread
    bool inflate = true;                   ///< whether `codecs` are used
    std::vector<codec> codecs{};           ///< content codings that are undone: `{codecs::gzip, codecs::br}`
    body_verify verify{};                  ///< sees the octets first
    /** Called for every member and element, from the leaves up, with its name or index and its value; what it returns
        takes its place, nothing leaves a member out. The whole has the name `""`. */
    std::function<std::optional<value>(std::string_view name, value v)> reviver{};
    std::string default_charset = "utf-8"; ///< when the Content-Type says none: `utf-8`, `utf-16le`, …
};

/** Make a middleware that reads and checks JSON bodies, in UTF-8, UTF-16 or UTF-32.

    After it `req.body()` is the parsed value and `req.json<T>()` gives it as a `T`. An empty body is `{}`.

    @par Errors
    Those of `body_parser`; the message of 400 tells line, column and JSON pointer of what is wrong.

    @see RFC 8259
*/
CREMA_DECL body_parser body_json(body_json_options options = {});

} // namespace crema

#if CREMA_BODIES
#include <crema/core/printable.hpp>
#include <crema/core/text.hpp>
#include <crema/json/parse.hpp>
#include <algorithm>
#include <utility>

namespace crema {
namespace detail {

inline std::optional<value> revive(const decltype(body_json_options::reviver)& f, std::string_view name, value v) {
    if (v.is_object()) {
        value::object_type members;
        for (auto& [key, member] : v.as_object())
            if (auto kept = revive(f, key, std::move(member))) members.emplace_back(key, std::move(*kept));
        v.as_object() = std::move(members);
    } else if (v.is_array()) {
        std::size_t i = 0;
        for (auto& element : v.as_array())
            element = revive(f, std::to_string(i++), std::move(element)).value_or(value());
    }
    return f(name, std::move(v));
}

} // namespace detail

CREMA_DECL body_parser body_json(body_json_options options) {
    const auto parse = [strict = options.strict, reviver = std::move(options.reviver)](std::string_view text,
                                                                                       std::string_view) -> value {
        if (text.empty()) return value::object();
        if (strict) {
            const auto first = text.find_first_not_of(" \t\r\n");
            if (first != text.npos && text[first] != '{' && text[first] != '[') {
                const auto begin = text.substr(first, std::max<std::size_t>(utf8_length(text.substr(first)), 1));
                throw http_error(400, "the body must be a JSON object or array; it begins with '" + printable(begin) + "'")
                    .type("entity.parse.failed");
            }
        }
        auto made = json::parse_value(text);
        if (!made) throw http_error(400, made.error().message()).type("entity.parse.failed");
        if (reviver) return detail::revive(reviver, "", std::move(*made)).value_or(value());
        return std::move(*made);
    };
    return body_parser({options.limit.octets(), options.inflate, std::move(options.codecs), std::move(options.type),
                        std::move(options.verify), std::move(options.default_charset), detail::body_charsets::unicode, parse});
}

} // namespace crema
#endif
