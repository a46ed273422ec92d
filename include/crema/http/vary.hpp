// Vary: add names to the field (RFC 9110 section 12.5.5).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <string>
#include <string_view>

namespace crema::http {

/** Add field names to the value of a Vary field. Names that are there stay as they are spelled; `*` swallows all
    others.

    @param header The value so far, may be empty.
    @param names One name, or several with commas between.

    @par Errors
    @li `error::bad_value` something in `names` is no field name.
*/
CREMA_DECL result<std::string> append_vary(std::string_view header, std::string_view names);

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>

namespace crema::http {

CREMA_DECL result<std::string> append_vary(std::string_view header, std::string_view names) {
    for (auto name : comma_list(names))
        if (!is_token(name))
            return failure{make_error_code(error::bad_value), 0, "field argument contains an invalid header name"};
    if (list_contains(header, "*") || list_contains(names, "*")) return std::string("*");
    std::string all(header);
    for (auto name : comma_list(names)) {
        if (list_contains(all, name)) continue;
        if (!all.empty()) all += ", ";
        all += name;
    }
    return all;
}

} // namespace crema::http
#endif
