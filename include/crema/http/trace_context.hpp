// trace_context: the fields traceparent and tracestate (W3C Trace Context).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http {

/// Is what a traceparent field says: the trace, the span that asks, and whether it is recorded.
struct traceparent {
    std::array<char, 32> trace; ///< hexadecimal digits, not all 0
    std::array<char, 16> span;  ///< hexadecimal digits, not all 0: `parent-id` of the field
    std::uint8_t flags = 0;     ///< bit 0: sampled

    /// Returns the id of the trace; valid as long as this.
    std::string_view trace_id() const noexcept { return {trace.data(), trace.size()}; }
    /// Returns the id of the span; valid as long as this.
    std::string_view span_id() const noexcept { return {span.data(), span.size()}; }
    /// Tells whether who asks records the trace.
    bool sampled() const noexcept { return flags & 1; }
};

/** Parse a traceparent field.

    A version that is not known is read as far as it looks like version 00, as the recommendation says.

    @par Errors
    @li `error::bad_syntax` it is malformed: capital letters, ids of zeros, version `ff`, a wrong length.

    @see W3C Trace Context section 3.2
*/
CREMA_DECL result<traceparent> parse_traceparent(std::string_view text);

/// Returns the field, in version 00: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
CREMA_DECL std::string write_traceparent(const traceparent& p);

/** Holds what tracing systems tell each other along a trace: a few keys with values, the last that was set in front.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see W3C Trace Context section 3.3
*/
class tracestate {
public:
    static constexpr std::size_t most = 32; ///< members

    /// Construct empty.
    tracestate() = default;
    /** Parse a tracestate field; several lines are joined with commas.

        @par Errors
        @li `error::bad_syntax` a member is malformed, or a key is there twice: all of it is to be ignored then.
        @li `error::would_exceed_limit` more than 32 members.
    */
    CREMA_DECL static result<tracestate> parse(std::string_view text);

    /// Returns the value of a key, empty when there is none; valid until the next change.
    CREMA_DECL std::string_view get(std::string_view key) const noexcept;
    /** Set a key, which moves to the front; the last member falls off when there are too many.
        @return False, and nothing is changed, when key or value are malformed.
    */
    CREMA_DECL bool set(std::string_view key, std::string_view value);
    /// Removes a key.
    CREMA_DECL void remove(std::string_view key);
    /// Tells whether there is nothing.
    bool empty() const noexcept { return members_.empty(); }
    /// Returns the members, the newest first.
    const std::vector<std::pair<std::string, std::string>>& members() const noexcept { return members_; }
    /// Returns the field.
    CREMA_DECL std::string text() const;

private:
    std::vector<std::pair<std::string, std::string>> members_;
};

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <algorithm>

namespace crema::http {
namespace detail {

inline bool small_hex(std::string_view s) noexcept {
    return std::all_of(s.begin(), s.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

inline bool small_letter(char c) noexcept { return c >= 'a' && c <= 'z'; }

inline bool tracestate_key(std::string_view key) noexcept {
    const auto part = [](std::string_view s, std::size_t longest, bool digit_first) {
        if (s.empty() || s.size() > longest || !(small_letter(s[0]) || (digit_first && is_digit(s[0])))) return false;
        return std::all_of(s.begin(), s.end(), [](char c) { return small_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/'; });
    };
    const auto at = key.find('@'); // tenant@system
    return at == key.npos ? part(key, 256, false) : part(key.substr(0, at), 241, true) && part(key.substr(at + 1), 14, false);
}

inline bool tracestate_value(std::string_view value) noexcept {
    if (value.empty() || value.size() > 256 || value.back() == ' ') return false;
    return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != ',' && c != '='; });
}

} // namespace detail

CREMA_DECL result<traceparent> parse_traceparent(std::string_view text) {
    const failure bad{make_error_code(error::bad_syntax), 0, "traceparent"};
    text = trim_ows(text);
    if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return bad;
    const auto version = text.substr(0, 2), trace = text.substr(3, 32), span = text.substr(36, 16), flags = text.substr(53, 2);
    if (!detail::small_hex(version) || version == "ff" || !detail::small_hex(trace) || !detail::small_hex(span) || !detail::small_hex(flags)) return bad;
    if (version == "00" ? text.size() != 55 : text.size() > 55 && text[55] != '-') return bad;
    if (trace.find_first_not_of('0') == trace.npos || span.find_first_not_of('0') == span.npos) return bad;
    traceparent p;
    std::copy(trace.begin(), trace.end(), p.trace.begin());
    std::copy(span.begin(), span.end(), p.span.begin());
    p.flags = static_cast<std::uint8_t>(hex_value(flags[0]) << 4 | hex_value(flags[1]));
    return p;
}

CREMA_DECL std::string write_traceparent(const traceparent& p) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string text("00-");
    text.append(p.trace_id()).append("-").append(p.span_id()).append("-");
    text += hex[p.flags >> 4];
    text += hex[p.flags & 15];
    return text;
}

CREMA_DECL result<tracestate> tracestate::parse(std::string_view text) {
    tracestate s;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        const auto member = trim_ows(text.substr(at, end - at));
        at = end + 1;
        if (member.empty()) continue;
        const auto equals = member.find('=');
        if (equals == member.npos || !detail::tracestate_key(member.substr(0, equals)) || !detail::tracestate_value(member.substr(equals + 1)) ||
            !s.get(member.substr(0, equals)).empty())
            return failure{make_error_code(error::bad_syntax), at, "tracestate"};
        if (s.members_.size() == most) return failure{make_error_code(error::would_exceed_limit), at, "tracestate"};
        s.members_.emplace_back(member.substr(0, equals), member.substr(equals + 1));
    }
    return s;
}

CREMA_DECL std::string_view tracestate::get(std::string_view key) const noexcept {
    for (const auto& [k, v] : members_)
        if (k == key) return v;
    return {};
}

CREMA_DECL void tracestate::remove(std::string_view key) {
    std::erase_if(members_, [&](const auto& m) { return m.first == key; });
}

CREMA_DECL bool tracestate::set(std::string_view key, std::string_view value) {
    if (!detail::tracestate_key(key) || !detail::tracestate_value(value)) return false;
    std::pair<std::string, std::string> made(key, value);
    remove(made.first);
    if (members_.size() == most) members_.pop_back();
    members_.insert(members_.begin(), std::move(made));
    return true;
}

CREMA_DECL std::string tracestate::text() const {
    std::string all;
    for (const auto& [k, v] : members_) all.append(all.empty() ? "" : ",").append(k).append("=").append(v);
    return all;
}

} // namespace crema::http
#endif
