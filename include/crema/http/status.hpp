// Status codes: their standard phrases and ready-made status lines.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <string_view>

namespace crema::http {

/// Returns the standard phrase of a status, as Node's STATUS_CODES has it; empty when there is none. Lives forever.
constexpr std::string_view reason_phrase(int status) noexcept;

/// Returns `"HTTP/1.1 200 OK\r\n"`, ready to send; empty when the status has no standard phrase. Lives forever.
constexpr std::string_view status_line(int status) noexcept;

/// Tells whether a response with this status never has a body: 1xx, 204, 304 (RFC 9112 section 6.3).
constexpr bool has_no_body(int status) noexcept { return status < 200 || status == 204 || status == 304; }

/// Tells whether the status has three digits and so may be sent.
constexpr bool is_valid_status(int status) noexcept { return status >= 100 && status <= 999; }

namespace detail {

struct status_entry {
    int status;
    std::string_view line; // the phrase stands from octet 13 on
};

#define CREMA_STATUS(code, phrase) {code, "HTTP/1.1 " #code " " phrase "\r\n"}
inline constexpr status_entry statuses[] = {
    CREMA_STATUS(100, "Continue"),
    CREMA_STATUS(101, "Switching Protocols"),
    CREMA_STATUS(102, "Processing"),
    CREMA_STATUS(103, "Early Hints"),
    CREMA_STATUS(200, "OK"),
    CREMA_STATUS(201, "Created"),
    CREMA_STATUS(202, "Accepted"),
    CREMA_STATUS(203, "Non-Authoritative Information"),
    CREMA_STATUS(204, "No Content"),
    CREMA_STATUS(205, "Reset Content"),
    CREMA_STATUS(206, "Partial Content"),
    CREMA_STATUS(207, "Multi-Status"),
    CREMA_STATUS(208, "Already Reported"),
    CREMA_STATUS(226, "IM Used"),
    CREMA_STATUS(300, "Multiple Choices"),
    CREMA_STATUS(301, "Moved Permanently"),
    CREMA_STATUS(302, "Found"),
    CREMA_STATUS(303, "See Other"),
    CREMA_STATUS(304, "Not Modified"),
    CREMA_STATUS(305, "Use Proxy"),
    CREMA_STATUS(307, "Temporary Redirect"),
    CREMA_STATUS(308, "Permanent Redirect"),
    CREMA_STATUS(400, "Bad Request"),
    CREMA_STATUS(401, "Unauthorized"),
    CREMA_STATUS(402, "Payment Required"),
    CREMA_STATUS(403, "Forbidden"),
    CREMA_STATUS(404, "Not Found"),
    CREMA_STATUS(405, "Method Not Allowed"),
    CREMA_STATUS(406, "Not Acceptable"),
    CREMA_STATUS(407, "Proxy Authentication Required"),
    CREMA_STATUS(408, "Request Timeout"),
    CREMA_STATUS(409, "Conflict"),
    CREMA_STATUS(410, "Gone"),
    CREMA_STATUS(411, "Length Required"),
    CREMA_STATUS(412, "Precondition Failed"),
    CREMA_STATUS(413, "Payload Too Large"),
    CREMA_STATUS(414, "URI Too Long"),
    CREMA_STATUS(415, "Unsupported Media Type"),
    CREMA_STATUS(416, "Range Not Satisfiable"),
    CREMA_STATUS(417, "Expectation Failed"),
    CREMA_STATUS(418, "I'm a Teapot"),
    CREMA_STATUS(421, "Misdirected Request"),
    CREMA_STATUS(422, "Unprocessable Entity"),
    CREMA_STATUS(423, "Locked"),
    CREMA_STATUS(424, "Failed Dependency"),
    CREMA_STATUS(425, "Too Early"),
    CREMA_STATUS(426, "Upgrade Required"),
    CREMA_STATUS(428, "Precondition Required"),
    CREMA_STATUS(429, "Too Many Requests"),
    CREMA_STATUS(431, "Request Header Fields Too Large"),
    CREMA_STATUS(451, "Unavailable For Legal Reasons"),
    CREMA_STATUS(500, "Internal Server Error"),
    CREMA_STATUS(501, "Not Implemented"),
    CREMA_STATUS(502, "Bad Gateway"),
    CREMA_STATUS(503, "Service Unavailable"),
    CREMA_STATUS(504, "Gateway Timeout"),
    CREMA_STATUS(505, "HTTP Version Not Supported"),
    CREMA_STATUS(506, "Variant Also Negotiates"),
    CREMA_STATUS(507, "Insufficient Storage"),
    CREMA_STATUS(508, "Loop Detected"),
    CREMA_STATUS(509, "Bandwidth Limit Exceeded"),
    CREMA_STATUS(510, "Not Extended"),
    CREMA_STATUS(511, "Network Authentication Required"),
};
#undef CREMA_STATUS

struct status_index {
    unsigned char at[512]{}; // position in `statuses` plus one
    constexpr status_index() {
        unsigned char n = 0;
        for (const auto& s : statuses) at[s.status] = ++n;
    }
};
inline constexpr status_index statuses_by_code{};

} // namespace detail

constexpr std::string_view status_line(int status) noexcept {
    if (status < 0 || status >= 512) return {};
    const auto i = detail::statuses_by_code.at[status];
    return i == 0 ? std::string_view{} : detail::statuses[i - 1].line;
}

constexpr std::string_view reason_phrase(int status) noexcept {
    const auto line = status_line(status);
    return line.empty() ? line : line.substr(13, line.size() - 15);
}

} // namespace crema::http
