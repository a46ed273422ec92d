// Tokens: the grammar of route patterns (path-to-regexp 8), parsed at run time and at compile time alike.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/result.hpp>
#include <crema/route/identifier.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crema::route {

/// Names the parts of a pattern.
enum class token_kind : unsigned char {
    text,        ///< stands for itself
    param,       ///< `:name`, one segment or a part of one
    wildcard,    ///< `*name`, one octet or more, across segments
    group_open,  ///< `{`, what follows may be left out
    group_close, ///< `}`
};

/// Is one part of a pattern; its text or name stands in the list it belongs to.
struct token {
    token_kind kind = token_kind::text; ///< what it is
    std::uint32_t at = 0;               ///< offset of the text or name
    std::uint32_t size = 0;             ///< octets of the text or name
    std::uint32_t partner = 0;          ///< of a group: the index of its other end
};

/// Names what is wrong with a pattern.
enum class pattern_fault : unsigned char {
    none,                  ///< nothing
    unexpected_character,  ///< one of `( ) [ ] + ? ! }` without a backslash
    missing_name,          ///< `:` or `*` without a name
    unterminated_quote,    ///< a quoted name does not end
    unfinished_escape,     ///< a backslash is the last character
    unclosed_group,        ///< `{` without `}`
    missing_text,          ///< two captures with nothing between them
    too_many_combinations, ///< optional groups with more than 256 ways to combine
};

/// Tells what is wrong with a pattern, and where.
struct syntax_fault {
    pattern_fault fault = pattern_fault::none; ///< what
    std::uint32_t index = 0;                   ///< where, counted in characters
    std::uint32_t position = 0;                ///< where, counted in octets
    std::uint32_t token = 0;                   ///< of `missing_text`: the index of the second capture

    /// Tells whether something is wrong.
    constexpr explicit operator bool() const noexcept { return fault != pattern_fault::none; }
};

/// Is the number of ways in which optional groups may combine, at most.
inline constexpr std::uint32_t most_combinations = 256;

namespace detail {

/* Parses into a sink, which has
     void put(std::string_view)                  append octets to its text
     std::uint32_t text_size() const             octets appended so far
     void add(token)                             append a token
     std::uint32_t close()                       append a group_close and link it with its group_open */
template <class Sink>
constexpr syntax_fault parse_tokens(std::string_view source, Sink& sink) {
    std::uint32_t at = 0, index = 0, depth = 0, text = sink.text_size();
    const auto size = static_cast<std::uint32_t>(source.size());
    const auto fault = [&](pattern_fault f, std::uint32_t i) { return syntax_fault{f, i, at, 0}; };
    const auto step = [&] { // the octets of one character
        const std::uint32_t n = code_point_at(source, at).size;
        const auto octets = source.substr(at, n);
        at += n;
        ++index;
        return octets;
    };
    const auto flush = [&] {
        if (sink.text_size() != text) sink.add({token_kind::text, text, sink.text_size() - text, 0});
        text = sink.text_size();
    };
    while (at < size) {
        const std::string_view c = step();
        switch (c[0]) {
        case '\\':
            if (at == size) return fault(pattern_fault::unfinished_escape, index);
            sink.put(step());
            break;
        case ':':
        case '*': {
            flush();
            if (at < size && begins_name(code_point_at(source, at).value)) {
                do sink.put(step());
                while (at < size && continues_name(code_point_at(source, at).value));
            } else if (at < size && source[at] == '"') {
                const auto quote = index, quote_at = at;
                step();
                while (at < size && source[at] != '"') {
                    if (source[at] == '\\') step();
                    if (at < size) sink.put(step());
                }
                if (at >= size) {
                    at = quote_at;
                    return fault(pattern_fault::unterminated_quote, quote);
                }
                step();
            }
            if (sink.text_size() == text) return fault(pattern_fault::missing_name, index);
            sink.add({c[0] == ':' ? token_kind::param : token_kind::wildcard, text, sink.text_size() - text, 0});
            text = sink.text_size();
            break;
        }
        case '{':
            flush();
            ++depth;
            sink.add({token_kind::group_open, text, 0, 0});
            break;
        case '}':
            if (depth != 0) {
                flush();
                --depth;
                sink.close();
                break;
            }
            [[fallthrough]];
        case '(':
        case ')':
        case '[':
        case ']':
        case '+':
        case '?':
        case '!':
            --at;
            return fault(pattern_fault::unexpected_character, index - 1);
        default: sink.put(c);
        }
    }
    if (depth != 0) return fault(pattern_fault::unclosed_group, index);
    flush();
    return {};
}

/* Calls `emit(tokens, count)` with each way to take or leave the groups, first those that take; `emit` returns false
   to stop. `room` has place for as many indices as there are tokens. */
template <class Emit>
constexpr bool expand_groups(const token* tokens, std::uint32_t count, std::uint32_t at, std::uint32_t* room,
                             std::uint32_t taken, Emit& emit) {
    while (at < count) {
        const token& t = tokens[at];
        if (t.kind == token_kind::group_open) {
            if (!expand_groups(tokens, count, at + 1, room, taken, emit)) return false;
            at = t.partner + 1;
            continue;
        }
        if (t.kind != token_kind::group_close) room[taken++] = at;
        ++at;
    }
    return emit(room, taken);
}

constexpr std::uint32_t count_groups(const token* tokens, std::uint32_t count) {
    std::uint32_t groups = 0;
    for (std::uint32_t i = 0; i < count; ++i) groups += tokens[i].kind == token_kind::group_open;
    return groups;
}

/* Checks what the tokens of a pattern alone do not show. `combinations` counts on over several patterns. */
constexpr syntax_fault check_tokens(const token* tokens, std::uint32_t count, std::uint32_t* room,
                                    std::uint32_t& combinations) {
    syntax_fault found;
    if (count_groups(tokens, count) >= most_combinations) return {pattern_fault::too_many_combinations, 0, 0, 0};
    auto check = [&](const std::uint32_t* taken, std::uint32_t n) {
        if (combinations++ >= most_combinations) {
            found.fault = pattern_fault::too_many_combinations;
            return false;
        }
        bool captured = false, text = false;
        for (std::uint32_t i = 0; i < n; ++i) {
            const token& t = tokens[taken[i]];
            if (t.kind == token_kind::text) {
                text = text || t.size != 0;
                continue;
            }
            if (captured && !text) {
                found = {pattern_fault::missing_text, 0, 0, taken[i]};
                return false;
            }
            captured = true;
            text = false;
        }
        return true;
    };
    expand_groups(tokens, count, 0, room, 0, check);
    return found;
}

} // namespace detail

/** Holds a pattern as a flat list of tokens, groups marked by their two ends.

    Is made by `parse_pattern`, or by hand from text that must not be parsed.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class token_list {
public:
    /// Construct empty. @param source The pattern that messages name; may be empty.
    explicit token_list(std::string_view source = {}) : source_(source) {}

    /// Appends text that stands for itself.
    token_list& text(std::string_view octets) { return append(token_kind::text, octets); }
    /// Appends `:name`.
    token_list& param(std::string_view name) { return append(token_kind::param, name); }
    /// Appends `*name`.
    token_list& wildcard(std::string_view name) { return append(token_kind::wildcard, name); }
    /// Begins a group.
    token_list& open() { return append(token_kind::group_open, {}); }
    /// Ends the group that was begun last and is not ended; does nothing when there is none.
    CREMA_DECL token_list& close();

    /// Returns the tokens, in order.
    const std::vector<token>& tokens() const noexcept { return tokens_; }
    /// Returns the text or name of a token; valid as long as this list and unchanged.
    std::string_view text_of(const token& t) const noexcept { return std::string_view(text_).substr(t.at, t.size); }
    /// Returns all texts and names, where the offsets of tokens lead.
    std::string_view text() const noexcept { return text_; }
    /// Returns the pattern it was parsed from, or what the constructor was given.
    const std::string& source() const noexcept { return source_; }

    /// @cond the sink of the parser
    void put(std::string_view octets) { text_ += octets; }
    std::uint32_t text_size() const noexcept { return static_cast<std::uint32_t>(text_.size()); }
    void add(token t) { tokens_.push_back(t); }
    /// @endcond

private:
    token_list& append(token_kind kind, std::string_view octets) {
        tokens_.push_back({kind, text_size(), static_cast<std::uint32_t>(octets.size()), 0});
        text_ += octets;
        return *this;
    }
    std::string source_;
    std::string text_;
    std::vector<token> tokens_;
};

/** Explains why a pattern is refused.

    @par Thread Safety
    Distinct objects: safe.
*/
struct pattern_error {
    pattern_fault fault = pattern_fault::none; ///< what is wrong
    std::size_t index = 0;                     ///< where, in characters; 0 when it has no place
    std::size_t position = 0;                  ///< where, in octets; 0 when it has no place
    std::string message;                       ///< the words of path-to-regexp
    std::string hint;                          ///< how to write what was probably meant; may be empty

    /// Returns it as a `failure` of `error::bad_pattern`, the hint behind the message.
    CREMA_DECL failure as_failure() const;
};

/** Parse a pattern into tokens.

    @param source The pattern.
    @param list Receives the tokens; its contents are unspecified after an error.
    @return Nothing, or what is wrong.
*/
CREMA_DECL std::optional<pattern_error> parse_pattern(std::string_view source, token_list& list);

/** Return the pattern that parses into these tokens.

    @param list Tokens whose groups are all closed.
*/
CREMA_DECL std::string stringify(const token_list& list);

/** Describe a fault in words.

    @param source The pattern; empty when tokens were made by hand.
    @param fault What was found, not `none`.
    @param name Of `missing_text`: the name of the capture.
    @param kind Of `missing_text`: its kind.
*/
CREMA_DECL pattern_error describe_fault(std::string_view source, const syntax_fault& fault, std::string_view name = {},
                                        token_kind kind = token_kind::param);

} // namespace crema::route

#if CREMA_BODIES
namespace crema::route {
namespace detail {

// What the pattern has before an octet, read backwards: the name of a parameter that ends there, and the sign before.
struct named_before {
    std::string_view name;
    char sign = 0;           // ':' or '*', 0 when there is no parameter
    std::string_view before; // what stands before the sign
};

inline named_before name_before(std::string_view source, std::size_t at) {
    std::size_t begin = at;
    const auto part_of_name = [](char c) {
        return static_cast<unsigned char>(c) >= 0x80 || continues_name(static_cast<unsigned char>(c));
    };
    while (begin > 0 && part_of_name(source[begin - 1])) --begin;
    if (begin == at || begin == 0 || (source[begin - 1] != ':' && source[begin - 1] != '*')) return {};
    return {source.substr(begin, at - begin), source[begin - 1], source.substr(0, begin - 1)};
}

// How version 8 writes a parameter with one of the old modifiers behind it.
inline std::string modern_spelling(const named_before& p, char modifier) {
    const bool slash = !p.before.empty() && p.before.back() == '/';
    const std::string name(p.name), lead = slash ? "/" : "";
    if (modifier == '?') return "{" + lead + p.sign + name + "}";
    if (modifier == '*') return "{" + lead + "*" + name + "}";
    return lead + "*" + name; // '+'
}

inline std::string hint_for(std::string_view source, const syntax_fault& f) {
    if (source.empty() && f.fault != pattern_fault::missing_text) return {};
    const char c = f.position < source.size() ? source[f.position] : '\0';
    const named_before p = name_before(source, f.position);
    const auto quoted = [](const std::string& s) { return "\"" + s + "\""; };
    switch (f.fault) {
    case pattern_fault::unexpected_character:
        if (p.sign && (c == '?' || c == '+')) return "write " + quoted(modern_spelling(p, c));
        if (p.sign && c == '(')
            return "write " + quoted(p.sign + std::string(p.name)) +
                   " and check the value in the handler: patterns hold no regular expressions";
        if (c == '(' && source.substr(f.position, 4) == "(.*)") return "write \"*name\" for a wildcard";
        if (c == '(')
            return "patterns hold no regular expressions: register a list of paths, or write \"\\(\" for the character";
        if (c == '}') return "there is no \"{\" to close; write \"\\}\" for the character";
        if (c == '?') return "an optional part is written in braces: \"{/part}\"; write \"\\?\" for the character";
        return "write " + quoted(std::string("\\") + c) + " for the character";
    case pattern_fault::missing_name: {
        const std::size_t sign = f.position != 0 ? f.position - 1 : 0; // "" behind it is no name either
        if (source[sign] == '*') {
            const named_before q = name_before(source, sign);
            if (q.sign) return "write " + quoted(modern_spelling(q, '*'));
            if (sign > 0 && source[sign - 1] == '/')
                return "a wildcard has a name: write \"/*path\", or \"{/*path}\" to match without it as well";
            return "a wildcard has a name: write \"*path\"";
        }
        if (is_digit(c)) return "a name does not begin with a digit: write it in quotes, as in \":\\\"1\\\"\"";
        if (source[sign] == ':') return "write \"\\:\" for the character";
        return {};
    }
    case pattern_fault::unterminated_quote: return "the name needs a second '\"'";
    case pattern_fault::unfinished_escape: return "write \"\\\\\" for the character";
    case pattern_fault::unclosed_group: return "close the group with \"}\", or write \"\\{\" for the character";
    case pattern_fault::missing_text: return "put text between the two, as in \":from-:to\" or \"/:one/:two\"";
    case pattern_fault::too_many_combinations: return "register several patterns with fewer optional groups";
    case pattern_fault::none: break;
    }
    return {};
}

} // namespace detail

CREMA_DECL token_list& token_list::close() {
    for (std::size_t i = tokens_.size(); i-- > 0;) {
        if (tokens_[i].kind != token_kind::group_open || tokens_[i].partner != 0) continue;
        tokens_[i].partner = static_cast<std::uint32_t>(tokens_.size());
        tokens_.push_back({token_kind::group_close, text_size(), 0, static_cast<std::uint32_t>(i)});
        break;
    }
    return *this;
}

CREMA_DECL failure pattern_error::as_failure() const {
    return {make_error_code(error::bad_pattern), position, hint.empty() ? message : message + "; " + hint};
}

CREMA_DECL pattern_error describe_fault(std::string_view source, const syntax_fault& f, std::string_view name,
                                        token_kind kind) {
    pattern_error e{f.fault, f.index, f.position, {}, detail::hint_for(source, f)};
    const std::string at = " at index " + std::to_string(f.index);
    switch (f.fault) {
    case pattern_fault::none: break;
    case pattern_fault::unexpected_character: e.message = std::string("Unexpected ") + source[f.position] + at; break;
    case pattern_fault::missing_name: e.message = "Missing parameter name" + at; break;
    case pattern_fault::unterminated_quote: e.message = "Unterminated quote" + at; break;
    case pattern_fault::unfinished_escape: e.message = "Unexpected end after \\" + at; break;
    case pattern_fault::unclosed_group: e.message = "Unexpected end" + at + ", expected }"; break;
    case pattern_fault::missing_text:
        e.message =
            "Missing text before \"" + std::string(name) + (kind == token_kind::param ? "\" param" : "\" wildcard");
        break;
    case pattern_fault::too_many_combinations: e.message = "Too many path combinations"; break;
    }
    if (!source.empty()) e.message += ": " + std::string(source);
    e.message += "; visit https://git.new/pathToRegexpError for info";
    return e;
}

CREMA_DECL std::optional<pattern_error> parse_pattern(std::string_view source, token_list& list) {
    list = token_list(source);
    if (const auto f = detail::parse_tokens(source, list)) return describe_fault(source, f);
    return std::nullopt;
}

CREMA_DECL std::string stringify(const token_list& list) {
    std::string out;
    const auto& tokens = list.tokens();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::string_view text = list.text_of(tokens[i]);
        switch (tokens[i].kind) {
        case token_kind::text:
            for (const char c : text) {
                if (std::string_view("{}()[]+?!:*\\").find(c) != std::string_view::npos) out += '\\';
                out += c;
            }
            break;
        case token_kind::group_open: out += '{'; break;
        case token_kind::group_close: out += '}'; break;
        case token_kind::param:
        case token_kind::wildcard: {
            out += tokens[i].kind == token_kind::param ? ':' : '*';
            bool plain = !text.empty() && begins_name(code_point_at(text, 0).value);
            for (std::size_t at = 0; plain && at < text.size();) {
                const auto c = code_point_at(text, at);
                plain = continues_name(c.value);
                at += c.size;
            }
            if (plain && i + 1 < tokens.size() && tokens[i + 1].kind == token_kind::text && tokens[i + 1].size != 0)
                plain = !continues_name(code_point_at(list.text_of(tokens[i + 1]), 0).value);
            if (!plain) out += '"';
            for (const char c : text) {
                if (!plain && (c == '"' || c == '\\')) out += '\\';
                out += c;
            }
            if (!plain) out += '"';
        }
        }
    }
    return out;
}

} // namespace crema::route
#endif
