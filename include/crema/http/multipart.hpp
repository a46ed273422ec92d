// Multipart: takes bodies of several parts apart, piece by piece, as those of forms with files (RFC 7578, RFC 2046).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crema::http {

/** Return the boundary that a Content-Type names.

    @par Errors
    @li `error::not_found` there is none.
    @li `error::bad_value` it is longer than 70 octets, or holds some that may not stand in a boundary.

    @see RFC 2046 section 5.1.1
*/
CREMA_DECL result<std::string> multipart_boundary(std::string_view content_type);

/** Holds what stands in front of the content of a part.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct part_head {
    std::optional<std::string> name{};     ///< of the field of the form
    /** What the client calls the file, when the part is one; what is in front of its last slash, in either direction,
        and control characters are left out. Whatever the client likes: show it, but never use it as a path. */
    std::optional<std::string> filename{};
    std::string type{};                    ///< Content-Type as it was sent; `text/plain` when there is none
    std::string fields{};                  ///< all lines as they were sent, each with CRLF

    /// Returns the value of one of the fields; a view. @param field_name Case does not matter.
    CREMA_DECL std::optional<std::string_view> get(std::string_view field_name) const noexcept;
};

/// Bounds what a `multipart_parser` takes.
struct multipart_parser_limits {
    std::size_t parts = 1000;      ///< how many there may be
    std::size_t head = 8 * 1024;   ///< octets of the fields of one part
    std::size_t head_fields = 32;  ///< fields of one part
};

/** Takes a multipart body apart as it arrives, in memory that does not grow with it.

    @code
    while (!(piece = next_piece()).empty())
        for (auto s = parser.parse(piece); s != state::more; s = parser.parse(piece))
            if (s == state::data) write(parser.data());
    @endcode

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see RFC 2046 section 5.1
*/
class multipart_parser {
public:
    /// Tells why `parse` returned.
    enum class state : unsigned char {
        more, ///< all of the input was used
        head, ///< a part begins; see `head`
        data, ///< a piece of its content is there; see `data`
        part, ///< the part has ended
        end,  ///< the body has ended; what follows is ignored
        bad,  ///< it is malformed or beyond a limit; see `error`
    };

    /// Construct. @param boundary As in the Content-Type; see `multipart_boundary`.
    CREMA_DECL explicit multipart_parser(std::string_view boundary, const multipart_parser_limits& limits = {});

    /** Parse until something can be told.

        @param input What is used is taken from its front.
    */
    CREMA_DECL state parse(std::string_view& input);

    /// Returns the head of the part; until the next one begins.
    const part_head& head() const noexcept { return head_; }
    /// Returns the piece after `state::data`: a view of the input or of the parser, until the next call. Never empty.
    std::string_view data() const noexcept { return data_; }
    /// Tells whether the body has ended as it should: when the input ends before that, something is missing.
    bool done() const noexcept { return at_ == place::epilogue; }
    /** Return what was wrong after `state::bad`.

        @li `error::bad_syntax` it is malformed.
        @li `error::would_exceed_limit` beyond the limit of a head, which is 431.
        @li `error::too_large` too many parts.
    */
    const failure& error() const noexcept { return error_; }

private:
    enum class place : unsigned char { preamble, behind, dash, padding, newline, head, content, epilogue, bad };
    CREMA_DECL bool find_delimiter(std::string_view& input);
    CREMA_DECL bool read_head(std::string_view& input);
    bool fail(crema::error code, const char* why) {
        error_ = {make_error_code(code), 0, why};
        at_ = place::bad;
        return false;
    }

    std::string delimiter_; // with CRLF and the dashes in front
    multipart_parser_limits limits_;
    place at_ = place::preamble;
    std::size_t matched_ = 2; // octets of the delimiter that have been seen; the body begins as a line does
    std::size_t parts_ = 0;
    std::string lines_;
    part_head head_;
    std::string_view data_;
    failure error_{};
};

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/content_disposition.hpp>
#include <crema/http/fields.hpp>
#include <crema/http/media_type.hpp>
#include <algorithm>
#include <cstring>
#include <utility>

namespace crema::http {
namespace detail {

// Of a name that a client gives: no directories, no control characters, nothing that means one.
inline std::string plain_filename(std::string_view said) {
    said = said.substr(said.find_last_of("/\\") + 1); // npos + 1 is 0
    std::string name;
    for (const char c : said)
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) name += c;
    if (name == "." || name == "..") name.clear();
    return name;
}

} // namespace detail

CREMA_DECL result<std::string> multipart_boundary(std::string_view content_type) {
    auto boundary = std::string(parse_media_type(content_type).parameter("boundary"));
    if (boundary.empty())
        return failure{make_error_code(crema::error::not_found), 0, "Multipart: Boundary not found"};
    // Some clients use other signs than those of the RFC; none that could end a line or is no character.
    const auto may = [](char c) { return c >= ' ' && c <= '~'; };
    if (boundary.size() > 70 || boundary.ends_with(' ') || !std::all_of(boundary.begin(), boundary.end(), may))
        return failure{make_error_code(crema::error::bad_value), 0, "Multipart: malformed boundary"};
    return boundary;
}

CREMA_DECL std::optional<std::string_view> part_head::get(std::string_view field_name) const noexcept {
    for (std::string_view rest = fields; !rest.empty();) {
        const auto line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(line.size() + 2);
        const auto colon = line.find(':');
        if (iequals(line.substr(0, colon), field_name)) return trim_ows(line.substr(colon + 1));
    }
    return std::nullopt;
}

CREMA_DECL multipart_parser::multipart_parser(std::string_view boundary, const multipart_parser_limits& limits)
    : delimiter_("\r\n--"), limits_(limits) {
    delimiter_ += boundary;
}

// Looks for the delimiter; sets data_ to what stands in front. True when it has been passed or there is data.
// A carriage return stands at its beginning alone: where a match breaks off, none can have begun within.
CREMA_DECL bool multipart_parser::find_delimiter(std::string_view& input) {
    data_ = {};
    for (;;) {
        if (matched_ > 0) {
            while (matched_ < delimiter_.size() && !input.empty() && input.front() == delimiter_[matched_]) {
                ++matched_;
                input.remove_prefix(1);
            }
            if (matched_ == delimiter_.size()) {
                matched_ = 0;
                return true;
            }
            if (input.empty()) return false;
            data_ = std::string_view(delimiter_).substr(0, std::exchange(matched_, 0));
            return true;
        }
        if (input.empty()) return false;
        const char* const end = input.data() + input.size();
        const char* p = input.data();
        const auto left = [&] { return static_cast<std::size_t>(end - p); };
        for (; (p = static_cast<const char*>(std::memchr(p, '\r', left()))); ++p)
            if (std::memcmp(p, delimiter_.data(), std::min(delimiter_.size(), left())) == 0) break;
        const auto size = static_cast<std::size_t>((p ? p : end) - input.data());
        data_ = input.substr(0, size);
        input.remove_prefix(size);
        if (size > 0) return true;
        matched_ = 1;
        input.remove_prefix(1);
    }
}

CREMA_DECL bool multipart_parser::read_head(std::string_view& input) {
    bool whole = false;
    while (!whole && !input.empty()) {
        const auto line = input.substr(0, std::min(input.find('\n'), input.size() - 1) + 1);
        if (lines_.size() + line.size() > limits_.head)
            return fail(crema::error::would_exceed_limit, "Multipart: the head of a part is too long");
        lines_ += line;
        input.remove_prefix(line.size());
        if (lines_.back() != '\n') continue;
        if (!lines_.ends_with("\r\n")) return fail(crema::error::bad_syntax, "Malformed part header");
        whole = lines_.size() == 2 || lines_.ends_with("\r\n\r\n");
    }
    if (!whole) return false;
    lines_.resize(lines_.size() - 2);
    head_ = {};
    head_.type = "text/plain";
    std::size_t count = 0;
    bool typed = false, disposed = false;
    for (std::string_view rest = lines_; !rest.empty();) {
        const auto line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(line.size() + 2);
        const auto colon = std::min(line.find(':'), line.size());
        const auto name = line.substr(0, colon), content = trim_ows(line.substr(std::min(colon + 1, line.size())));
        if (colon == line.size() || !is_token(name) || !valid_field_value(content))
            return fail(crema::error::bad_syntax, "Malformed part header");
        if (++count > limits_.head_fields)
            return fail(crema::error::would_exceed_limit, "Multipart: too many fields in the head of a part");
        if (iequals(name, "content-type") && !std::exchange(typed, true)) {
            if (!content.empty()) head_.type = content;
        } else if (iequals(name, "content-disposition") && !std::exchange(disposed, true)) {
            const auto d = parse_content_disposition(content, {.multipart = true});
            for (const auto& [key, text] : d.parameters) {
                if (key == "name") head_.name = text;
                else if (key == "filename") head_.filename = detail::plain_filename(text);
            }
        }
    }
    head_.fields = std::move(lines_);
    lines_.clear();
    return true;
}

CREMA_DECL multipart_parser::state multipart_parser::parse(std::string_view& input) {
    data_ = {};
    for (;;) {
        if (at_ == place::bad) return state::bad;
        if (at_ == place::epilogue) {
            input = {};
            return state::more;
        }
        if (input.empty()) return state::more;
        const char c = input.front();
        switch (at_) {
        case place::preamble:
            if (find_delimiter(input) && data_.empty()) at_ = place::behind;
            break;
        case place::content:
            if (!find_delimiter(input)) return state::more;
            if (!data_.empty()) return state::data;
            at_ = place::behind;
            return state::part;
        case place::behind: // two dashes, or the end of the line
            at_ = c == '-' ? place::dash : place::padding;
            if (c == '-') input.remove_prefix(1);
            break;
        case place::dash:
            input.remove_prefix(1);
            if (c != '-') {
                fail(crema::error::bad_syntax, "Multipart: malformed boundary");
                break;
            }
            at_ = place::epilogue;
            return state::end;
        case place::padding:
            input.remove_prefix(1);
            if (c == '\r') at_ = place::newline;
            else if (!is_ows(c)) fail(crema::error::bad_syntax, "Multipart: malformed boundary");
            break;
        case place::newline:
            input.remove_prefix(1);
            if (c != '\n') fail(crema::error::bad_syntax, "Multipart: malformed boundary");
            else if (++parts_ > limits_.parts) fail(crema::error::too_large, "Too many parts");
            else at_ = place::head;
            break;
        case place::head:
            if (!read_head(input)) break;
            at_ = place::content;
            return state::head;
        case place::epilogue:
        case place::bad: break;
        }
    }
}

} // namespace crema::http
#endif
