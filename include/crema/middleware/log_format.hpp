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
    std::vector<std::string> redact_headers{"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"};
    /// Names in queries whose values are never shown, in `:url` and `:referrer`.
    std::vector<std::string> redact_query{"access_token", "api_key", "apikey",        "client_secret", "id_token", "passwd", "password",
                                          "pwd",          "refresh_token", "secret", "sig",           "signature", "token"};
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

    /// Adds what a line needs to a record; on the loop. `answered` is false before there is an answer.
    CREMA_DECL void take(std::string& to, request& req, response& res, bool answered) const;
    /** Write the lines of records, each with an end of line.

        @param records As `take` made them, one behind the other.
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
    CREMA_DECL static void escape(std::string& out, std::string_view text, bool json);
    CREMA_DECL void hide_query(std::string& out, std::string_view url) const;

    log_format_options options_;
    std::vector<piece> pieces_;
    bool json_ = false;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <crema/http/date.hpp>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <unistd.h>

namespace crema {
namespace detail {

// The begin of a record; texts follow, each with its length in front.
struct log_record {
    static constexpr std::uint32_t none = ~0u;
    std::uint32_t size; // of all of it
    std::uint16_t status; // 0 without an answer
    std::uint8_t minor;
    std::int64_t over, response, total; // nanoseconds; negative when there is none
    std::uint64_t length;               // ~0 when not known
    net::address peer;
};

inline std::string_view log_format_of(std::string_view name) {
    if (name == "combined")
        return ":remote-addr - :remote-user [:date[clf]] \":method :url HTTP/:http-version\" :status :res[content-length] \":referrer\" \":user-agent\"";
    if (name == "common") return ":remote-addr - :remote-user [:date[clf]] \":method :url HTTP/:http-version\" :status :res[content-length]";
    if (name == "short") return ":remote-addr :remote-user :method :url HTTP/:http-version :status :res[content-length] - :response-time ms";
    if (name == "tiny") return ":method :url :status :res[content-length] - :response-time ms";
    if (name == "dev") return "\x1b[0m:method :url :color[status]:status\x1b[0m :response-time ms - :res[content-length]\x1b[0m";
    return name;
}

template <class T>
void log_number(std::string& out, T n, int width = 0) {
    char digits[24];
    auto* const end = std::to_chars(digits, digits + sizeof digits, n).ptr;
    for (auto w = static_cast<int>(end - digits); w < width; ++w) out += '0';
    out.append(digits, end);
}

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

CREMA_DECL void log_format::take(std::string& to, request& req, response& res, bool answered) const {
    using std::chrono::nanoseconds;
    using clock = std::chrono::steady_clock;
    const auto& times = res.watched();
    const auto begin = to.size();
    const auto over = answered ? times.over_at() : clock::now();
    const bool sent = answered && res.headers_sent();
    detail::log_record r{};
    r.status = static_cast<std::uint16_t>(sent ? res.status_code() : 0);
    r.minor = static_cast<std::uint8_t>(req.http_version_minor());
    r.over = nanoseconds(over.time_since_epoch()).count();
    r.response = sent ? nanoseconds(times.head_at() - times.begun()).count() : -1;
    r.total = sent ? nanoseconds(over - times.begun()).count() : -1;
    r.length = sent ? req.raw().answer_length().value_or(~std::uint64_t{0}) : ~std::uint64_t{0};
    r.peer = req.raw().peer();
    to.append(reinterpret_cast<const char*>(&r), sizeof r);
    const auto add = [&](std::optional<std::string_view> text) {
        const std::uint32_t n = text ? static_cast<std::uint32_t>(std::min<std::size_t>(text->size(), 16 * 1024)) : detail::log_record::none;
        to.append(reinterpret_cast<const char*>(&n), sizeof n);
        if (text) to.append(*text, 0, n);
    };
    for (const auto& p : pieces_)
        switch (p.what) {
        case kind::method: add(req.method()); break;
        case kind::url: add(req.original_url()); break;
        case kind::referrer: add(req.get("Referer")); break;
        case kind::user_agent: add(req.get("User-Agent")); break;
        case kind::remote_user: add(req.get("Authorization")); break;
        case kind::remote_addr:
            if (!req.options().trust_proxy.nobody()) add(req.ip());
            else add(std::nullopt); // the peer
            break;
        case kind::request_field: add(req.get(p.text)); break;
        case kind::response_field: add(sent ? res.get(p.text) : std::nullopt); break;
        case kind::own: {
            const auto text = p.own(req, res);
            add(text.empty() ? std::nullopt : std::optional<std::string_view>(text));
            break;
        }
        default: break;
        }
    const auto size = static_cast<std::uint32_t>(to.size() - begin);
    std::memcpy(to.data() + begin + offsetof(detail::log_record, size), &size, sizeof size);
}

CREMA_DECL void log_format::escape(std::string& out, std::string_view text, bool json) {
    for (std::size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        const auto n = c < 0x80 ? 1 : utf8_length(text.substr(at));
        const bool second = n == 2 && c == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0; // U+0080 to U+009F: a terminal obeys
        if (n != 0 && !second && c >= 0x20 && c != 0x7f && c != '"' && c != '\\') {
            out.append(text, at, n);
            at += n;
            continue;
        }
        char hex[8];
        if (c == '"' || c == '\\') (out += '\\') += static_cast<char>(c);
        else if (!json) out.append(hex, static_cast<std::size_t>(std::snprintf(hex, sizeof hex, "\\x%02x", c)));
        else if (second) out.append(hex, static_cast<std::size_t>(std::snprintf(hex, sizeof hex, "\\u%04x", static_cast<unsigned char>(text[++at]))));
        else if (c >= 0x80) out += "\xef\xbf\xbd";
        else out.append(hex, static_cast<std::size_t>(std::snprintf(hex, sizeof hex, "\\u%04x", c)));
        ++at;
    }
}

CREMA_DECL void log_format::hide_query(std::string& out, std::string_view url) const {
    auto at = std::min(url.find('?'), url.size());
    out.assign(url, 0, at);
    while (at < url.size()) {
        const auto end = std::min(url.find_first_of("&;", at + 1), url.size());
        const auto pair = url.substr(at + 1, end - at - 1);
        const auto equals = pair.find('=');
        out += url[at];
        bool hidden = false;
        if (equals != pair.npos) {
            const auto name = percent_decode_lenient(pair.substr(0, equals), plus_sign::is_space);
            for (const auto& n : options_.redact_query) hidden = hidden || iequals(n, name);
        }
        out.append(hidden ? pair.substr(0, equals + 1) : pair);
        if (hidden) out += "[redacted]";
        at = end;
    }
}

CREMA_DECL void log_format::write(std::string& out, std::string_view records, std::uint64_t dropped,
                                  std::chrono::system_clock::time_point system, std::chrono::steady_clock::time_point steady) const {
    using namespace std::chrono;
    std::string text, shown;
    const auto date = [&](kind how, std::int64_t ms) {
        const auto seconds = ms / 1000;
        char web[http::date_size];
        http::format_date_to(web, seconds); // Sun, 06 Nov 1994 08:49:37 GMT
        const std::string_view w(web, sizeof web);
        if (how == kind::date_web) return void(out.append(w));
        if (how == kind::date_clf)
            return void(out.append(w.substr(5, 2)).append("/").append(w.substr(8, 3)).append("/").append(w.substr(12, 4)).append(":").append(w.substr(17, 8)).append(" +0000"));
        const year_month_day day(floor<days>(sys_seconds(std::chrono::seconds(seconds))));
        out.append(w.substr(12, 4)).append("-");
        detail::log_number(out, static_cast<unsigned>(day.month()), 2);
        out.append("-").append(w.substr(5, 2)).append("T").append(w.substr(17, 8)).append(".");
        detail::log_number(out, ms % 1000, 3);
        out += 'Z';
    };
    const auto milliseconds_of = [&](nanoseconds t) { return duration_cast<milliseconds>((system + duration_cast<system_clock::duration>(t - steady.time_since_epoch())).time_since_epoch()).count(); };
    while (records.size() >= sizeof(detail::log_record)) {
        detail::log_record r;
        std::memcpy(&r, records.data(), sizeof r);
        auto rest = records.substr(sizeof r, r.size - sizeof r);
        records.remove_prefix(r.size);
        const char* between = "{";
        for (const auto& p : pieces_) {
            if (p.what == kind::literal) {
                out += p.text;
                continue;
            }
            // texts first: what the record has for this piece
            std::optional<std::string_view> given;
            if (is_text(p.what) || p.what == kind::remote_addr) {
                std::uint32_t n;
                std::memcpy(&n, rest.data(), sizeof n);
                rest.remove_prefix(sizeof n);
                if (n != detail::log_record::none) {
                    given = rest.substr(0, n);
                    rest.remove_prefix(n);
                }
                if (p.what == kind::remote_addr && !given && !(shown = r.peer.host()).empty()) given = shown;
                if (p.what == kind::remote_user && given) {
                    const auto scheme = istarts_with(*given, "Basic ");
                    const auto user = scheme ? base64_decode(trim_ows(given->substr(6))) : result<std::string>(std::string());
                    shown = user ? user->substr(0, user->find(':')) : std::string();
                    given = user && user->find(':') != user->npos && !shown.empty() ? std::optional<std::string_view>(shown) : std::nullopt;
                }
                if ((p.what == kind::url || p.what == kind::referrer) && given && given->find('?') != given->npos) {
                    hide_query(shown, *given);
                    given = shown;
                }
                if (p.hidden && given) given = "[redacted]";
                if (given && given->empty()) given.reset();
            }
            const bool number = p.what == kind::status || p.what == kind::length || p.what == kind::response_time || p.what == kind::total_time;
            const auto n = p.what == kind::status          ? (r.status ? std::int64_t{r.status} : -1)
                           : p.what == kind::length        ? static_cast<std::int64_t>(r.length)
                           : p.what == kind::response_time ? r.response
                           : p.what == kind::total_time    ? r.total
                                                           : 0;
            if (json_) {
                if (number ? n < 0 : (is_text(p.what) || p.what == kind::remote_addr) && !given) continue; // JSON has no hyphens
                (out += between) += '"';
                between = ",";
                escape(out, p.member, true);
                out += number ? "\":" : "\":\"";
            }
            switch (p.what) {
            case kind::status:
            case kind::length:
                if (n < 0) out += '-';
                else detail::log_number(out, n);
                break;
            case kind::response_time:
            case kind::total_time:
                if (n < 0) out += '-';
                else {
                    char ms[40];
                    out.append(ms, std::to_chars(ms, ms + sizeof ms, static_cast<double>(n) / 1e6, std::chars_format::fixed, p.digits).ptr);
                }
                break;
            case kind::date_clf:
            case kind::date_iso:
            case kind::date_web: date(p.what, milliseconds_of(nanoseconds(r.over))); break;
            case kind::http_version: (out += "1.") += static_cast<char>('0' + r.minor); break;
            case kind::pid: detail::log_number(out, ::getpid()); break;
            case kind::color: out += r.status >= 500 ? "\x1b[31m" : r.status >= 400 ? "\x1b[33m" : r.status >= 300 ? "\x1b[36m" : r.status >= 200 ? "\x1b[32m" : "\x1b[0m"; break;
            case kind::level: out += r.status == 0 || r.status >= 500 ? "error" : r.status >= 400 ? "warn" : "info"; break;
            default:
                if (given) escape(out, *given, json_);
                else out += '-';
            }
            if (json_ && !number) out += '"';
        }
        out += json_ ? "}\n" : "\n";
    }
    if (dropped == 0) return;
    if (json_) {
        out += "{\"time\":\"";
        date(kind::date_iso, duration_cast<milliseconds>(system.time_since_epoch()).count());
        out += "\",\"level\":\"warn\",\"message\":\"log lines were dropped\",\"dropped\":";
        detail::log_number(out, dropped);
        out += "}\n";
    } else {
        out += "crema: ";
        detail::log_number(out, dropped);
        out += " log lines were dropped\n";
    }
}

} // namespace crema
#endif
