// URLs: take them apart, resolve references, as RFC 3986 says.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crema::http {

/** Shows the parts of a URL or of a relative reference, as views into it, still escaped.

    A part that is absent differs from one that is empty: `http://h?` has an empty query, `http://h` none.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct url_view {
    std::optional<std::string_view> scheme{};    ///< without the colon, as it was spelled; none in a relative reference
    std::optional<std::string_view> userinfo{};  ///< in front of the `@`
    std::optional<std::string_view>
        host{}; ///< a name or an address, IPv6 with its brackets; none without an authority
    std::optional<std::string_view> port_text{}; ///< behind the colon; may be empty
    std::string_view path{};                     ///< may be empty
    std::optional<std::string_view> query{};     ///< without the question mark
    std::optional<std::string_view> fragment{};  ///< without the hash sign

    /// Returns the port: the given one, else the usual one of http, https, ws or wss, else 0.
    CREMA_DECL std::uint16_t port() const noexcept;
    /// Tells whether there is an authority.
    bool has_authority() const noexcept { return host.has_value(); }
    /// Returns path and query as a request sends them: never empty, without the fragment.
    CREMA_DECL std::string request_target() const;
    /// Returns the whole as text.
    CREMA_DECL std::string to_string() const;
};

/** Take a URL or a relative reference apart.

    @param text The result holds views into it.

    @par Errors
    @li `error::bad_syntax` octets that may not stand in a URL (spaces, control octets, above 0x7F, `"<>\^{|}` and
    backquotes), broken escapes, a malformed host, a port above 65535 or that is no number.

    @see RFC 3986 section 3
*/
CREMA_DECL result<url_view> parse_url(std::string_view text);

/// Returns the path without `.` and `..` segments (RFC 3986 section 5.2.4).
CREMA_DECL std::string remove_dot_segments(std::string_view path);

/** Return the URL that a reference means in a document of another URL, such as a Location field in an answer.

    @param base A URL with a scheme.

    @par Errors
    @li `error::bad_syntax` one of them is malformed, or `base` has no scheme.

    @see RFC 3986 section 5.2
*/
CREMA_DECL result<std::string> resolve_url(std::string_view base, std::string_view reference);

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <algorithm>

namespace crema::http {
namespace detail {

// Returns the offset of the first octet that is neither in the set nor unreserved nor an escape.
inline std::size_t url_part_end(std::string_view s, std::string_view more) noexcept {
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (has_class(s[i], octet_class::uri_host) || more.find(s[i]) != std::string_view::npos) continue;
        if (s[i] != '%' || i + 2 >= s.size() || !is_hex(s[i + 1]) || !is_hex(s[i + 2])) return i;
        i += 2;
    }
    return s.size();
}

inline bool is_scheme(std::string_view s) noexcept {
    if (s.empty() || !is_alpha(s[0])) return false;
    return std::all_of(s.begin(), s.end(),
                       [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
}

} // namespace detail

CREMA_DECL std::uint16_t url_view::port() const noexcept {
    if (port_text && !port_text->empty()) {
        unsigned v = 0;
        for (char c : *port_text) v = v * 10 + static_cast<unsigned>(c - '0');
        return static_cast<std::uint16_t>(v);
    }
    const auto s = scheme.value_or("");
    return iequals(s, "http") || iequals(s, "ws") ? 80 : iequals(s, "https") || iequals(s, "wss") ? 443 : 0;
}

CREMA_DECL std::string url_view::request_target() const {
    std::string out(path.empty() ? "/" : path);
    if (query) out.append("?").append(*query);
    return out;
}

CREMA_DECL std::string url_view::to_string() const {
    std::string out;
    if (scheme) out.append(*scheme).append(":");
    if (host) {
        out += "//";
        if (userinfo) out.append(*userinfo).append("@");
        out += *host;
        if (port_text) out.append(":").append(*port_text);
    } else if (path.starts_with("//")) {
        out += "/."; // else the path would read as an authority
    }
    out += path;
    if (query) out.append("?").append(*query);
    if (fragment) out.append("#").append(*fragment);
    return out;
}

CREMA_DECL result<url_view> parse_url(std::string_view text) {
    auto wrong = [&](std::string_view at, const char* why) {
        return failure{make_error_code(error::bad_syntax), static_cast<std::size_t>(at.data() - text.data()), why};
    };
    url_view url;
    auto rest = text;
    auto take = [](std::string_view& from, std::string_view stops) {
        const auto n = std::min(from.find_first_of(stops), from.size());
        const auto part = from.substr(0, n);
        from.remove_prefix(n);
        return part;
    };
    if (const auto colon = rest.find_first_of(":/?#"); colon != rest.npos && rest[colon] == ':') {
        if (!detail::is_scheme(rest.substr(0, colon))) return wrong(rest, "invalid scheme");
        url.scheme = rest.substr(0, colon);
        rest.remove_prefix(colon + 1);
    }
    if (rest.starts_with("//")) {
        rest.remove_prefix(2);
        auto authority = take(rest, "/?#");
        if (const auto at = authority.rfind('@'); at != authority.npos) {
            url.userinfo = authority.substr(0, at);
            if (const auto e = detail::url_part_end(*url.userinfo, ":"); e != at)
                return wrong(authority.substr(e), "invalid octet in the user information");
            authority.remove_prefix(at + 1);
        }
        auto host_end = authority.find(':');
        if (authority.starts_with('[')) {
            const auto close = authority.find(']');
            if (close == authority.npos || close == 1) return wrong(authority, "invalid host");
            if (detail::url_part_end(authority.substr(1, close - 1), ":") != close - 1)
                return wrong(authority, "invalid host");
            host_end = close + 1 == authority.size() ? authority.npos : close + 1;
            if (host_end != authority.npos && authority[host_end] != ':')
                return wrong(authority.substr(host_end), "invalid host");
        } else if (const auto e = detail::url_part_end(authority.substr(0, host_end), "");
                   e != std::min(host_end, authority.size())) {
            return wrong(authority.substr(e), "invalid host");
        }
        url.host = authority.substr(0, host_end);
        if (host_end != authority.npos) {
            const auto port = authority.substr(host_end + 1);
            std::uint32_t value = 0;
            for (char c : port) {
                if (!is_digit(c) || (value = value * 10 + static_cast<std::uint32_t>(c - '0')) > 65535)
                    return wrong(port, "invalid port");
            }
            url.port_text = port;
        }
    }
    url.path = take(rest, "?#");
    if (const auto e = detail::url_part_end(url.path, ":@/"); e != url.path.size())
        return wrong(url.path.substr(e), "invalid octet in the path");
    if (rest.starts_with('?')) {
        rest.remove_prefix(1);
        url.query = take(rest, "#");
        if (const auto e = detail::url_part_end(*url.query, ":@/?[]"); e != url.query->size())
            return wrong(url.query->substr(e), "invalid octet in the query");
    }
    if (rest.starts_with('#')) {
        rest.remove_prefix(1);
        url.fragment = rest;
        if (const auto e = detail::url_part_end(rest, ":@/?"); e != rest.size())
            return wrong(rest.substr(e), "invalid octet in the fragment");
    }
    return url;
}

CREMA_DECL std::string remove_dot_segments(std::string_view in) {
    std::string out;
    auto drop_last = [&] { out.erase(out.rfind('/') == out.npos ? 0 : out.rfind('/')); };
    while (!in.empty()) {
        if (in.starts_with("../")) in.remove_prefix(3);
        else if (in.starts_with("./") || in.starts_with("/./")) in.remove_prefix(2);
        else if (in == "/.") in = "/";
        else if (in.starts_with("/../")) in.remove_prefix(3), drop_last();
        else if (in == "/..") in = "/", drop_last();
        else if (in == "." || in == "..") in = {};
        else {
            const auto next = std::min(in.find('/', 1), in.size());
            out += in.substr(0, next);
            in.remove_prefix(next);
        }
    }
    return out;
}

CREMA_DECL result<std::string> resolve_url(std::string_view base_text, std::string_view reference_text) {
    const auto base = parse_url(base_text), reference = parse_url(reference_text);
    if (!base) return base.error();
    if (!reference) return reference.error();
    if (!base->scheme) return failure{make_error_code(error::bad_syntax), 0, "the base has no scheme"};
    auto target = *reference;
    std::string path;
    if (reference->scheme || reference->has_authority()) {
        path = remove_dot_segments(reference->path);
    } else {
        target.userinfo = base->userinfo;
        target.host = base->host;
        target.port_text = base->port_text;
        if (reference->path.empty()) {
            path = base->path;
            if (!reference->query) target.query = base->query;
        } else if (reference->path.starts_with('/')) {
            path = remove_dot_segments(reference->path);
        } else {
            const auto slash = base->path.rfind('/');
            const auto front = base->has_authority() && base->path.empty()
                                   ? std::string_view("/")
                                   : base->path.substr(0, slash == base->path.npos ? 0 : slash + 1);
            path = remove_dot_segments(std::string(front).append(reference->path));
        }
    }
    if (!target.scheme) target.scheme = base->scheme;
    target.path = path;
    return target.to_string();
}

} // namespace crema::http
#endif
