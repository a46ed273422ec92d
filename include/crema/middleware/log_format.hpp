// log_format: formats of log lines as morgan has them, and JSON; what a line needs is taken quickly, written later.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema {

/// Is what a token of one's own stands for: called on the loop when the answer is over; empty is shown as `-`.
using log_token = std::function<std::string(request& req, response& res)>;

/// Says how `log_format` writes.
struct log_format_options {
    /// A name (`combined`, `common`, `short`, `tiny`, `dev`, `json`) or a text with tokens; see docs/middleware.md.
    std::string format = ":method :url :status :response-time[1] ms";
    /// Tokens of one's own, `{"id", f}` for `:id`; of `json`, members.
    std::vector<std::pair<std::string, log_token>> tokens{};
    /// Header fields whose values are never shown.
    std::vector<std::string> redact_headers{"authorization", "proxy-authorization", "cookie",       "set-cookie",
                                            "x-api-key",     "x-auth-token",        "x-csrf-token", "x-amz-security-token"};
    /// Names in queries whose values are never shown, in `:url` and `:referrer`; also as a part of a name, as in `user[token]`.
    std::vector<std::string> redact_query{"access_token", "api_key",  "apikey",   "auth",     "auth_token",    "client_secret", "code",
                                          "id_token",     "jwt",      "key",      "otp",      "passwd",        "password",      "pwd",
                                          "refresh_token", "secret",  "session",  "session_id", "sig",         "signature",     "state",
                                          "token",        "x-amz-credential", "x-amz-security-token", "x-amz-signature"};
};

/** Is a format that was read once.

    Control characters, broken UTF-8, quotes and backslashes of what clients send are escaped: a line stays a line.

    @par Thread Safety
    Safe, when the tokens of one's own are.
*/
class log_format {
public:
    /** Construct.
        @throws std::invalid_argument for a token that is not known.
    */
    CREMA_DECL explicit log_format(log_format_options options);

    /// Is what a line needs, as views, until it is put into a record. Used again it allocates nothing.
    struct taken {
        std::int64_t over, response, total; // nanoseconds; negative when there is none
        std::uint64_t length;               // ~0 when not known
        net::address peer;
        std::uint16_t status;               // 0 without an answer
        std::uint8_t minor;
        std::size_t size;                   // of the record
        std::vector<std::string_view> texts; // null where there is none
        std::vector<std::string> own;
    };
    /// Takes what a line needs; on the loop. `answered` is false before there is an answer. Valid until the exchange ends.
    CREMA_DECL void take(taken& to, request& req, response& res, bool answered) const;
    /// Writes a record. @param to Room for `t.size` octets.
    CREMA_DECL void put(char* to, const taken& t) const;
    /** Write the lines of records, each with an end of line.

        @param records As `put` made them, one behind the other.
        @param dropped When not 0, a line tells that so many are missing.
        @param now What `steady` was at the time `system`.
    */
    CREMA_DECL void write(std::string& out, std::string_view records, std::uint64_t dropped,
                          std::chrono::system_clock::time_point system, std::chrono::steady_clock::time_point steady) const;

private:
    enum class kind : unsigned char {
        // what is kept as text in a record
        method, url, referrer, user_agent, remote_user, forwarded_addr, request_field, response_field, own,
        // what is kept as numbers
        literal, remote_addr, status, length, response_time, total_time, date_clf, date_iso, date_web, http_version, pid, color, level,
    };
    struct piece {
        kind what;
        bool hidden = false;    // a header field that is never shown
        std::uint8_t digits = 3;
        std::string text{};     // of a literal; the name of a field
        log_token own{};
        std::string member{};   // of JSON
    };
    static bool is_text(kind k) noexcept { return k < kind::literal; }
    CREMA_DECL void parse(std::string_view format);
    CREMA_DECL piece token(std::string_view name, std::string_view argument) const;
    CREMA_DECL static char* escape(char* to, std::string_view text, bool json);
    CREMA_DECL void hide_query(std::string& out, std::string_view url) const;

    log_format_options options_;
    std::vector<piece> pieces_;
    std::size_t fixed_ = 0;    // the most octets of a line, without texts
    bool needs_peer_ = false;
    bool json_ = false;
};

namespace detail {

// Writes nanoseconds as milliseconds with so many digits behind the point, rounded.
CREMA_DECL char* log_milliseconds(char* to, std::uint64_t ns, unsigned digits) noexcept;

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <crema/core/copy.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <crema/http/date.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <unistd.h>

namespace crema {
namespace detail {

// The begin of a record; the peer follows if it is needed, then texts, each with its length in front.
struct log_record {
    static constexpr std::uint32_t none = ~0u;
    std::int64_t over, response, total;
    std::uint64_t length;
    std::uint32_t size; // of all of it
    std::uint16_t status;
    std::uint8_t minor;
};
constexpr std::size_t log_text_most = 16 * 1024; // octets of one text that are kept

inline std::string_view log_format_of(std::string_view name) {
    if (name == "combined")
        return ":remote-addr - :remote-user [:date[clf]] \":method :url HTTP/:http-version\" :status :res[content-length] \":referrer\" \":user-agent\"";
    if (name == "common") return ":remote-addr - :remote-user [:date[clf]] \":method :url HTTP/:http-version\" :status :res[content-length]";
    if (name == "short") return ":remote-addr :remote-user :method :url HTTP/:http-version :status :res[content-length] - :response-time ms";
    if (name == "tiny") return ":method :url :status :res[content-length] - :response-time ms";
    if (name == "dev") return "\x1b[0m:method :url :color[status]:status\x1b[0m :response-time ms - :res[content-length]\x1b[0m";
    return name;
}

// Writes digits, zeros in front up to a width.
inline char* log_number(char* to, std::uint64_t n, std::size_t width = 1) noexcept {
    char digits[20];
    auto* p = digits + sizeof digits;
    do *--p = static_cast<char>('0' + n % 10);
    while ((n /= 10) != 0);
    while (static_cast<std::size_t>(digits + sizeof digits - p) < width) *--p = '0';
    return put_text(to, {p, static_cast<std::size_t>(digits + sizeof digits - p)});
}

CREMA_DECL char* log_milliseconds(char* to, std::uint64_t ns, unsigned digits) noexcept {
    std::uint64_t scale = 1;
    for (auto d = digits; d < 6; ++d) scale *= 10;
    const auto n = (ns + scale / 2) / scale;
    std::uint64_t part = 1;
    for (unsigned d = 0; d < std::min(digits, 6u); ++d) part *= 10;
    to = log_number(to, n / part);
    if (digits == 0) return to;
    *to++ = '.';
    to = log_number(to, n % part, std::min(digits, 6u));
    for (; digits > 6; --digits) *to++ = '0';
    return to;
}

// 1 for octets that stand for themselves in a line.
inline constexpr auto log_plain = [] {
    std::array<bool, 256> t{};
    for (unsigned c = 0x20; c < 0x7f; ++c) t[c] = c != '"' && c != '\\';
    return t;
}();

} // namespace detail

CREMA_DECL log_format::log_format(log_format_options options) : options_(std::move(options)) {
    json_ = options_.format == "json";
    if (json_) {
        const auto member = [this](std::string_view name, std::string_view t, std::string_view argument = {}) {
            pieces_.push_back(token(t, argument));
            pieces_.back().member = name;
        };
        member("time", "date", "iso");
        member("level", "level");
        member("method", "method");
        member("url", "url");
        member("status", "status");
        member("length", "res", "content-length");
        member("ms", "response-time");
        member("remote", "remote-addr");
        member("agent", "user-agent");
        for (const auto& t : options_.tokens) member(t.first, t.first);
    } else parse(detail::log_format_of(options_.format));
    for (const auto& p : pieces_) {
        fixed_ += 64 + p.text.size() + 6 * p.member.size();
        needs_peer_ = needs_peer_ || p.what == kind::remote_addr;
    }
}

CREMA_DECL void log_format::parse(std::string_view format) {
    std::string text;
    const auto flush = [&] {
        if (!text.empty()) pieces_.push_back({.what = kind::literal, .text = std::exchange(text, {})});
    };
    for (std::size_t at = 0; at < format.size();) {
        auto end = at + 1;
        while (end < format.size() && (is_alpha(format[end]) || (end > at + 1 && (is_digit(format[end]) || format[end] == '-' || format[end] == '_')))) ++end;
        while (end > at + 1 && format[end - 1] == '-') --end; // of the text behind it
        if (format[at] != ':' || end < at + 3) { // a name has two letters at least
            text += format[at++];
            continue;
        }
        const auto name = format.substr(at + 1, end - at - 1);
        std::string_view argument;
        if (end < format.size() && format[end] == '[') {
            const auto close = format.find(']', end);
            if (close != format.npos) {
                argument = format.substr(end + 1, close - end - 1);
                end = close + 1;
            }
        }
        flush();
        pieces_.push_back(token(name, argument));
        at = end;
    }
    flush();
}

CREMA_DECL log_format::piece log_format::token(std::string_view name, std::string_view argument) const {
    for (const auto& [own, f] : options_.tokens)
        if (own == name) return {.what = kind::own, .own = f};
    if (name == "req" || name == "res") {
        if (!is_token(argument)) throw std::invalid_argument("crema: logger: \":" + std::string(name) + "\" needs the name of a field: \":req[host]\"");
        if (name == "res" && iequals(argument, "content-length")) return {.what = kind::length};
        piece p{.what = name == "req" ? kind::request_field : kind::response_field, .text = std::string(argument)};
        for (const auto& h : options_.redact_headers) p.hidden = p.hidden || iequals(h, argument);
        return p;
    }
    if (name == "response-time" || name == "total-time") {
        piece p{.what = name == "total-time" ? kind::total_time : kind::response_time};
        if (!argument.empty()) {
            const auto [end, ec] = std::from_chars(argument.data(), argument.data() + argument.size(), p.digits);
            if (ec != std::errc{} || end != argument.data() + argument.size() || p.digits > 9)
                throw std::invalid_argument("crema: logger: \":" + std::string(name) + "[" + std::string(argument) + "]\" takes 0 to 9 digits");
        }
        return p;
    }
    if (name == "date") {
        if (argument.empty() || argument == "web") return {.what = kind::date_web};
        if (argument == "clf") return {.what = kind::date_clf};
        if (argument == "iso") return {.what = kind::date_iso};
        throw std::invalid_argument("crema: logger: \":date[" + std::string(argument) + "]\": clf, iso or web");
    }
    static constexpr std::pair<std::string_view, kind> known[] = {
        {"method", kind::method},           {"url", kind::url},         {"referrer", kind::referrer},         {"user-agent", kind::user_agent},
        {"remote-user", kind::remote_user}, {"status", kind::status},   {"http-version", kind::http_version}, {"pid", kind::pid},
        {"remote-addr", kind::remote_addr}, {"color", kind::color},     {"level", kind::level}};
    for (const auto& [n, k] : known)
        if (n == name) return {.what = k};
    throw std::invalid_argument("crema: logger: no token \":" + std::string(name) + "\"");
}

CREMA_DECL void log_format::take(taken& t, request& req, response& res, bool answered) const {
    using std::chrono::nanoseconds;
    const auto& times = res.watched();
    const auto over = answered ? times.over_at() : std::chrono::steady_clock::now();
    const bool sent = answered && res.headers_sent();
    auto& x = req.raw();
    t.status = static_cast<std::uint16_t>(sent ? res.status_code() : 0);
    t.minor = static_cast<std::uint8_t>(req.http_version_minor());
    t.over = nanoseconds(over.time_since_epoch()).count();
    t.response = sent ? nanoseconds(times.head_at() - times.begun()).count() : -1;
    t.total = sent ? nanoseconds(over - times.begun()).count() : -1;
    t.length = sent ? x.answer_length().value_or(~std::uint64_t{0}) : ~std::uint64_t{0};
    t.size = sizeof(detail::log_record);
    if (needs_peer_) {
        t.peer = x.peer();
        t.size += sizeof t.peer;
    }
    t.texts.clear();
    t.own.clear();
    t.own.reserve(options_.tokens.empty() ? 0 : pieces_.size()); // views of them are kept
    const auto add = [&](std::string_view text) {
        text = text.substr(0, detail::log_text_most);
        t.texts.push_back(text);
        t.size += sizeof(std::uint32_t) + text.size();
    };
    for (const auto& p : pieces_)
        switch (p.what) {
        case kind::method: add(req.method()); break;
        case kind::url: add(req.original_url()); break;
        case kind::referrer: add(req.get("Referer").value_or(std::string_view())); break;
        case kind::user_agent: add(req.get("User-Agent").value_or(std::string_view())); break;
        case kind::remote_user: add(req.get("Authorization").value_or(std::string_view())); break;
        case kind::remote_addr: add(req.options().trust_proxy.nobody() ? std::string_view() : req.ip()); break;
        case kind::request_field: add(req.get(p.text).value_or(std::string_view())); break;
        case kind::response_field: add(sent ? res.get(p.text).value_or(std::string_view()) : std::string_view()); break;
        case kind::own: add(t.own.emplace_back(p.own(req, res))); break;
        default: break;
        }
}

CREMA_DECL void log_format::put(char* to, const taken& t) const {
    const detail::log_record r{t.over, t.response, t.total, t.length, static_cast<std::uint32_t>(t.size), t.status, t.minor};
    std::memcpy(to, &r, sizeof r);
    to += sizeof r;
    if (needs_peer_) {
        std::memcpy(to, &t.peer, sizeof t.peer);
        to += sizeof t.peer;
    }
    for (const auto text : t.texts) {
        const auto n = static_cast<std::uint32_t>(text.size());
        std::memcpy(to, &n, sizeof n);
        to = put_text(to + sizeof n, text);
    }
}

// Writes at most six octets for each.
CREMA_DECL char* log_format::escape(char* to, std::string_view text, bool json) {
    constexpr std::string_view hex = "0123456789abcdef";
    const auto octet = [&](std::string_view in_front, unsigned char c) {
        to = put_text(to, in_front);
        *to++ = hex[c >> 4];
        *to++ = hex[c & 15];
    };
    for (std::size_t at = 0; at < text.size();) {
        auto end = at;
        while (end < text.size() && detail::log_plain[static_cast<unsigned char>(text[end])]) ++end;
        to = put_text(to, text.substr(at, end - at));
        at = end;
        if (at == text.size()) break;
        const auto c = static_cast<unsigned char>(text[at]);
        const auto n = c < 0x80 ? 0 : utf8_length(text.substr(at));
        const auto second = n == 2 ? static_cast<unsigned char>(text[at + 1]) : 0;
        const bool control = c == 0xc2 && n == 2 && second < 0xa0; // U+0080 to U+009F: a terminal obeys
        if (n != 0 && !control) {
            to = put_text(to, text.substr(at, n));
            at += n;
            continue;
        }
        if (c == '"' || c == '\\') {
            *to++ = '\\';
            *to++ = static_cast<char>(c);
        } else if (!json) {
            octet("\\x", c);
            if (control) octet("\\x", second);
        } else if (c >= 0x80 && !control) to = put_text(to, "\xef\xbf\xbd");
        else octet("\\u00", control ? second : c);
        at += control ? 2 : 1;
    }
    return to;
}

CREMA_DECL void log_format::hide_query(std::string& out, std::string_view url) const {
    auto at = std::min(url.find('?'), url.size());
    out.assign(url, 0, at);
    if (const auto scheme = out.find("://"); scheme != out.npos && out.find('/') == scheme + 1) { // http://name:password@host
        const auto authority = scheme + 3, end = std::min(out.find_first_of("/#", authority), out.size());
        const auto sign = std::string_view(out).substr(0, end).rfind('@');
        if (sign != out.npos && sign >= authority) out.replace(authority, sign - authority, "[redacted]");
    }
    while (at < url.size()) {
        const auto end = std::min(url.find_first_of("&;", at + 1), url.size());
        const auto pair = url.substr(at + 1, end - at - 1);
        const auto equals = pair.find('=');
        out += url[at];
        bool hidden = false;
        if (equals != pair.npos) {
            const auto name = percent_decode_lenient(pair.substr(0, equals), plus_sign::is_space);
            for (std::string_view rest = name; !rest.empty() && !hidden;) {
                const auto one = rest.substr(0, rest.find_first_of("[]."));
                for (const auto& n : options_.redact_query) hidden = hidden || iequals(n, one);
                rest.remove_prefix(std::min(one.size() + 1, rest.size()));
            }
        }
        out.append(hidden ? pair.substr(0, equals + 1) : pair);
        if (hidden) out += "[redacted]";
        at = end;
    }
}

CREMA_DECL void log_format::write(std::string& out, std::string_view records, std::uint64_t dropped,
                                  std::chrono::system_clock::time_point system, std::chrono::steady_clock::time_point steady) const {
    using namespace std::chrono;
    std::string shown;
    std::vector<char> line(4096);
    char* to = line.data();
    const auto room_for = [&](std::size_t n) {
        if (line.size() < n) line.resize(n);
        to = line.data();
    };
    const auto date = [&](kind how, std::int64_t ms) {
        char web[http::date_size];
        http::format_date_to(web, ms / 1000); // Sun, 06 Nov 1994 08:49:37 GMT
        const std::string_view w(web, sizeof web);
        const auto day = w.substr(5, 2), month = w.substr(8, 3), year = w.substr(12, 4), time = w.substr(17, 8);
        if (how == kind::date_web) to = put_text(to, w);
        else if (how == kind::date_clf) {
            for (const auto part : {day, std::string_view("/"), month, std::string_view("/"), year, std::string_view(":"), time, std::string_view(" +0000")})
                to = put_text(to, part);
        } else {
            const year_month_day date_of(floor<days>(sys_seconds(seconds(ms / 1000))));
            *(to = put_text(to, year)) = '-';
            *(to = detail::log_number(to + 1, static_cast<unsigned>(date_of.month()), 2)) = '-';
            *(to = put_text(to + 1, day)) = 'T';
            *(to = put_text(to + 1, time)) = '.';
            *(to = detail::log_number(to + 1, static_cast<std::uint64_t>(ms % 1000), 3)) = 'Z';
            ++to;
        }
    };
    const auto milliseconds_of = [&](std::int64_t over) {
        const auto at = system + duration_cast<system_clock::duration>(nanoseconds(over) - steady.time_since_epoch());
        return duration_cast<milliseconds>(at.time_since_epoch()).count();
    };
    while (records.size() >= sizeof(detail::log_record)) {
        detail::log_record r;
        std::memcpy(&r, records.data(), sizeof r);
        auto rest = records.substr(sizeof r, r.size - sizeof r);
        records.remove_prefix(r.size);
        net::address peer;
        if (needs_peer_) {
            std::memcpy(&peer, rest.data(), sizeof peer);
            rest.remove_prefix(sizeof peer);
        }
        room_for(fixed_ + 6 * (rest.size() + 16 * pieces_.size()) + 64);
        char between = '{';
        for (const auto& p : pieces_) {
            if (p.what == kind::literal) {
                to = put_text(to, p.text);
                continue;
            }
            std::string_view given; // what the record has for this piece
            if (is_text(p.what) || p.what == kind::remote_addr) {
                std::uint32_t n;
                std::memcpy(&n, rest.data(), sizeof n);
                given = rest.substr(sizeof n, n);
                rest.remove_prefix(sizeof n + n);
                if (p.what == kind::remote_addr && given.empty()) given = shown = peer.host();
                else if (p.what == kind::remote_user && !given.empty()) {
                    const auto user = istarts_with(given, "Basic ") ? base64_decode(trim_ows(given.substr(6))) : result<std::string>(std::string());
                    const auto colon = user ? user->find(':') : std::string::npos;
                    given = shown = colon == std::string::npos ? std::string() : user->substr(0, colon);
                } else if ((p.what == kind::url || p.what == kind::referrer) && given.find_first_of("?@") != given.npos) {
                    hide_query(shown, given);
                    given = shown;
                    const auto used = static_cast<std::size_t>(to - line.data()), wanted = used + 6 * (shown.size() + rest.size() + 16 * pieces_.size()) + fixed_;
                    if (line.size() < wanted) { // what is hidden may have been shorter
                        line.resize(wanted);
                        to = line.data() + used;
                    }
                }
                if (p.hidden && !given.empty()) given = "[redacted]";
            }
            const bool number = p.what == kind::status || p.what == kind::length || p.what == kind::response_time || p.what == kind::total_time;
            const auto n = p.what == kind::status          ? (r.status ? std::int64_t{r.status} : -1)
                           : p.what == kind::length        ? static_cast<std::int64_t>(r.length)
                           : p.what == kind::response_time ? r.response
                                                           : r.total;
            if (json_) {
                if (number ? n < 0 : (is_text(p.what) || p.what == kind::remote_addr) && given.empty()) continue; // JSON has no hyphens
                *to++ = std::exchange(between, ',');
                *to++ = '"';
                to = put_text(escape(to, p.member, true), number ? "\":" : "\":\"");
            }
            switch (p.what) {
            case kind::status:
            case kind::length:
                if (n < 0) *to++ = '-';
                else to = detail::log_number(to, static_cast<std::uint64_t>(n));
                break;
            case kind::response_time:
            case kind::total_time:
                if (n < 0) *to++ = '-';
                else to = detail::log_milliseconds(to, static_cast<std::uint64_t>(n), p.digits);
                break;
            case kind::date_clf:
            case kind::date_iso:
            case kind::date_web: date(p.what, milliseconds_of(r.over)); break;
            case kind::http_version:
                to = put_text(to, "1.");
                *to++ = static_cast<char>('0' + r.minor);
                break;
            case kind::pid: to = detail::log_number(to, static_cast<std::uint64_t>(::getpid())); break;
            case kind::color:
                to = put_text(to, r.status >= 500 ? "\x1b[31m" : r.status >= 400 ? "\x1b[33m" : r.status >= 300 ? "\x1b[36m" : r.status >= 200 ? "\x1b[32m" : "\x1b[0m");
                break;
            case kind::level: to = put_text(to, r.status == 0 || r.status >= 500 ? "error" : r.status >= 400 ? "warn" : "info"); break;
            default:
                if (given.empty()) *to++ = '-';
                else to = escape(to, given, json_);
            }
            if (json_ && !number) *to++ = '"';
        }
        if (json_) *to++ = '}';
        *to++ = '\n';
        out.append(line.data(), to);
    }
    if (dropped == 0) return;
    room_for(256);
    if (json_) {
        to = put_text(to, "{\"time\":\"");
        date(kind::date_iso, duration_cast<milliseconds>(system.time_since_epoch()).count());
        to = put_text(to, "\",\"level\":\"warn\",\"message\":\"log lines were dropped\",\"dropped\":");
        to = put_text(detail::log_number(to, dropped), "}\n");
    } else {
        to = put_text(detail::log_number(put_text(to, "crema: "), dropped), " log lines were dropped\n");
    }
    out.append(line.data(), to);
}

} // namespace crema
#endif
