// printable: makes a text fit for one line of a log or a terminal.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <string>
#include <string_view>

namespace crema {

/** Return a text in which nothing ends a line or moves a cursor.

    Control characters (C0, DEL and C1) and octets that are no UTF-8 become `\xNN`, a backslash becomes two.

    @par Thread Safety
    Safe.
*/
CREMA_DECL std::string printable(std::string_view text);

} // namespace crema

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <cstddef>

namespace crema {

CREMA_DECL std::string printable(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        std::size_t n = c < 0x80 ? (c >= 0x20 && c != 0x7f ? 1 : 0) : utf8_length(text.substr(at));
        if (n == 2 && c == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0) n = 0; // C1: a terminal obeys
        if (n == 0) {
            out.append("\\x").append({hex[c >> 4], hex[c & 15]});
            ++at;
            continue;
        }
        if (c == '\\') out += '\\';
        out.append(text, at, n);
        at += n;
    }
    return out;
}

} // namespace crema
#endif
