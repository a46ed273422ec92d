// nested_query_text: writes a tree as a query whose names have structure, `a[b][0]=c`, as the library qs does.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/core/value.hpp>
#include <crema/http/nested_query.hpp>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace crema::http {

/// Names how the elements of an array are written.
enum class query_arrays : unsigned char {
    indices,  ///< `a[0]=b&a[1]=c`
    brackets, ///< `a[]=b&a[]=c`
    repeat,   ///< `a=b&a=c`
    comma,    ///< `a=b,c`
};

/// Names what is escaped.
enum class query_escapes : unsigned char {
    all,    ///< names and values
    values, ///< values
    none,   ///< nothing: what has `&` or `=` in it is not read back
};

/** Describes how a tree is written as a query. The defaults are those of qs. */
struct nested_query_text_options {
    std::string_view separator = "&";                        ///< between pairs
    query_arrays arrays = query_arrays::indices;             ///< see there
    query_escapes escapes = query_escapes::all;              ///< see there
    query_charset charset = query_charset::utf_8;            ///< of the escapes
    std::size_t depth = std::numeric_limits<std::size_t>::max(); ///< objects within each other; deeper is an error
    bool dots = false;               ///< `a.b` instead of `a[b]`
    bool escape_dots = false;        ///< a dot of a name is `%2E`; wants `dots` to be of use
    bool null_without_equals = false; ///< null is `a`, else `a=`
    bool skip_null = false;          ///< null is left out
    bool empty_arrays = false;       ///< an empty array is `a[]`, else nothing
    bool comma_round_trip = false;   ///< with `comma`, an array of one element is `a[]=b`
    bool plus_for_space = false;     ///< as forms write it (RFC 1738); parentheses stay as they are then
    bool charset_sentinel = false;   ///< begins with `utf8=✓`, which tells the charset
    bool question_mark = false;      ///< begins with one, unless it is empty
};

/** Write a tree as a query; what is no object and no array is an empty text.

    @par Errors
    @li `error::too_deep` deeper than the option says.

    @par Complexity
    Linear in the length of the result, times the depth.

    @see parse_nested_query
*/
CREMA_DECL result<std::string> stringify_nested_query(const value& tree, const nested_query_text_options& options = {});

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/error.hpp>
#include <crema/core/text.hpp>
#include <crema/http/query.hpp>

namespace crema::http {
namespace detail {

// JavaScript's text of a value: what query_text says, and what becomes of lists and objects.
inline std::string script_text(const value& v) {
    if (v.is_object()) return "[object Object]";
    if (!v.is_array()) return query_text(v);
    std::string all;
    for (std::size_t i = 0; i < v.size(); ++i) all += (i ? "," : "") + script_text(v.at(i));
    return all;
}

// One octet sequence of UTF-8 at `at`, which is moved behind it; malformed octets count one by one.
inline char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    char32_t c = more == 3 ? lead & 0x07u : more == 2 ? lead & 0x0fu : more == 1 ? lead & 0x1fu : lead;
    for (int i = 0; i < more && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; ++i)
        c = (c << 6) | (static_cast<unsigned char>(text[at++]) & 0x3fu);
    return c;
}

class nested_query_writer {
public:
    explicit nested_query_writer(const nested_query_text_options& o) : o_(o) {}

    result<std::string> run(const value& tree) {
        each(tree, [&](const std::string& key, const value& v) {
            if (!(o_.skip_null && v.is_null())) write(v, o_.escape_dots ? without_dots(key) : key, 0, o_.escapes != query_escapes::none);
        });
        if (too_deep_)
            return failure{make_error_code(error::too_deep), 0, "Input depth exceeded depth option of " + std::to_string(o_.depth)};
        if (out_.empty()) return std::string();
        std::string front = o_.question_mark ? "?" : "";
        if (o_.charset_sentinel) {
            front += o_.charset == query_charset::utf_8 ? "utf8=%E2%9C%93" : "utf8=%26%2310003%3B";
            front += o_.separator;
        }
        return front + out_;
    }

private:
    template <class F>
    static void each(const value& v, F f) {
        if (v.is_array())
            for (std::size_t i = 0; i < v.size(); ++i) f(std::to_string(i), v.at(i));
        else
            for (const auto& [name, one] : v.members()) f(name, one);
    }

    static std::string without_dots(std::string_view key) {
        std::string all;
        for (const char c : key)
            if (c == '.') all += "%2E";
            else all += c;
        return all;
    }

    std::string escaped(std::string_view text) const {
        static constexpr char digits[] = "0123456789ABCDEF";
        const bool latin = o_.charset == query_charset::iso_8859_1;
        const std::string_view kept = latin ? "@*_-./" : o_.plus_for_space ? "-._~()" : "-._~";
        std::string all;
        const auto octet = [&](unsigned c) { ((all += '%') += digits[c >> 4 & 15]) += digits[c & 15]; };
        const auto entity = [&](char32_t unit) { all += "%26%23" + std::to_string(static_cast<unsigned long>(unit)) + "%3B"; };
        for (std::size_t at = 0; at < text.size();) {
            const char c = text[at];
            if (is_alpha(c) || is_digit(c) || kept.find(c) != kept.npos) {
                all += c;
                ++at;
            } else if (!latin) {
                octet(static_cast<unsigned char>(c));
                ++at;
            } else if (const auto point = next_code_point(text, at); point < 0x100) {
                octet(static_cast<unsigned>(point));
            } else if (point < 0x10000) {
                entity(point);
            } else { // as JavaScript has it: two halves
                entity(0xd800 + ((point - 0x10000) >> 10));
                entity(0xdc00 + ((point - 0x10000) & 0x3ff));
            }
        }
        return all;
    }

    std::string formatted(std::string text) const {
        if (o_.plus_for_space)
            for (std::size_t at = 0; (at = text.find("%20", at)) != text.npos; ++at) text.replace(at, 3, "+");
        return text;
    }

    std::string name_of(const std::string& prefix, bool escape) const {
        return formatted(escape && o_.escapes == query_escapes::all ? escaped(prefix) : prefix);
    }

    void put(const std::string& piece) {
        if (begun_) out_ += o_.separator;
        begun_ = true;
        out_ += piece;
    }

    void write(const value& v, const std::string& prefix, std::size_t depth, bool escape) {
        if (depth > o_.depth) too_deep_ = true;
        if (too_deep_) return;
        if (v.is_null() && o_.null_without_equals) return put(name_of(prefix, escape));
        if (!v.is_object() && !v.is_array()) {
            const auto text = v.is_null() ? std::string() : script_text(v);
            return put(name_of(prefix, escape) + "=" + formatted(escape ? escaped(text) : text));
        }
        const bool joined = o_.arrays == query_arrays::comma && v.is_array();
        const auto adjusted = joined && o_.comma_round_trip && v.size() == 1 ? prefix + "[]" : prefix;
        if (o_.empty_arrays && v.is_array() && v.empty()) return put(name_of(adjusted, escape) + "[]");
        if (joined) return write_joined(v, adjusted, depth, escape);
        each(v, [&](const std::string& name, const value& one) {
            if (o_.skip_null && one.is_null()) return;
            const auto key = o_.dots && o_.escape_dots ? without_dots(name) : name;
            std::string next = adjusted;
            if (!v.is_array()) next += o_.dots ? "." + key : "[" + key + "]";
            else if (o_.arrays == query_arrays::indices) next += "[" + key + "]";
            else if (o_.arrays == query_arrays::brackets) next += "[]";
            write(one, next, depth + 1, escape);
        });
    }

    void write_joined(const value& v, const std::string& prefix, std::size_t depth, bool escape) {
        if (v.empty()) return;
        const bool each_escaped = escape && o_.escapes == query_escapes::values; // the commas stay then
        std::string all;
        for (std::size_t i = 0; i < v.size(); ++i) {
            const auto text = v.at(i).is_null() ? std::string() : script_text(v.at(i));
            all += (i ? "," : "") + (each_escaped ? escaped(text) : text);
        }
        if (all.empty() && o_.skip_null) return;
        write(all.empty() ? value() : value(all), prefix, depth + 1, escape && !each_escaped);
    }

    const nested_query_text_options& o_;
    std::string out_;
    bool begun_ = false;
    bool too_deep_ = false;
};

} // namespace detail

CREMA_DECL result<std::string> stringify_nested_query(const value& tree, const nested_query_text_options& options) {
    return detail::nested_query_writer(options).run(tree);
}

} // namespace crema::http
#endif
