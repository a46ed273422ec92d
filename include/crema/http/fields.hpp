// Header fields: known names as small integers, and which names and values may be sent.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/scan.hpp>
#include <crema/core/text.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema::http {

/// Names the fields that requests often have. Fewer than 64, so that a set of them is one integer.
enum class field : std::uint8_t {
    unknown, ///< none of these; its name is text
    host, connection, content_length, content_type, transfer_encoding, upgrade, expect, accept, accept_charset,
    accept_encoding, accept_language, access_control_request_headers, access_control_request_method, authorization,
    cache_control, content_encoding, cookie, dnt, forwarded, http2_settings, if_match, if_modified_since, if_none_match,
    if_range, if_unmodified_since, keep_alive, last_event_id, max_forwards, origin, pragma, priority,
    proxy_authorization, proxy_connection, range, referer, sec_ch_ua, sec_ch_ua_mobile, sec_ch_ua_platform,
    sec_fetch_dest, sec_fetch_mode, sec_fetch_site, sec_fetch_user, sec_gpc, sec_websocket_extensions,
    sec_websocket_key, sec_websocket_protocol, sec_websocket_version, te, trailer, traceparent, tracestate,
    upgrade_insecure_requests, user_agent, via, x_csrf_token, x_forwarded_for, x_forwarded_host, x_forwarded_proto,
    x_http_method_override, x_real_ip, x_request_id, x_requested_with,
};

/// Counts the known fields, `unknown` included.
inline constexpr std::size_t field_count = static_cast<std::size_t>(field::x_requested_with) + 1;
static_assert(field_count <= 64);

/// Returns the name of a known field in small letters, which lives forever; empty for `unknown`.
constexpr std::string_view to_string(field f) noexcept;

/// Returns the field with this name, the case of letters ignored; `unknown` when it is none of the known.
constexpr field to_field(std::string_view name) noexcept;

/// Tells whether a field may have this name: it is a token (RFC 9110 section 5.1).
constexpr bool valid_field_name(std::string_view name) noexcept { return is_token(name); }

/** Tells whether a field may have this value: no control octets but TAB, so neither CR, LF nor NUL.

    A value that comes from outside must be tested before it is sent: a line end in it would let it write fields of
    its own (response splitting). Spaces at the ends are allowed here; receivers strip them.

    @par Complexity
    Linear in the length.

    @see RFC 9110 section 5.5
*/
inline bool valid_field_value(std::string_view value) noexcept {
    const char* end = value.data() + value.size();
    return scan::field_value(value.data(), end, value.data()) == end;
}

/** Tells whether a field may stand behind the body: none that says how the message is framed, routed or coded.

    @see RFC 9110 section 6.5.1
*/
constexpr bool may_be_trailer(std::string_view name) noexcept {
    for (const std::string_view other : {"content-length", "transfer-encoding", "trailer", "connection", "host", "te", "upgrade",
                                         "content-encoding", "content-type", "content-range"})
        if (iequals(name, other)) return false;
    return true;
}

namespace detail {

inline constexpr std::string_view field_names[field_count] = {
    "",
    "host", "connection", "content-length", "content-type", "transfer-encoding", "upgrade", "expect", "accept",
    "accept-charset", "accept-encoding", "accept-language", "access-control-request-headers",
    "access-control-request-method", "authorization", "cache-control", "content-encoding", "cookie", "dnt", "forwarded",
    "http2-settings", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive",
    "last-event-id", "max-forwards", "origin", "pragma", "priority", "proxy-authorization", "proxy-connection", "range",
    "referer", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-fetch-dest", "sec-fetch-mode",
    "sec-fetch-site", "sec-fetch-user", "sec-gpc", "sec-websocket-extensions", "sec-websocket-key",
    "sec-websocket-protocol", "sec-websocket-version", "te", "trailer", "traceparent", "tracestate",
    "upgrade-insecure-requests", "user-agent", "via", "x-csrf-token", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto", "x-http-method-override", "x-real-ip", "x-request-id", "x-requested-with"};

// A perfect hash of the length and the last four letters; the table below fails to compile when it is none. Shorter
// names are few.
constexpr std::uint32_t field_hash(const char* name, std::size_t size) noexcept {
    const char* p = name + size - 4;
    auto at = [&](int i) { return std::uint32_t{static_cast<unsigned char>(p[i])} << (8 * i); };
    return (((at(0) | at(1) | at(2) | at(3)) | 0x20202020u) + static_cast<std::uint32_t>(size)) * 0x4110c769u >> 24;
}

struct field_table {
    std::uint8_t by_hash[256]{};
    std::uint8_t size[field_count]{};
    char name[field_count][32]{}; // padded, so that 16 octets can be compared at once
    constexpr field_table() {
        for (std::size_t i = 1; i < field_count; ++i) {
            const auto n = field_names[i];
            if (n.size() < 4) continue;
            auto& slot = by_hash[field_hash(n.data(), n.size())];
            if (slot != 0 || n.size() > 31) throw "the hash of field names is not perfect";
            slot = static_cast<std::uint8_t>(i);
            size[i] = static_cast<std::uint8_t>(n.size());
            for (std::size_t k = 0; k < n.size(); ++k) name[i][k] = n[k];
        }
    }
};
inline constexpr field_table known_fields{};

constexpr field to_short_field(std::string_view name) noexcept {
    for (auto f : {field::te, field::via, field::dnt})
        if (iequals(name, field_names[static_cast<std::size_t>(f)])) return f;
    return field::unknown;
}

#if CREMA_SCAN_SSE2
// Tells, one bit each, which of 16 octets are equal to those of a known name when made small. What is below a space
// would become a letter or hyphen; it is none.
inline unsigned same_as_known(const char* octets, const char* known) noexcept {
    const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(octets)),
               k = _mm_loadu_si128(reinterpret_cast<const __m128i*>(known));
    const auto space = _mm_set1_epi8(0x20);
    return static_cast<unsigned>(
        _mm_movemask_epi8(_mm_andnot_si128(_mm_cmplt_epi8(x, space), _mm_cmpeq_epi8(_mm_or_si128(x, space), k))));
}
#endif

// As `to_field`, faster where 16 octets, for longer names 32, from `name` on may be read.
CREMA_FORCEINLINE field to_field_within(const char* name, std::size_t size, const char* readable_end) noexcept {
    if (size - 4 > 27) return to_short_field({name, size});
    const auto i = known_fields.by_hash[field_hash(name, size)];
#if CREMA_SCAN_SSE2
    if (known_fields.size[i] != size) return field::unknown;
    if (size <= 16 && readable_end - name >= 16) {
        const auto wanted = (1u << size) - 1;
        return (same_as_known(name, known_fields.name[i]) & wanted) == wanted ? static_cast<field>(i) : field::unknown;
    }
    if (readable_end - name >= 32) {
        const auto wanted = (1u << size) - 1;
        const auto same =
            same_as_known(name, known_fields.name[i]) | same_as_known(name + 16, known_fields.name[i] + 16) << 16;
        return (same & wanted) == wanted ? static_cast<field>(i) : field::unknown;
    }
#endif
    (void)readable_end;
    return iequals({name, size}, field_names[i]) ? static_cast<field>(i) : field::unknown;
}

} // namespace detail

constexpr std::string_view to_string(field f) noexcept {
    return static_cast<std::size_t>(f) < field_count ? detail::field_names[static_cast<std::size_t>(f)]
                                                     : std::string_view{};
}

constexpr field to_field(std::string_view name) noexcept {
    if (name.size() < 4) return detail::to_short_field(name);
    if (name.size() > 31) return field::unknown;
    const auto i = detail::known_fields.by_hash[detail::field_hash(name.data(), name.size())];
    return iequals(name, detail::field_names[i]) ? static_cast<field>(i) : field::unknown;
}

} // namespace crema::http
