// host: what may stand in a Host field and in the authority of a target.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/scan.hpp>
#include <bit>
#include <string_view>

namespace crema::http {

/** Tells whether a text may be the value of a Host field: a host, and perhaps a colon and a port of digits.

    @see RFC 9110 section 7.2
*/
CREMA_DECL bool valid_host(std::string_view host) noexcept;

namespace detail {

// Tells whether a host is letters, digits, dots and hyphens, with or without a port, in 16 octets; what lies in front
// of `readable_end` may be read.
inline bool plain_host(std::string_view host, const char* readable_end) noexcept {
#if CREMA_SCAN_SSE2
    if (host.size() > 16 || readable_end - host.data() < 16) return false;
    const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(host.data()));
    const auto l = _mm_sub_epi8(_mm_or_si128(x, _mm_set1_epi8(0x20)), _mm_set1_epi8('a')),
               d = _mm_sub_epi8(x, _mm_set1_epi8('0'));
    const auto digit = _mm_cmpeq_epi8(_mm_min_epu8(d, _mm_set1_epi8(9)), d);
    const auto sign = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('.')), _mm_cmpeq_epi8(x, _mm_set1_epi8('-')));
    const auto name = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(l, _mm_set1_epi8(25)), l), digit), sign);
    const auto whole = (1u << host.size()) - 1;
    const auto others = ~static_cast<unsigned>(_mm_movemask_epi8(name)) & whole;
    if (others == 0) return true;
    const auto at = static_cast<unsigned>(std::countr_zero(others));
    const auto port = whole & ~((2u << at) - 1);
    return host[at] == ':' && (static_cast<unsigned>(_mm_movemask_epi8(digit)) & port) == port;
#else
    (void)host, (void)readable_end;
    return false;
#endif
}

} // namespace detail
} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/ip_address.hpp>
#include <cstddef>
#include <utility>

namespace crema::http {
namespace detail {

// Tells whether this is what stands in the brackets of a host: an address of IPv6, perhaps with a zone, or of a later
// version (RFC 3986 section 3.2.2, RFC 6874).
CREMA_NOINLINE inline bool is_ip_literal(std::string_view s) noexcept {
    if (!s.empty() && (s[0] | 0x20) == 'v') {
        const auto dot = s.find('.');
        if (dot == std::string_view::npos || dot < 2 || dot + 1 == s.size()) return false;
        for (char c : s.substr(1, dot - 1))
            if (!is_hex(c)) return false;
        for (char c : s.substr(dot + 1))
            if (!has_class(c, octet_class::uri_host) && c != ':') return false;
        return true;
    }
    if (const auto at = s.find('%'); at != std::string_view::npos) {
        const auto zone = s.substr(at);
        if (!zone.starts_with("%25") || zone.size() == 3) return false;
        for (std::size_t i = 3; i < zone.size(); ++i)
            if (!has_class(zone[i], octet_class::unreserved) &&
                (zone[i] != '%' || i + 2 >= zone.size() || !is_hex(zone[i + 1]) || !is_hex(zone[i + 2])))
                return false;
        s = s.substr(0, at);
    }
    unsigned groups = 0;
    bool gap = false;
    if (s.starts_with("::")) {
        gap = true;
        s.remove_prefix(2);
        if (s.empty()) return true;
    }
    for (;; s.remove_prefix(1)) { // at a group
        std::size_t n = 0;
        while (n < s.size() && is_hex(s[n])) ++n;
        if (n < s.size() && s[n] == '.') { // the last two may be written as one of IPv4
            groups += 2;
            if (!is_dotted_ipv4(s)) return false;
            break;
        }
        if (n == 0 || n > 4) return false;
        ++groups;
        s.remove_prefix(n);
        if (s.empty()) break;
        if (s[0] != ':') return false;
        if (s.starts_with("::")) {
            if (std::exchange(gap, true)) return false;
            s.remove_prefix(1);
            if (s.size() == 1) break;
        }
    }
    return gap ? groups < 8 : groups == 8;
}

} // namespace detail

CREMA_DECL bool valid_host(std::string_view host) noexcept {
    std::size_t i = 0;
    if (host.starts_with('[')) { // an address of IPv6 or later
        i = host.find(']');
        if (i == std::string_view::npos || !detail::is_ip_literal(host.substr(1, i - 1))) return false;
        ++i;
    } else {
        for (; i < host.size() && host[i] != ':'; ++i) {
            if (has_class(host[i], octet_class::uri_host)) continue;
            if (host[i] != '%' || i + 2 >= host.size() || !is_hex(host[i + 1]) || !is_hex(host[i + 2])) return false;
        }
    }
    if (i == host.size()) return true;
    return host[i] == ':' && all_of_class(host.substr(i + 1), octet_class::digit);
}

} // namespace crema::http
#endif
