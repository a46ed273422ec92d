// Request methods as small integers: all that Node knows.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crema::http {

/// Names a request method. Methods are case-sensitive; `unknown` stands for every other token.
enum class method : std::uint8_t {
    unknown, ///< none of these; its text is kept beside it
    get, head, post, put, del, patch, options, connect, trace,
    acl, bind, checkout, copy, link, lock, m_search, merge, mkactivity, mkcalendar, mkcol, move, notify, propfind,
    proppatch, purge, query, rebind, report, search, source, subscribe, unbind, unlink, unlock, unsubscribe,
};

/// Counts the methods, `unknown` included.
inline constexpr std::size_t method_count = static_cast<std::size_t>(method::unsubscribe) + 1;

/// Returns the text of a method, which lives forever and is followed by a NUL; empty for `unknown`.
constexpr std::string_view to_string(method m) noexcept;

/// Returns the method with this text, `unknown` when there is none.
constexpr method to_method(std::string_view text) noexcept;

/// Tells whether a request with this method changes nothing (RFC 9110 section 9.2.1).
constexpr bool is_safe(method m) noexcept {
    return m == method::get || m == method::head || m == method::options || m == method::trace ||
           m == method::propfind || m == method::report || m == method::search || m == method::query;
}

/// Tells whether repeating the request changes nothing more (RFC 9110 section 9.2.2).
constexpr bool is_idempotent(method m) noexcept { return is_safe(m) || m == method::put || m == method::del; }

namespace detail {

inline constexpr std::string_view method_names[method_count] = {
    "",          "GET",    "HEAD",       "POST",       "PUT",       "DELETE", "PATCH",     "OPTIONS",  "CONNECT",
    "TRACE",     "ACL",    "BIND",       "CHECKOUT",   "COPY",      "LINK",   "LOCK",      "M-SEARCH", "MERGE",
    "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE",       "NOTIFY",    "PROPFIND", "PROPPATCH", "PURGE",  "QUERY",
    "REBIND",    "REPORT", "SEARCH",     "SOURCE",     "SUBSCRIBE", "UNBIND", "UNLINK",    "UNLOCK",   "UNSUBSCRIBE"};

} // namespace detail

constexpr std::string_view to_string(method m) noexcept {
    return static_cast<std::size_t>(m) < method_count ? detail::method_names[static_cast<std::size_t>(m)]
                                                      : std::string_view{};
}

constexpr method to_method(std::string_view text) noexcept {
    if (text.empty()) return method::unknown;
    for (std::size_t i = 1; i < method_count; ++i)
        if (detail::method_names[i] == text) return static_cast<method>(i);
    return method::unknown;
}

} // namespace crema::http
