// Another reader of JSON, slow and plain, one character after the other: what the reader of crema is compared with.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/value.hpp>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace fuzz {

// Appends a character as UTF-8.
inline void put_utf8(std::string& out, std::uint32_t c) {
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static constexpr std::uint32_t marks[] = {0, 0xc0, 0xe0, 0xf0};
    out += static_cast<char>(marks[more] | c >> 6 * more);
    while (more-- > 0) out += static_cast<char>(0x80 | (c >> 6 * more & 63));
}

// Appends UTF-16 as UTF-8; half of a pair becomes U+FFFD.
inline void put_utf16(std::string& out, const std::u16string& units) {
    for (std::size_t i = 0; i < units.size(); ++i) {
        std::uint32_t c = units[i];
        if (c >= 0xd800 && c <= 0xdfff) {
            const bool pair = c <= 0xdbff && i + 1 < units.size() && units[i + 1] >= 0xdc00 && units[i + 1] <= 0xdfff;
            c = pair ? 0x10000 + (c - 0xd800) * 0x400 + (units[++i] - 0xdc00u) : 0xfffd;
        }
        put_utf8(out, c);
    }
}

class plain_json {
public:
    // Nothing when it is no JSON, or nested deeper than `depth`.
    static std::optional<crema::value> read(std::string_view text, int depth = 1024) {
        plain_json p{text, depth};
        crema::value v;
        p.blank();
        if (!p.any(v)) return std::nullopt;
        p.blank();
        if (!p.rest_.empty()) return std::nullopt;
        return v;
    }

private:
    plain_json(std::string_view text, int depth) : rest_(text), left_(depth) {}

    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    void blank() {
        while (take(" ") || take("\t") || take("\n") || take("\r")) {}
    }
    bool any(crema::value& v) {
        if (take("null")) return true;
        if (take("true")) return v = true, true;
        if (take("false")) return v = false, true;
        if (rest_.starts_with('"')) {
            std::string s;
            if (!string(s)) return false;
            v = std::move(s);
            return true;
        }
        if (take("[")) {
            v = crema::value::array();
            return nested("]", [&] {
                crema::value element;
                if (!any(element)) return false;
                v.push_back(std::move(element));
                return true;
            });
        }
        if (take("{")) {
            v = crema::value::object();
            return nested("}", [&] {
                std::string name;
                crema::value content;
                if (!string(name)) return false;
                blank();
                if (!take(":")) return false;
                blank();
                if (!any(content)) return false;
                v[name] = std::move(content);
                return true;
            });
        }
        return number(v);
    }
    template <class F>
    bool nested(std::string_view close, F&& one) {
        if (left_-- == 0) return false;
        blank();
        if (!take(close))
            for (;;) {
                if (!one()) return false;
                blank();
                if (take(close)) break;
                if (!take(",")) return false;
                blank();
            }
        ++left_;
        return true;
    }
    std::size_t digits() {
        std::size_t n = 0;
        for (; n < rest_.size() && rest_[n] >= '0' && rest_[n] <= '9'; ++n) {}
        rest_.remove_prefix(n);
        return n;
    }
    bool number(crema::value& v) {
        const auto begin = rest_;
        bool whole = true;
        take("-");
        if (!take("0") && digits() == 0) return false;
        if (take(".")) {
            whole = false;
            if (digits() == 0) return false;
        }
        if (take("e") || take("E")) {
            whole = false;
            if (!take("+")) take("-");
            if (digits() == 0) return false;
        }
        const std::string text(begin.substr(0, begin.size() - rest_.size()));
        errno = 0;
        if (whole && text[0] == '-' && text != "-0") {
            const auto n = std::strtoll(text.c_str(), nullptr, 10);
            if (errno == 0) return v = n, true;
        } else if (whole && text[0] != '-') {
            const auto n = std::strtoull(text.c_str(), nullptr, 10);
            if (errno == 0) return v = n, true;
        }
        v = std::strtod(text.c_str(), nullptr); // beyond the range of double: infinite, as in JSON.parse
        return true;
    }
    bool string(std::string& out) {
        if (!take("\"")) return false;
        std::u16string units; // of escapes that follow each other
        for (;;) {
            if (rest_.empty()) return false;
            if (take("\\u")) {
                if (rest_.size() < 4 || rest_.substr(0, 4).find_first_not_of("0123456789abcdefABCDEF") != rest_.npos) return false;
                units += static_cast<char16_t>(std::strtoul(std::string(rest_.substr(0, 4)).c_str(), nullptr, 16));
                rest_.remove_prefix(4);
                continue;
            }
            put_utf16(out, units);
            units.clear();
            if (take("\"")) return true;
            if (take("\\")) {
                const auto which = rest_.empty() ? rest_.npos : std::string_view("\"\\/bfnrt").find(rest_[0]);
                if (which == rest_.npos) return false;
                out += "\"\\/\b\f\n\r\t"[which];
                rest_.remove_prefix(1);
            } else if (!character(out)) {
                return false;
            }
        }
    }
    // One character of UTF-8, of the fewest octets that hold it.
    bool character(std::string& out) {
        const auto octet = [&](std::size_t i) { return i < rest_.size() ? static_cast<unsigned char>(rest_[i]) : 0u; };
        const auto first = octet(0);
        const std::size_t size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
        std::uint32_t c = size == 1 ? first : first & (0x7fu >> size);
        for (std::size_t i = 1; i < size; ++i) {
            if ((octet(i) & 0xc0) != 0x80) return false;
            c = c << 6 | (octet(i) & 63);
        }
        std::string again;
        if (c < 0x20 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return false;
        put_utf8(again, c);
        if (again != rest_.substr(0, size)) return false;
        rest_.remove_prefix(size);
        out += again;
        return true;
    }

    std::string_view rest_;
    int left_;
};

} // namespace fuzz
