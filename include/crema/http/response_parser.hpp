// response_parser: reads a whole response, for clients.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/core/text.hpp>
#include <crema/http/chunked.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::http {

/** Reads one response after the other from the octets of a connection, with the body in memory.

    Responses of status 1xx, except 101, are counted and passed over.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see RFC 9112 sections 4 and 6.3
*/
class response_parser {
public:
    /// Says whether the answer can have a body at all.
    enum class to : bool { other, head };
    /// Is where the parser stands.
    enum class state : unsigned char { head, body, done, bad };

    /// Construct for the answer to a request. @param method `to::head` for HEAD.
    explicit response_parser(to method = to::other) noexcept : to_(method) {}

    /** Read octets.
        @return How many belong to this response.
    */
    CREMA_DECL std::size_t feed(std::string_view octets);
    /// Says that the connection has ended: completes a body that lasts until then, else the response is bad.
    CREMA_DECL void finish();

    /// Returns where it stands.
    state where() const noexcept { return state_; }
    /// Tells whether the response is complete.
    bool done() const noexcept { return state_ == state::done; }
    /// Returns what is wrong when it is bad.
    std::string_view problem() const noexcept { return problem_; }

    /// Returns the status, 0 before the head is complete.
    int status() const noexcept { return status_; }
    /// Returns the reason phrase.
    const std::string& reason() const noexcept { return reason_; }
    /// Returns the header fields in order, names as they came.
    const std::vector<std::pair<std::string, std::string>>& fields() const noexcept { return fields_; }
    /// Returns the first field of a name, case ignored.
    CREMA_DECL std::optional<std::string_view> field(std::string_view name) const noexcept;
    /// Returns what there is of the body.
    const std::string& body() const noexcept { return body_; }
    /// Takes the body.
    std::string take_body() noexcept { return std::move(body_); }
    /// Returns the status of the informational responses before this one, in order.
    const std::vector<int>& informational() const noexcept { return informational_; }
    /// Tells whether the connection may be used again behind this response.
    bool keep_alive() const noexcept { return keep_alive_; }
    /// Tells whether the head is complete.
    bool head_done() const noexcept { return state_ == state::body || state_ == state::done; }

private:
    enum class framing : unsigned char { none, length, chunked, until_close };
    CREMA_DECL bool parse_head(std::string_view text);
    bool fail(std::string_view why) {
        problem_ = why;
        state_ = state::bad;
        return false;
    }

    to to_;
    state state_ = state::head;
    framing framing_ = framing::none;
    bool keep_alive_ = true;
    int status_ = 0;
    std::uint64_t left_ = 0;
    std::string head_, reason_, body_, problem_;
    std::vector<std::pair<std::string, std::string>> fields_;
    std::vector<int> informational_;
    chunked_decoder chunks_;
};

} // namespace crema::http

#if CREMA_BODIES
#include <algorithm>
#include <charconv>

namespace crema::http {

CREMA_DECL std::optional<std::string_view> response_parser::field(std::string_view name) const noexcept {
    for (const auto& [n, v] : fields_)
        if (iequals(n, name)) return v;
    return std::nullopt;
}

CREMA_DECL std::size_t response_parser::feed(std::string_view octets) {
    std::size_t used = 0;
    while (state_ == state::head && used < octets.size()) {
        constexpr std::size_t most = 256 * 1024;
        const auto before = head_.size();
        head_ += octets.substr(used);
        const auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
        if (end == head_.npos) {
            if (head_.size() > most) fail("the head of the response is too large");
            return octets.size();
        }
        used += end + 4 - before;
        head_.resize(end + 2);
        const std::string text = std::exchange(head_, {});
        if (!parse_head(text)) return used;
        if (status_ >= 100 && status_ < 200 && status_ != 101) {
            informational_.push_back(status_);
            status_ = 0;
            fields_.clear();
            continue;
        }
        state_ = framing_ == framing::none ? state::done : state::body;
    }
    while (state_ == state::body && used < octets.size()) {
        const auto rest = octets.substr(used);
        if (framing_ == framing::until_close) {
            body_ += rest;
            return octets.size();
        }
        if (framing_ == framing::length) {
            const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
            body_ += rest.substr(0, n);
            used += n;
            left_ -= n;
            if (left_ == 0) state_ = state::done;
            continue;
        }
        const auto piece = chunks_.next(rest.data(), rest.size());
        body_ += piece.data;
        used += piece.consumed;
        if (piece.state == parse_state::done) state_ = state::done;
        else if (piece.state == parse_state::bad) fail(chunks_.reason());
    }
    return used;
}

CREMA_DECL void response_parser::finish() {
    if (state_ == state::body && framing_ == framing::until_close) state_ = state::done;
    else if (state_ != state::done) fail("the connection ended within the response");
}

CREMA_DECL bool response_parser::parse_head(std::string_view text) {
    const auto line = text.substr(0, text.find("\r\n"));
    if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return fail("malformed status line");
    const auto [end, ec] = std::from_chars(line.data() + 9, line.data() + 12, status_);
    if (ec != std::errc{} || end != line.data() + 12 || status_ < 100 || (line.size() > 12 && line[12] != ' '))
        return fail("malformed status line");
    reason_ = line.size() > 13 ? line.substr(13) : std::string_view{};
    keep_alive_ = line[7] != '0';
    text.remove_prefix(line.size() + 2);
    framing_ = framing::until_close;
    bool has_length = false, chunked = false;
    while (!text.empty()) {
        const auto field = text.substr(0, text.find("\r\n"));
        text.remove_prefix(field.size() + 2);
        const auto colon = field.find(':');
        if (colon == field.npos || !is_token(field.substr(0, colon))) return fail("malformed header field");
        const auto name = field.substr(0, colon), value = trim_ows(field.substr(colon + 1));
        if (iequals(name, "content-length")) {
            std::uint64_t n = 0;
            const auto [p, bad] = std::from_chars(value.data(), value.data() + value.size(), n);
            if (bad != std::errc{} || p != value.data() + value.size() || (has_length && n != left_))
                return fail("malformed Content-Length");
            left_ = n;
            has_length = true;
        } else if (iequals(name, "transfer-encoding")) chunked = list_contains(value, "chunked");
        else if (iequals(name, "connection")) {
            if (list_contains(value, "close")) keep_alive_ = false;
            else if (list_contains(value, "keep-alive")) keep_alive_ = true;
        }
        fields_.emplace_back(name, value);
    }
    if (chunked && has_length) return fail("both Content-Length and Transfer-Encoding");
    if (to_ == to::head || status_ < 200 || status_ == 204 || status_ == 304) framing_ = framing::none;
    else if (chunked) framing_ = framing::chunked;
    else if (has_length) framing_ = left_ == 0 ? framing::none : framing::length;
    if (framing_ == framing::until_close) keep_alive_ = false;
    return true;
}

} // namespace crema::http
#endif
