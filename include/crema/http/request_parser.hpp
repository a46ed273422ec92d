// request_parser: reads the head of an HTTP/1.1 request, strictly, from octets that may arrive in any pieces.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/scan.hpp>
#include <crema/http/request_head.hpp>
#include <cstddef>
#include <cstdint>

namespace crema::http {

/// Bounds what a request head may cost. Sizes in octets.
struct parse_limits {
    std::size_t request_line = 8 * 1024 + 256; ///< the request line with its end, else 414
    std::size_t header_bytes = 16 * 1024;      ///< all field lines with the empty line at the end, else 431
    std::size_t header_count = 128;            ///< field lines, else 431; at most 65535
    target_octets target = target_octets::strict; ///< what may stand in a target, else 400
};

/// Tells how far a parser got.
enum class parse_state : std::uint8_t {
    need_more, ///< all is well so far, and not complete
    done,      ///< complete; `consumed()` octets belong to it
    bad,       ///< malformed or too large: answer `status()` and close the connection
};

/** Parses the head of one request after the other.

    Feed it what was received so far, always from the first octet of the request on; the octets may move between
    calls. What was looked at is not looked at again, and every division of the octets into calls gives the same
    result. A wrong octet is found as soon as it is there. Fields that are, octet by octet, those that this head had
    last are recognised and not read again.

    Refused, as RFC 9112 demands or allows, is everything that two implementations could read differently: bare CR or
    LF, folded lines, space before a colon or around the parts of the request line, more than one empty line in
    front, control octets, several or missing or malformed Host fields, Content-Length that is repeated, listed, signed
    or above 2^53-1 or stands beside Transfer-Encoding, Transfer-Encoding in HTTP/1.0 or with another last coding than a
    single chunked, targets that do not fit the method.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see RFC 9112 sections 2 to 6
*/
class request_parser {
public:
    /// Construct. @param limits Copied.
    explicit request_parser(const parse_limits& limits = {}) noexcept : limits_(limits) {}

    /** Parse on.

        @param head Filled; must be the same object, cleared by `reset`, in all calls for one request.
        @param data The first octet of the request.
        @param size How many octets there are.
        @return What to do next. After `done` or `bad`, call `reset` before the next request.
        @throws std::bad_alloc when the room for fields has to grow.

        @par Complexity
        Linear in the number of octets that are new.
    */
    CREMA_DECL parse_state parse(request_head& head, const char* data, std::size_t size);

    /// Begins another request. @param head Cleared.
    void reset(request_head& head) noexcept {
        head.clear();
        at_ = 0;
        step_ = step::begin;
    }

    /// Returns how many octets belong to the head, after `done`.
    std::size_t consumed() const noexcept { return at_; }
    /// Returns the status to answer, after `bad`: 400, 414, 417, 431, 501 or 505.
    int status() const noexcept { return status_; }
    /// Returns what is wrong, in a few words that live forever, after `bad`.
    std::string_view reason() const noexcept { return reason_; }
    /// Tells whether anything but an empty line of a request has been seen.
    bool started() const noexcept { return step_ > step::method_begin; }
    /// Tells whether the request line is complete, so that method and target of the head are valid.
    bool has_request_line() const noexcept { return step_ >= step::field_begin; }
    /// Returns the limits.
    const parse_limits& limits() const noexcept { return limits_; }

private:
    enum class step : std::uint8_t {
        begin,
        begin_lf,
        method_begin,
        method,
        path_begin,
        path,
        query,
        version,
        field_begin,
        name,
        space,
        value,
        value_lf,
        last_lf
    };

    parse_state more(const char* begin, const char* p, step s) noexcept {
        at_ = static_cast<std::uint32_t>(p - begin);
        step_ = s;
        return parse_state::need_more;
    }
    CREMA_COLD parse_state fail(int status, const char* reason) noexcept {
        status_ = status;
        reason_ = reason;
        return parse_state::bad;
    }
    parse_state fail_field(char c, bool in_name) noexcept;
    const char* simple_line(request_head& head, const char* begin, const char* end) const noexcept;
    const char* simple_fields(request_head& head, const char* begin, const char* p, const char* end) const noexcept;
    parse_state go_on(request_head& head, const char* begin, std::size_t size);
    parse_state exhausted(const char* begin, const char* p, step s) noexcept;
    parse_state check_version(const char* p, const char* end) noexcept;
    parse_state finish_target(request_head& head) noexcept;
    parse_state finish(request_head& head) noexcept;
    parse_state finish_framing(request_head& head) noexcept;

    parse_limits limits_;
    const char* reason_ = "";
    std::uint32_t at_ = 0;         // where to go on
    std::uint32_t line_at_ = 0;    // of the request line; then of the first field
    std::uint32_t name_at_ = 0;    // of the field that is read
    std::uint32_t name_size_ = 0;
    std::uint32_t value_at_ = 0;
    std::uint16_t status_ = 0;
    step step_ = step::begin;
    field id_ = field::unknown;
};

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/host.hpp>
#include <algorithm>
#include <cstring>
#include <utility>

namespace crema::http {
namespace detail {

inline constexpr std::uint64_t max_body_length = (std::uint64_t{1} << 53) - 1; // what every language counts exactly
inline constexpr std::size_t max_method_size = 64;

CREMA_NOINLINE inline bool is_name(std::string_view name) noexcept { return is_token(name); }

constexpr std::uint64_t field_bit(field f) noexcept { return std::uint64_t{1} << static_cast<unsigned>(f); }

} // namespace detail

CREMA_DECL parse_state request_parser::parse(request_head& head, const char* data, std::size_t size) {
    head.base_ = data;
    if (step_ == step::begin) [[likely]] // most requests have a simple first line that is there as a whole
        if (const char* p = simple_line(head, data, data + size)) {
            at_ = line_at_ = static_cast<std::uint32_t>(p - data);
            step_ = step::field_begin;
            if (head.recall(at_, size - at_, limits_.header_bytes, limits_.header_count)) [[likely]] {
                at_ = static_cast<std::uint32_t>(head.size());
                return parse_state::done;
            }
            head.begin_fields(at_);
        }
    return go_on(head, data, size);
}

// Reads a complete line `METHOD /path?query HTTP/1.1` of the most frequent methods; null when it is another, or
// incomplete.
CREMA_DECL const char* request_parser::simple_line(request_head& head, const char* begin,
                                                   const char* end) const noexcept {
    if (end - begin < 16) return nullptr;
    const char* p = begin + 4;
    if (std::memcmp(begin, "GET ", 4) == 0) {
        head.method_ = method::get;
        head.method_size_ = 3;
    } else if (std::memcmp(begin, "POST ", 5) == 0) {
        head.method_ = method::post;
        head.method_size_ = 4;
        ++p;
    } else {
        return nullptr;
    }
    if (*p != '/') return nullptr;
    const auto path = static_cast<std::uint32_t>(p - begin);
    p = scan::target_path(p, end, limits_.target);
    head.path_size_ = static_cast<std::uint32_t>(p - begin) - path;
    if (p != end && *p == '?') {
        head.query_at_ = static_cast<std::uint32_t>(++p - begin);
        head.has_query_ = true;
        p = scan::target_query(p, end, limits_.target);
        head.query_size_ = static_cast<std::uint32_t>(p - begin) - head.query_at_;
    }
    if (end - p < 11 || std::memcmp(p, " HTTP/1.1\r\n", 11) != 0 ||
        static_cast<std::size_t>(p + 11 - begin) > limits_.request_line) [[unlikely]] {
        head.clear();
        return nullptr;
    }
    head.method_at_ = 0;
    head.target_at_ = head.path_at_ = path;
    head.target_size_ = static_cast<std::uint32_t>(p - begin) - path;
    return p + 11;
}

// What to say when `p` stands at the end of the octets, or of what a limit allows.
CREMA_DECL parse_state request_parser::exhausted(const char* begin, const char* p, step s) noexcept {
    const auto used = static_cast<std::size_t>(p - begin) - line_at_;
    if (used < (s >= step::field_begin ? limits_.header_bytes : limits_.request_line)) return more(begin, p, s);
    return s >= step::field_begin ? fail(431, "header section too large") : fail(414, "request line too long");
}

CREMA_DECL parse_state request_parser::go_on(request_head& head, const char* begin, std::size_t size) {
    const char* p = begin + at_;
    auto bound = [=](std::size_t from, std::size_t limit) {
        return begin + (size - from > limit ? from + limit : size);
    };
    auto offset = [=](const char* q) { return static_cast<std::uint32_t>(q - begin); };
    const char* end = begin + size; // or where the limit of this part is
    if (step_ >= step::field_begin) end = bound(line_at_, limits_.header_bytes);
    else if (step_ >= step::method) end = bound(line_at_, limits_.request_line);

    switch (step_) {
    case step::begin:
        if (p == end) return more(begin, p, step::begin);
        if (*p != '\r') goto method_begin;
        ++p;
        [[fallthrough]];
    case step::begin_lf: // one empty line in front is forgiven
        if (p == end) return more(begin, p, step::begin_lf);
        if (*p != '\n') return fail(400, "bare CR before the request line");
        ++p;
        [[fallthrough]];
    case step::method_begin:
    method_begin:
        if (p == end) return more(begin, p, step::method_begin);
        line_at_ = offset(p);
        end = bound(line_at_, limits_.request_line);
        head.method_at_ = line_at_;
        [[fallthrough]];
    case step::method: {
        const char* const start = begin + line_at_;
        const char* const last = std::min(end, start + detail::max_method_size + 1);
        while (p != last && has_class(*p, octet_class::token)) ++p;
        if (static_cast<std::size_t>(p - start) > detail::max_method_size) return fail(501, "method too long");
        if (p == end) return exhausted(begin, p, step::method);
        if (*p != ' ')
            return fail(400,
                        p == start ? "request line does not begin with a method" : "invalid octet in the method");
        if (p == start) return fail(400, "request line does not begin with a method");
        head.method_size_ = static_cast<std::uint32_t>(p - start);
        head.method_ = to_method({start, head.method_size_});
        ++p;
        [[fallthrough]];
    }
    case step::path_begin:
        if (p == end) return exhausted(begin, p, step::path_begin);
        head.target_at_ = head.path_at_ = offset(p);
        if (*p == ' ') return fail(400, "several spaces in the request line");
        [[fallthrough]];
    case step::path:
        p = scan::target_path(p, end, limits_.target);
        if (p == end) return exhausted(begin, p, step::path);
        head.path_size_ = offset(p) - head.path_at_;
        if (*p != '?') goto target_end;
        ++p;
        head.has_query_ = true;
        head.query_at_ = offset(p);
        [[fallthrough]];
    case step::query:
        p = scan::target_query(p, end, limits_.target);
        if (p == end) return exhausted(begin, p, step::query);
        head.query_size_ = offset(p) - head.query_at_;
    target_end:
        if (*p != ' ')
            return fail(400,
                        *p == '\r' || *p == '\n' ? "request line without a version" : "invalid octet in the target");
        head.target_size_ = offset(p) - head.target_at_;
        ++p;
        [[fallthrough]];
    case step::version:
        if (end - p >= 10 && std::memcmp(p, "HTTP/1.1\r\n", 10) == 0) {
            head.minor_ = 1;
        } else {
            if (const auto s = check_version(p, end); s == parse_state::bad) return s;
            else if (s == parse_state::need_more) {
                if (offset(end) - line_at_ < limits_.request_line) return more(begin, p, step::version);
                return fail(414, "request line too long");
            }
            head.minor_ = static_cast<std::uint8_t>(p[7] - '0');
        }
        p += 10;
        if (head.form_ = target_form::origin; begin[head.target_at_] != '/' || head.method_ == method::connect)
            [[unlikely]]
            if (finish_target(head) == parse_state::bad) return parse_state::bad;
        line_at_ = offset(p);
        step_ = step::field_begin; // also for who asks when what follows is wrong
        head.begin_fields(line_at_);
        end = bound(line_at_, limits_.header_bytes);
        [[fallthrough]];
    case step::field_begin:
    field_begin:
        p = simple_fields(head, begin, p, end);
        if (p == end) return exhausted(begin, p, step::field_begin);
        if (*p == '\r') {
            ++p;
            goto last_lf;
        }
        if (head.count_ >= limits_.header_count) return fail(431, "too many header fields");
        name_at_ = offset(p);
        [[fallthrough]];
    case step::name:
        p = scan::token(p, end);
        if (p == end) return exhausted(begin, p, step::name);
        name_size_ = offset(p) - name_at_;
        if (*p != ':' || name_size_ == 0) return fail_field(*p, true);
        if (name_size_ > 0xffff) return fail(431, "field name too long");
        id_ = detail::to_field_within(begin + name_at_, name_size_, end);
        ++p;
        [[fallthrough]];
    case step::space:
        while (p != end && is_ows(*p)) ++p;
        if (p == end) return exhausted(begin, p, step::space);
        value_at_ = offset(p);
        [[fallthrough]];
    case step::value:
        p = scan::field_value(p, end, begin);
        if (p == end) return exhausted(begin, p, step::value);
        if (*p != '\r') return fail_field(*p, false);
        ++p;
        [[fallthrough]];
    case step::value_lf: {
        if (p == end) return exhausted(begin, p, step::value_lf);
        if (*p != '\n') return fail(400, "bare CR in a field value");
        const char* const value = begin + value_at_;
        const char* last = p - 1;
        while (last != value && is_ows(last[-1])) --last;
        head.add(name_at_ - line_at_, name_size_, value_at_ - line_at_, static_cast<std::uint32_t>(last - value), id_);
        ++p;
        goto field_begin;
    }
    case step::last_lf:
    last_lf:
        if (p == end) return exhausted(begin, p, step::last_lf);
        if (*p != '\n') return fail(400, "bare CR in the header section");
        ++p;
        at_ = head.size_ = offset(p);
        if (finish(head) == parse_state::bad) return parse_state::bad;
        if (head.minor_ == 1) head.remember(); // in HTTP/1.0 they say other things
        return parse_state::done;
    }
    return fail(400, "malformed request"); // not reached
}

// Reads complete lines `Name: value` of the usual kind: a name of at most 31 octets, one space at most in front of the
// value and none behind it. Returns where the first other line begins, or the incomplete one.
CREMA_DECL const char* request_parser::simple_fields(request_head& head, const char* begin, const char* p,
                                                     const char* end) const noexcept {
#if CREMA_SCAN_SSE2
    const auto most = std::min<std::size_t>(limits_.header_count, head.capacity_);
    auto* records = head.records_.get();
    const char* const fields = begin + head.fields_at_;
    std::size_t count = head.count_;
    auto present = head.present_, repeated = head.repeated_;
    const auto colon = _mm_set1_epi8(':');
    while (end - p >= 18 && count < most) {
        auto colons = static_cast<unsigned>(
            _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), colon)));
        if (colons == 0) [[unlikely]] {
            if (end - p < 34) break;
            const auto second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16));
            colons = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(second, colon))) << 16;
            if (colons == 0) break;
        }
        const auto size = static_cast<unsigned>(std::countr_zero(colons));
        const auto id = detail::to_field_within(p, size, end);
        if (id == field::unknown && !detail::is_name({p, size})) [[unlikely]] break;
        const char* value = p + size + 1; // in front of `end` by two octets or more
        if (*value == ' ') ++value;
        if (static_cast<unsigned char>(*value) <= ' ') break;
        const char* const last = scan::field_value(value, end, begin);
        if (end - last < 2 || std::memcmp(last, "\r\n", 2) != 0 || static_cast<unsigned char>(last[-1]) <= ' ') break;
        records[count] = {static_cast<std::uint32_t>(p - fields), static_cast<std::uint32_t>(value - fields),
                          static_cast<std::uint32_t>(last - value), static_cast<std::uint16_t>(size), id};
        const auto bit = detail::field_bit(id);
        if ((present & bit) != 0) [[unlikely]] repeated |= bit;
        else head.first_[static_cast<std::size_t>(id)] = static_cast<std::uint16_t>(count);
        present |= bit;
        ++count;
        p = last + 2;
    }
    head.count_ = static_cast<std::uint32_t>(count);
    head.present_ = present;
    head.repeated_ = repeated;
#else
    (void)head, (void)begin, (void)end;
#endif
    return p;
}

CREMA_DECL parse_state request_parser::fail_field(char c, bool in_name) noexcept {
    if (c == '\n') return fail(400, "line ends in a bare LF");
    if (c == '\0') return fail(400, "NUL in a field");
    if (!in_name) return fail(400, "control octet in a field value");
    if (is_ows(c))
        return fail(400, name_size_ == 0 ? "folded line, or space before a field" : "space in or after a field name");
    if (c == '\r') return fail(400, "field line without a colon");
    return fail(400, c == ':' ? "empty field name" : "invalid octet in a field name");
}

CREMA_DECL parse_state request_parser::check_version(const char* p, const char* end) noexcept {
    constexpr std::string_view shape = "HTTP/d.d\r\n";
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (p + i == end) return parse_state::need_more;
        const bool good = shape[i] == 'd' ? is_digit(p[i]) : p[i] == shape[i];
        if (!good) return fail(400, i < 8 ? "malformed HTTP version" : "request line does not end after the version");
    }
    if (p[5] != '1' || p[7] > '1') return fail(505, "HTTP version not supported");
    return parse_state::done;
}

CREMA_DECL parse_state request_parser::finish_target(request_head& head) noexcept {
    const auto target = head.target();
    if (head.method_ == method::connect) {
        const auto colon = target.rfind(':');
        const auto port = colon == std::string_view::npos ? std::string_view{} : target.substr(colon + 1);
        if (port.empty() || colon == 0 || !all_of_class(port, octet_class::digit) || !valid_host(target))
            return fail(400, "the target of CONNECT is not host and port");
        head.form_ = target_form::authority;
        head.authority_at_ = head.target_at_;
        head.authority_size_ = head.target_size_;
        head.path_size_ = 0;
        return parse_state::done;
    }
    if (target == "*") {
        if (head.method_ != method::options) return fail(400, "the target * is for OPTIONS only");
        head.form_ = target_form::asterisk;
        return parse_state::done;
    }
    const std::size_t scheme = istarts_with(target, "http://") ? 7 : istarts_with(target, "https://") ? 8 : 0;
    if (scheme == 0) return fail(400, "invalid request target");
    const auto front =
        target.substr(scheme, head.path_size_ < scheme ? 0 : head.path_size_ - scheme); // up to the question mark
    const auto size = std::min(front.find('/'), front.size());
    const auto authority = front.substr(0, size);
    if (authority.empty() || authority[0] == ':' || !valid_host(authority))
        return fail(400, "invalid authority in the target");
    head.form_ = target_form::absolute;
    head.https_ = scheme == 8;
    head.authority_at_ = head.target_at_ + static_cast<std::uint32_t>(scheme);
    head.authority_size_ = static_cast<std::uint32_t>(size);
    head.path_at_ = head.authority_at_ + head.authority_size_;
    head.path_size_ -= static_cast<std::uint32_t>(scheme + size);
    return parse_state::done;
}

CREMA_DECL parse_state request_parser::finish(request_head& head) noexcept {
    if (!head.has(field::host)) {
        if (head.minor_ != 0) return fail(400, "no Host field");
    } else {
        if (head.repeated(field::host)) return fail(400, "several Host fields");
        if (const auto host = head.get(field::host);
            !detail::plain_host(host, head.base_ + head.size_) && !valid_host(host))
            return fail(400, "invalid Host field");
    }
    head.keep_alive_ = head.minor_ == 1;
    constexpr auto special = detail::field_bit(field::content_length) | detail::field_bit(field::transfer_encoding) |
                             detail::field_bit(field::connection) | detail::field_bit(field::expect);
    const auto found = head.present_ & special;
    if (found == 0) return parse_state::done;
    if (found == detail::field_bit(field::connection) && !head.has(field::upgrade) && !head.repeated(field::connection))
        if (const auto text = head.get(field::connection); text == "keep-alive" || text == "Keep-Alive") {
            head.keep_alive_ = true;
            return parse_state::done;
        }
    return finish_framing(head);
}

CREMA_DECL parse_state request_parser::finish_framing(request_head& head) noexcept {
    if (head.has(field::connection)) {
        bool close = false, keep = false, upgrade = false;
        for (auto i = head.find(field::connection, 0); i != request_head::npos; i = head.find(field::connection, i + 1))
            for (auto option : comma_list(head.field_at(i).value)) {
                if (iequals(option, "keep-alive")) keep = true;
                else if (iequals(option, "close")) close = true;
                else if (iequals(option, "upgrade")) upgrade = true;
            }
        head.keep_alive_ = !close && (head.minor_ == 1 || keep);
        head.upgrade_ = upgrade && head.minor_ == 1 && head.has(field::upgrade);
    }
    if (head.has(field::transfer_encoding)) {
        if (head.minor_ == 0) return fail(400, "Transfer-Encoding in HTTP/1.0");
        if (head.has(field::content_length)) return fail(400, "Content-Length with Transfer-Encoding");
        std::size_t count = 0, chunked = 0;
        bool chunked_is_last = false;
        for (auto i = head.find(field::transfer_encoding, 0); i != request_head::npos;
             i = head.find(field::transfer_encoding, i + 1))
            for (auto coding : comma_list(head.field_at(i).value, comma_list::quotes::respected)) {
                ++count;
                const auto name = trim_ows(coding.substr(0, coding.find(';')));
                if (!is_token(name)) return fail(400, "malformed Transfer-Encoding");
                chunked_is_last = iequals(coding, "chunked");
                if (iequals(name, "chunked")) ++chunked;
            }
        if (!chunked_is_last || chunked != 1)
            return fail(400, "the last coding of Transfer-Encoding is not a single chunked");
        if (count > 1) return fail(501, "transfer coding not supported");
        head.chunked_ = true;
    } else if (head.has(field::content_length)) {
        const auto text = head.get(field::content_length);
        if (head.repeated(field::content_length)) return fail(400, "several Content-Length fields");
        if (text.empty() || !all_of_class(text, octet_class::digit)) return fail(400, "invalid Content-Length");
        for (char c : text) {
            head.content_length_ = head.content_length_ * 10 + static_cast<unsigned>(c - '0');
            if (head.content_length_ > detail::max_body_length) return fail(400, "Content-Length too large");
        }
    }
    if (head.has(field::expect) && head.minor_ == 1) {
        for (auto i = head.find(field::expect, 0); i != request_head::npos; i = head.find(field::expect, i + 1))
            for (auto expectation : comma_list(head.field_at(i).value)) {
                if (expectation.empty()) continue;
                if (!iequals(expectation, "100-continue")) return fail(417, "unknown expectation");
                head.expect_continue_ = head.has_body();
            }
    }
    return parse_state::done;
}

} // namespace crema::http
#endif
