// charset: text in other character sets, turned into UTF-8.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <string>
#include <string_view>

namespace crema {

/** Tell whether `to_utf8` knows a character set.

    UTF-8, UTF-16, UTF-32 (with `le`, `be` or by their mark), US-ASCII and ISO-8859-1 are always known, others when the
    C library knows them.

    @param name Case does not matter.
*/
CREMA_DECL bool is_charset(std::string_view name);

/** Turn octets in some character set into UTF-8. A byte order mark in front is left out.

    What is malformed becomes U+FFFD; in UTF-8 it stays as it is. UTF-16 and UTF-32 without a mark are little-endian.

    @param charset One that `is_charset` knows; with others the octets are returned as they are.
*/
CREMA_DECL std::string to_utf8(std::string_view octets, std::string_view charset);

} // namespace crema

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <cstdint>
#include <iconv.h>

namespace crema {
namespace detail {

enum class charset_kind : unsigned char { utf_8, utf_16, utf_16le, utf_16be, utf_32, utf_32le, utf_32be, latin1, ascii, other };

inline charset_kind kind_of_charset(std::string_view name) {
    using enum charset_kind;
    static constexpr struct {
        std::string_view name;
        charset_kind kind;
    } known[] = {{"utf-8", utf_8},       {"utf8", utf_8},       {"utf-16", utf_16},       {"utf-16le", utf_16le},
                 {"utf-16be", utf_16be}, {"ucs-2", utf_16le},   {"utf-32", utf_32},       {"utf-32le", utf_32le},
                 {"utf-32be", utf_32be}, {"latin1", latin1},    {"iso-8859-1", latin1},   {"us-ascii", ascii},
                 {"ascii", ascii}};
    for (const auto& k : known)
        if (iequals(k.name, name)) return k.kind;
    return other;
}

inline void append_character(std::string& out, std::uint32_t c) {
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = 0xfffd;
    const auto add = [&](std::uint32_t octet) { out += static_cast<char>(octet); };
    if (c < 0x80) return add(c);
    if (c < 0x800) {
        add(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            add(0xe0 | c >> 12);
        } else {
            add(0xf0 | c >> 18);
            add(0x80 | (c >> 12 & 63));
        }
        add(0x80 | (c >> 6 & 63));
    }
    add(0x80 | (c & 63));
}

// `size` octets to the unit, 2 or 4.
inline std::string from_units(std::string_view s, std::size_t size, bool big) {
    const auto unit = [&](std::size_t at) {
        std::uint32_t u = 0;
        for (std::size_t i = 0; i < size; ++i)
            u = u << 8 | static_cast<unsigned char>(s[at + (big ? i : size - 1 - i)]);
        return u;
    };
    std::string out;
    out.reserve(s.size());
    std::size_t i = 0;
    for (; i + size <= s.size(); i += size) {
        auto c = unit(i);
        if (size == 2 && c >= 0xd800 && c < 0xdc00 && i + 4 <= s.size()) {
            const auto low = unit(i + 2);
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        append_character(out, c);
    }
    if (i < s.size()) append_character(out, 0xfffd);
    return out;
}

class converter {
public:
    explicit converter(std::string_view charset) {
        for (const char c : charset) // the library takes options behind a slash
            if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_' && c != '.' && c != ':') return;
        if (!charset.empty() && charset.size() < 40) handle_ = ::iconv_open("UTF-8", std::string(charset).c_str());
    }
    converter(const converter&) = delete;
    ~converter() {
        if (*this) ::iconv_close(handle_);
    }
    explicit operator bool() const noexcept { return handle_ != none(); }
    std::string operator()(std::string_view octets) const {
        std::string out;
        char room[1024];
        auto* in = const_cast<char*>(octets.data());
        auto left = octets.size();
        while (left > 0) {
            char* to = room;
            auto space = sizeof room;
            const auto before = left;
            const auto r = ::iconv(handle_, &in, &left, &to, &space);
            out.append(room, sizeof room - space);
            if (r != static_cast<std::size_t>(-1)) break;
            if (left == 0) append_character(out, 0xfffd); // it took the beginning of a character
            else if (left == before && space == sizeof room) { // it stands at something malformed
                append_character(out, 0xfffd);
                ++in;
                --left;
            }
        }
        return out;
    }

private:
    static iconv_t none() noexcept { return reinterpret_cast<iconv_t>(-1); }
    iconv_t handle_ = none();
};

} // namespace detail

CREMA_DECL bool is_charset(std::string_view name) {
    return detail::kind_of_charset(name) != detail::charset_kind::other || static_cast<bool>(detail::converter(name));
}

CREMA_DECL std::string to_utf8(std::string_view octets, std::string_view charset) {
    using enum detail::charset_kind;
    const auto kind = detail::kind_of_charset(charset);
    const auto begins = [&](std::string_view mark) { return octets.starts_with(mark); };
    constexpr std::string_view little16("\xff\xfe", 2), big16("\xfe\xff", 2), little32("\xff\xfe\0\0", 4), big32("\0\0\xfe\xff", 4);
    switch (kind) {
    case utf_8: return std::string(begins("\xef\xbb\xbf") ? octets.substr(3) : octets);
    case utf_16:
    case utf_16le:
    case utf_16be: {
        const bool big = kind == utf_16be || (kind == utf_16 && begins(big16));
        if (begins(big ? big16 : little16)) octets.remove_prefix(2);
        return detail::from_units(octets, 2, big);
    }
    case utf_32:
    case utf_32le:
    case utf_32be: {
        const bool big = kind == utf_32be || (kind == utf_32 && begins(big32));
        if (begins(big ? big32 : little32)) octets.remove_prefix(4);
        return detail::from_units(octets, 4, big);
    }
    case latin1:
    case ascii: {
        std::string out;
        out.reserve(octets.size());
        for (const char c : octets) {
            const auto u = static_cast<unsigned char>(c);
            detail::append_character(out, kind == ascii && u > 127 ? 0xfffd : u);
        }
        return out;
    }
    case other: break;
    }
    const detail::converter convert(charset);
    return convert ? convert(octets) : std::string(octets);
}

} // namespace crema
#endif
