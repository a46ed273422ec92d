// Patterns: match paths against the route patterns of Express 5, with captures that are decoded on demand.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/encode.hpp>
#include <crema/core/result.hpp>
#include <crema/route/program.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crema::route {

class pattern;
class matcher;
class path_match;
namespace detail {
CREMA_DECL bool match_path(const program& p, std::string_view path, path_match& found);
}

/// Is a named part of a path. The views live as long as the path and the pattern.
struct capture {
    std::string_view name;   ///< the name, without `:` or `*`
    std::string_view value;  ///< as it stands in the path, not decoded
    bool wildcard = false;   ///< `*name`: the value may hold several segments
};

/** Receives the result of `pattern::match`: how much matched, and the captures.

    Has room for eight captures; a pattern with more costs an allocation. A match may be used again and again.
    Holds views into the path, which must outlive its use, and keeps what it needs of the pattern as long as one copy of
    that pattern exists.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class path_match {
public:
    /// Is the number of captures that need no allocation.
    static constexpr std::size_t capacity = 8;

    path_match() noexcept = default;

    /// Returns how many octets of the path matched.
    std::size_t length() const noexcept { return length_; }
    /// Returns the part of the path that matched.
    std::string_view path() const noexcept { return path_.substr(0, length_); }
    /// Returns the number of captures. Those of groups that were left out are not among them.
    std::size_t size() const noexcept { return count_; }
    /// Tells whether there are none.
    bool empty() const noexcept { return count_ == 0; }
    /// Returns a capture; `i` is below `size()`. They come in the order of the pattern, each name once.
    capture operator[](std::size_t i) const noexcept { return at(slots()[i]); }

    /// Returns the capture of a name, if there is one. Linear in their number.
    std::optional<capture> find(std::string_view name) const noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            if (capture c = at(slots()[i]); c.name == name) return c;
        return std::nullopt;
    }

    /** Return the value of a capture, percent escapes decoded (a plus sign stays one).

        @param i Below `size()`.

        @par Errors
        @li `error::bad_syntax` an escape is malformed: `Failed to decode param '%zz'`.
    */
    CREMA_DECL result<std::string> decoded(std::size_t i) const;

    /** Return the segments of a wildcard, each decoded. A parameter is one segment.

        @param i Below `size()`.

        @par Errors
        As `decoded`.
    */
    CREMA_DECL result<std::vector<std::string>> segments(std::size_t i) const;

    /// Returns a measure of the work that the last match took, matched or not: proportional to time.
    std::size_t work() const noexcept { return work_; }

private:
    friend class pattern;
    friend class matcher;
    friend bool detail::match_path(const detail::program& p, std::string_view path, path_match& found);
    void begin(const detail::program* p, std::string_view path) noexcept {
        program_ = p;
        path_ = path;
        length_ = count_ = work_ = 0;
    }
    CREMA_DECL void make_room(std::uint32_t slots);
    const detail::captured* slots() const noexcept { return more_ ? more_.get() : inline_.data(); }
    detail::captured* slots() noexcept { return more_ ? more_.get() : inline_.data(); }
    capture at(const detail::captured& c) const noexcept {
        const detail::step& s = program_->steps[c.step];
        return {program_->names[s.key], path_.substr(c.begin, c.end - c.begin), s.wildcard};
    }
    const detail::program* program_ = nullptr;
    std::string_view path_;
    std::uint32_t length_ = 0, count_ = 0, work_ = 0, room_ = capacity;
    std::unique_ptr<detail::captured[]> more_;
    std::array<detail::captured, capacity> inline_;
};

/** Decode a captured value as Express does.

    @par Errors
    @li `error::bad_syntax` an escape is malformed: `Failed to decode param '%zz'`.
*/
CREMA_DECL result<std::string> decode_capture(std::string_view value);

/// Says how a layer of a router meets a path.
struct layer_options {
    /// Tells a route, which takes the whole path, from a mount, which takes a prefix of it.
    enum class kind : bool { route, mount };

    kind is = kind::route;  ///< route or mount
    bool sensitive = false; ///< the case of ASCII letters matters: `case sensitive routing`
    bool strict = false;    ///< a final slash matters: `strict routing`
};

/** Matches paths against one or several patterns of path-to-regexp 8.

    `/users/:id` captures one segment or a part of it, `*path` one octet or more across segments, `/a{/b}` has an
    optional part; `\` makes the next character ordinary; a name that is no identifier is quoted, as in `:"user-id"`.
    The result is that of the regular expression which path-to-regexp 8.4 makes, found without one.

    Texts are octets in UTF-8. Case is ignored for ASCII letters alone.

    Copies share one immutable program.

    @par Complexity
    Matching is linear in the length of the path for every pattern, also for hostile paths.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class pattern {
public:
    /** Compile a pattern.

        @param source The pattern; copied.
        @param options Copied.

        @par Errors
        @li `error::bad_pattern` with the position in octets, the words of path-to-regexp and a hint;
        `check_pattern` returns these apart.
    */
    static CREMA_DECL result<pattern> parse(std::string_view source, const pattern_options& options = {});

    /** Compile several patterns into one, tried in order.

        @par Errors
        As with one; the message names the pattern.
    */
    static CREMA_DECL result<pattern> parse(std::span<const std::string_view> sources,
                                            const pattern_options& options = {});
    /// @copydoc parse
    static result<pattern> parse(std::initializer_list<std::string_view> sources, const pattern_options& options = {}) {
        return parse(std::span<const std::string_view>(sources.begin(), sources.size()), options);
    }

    /** Compile tokens.

        @par Errors
        @li `error::bad_pattern` two captures with nothing between, or too many combinations of groups.
    */
    static CREMA_DECL result<pattern> parse(const token_list& tokens, const pattern_options& options = {});

    /** Compile the pattern of a router's layer as Express does.

        Unless strict, slashes at the end of the pattern are ignored and one at the end of the path is. The mount of `/`
        matches every path, with nothing of it.

        @par Errors
        As `parse`.
    */
    static CREMA_DECL result<pattern> layer(std::string_view source, const layer_options& options = {});
    /// Compiles a layer that has several patterns. @copydetails layer
    static CREMA_DECL result<pattern> layer(std::span<const std::string_view> sources,
                                            const layer_options& options = {});

    /** Match a path.

        @param path As received, not decoded, without the query. Must outlive the use of `found`.
        @param found Receives the captures; meaningful only when this returns true, but for `work()`.
        @return Whether it matches.
    */
    bool match(std::string_view path, path_match& found) const { return detail::match_path(*program_, path, found); }

    /// Returns the text of the pattern, of several the first.
    const std::string& source() const noexcept { return program_->source; }
    /// Returns the names of all captures, in the order of their first appearance.
    std::span<const std::string> names() const noexcept { return program_->names; }
    /// Tells whether it matches every path with nothing of it: the mount of `/`.
    bool matches_everything() const noexcept { return program_->everything; }

private:
    friend class matcher;
    explicit pattern(std::shared_ptr<const detail::program> p) noexcept : program_(std::move(p)) {}
    std::shared_ptr<const detail::program> program_;
};

/** Tell what is wrong with a pattern, message and hint apart.

    @return Nothing when it is right.
*/
CREMA_DECL std::optional<pattern_error> check_pattern(std::string_view source);

} // namespace crema::route

#if CREMA_BODIES
namespace crema::route {
namespace detail {

inline std::shared_ptr<program> new_program(const pattern_options& o) {
    auto p = std::make_shared<program>();
    p->end = o.end;
    p->sensitive = o.sensitive;
    p->trailing = o.trailing;
    p->decode = o.decode;
    for (const char c : o.delimiter) p->delimiter += o.sensitive ? c : to_lower(c);
    p->chars = p->delimiter;
    p->separator = o.delimiter;
    return p;
}

inline std::optional<pattern_error> extend_program(program& p, std::string_view source, std::uint32_t& combinations) {
    token_list list;
    if (auto e = parse_pattern(source, list)) return e;
    return extend_program(p, list, combinations);
}

CREMA_DECL bool match_path(const program& p, std::string_view path, path_match& found) {
    found.begin(&p, path);
    if (p.everything) return true;
    if (p.slots > found.room_) found.make_room(p.slots);
    runner run(p, path, found.slots());
    const sequence* const q = run.match();
    found.work_ = run.work();
    if (!q) return false;
    found.length_ = run.length();
    found.count_ = q->slots;
    return true;
}

} // namespace detail

CREMA_DECL void path_match::make_room(std::uint32_t slots) {
    more_ = std::make_unique<detail::captured[]>(slots);
    room_ = slots;
}

CREMA_DECL result<pattern> pattern::parse(std::string_view source, const pattern_options& options) {
    return parse(std::span<const std::string_view>(&source, 1), options);
}

CREMA_DECL result<pattern> pattern::parse(std::span<const std::string_view> sources, const pattern_options& options) {
    auto p = detail::new_program(options);
    std::uint32_t combinations = 0;
    for (const auto source : sources)
        if (const auto e = detail::extend_program(*p, source, combinations)) return e->as_failure();
    if (!sources.empty()) p->source = sources.front();
    return pattern(std::move(p));
}

CREMA_DECL result<pattern> pattern::parse(const token_list& tokens, const pattern_options& options) {
    auto p = detail::new_program(options);
    std::uint32_t combinations = 0;
    if (const auto e = detail::extend_program(*p, tokens, combinations)) return e->as_failure();
    p->source = tokens.source();
    return pattern(std::move(p));
}

CREMA_DECL result<pattern> pattern::layer(std::string_view source, const layer_options& options) {
    if (source != "/" || options.is != layer_options::kind::mount)
        return layer(std::span<const std::string_view>(&source, 1), options);
    auto p = detail::new_program({.end = false});
    p->everything = true;
    p->source = source;
    return pattern(std::move(p));
}

CREMA_DECL result<pattern> pattern::layer(std::span<const std::string_view> sources, const layer_options& options) {
    auto p = detail::new_program({.end = options.is == layer_options::kind::route,
                                  .sensitive = options.sensitive,
                                  .trailing = !options.strict});
    for (const auto given : sources) {
        std::string_view source = given;
        if (!options.strict && source != "/")
            while (source.ends_with('/')) source.remove_suffix(1);
        std::uint32_t combinations = 0;
        if (const auto e = detail::extend_program(*p, source, combinations)) return e->as_failure();
    }
    if (!sources.empty()) p->source = sources.front();
    return pattern(std::move(p));
}

CREMA_DECL result<std::string> decode_capture(std::string_view value) {
    auto text = percent_decode(value);
    if (text) return text;
    return failure{make_error_code(error::bad_syntax), text.error().position,
                   "Failed to decode param '" + std::string(value) + "'"};
}

CREMA_DECL result<std::string> path_match::decoded(std::size_t i) const {
    const auto value = (*this)[i].value;
    return program_->decode ? decode_capture(value) : result<std::string>(std::string(value));
}

CREMA_DECL result<std::vector<std::string>> path_match::segments(std::size_t i) const {
    const capture c = (*this)[i];
    std::vector<std::string> out;
    const auto append = [&](std::string_view part) -> std::optional<failure> {
        if (!program_->decode) {
            out.emplace_back(part);
            return std::nullopt;
        }
        auto text = decode_capture(part);
        if (!text) return text.error();
        out.push_back(std::move(*text));
        return std::nullopt;
    };
    const std::string_view delimiter = program_->separator;
    std::string_view rest = c.value;
    while (c.wildcard) { // an empty delimiter separates the characters
        const auto at = delimiter.empty() ? code_point_at(rest, 0).size : rest.find(delimiter);
        if (at >= rest.size()) break;
        if (auto f = append(rest.substr(0, at))) return *f;
        rest.remove_prefix(at + delimiter.size());
    }
    if (auto f = append(rest)) return *f;
    return out;
}

CREMA_DECL std::optional<pattern_error> check_pattern(std::string_view source) {
    detail::program p;
    p.delimiter = p.chars = "/";
    std::uint32_t combinations = 0;
    return detail::extend_program(p, source, combinations);
}

} // namespace crema::route
#endif
