// nested_query: queries and forms whose names have structure, `a[b][]=c`, as the library qs reads them.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/core/value.hpp>
#include <cstddef>
#include <string_view>

namespace crema::http {

/// Names what becomes of a name that comes several times.
enum class query_duplicates : unsigned char {
    combine, ///< an array of all values
    first,   ///< the first value
    last,    ///< the last value
};

/// Names how escapes are read.
enum class query_charset : unsigned char { utf_8, iso_8859_1 };

/** Describes how a nested query is parsed. The defaults are those of qs, except for `inherited_names`, which is as in
    Express. */
struct nested_query_options {
    std::string_view separator = "&";         ///< between pairs; not empty
    std::size_t max_pairs = 1000;             ///< what is behind is ignored; empty pieces count; 0: no limit
    std::size_t depth = 5;                    ///< brackets that are opened; what is behind is one name; at most 512
    std::ptrdiff_t max_elements = 20;         ///< an array with more, or an index not below, becomes an object
    bool refuse_beyond = false;               ///< more pairs or elements are an error
    bool strict_depth = false;                ///< deeper brackets are an error
    bool inherited_names = true;              ///< names such as `toString` count; `__proto__` never does
    bool allow_dots = false;                  ///< `a.b` is `a[b]`
    bool decode_dots = false;                 ///< `%2E` in a name is a dot of the name; see `allow_dots`
    bool allow_empty_arrays = false;          ///< `a[]=` is an empty array
    bool allow_sparse = false;                ///< arrays keep their holes, as null
    bool arrays = true;                       ///< else they become objects
    bool comma = false;                       ///< `a=b,c` is an array
    bool null_values = false;                 ///< `a` without `=` is null, else the empty text
    bool keep_conflicts = true;               ///< of `a[b]=c&a=d` both stay, in an array
    bool charset_sentinel = false;            ///< `utf8=✓` says the charset
    bool numeric_entities = false;            ///< `&#9786;` is a character when the charset is ISO-8859-1
    bool ignore_question_mark = false;        ///< one in front
    query_charset charset = query_charset::utf_8;                   ///< of the escapes
    query_duplicates duplicates = query_duplicates::combine;        ///< see there
};

/** Parse a query into a tree.

    | query | tree |
    |---|---|
    | `a[b]=c` | `{"a":{"b":"c"}}` |
    | `a[]=b&a[]=c`, `a[0]=b&a[1]=c`, `a=b&a=c` | `{"a":["b","c"]}` |
    | `a[100]=b` | `{"a":{"100":"b"}}`: indexes are limited |
    | `a[b][c][d][e][f][g]=h` | `{"a":{"b":{"c":{"d":{"e":{"f":{"[g]":"h"}}}}}}}`: so is depth |
    | `__proto__[a]=b` | `{}` |

    This is Express' `extended` query parser, and with other limits its parser of forms.

    @param query Without its question mark.

    @par Errors
    Only when the options ask for them:
    @li `error::too_large` more pairs or elements than allowed.
    @li `error::too_deep` deeper than allowed.

    @par Complexity
    O(n log n) in the length of the query.
*/
CREMA_DECL result<value> parse_nested_query(std::string_view query, const nested_query_options& options = {});

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <crema/http/query_tree.hpp>
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crema::http {
namespace detail {

class nested_query_parser {
public:
    nested_query_parser(std::string_view query, const nested_query_options& options)
        : query_(query),
          options_(options),
          charset_(options.charset),
          rules_{options.max_elements, options.refuse_beyond, options.keep_conflicts, options.inherited_names} {}

    value run();

private:
    using node = query_node;
    struct pair {
        std::string name;
        node::pointer content;
    };

    std::vector<std::string_view> pieces();
    void find_charset(std::vector<std::string_view>& all);
    void read(std::string_view piece);
    node::pointer read_content(std::string_view raw, std::size_t there);
    std::string decode(std::string_view raw) const;
    std::string decode_content(std::string_view raw) const;
    std::optional<std::vector<std::string>> segments(std::string_view name) const;
    node::pointer grow(const std::vector<std::string>& chain, node::pointer leaf) const;
    bool hidden(std::string_view name) const { return !options_.inherited_names && is_inherited_name(name); }

    std::string_view query_;
    const nested_query_options& options_;
    query_charset charset_;
    query_tree_rules rules_;
    std::vector<pair> pairs_;                              // what has the same name is one
    std::map<std::string, std::size_t, std::less<>> known_; // where in `pairs_`
};

// Brackets may be escaped.
inline std::string open_brackets(std::string_view query) {
    std::string out;
    out.reserve(query.size());
    for (std::size_t i = 0; i < query.size(); ++i) {
        const auto c = query[i];
        if (c == '%' && i + 2 < query.size() && query[i + 1] == '5' &&
            (to_lower(query[i + 2]) == 'b' || to_lower(query[i + 2]) == 'd')) {
            out += to_lower(query[i + 2]) == 'b' ? '[' : ']';
            i += 2;
        } else out += c;
    }
    return out;
}

inline void append_utf8(std::string& out, std::uint32_t c) {
    if (c >= 0xd800 && c < 0xe000) c = 0xfffd;
    if (c < 0x80) out += static_cast<char>(c);
    else if (c < 0x800) out += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    else if (c < 0x10000)
        out += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
                static_cast<char>(0x80 | (c & 63))};
    else
        out += {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
                static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
}

// `&#9786;` becomes a character.
inline std::string open_entities(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto at = text.find("&#");
        out += text.substr(0, at);
        if (at == text.npos) break;
        text.remove_prefix(at);
        std::size_t i = 2;
        std::uint64_t c = 0;
        while (i < text.size() && is_digit(text[i])) {
            c = std::min<std::uint64_t>(c * 10 + static_cast<unsigned>(text[i] - '0'), std::uint64_t{1} << 52);
            ++i;
        }
        if (i == 2 || i == text.size() || text[i] != ';') {
            out += text.substr(0, i);
            text.remove_prefix(i);
            continue;
        }
        append_utf8(out, static_cast<std::uint32_t>(c > 0xffff && c <= 0x10ffff ? c : c & 0xffff));
        text.remove_prefix(i + 1);
    }
    return out;
}

// `a.b` becomes `a[b]`, except within brackets.
inline std::string open_dots(std::string_view name) {
    std::string out;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == '[') ++depth;
        else if (c == ']') depth -= depth > 0;
        else if (c == '.' && depth == 0 && i + 1 < name.size() && name[i + 1] != '.' && name[i + 1] != '[') {
            const auto end = std::min(name.find_first_of(".[", i + 1), name.size());
            out += '[';
            out += name.substr(i + 1, end - i - 1);
            out += ']';
            i = end - 1;
            continue;
        }
        out += c;
    }
    return out;
}

inline std::string_view without_brackets(std::string_view segment) {
    return segment.size() > 1 && segment.front() == '[' && segment.back() == ']' ? segment.substr(1, segment.size() - 2)
                                                                                 : segment;
}

inline std::string open_escaped_dots(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '%' && i + 2 < name.size() && name[i + 1] == '2' && to_lower(name[i + 2]) == 'e') {
            out += '.';
            i += 2;
        } else out += name[i];
    }
    return out;
}

inline std::vector<std::string_view> nested_query_parser::pieces() {
    std::vector<std::string_view> all;
    for (auto rest = query_;;) {
        const auto end = rest.find(options_.separator);
        if (options_.max_pairs != 0 && all.size() == options_.max_pairs) {
            if (options_.refuse_beyond)
                throw query_limit_exceeded{"Parameter limit exceeded. Only " + std::to_string(options_.max_pairs) +
                                           " parameter" + (options_.max_pairs == 1 ? "" : "s") + " allowed."};
            return all;
        }
        all.push_back(rest.substr(0, end));
        if (end == rest.npos) return all;
        rest.remove_prefix(end + options_.separator.size());
    }
}

inline void nested_query_parser::find_charset(std::vector<std::string_view>& all) {
    const auto at = std::find_if(all.begin(), all.end(), [](std::string_view p) { return p.starts_with("utf8="); });
    if (at == all.end()) return;
    if (*at == "utf8=%E2%9C%93") charset_ = query_charset::utf_8;
    else if (*at == "utf8=%26%2310003%3B") charset_ = query_charset::iso_8859_1;
    all.erase(at);
}

inline std::string nested_query_parser::decode(std::string_view raw) const {
    std::string text(raw);
    std::replace(text.begin(), text.end(), '+', ' ');
    if (text.find('%') == text.npos) return is_utf8(text) ? text : repair_utf8(text);
    if (charset_ == query_charset::iso_8859_1) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
                append_utf8(out, hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
                i += 2;
            } else out += text[i];
        }
        return is_utf8(out) ? out : repair_utf8(out);
    }
    if (auto decoded = percent_decode(text)) return std::move(*decoded);
    return is_utf8(text) ? text : repair_utf8(text);
}

inline std::string nested_query_parser::decode_content(std::string_view raw) const {
    auto text = decode(raw);
    if (options_.numeric_entities && charset_ == query_charset::iso_8859_1 && text.find("&#") != text.npos)
        return open_entities(text);
    return text;
}

// `there`: elements of the array that the content will be added to.
inline query_node::pointer nested_query_parser::read_content(std::string_view raw, std::size_t there) {
    const auto refuse = [&] {
        throw query_limit_exceeded{"Array limit exceeded. Only " + std::to_string(rules_.max_elements) + " element" +
                                   (rules_.max_elements == 1 ? "" : "s") + " allowed in an array."};
    };
    if (options_.comma && raw.find(',') != raw.npos) {
        const auto commas = std::count(raw.begin(), raw.end(), ',');
        if (rules_.refuse && commas >= rules_.max_elements) refuse();
        auto list = node::make(node::kind::array);
        for (;;) {
            const auto end = raw.find(',');
            list->push(node::text(decode_content(raw.substr(0, end))));
            if (end == raw.npos) break;
            raw.remove_prefix(end + 1);
        }
        return list;
    }
    if (rules_.refuse && there > 0 && std::cmp_greater_equal(there, rules_.max_elements)) refuse();
    return node::text(decode_content(raw));
}

inline void nested_query_parser::read(std::string_view piece) {
    if (piece.empty() && !rules_.refuse) return;
    const auto bracket = piece.find("]=");
    const auto at = bracket == piece.npos ? piece.find('=') : bracket + 1;
    const bool element = at != piece.npos && at > 1 && piece.substr(at - 2, 2) == "[]";
    auto name = decode(piece.substr(0, at));
    const auto place = known_.find(name);
    const bool existing = place != known_.end();
    const bool combines = options_.duplicates == query_duplicates::combine || element;
    node::pointer content;
    if (at == piece.npos) {
        content = options_.null_values ? node::make(node::kind::null) : node::text("");
    } else {
        const auto* before = existing && combines ? pairs_[place->second].content.get() : nullptr;
        content = read_content(piece.substr(at + 1), before && before->is_array() ? before->length() : 0);
    }
    if (element && content->is_array()) {
        auto list = node::make(node::kind::array);
        list->push(std::move(content));
        content = std::move(list);
    }
    if (options_.comma && content->is_array() && std::cmp_greater(content->length(), rules_.max_elements))
        content = node::combine(nullptr, std::move(content), rules_);
    if (!existing) {
        known_.emplace(name, pairs_.size());
        pairs_.push_back({std::move(name), std::move(content)});
    } else if (auto& now = pairs_[place->second].content; combines) {
        now = node::combine(std::move(now), std::move(content), rules_);
    } else if (options_.duplicates == query_duplicates::last) {
        now = std::move(content);
    }
}

// The parts of a name, those in brackets with them; nothing when it is not to be there.
inline std::optional<std::vector<std::string>> nested_query_parser::segments(std::string_view name) const {
    std::vector<std::string> all;
    std::string opened;
    if (options_.allow_dots) {
        opened = open_dots(name);
        name = opened;
    }
    if (options_.depth == 0) {
        if (hidden(without_brackets(name))) return std::nullopt;
        all.emplace_back(name);
        return all;
    }
    auto open = name.find('[');
    const auto front = name.substr(0, open);
    if (!front.empty()) {
        if (hidden(front)) return std::nullopt;
        all.emplace_back(front);
    }
    const auto depth = std::min<std::size_t>(options_.depth, 512);
    for (std::size_t collected = 0; open != name.npos && collected < depth; ++collected) {
        std::size_t level = 1, close = open + 1;
        while (close < name.size()) {
            level += name[close] == '[';
            level -= name[close] == ']';
            if (level == 0) break;
            ++close;
        }
        if (level != 0) { // never closed: all of the rest is one name
            all.push_back("[" + std::string(name.substr(open)) + "]");
            return all;
        }
        const auto segment = name.substr(open, close + 1 - open);
        if (hidden(without_brackets(segment))) return std::nullopt;
        all.emplace_back(segment);
        open = name.find('[', close + 1);
    }
    if (open != name.npos) {
        if (options_.strict_depth)
            throw query_limit_exceeded{"Input depth exceeded depth option of " + std::to_string(options_.depth) +
                                       " and strictDepth is true"};
        all.push_back("[" + std::string(name.substr(open)) + "]");
    }
    return all;
}

// Wraps a leaf into what its name says.
inline query_node::pointer nested_query_parser::grow(const std::vector<std::string>& chain, node::pointer leaf) const {
    for (auto part = chain.rbegin(); part != chain.rend(); ++part) {
        if (*part == "[]" && options_.arrays) {
            if (leaf->overflows()) continue;
            if (options_.allow_empty_arrays && !leaf->is_container() && leaf->is_false())
                leaf = node::make(node::kind::array);
            else leaf = node::combine(nullptr, std::move(leaf), rules_);
            continue;
        }
        const auto clean = without_brackets(*part);
        const auto name = options_.decode_dots ? open_escaped_dots(clean) : std::string(clean);
        const auto index = *part != name && options_.arrays ? query_index(name) : std::nullopt;
        if (index && std::cmp_less(*index, rules_.max_elements)) {
            auto list = node::make(node::kind::array);
            list->put(static_cast<std::size_t>(*index), std::move(leaf));
            leaf = std::move(list);
            continue;
        }
        if (index && rules_.refuse)
            throw query_limit_exceeded{"Array limit exceeded. Only " + std::to_string(rules_.max_elements) +
                                       " element" + (rules_.max_elements == 1 ? "" : "s") + " allowed in an array."};
        auto made = node::make(node::kind::object);
        if (!options_.arrays && name.empty()) made->put("0", std::move(leaf));
        else if (name != "__proto__") made->put(name, std::move(leaf));
        if (index) made->mark_overflow(*index);
        leaf = std::move(made);
    }
    return leaf;
}

inline value nested_query_parser::run() {
    if (options_.ignore_question_mark && query_.starts_with('?')) query_.remove_prefix(1);
    if (query_.empty()) return value::object();
    const auto opened = open_brackets(query_);
    query_ = opened;
    auto all = pieces();
    if (options_.charset_sentinel) find_charset(all);
    for (const auto piece : all) read(piece);
    std::stable_sort(pairs_.begin(), pairs_.end(), [](const pair& a, const pair& b) {
        const auto x = query_index(a.name), y = query_index(b.name);
        return x && (!y || *x < *y);
    });
    auto tree = node::make(node::kind::object);
    for (auto& p : pairs_) {
        if (p.name.empty()) continue;
        if (const auto chain = segments(p.name))
            tree = node::merge(std::move(tree), grow(*chain, std::move(p.content)), rules_);
    }
    return std::move(*tree).to_value(options_.allow_sparse ? node::holes::kept : node::holes::closed);
}

} // namespace detail

CREMA_DECL result<value> parse_nested_query(std::string_view query, const nested_query_options& options) {
    try {
        return detail::nested_query_parser(query, options).run();
    } catch (const detail::query_limit_exceeded& e) {
        const bool deep = e.what.starts_with("Input depth");
        return failure{make_error_code(deep ? error::too_deep : error::too_large), 0, e.what};
    }
}

} // namespace crema::http
#endif
