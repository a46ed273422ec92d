// forwarded: where a request came from behind proxies, by X-Forwarded-For and whom one trusts.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/http/ip_address.hpp>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http {

/** Decides which proxies are trusted to tell the truth in `X-Forwarded-For` and its siblings.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading, when the function is.
*/
class proxy_trust {
public:
    /// Decides about the address of hop `hop`, counted from 0 for the peer of the connection.
    using predicate = std::function<bool(std::string_view address, std::size_t hop)>;

    /// Construct what trusts nobody.
    proxy_trust() noexcept = default;
    /// Returns what trusts everybody: then what the client itself has written is believed.
    static proxy_trust everybody() noexcept { return proxy_trust(static_cast<std::size_t>(-1)); }
    /// Returns what trusts the first hops: 1 is the peer of the connection alone.
    static proxy_trust first(std::size_t hops) noexcept { return proxy_trust(hops); }
    /// Returns what asks a function. @param decides Not empty.
    static proxy_trust by(predicate decides) {
        proxy_trust t;
        t.decides_ = std::move(decides);
        return t;
    }
    /** Return what trusts subnets.

        @param list What `subnet::parse` reads, and the names `loopback` (127.0.0.0/8, ::1), `linklocal`
        (169.254.0.0/16, fe80::/10) and `uniquelocal` (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7).

        @par Errors
        @li `error::bad_value` with what is wrong. @see subnet::parse
    */
    CREMA_DECL static result<proxy_trust> subnets(std::span<const std::string_view> list);
    /// Returns what trusts the subnets of a list with commas: `"loopback, 10.0.0.1"`. See the other.
    CREMA_DECL static result<proxy_trust> subnets(std::string_view list);

    /// Tells whether nobody is trusted, whatever the address.
    bool nobody() const noexcept { return hops_ == 0 && subnets_.empty() && !decides_; }
    /// Tells whether the address of a hop is trusted. What is no IP address is in no subnet.
    CREMA_DECL bool trusts(std::string_view address, std::size_t hop) const;

private:
    explicit proxy_trust(std::size_t hops) noexcept : hops_(hops) {}
    std::size_t hops_ = 0;
    std::vector<subnet> subnets_;
    predicate decides_;
};

/** Return all addresses of a request, the closest first: that of the peer, then those of X-Forwarded-For from its end.

    @param peer Address of the peer of the connection.
    @param x_forwarded_for The value of the field, lines joined with commas. The result holds views into both.
*/
CREMA_DECL std::vector<std::string_view> forwarded_addresses(std::string_view peer, std::string_view x_forwarded_for);

/// Returns the addresses up to the first that is not trusted, this included; see `forwarded_addresses`.
CREMA_DECL std::vector<std::string_view> forwarded_addresses(std::string_view peer, std::string_view x_forwarded_for,
                                                             const proxy_trust& trust);

/// Returns the address of the client: the last of `forwarded_addresses`. Asks about no address behind it.
CREMA_DECL std::string_view client_address(std::string_view peer, std::string_view x_forwarded_for,
                                           const proxy_trust& trust);

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <array>
#include <string>

namespace crema::http {
namespace detail {

// Takes the last address away from the list; empty when there is none.
inline std::string_view take_forwarded(std::string_view& rest) noexcept {
    while (!rest.empty()) {
        const auto comma = rest.rfind(',');
        auto address = comma == rest.npos ? rest : rest.substr(comma + 1);
        rest = comma == rest.npos ? std::string_view{} : rest.substr(0, comma);
        while (address.starts_with(' ')) address.remove_prefix(1);
        while (address.ends_with(' ')) address.remove_suffix(1);
        if (!address.empty()) return address;
    }
    return {};
}

// Calls `visitor` with the addresses up to the first that is not trusted.
template <class F>
void walk_forwarded(std::string_view peer, std::string_view rest, const proxy_trust& trust, F visitor) {
    std::size_t hop = 0;
    for (auto address = peer;;) {
        visitor(address);
        if (rest.empty() || !trust.trusts(address, hop++)) return;
        address = take_forwarded(rest);
        if (address.empty()) return;
    }
}

} // namespace detail

CREMA_DECL result<proxy_trust> proxy_trust::subnets(std::span<const std::string_view> list) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> names{{
        {"linklocal", "169.254.0.0/16"},
        {"linklocal", "fe80::/10"},
        {"loopback", "127.0.0.1/8"},
        {"loopback", "::1/128"},
        {"uniquelocal", "10.0.0.0/8"},
        {"uniquelocal", "172.16.0.0/12"},
        {"uniquelocal", "192.168.0.0/16"},
        {"uniquelocal", "fc00::/7"},
    }};
    proxy_trust t;
    for (const auto text : list) {
        bool named = false;
        for (const auto& [name, range] : names)
            if (name == text) {
                t.subnets_.push_back(*subnet::parse(range));
                named = true;
            }
        if (named) continue;
        auto read = subnet::parse(text);
        if (!read) return read.error();
        t.subnets_.push_back(*read);
    }
    return t;
}

CREMA_DECL result<proxy_trust> proxy_trust::subnets(std::string_view list) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto comma = list.find(',');
        parts.push_back(trim_ows(list.substr(0, comma)));
        if (comma == list.npos) break;
        list.remove_prefix(comma + 1);
    }
    return subnets(parts);
}

CREMA_DECL bool proxy_trust::trusts(std::string_view address, std::size_t hop) const {
    if (decides_) return decides_(address, hop);
    if (hop < hops_) return true;
    if (subnets_.empty()) return false;
    const auto ip = ip_address::parse(address);
    if (!ip) return false;
    for (const auto& s : subnets_)
        if (s.contains(*ip)) return true;
    return false;
}

CREMA_DECL std::vector<std::string_view> forwarded_addresses(std::string_view peer, std::string_view x_forwarded_for) {
    std::vector<std::string_view> all{peer};
    for (auto rest = x_forwarded_for;;) {
        const auto address = detail::take_forwarded(rest);
        if (address.empty()) return all;
        all.push_back(address);
    }
}

CREMA_DECL std::vector<std::string_view> forwarded_addresses(std::string_view peer, std::string_view x_forwarded_for,
                                                             const proxy_trust& trust) {
    std::vector<std::string_view> all;
    detail::walk_forwarded(peer, x_forwarded_for, trust, [&](std::string_view a) { all.push_back(a); });
    return all;
}

CREMA_DECL std::string_view client_address(std::string_view peer, std::string_view x_forwarded_for,
                                           const proxy_trust& trust) {
    std::string_view last;
    detail::walk_forwarded(peer, x_forwarded_for, trust, [&](std::string_view a) { last = a; });
    return last;
}

} // namespace crema::http
#endif
