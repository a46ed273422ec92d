// HTML: text made safe for a page.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <string>
#include <string_view>

namespace crema {

/** Replace the five characters that mean something in HTML: `& < > " '`.

    @par Complexity
    Linear.
*/
CREMA_DECL std::string escape_html(std::string_view text);

} // namespace crema

#if CREMA_BODIES
namespace crema {

CREMA_DECL std::string escape_html(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    return out;
}

} // namespace crema
#endif
