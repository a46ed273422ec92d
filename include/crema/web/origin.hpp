// origin: parts of what a request says about where it came from and whom it is for.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <string_view>
#include <vector>

namespace crema::detail {

// Tells whether lines of a field are not to be joined: the first counts, as in Node.
CREMA_DECL bool is_single_field(std::string_view name) noexcept;

// Returns what is in front of the first comma, without spaces around it.
CREMA_DECL std::string_view first_of_list(std::string_view list) noexcept;

// Returns a host without its port; brackets of IPv6 stay.
CREMA_DECL std::string_view hostname_of(std::string_view host) noexcept;

// Returns the parts of a name from the last to the first, without the last `offset` ones. An IPv4 address is one part.
CREMA_DECL std::vector<std::string_view> subdomains_of(std::string_view hostname, std::size_t offset);

} // namespace crema::detail

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/ip_address.hpp>

namespace crema::detail {

CREMA_DECL bool is_single_field(std::string_view name) noexcept {
    for (const std::string_view single :
         {"age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host",
          "if-modified-since", "if-unmodified-since", "last-modified", "location", "max-forwards",
          "proxy-authorization", "referer", "retry-after", "server", "user-agent"})
        if (iequals(name, single)) return true;
    return false;
}

CREMA_DECL std::string_view first_of_list(std::string_view list) noexcept {
    return trim_ows(list.substr(0, list.find(',')));
}

CREMA_DECL std::string_view hostname_of(std::string_view host) noexcept {
    std::size_t from = 0; // where a port may begin
    if (host.starts_with('['))
        if (const auto close = host.find(']'); close != host.npos) from = close + 1;
    return host.substr(0, host.find(':', from));
}

CREMA_DECL std::vector<std::string_view> subdomains_of(std::string_view hostname, std::size_t offset) {
    std::vector<std::string_view> all;
    if (hostname.empty()) return all;
    if (http::is_dotted_ipv4(hostname)) {
        if (offset == 0) all.push_back(hostname);
        return all;
    }
    for (auto rest = hostname;;) {
        const auto dot = rest.rfind('.');
        const auto part = dot == rest.npos ? rest : rest.substr(dot + 1);
        if (offset != 0) --offset;
        else all.push_back(part);
        if (dot == rest.npos) return all;
        rest = rest.substr(0, dot);
    }
}

} // namespace crema::detail
#endif
