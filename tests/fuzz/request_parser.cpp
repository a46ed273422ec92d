// Fuzz: request heads give the same result in any pieces, and nothing outside of the octets is shown.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/core/text.hpp>
#include <crema/http/request_parser.hpp>

using namespace crema::http;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nPOST /a/b?c=d&e HTTP/1.1\r\nHost: h.example:80\r\nContent-Length: 12\r\n"
        "Connection: keep-alive, close\r\n\r\n",
        "PUT http://user.example:81/x?y HTTP/1.1\r\nhost: [::1]:8080\r\nTransfer-Encoding: chunked\r\n"
        "Expect: 100-continue\r\n\r\n",
        "CONNECT h.example:443 HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: \r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "GET /index.html HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        "M-SEARCH /x HTTP/1.1\r\nHost: a\r\nAccept: \t a, b \t\r\nX-Unknown-Name-That-Is-Long: \xc3\xa9\r\n"
        "Accept: c\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
        "sec-ch-ua-platform: \"Linux\"\r\n"
        "Upgrade-Insecure-Requests: 1\r\nAccept-Encoding: gzip, deflate, br\r\n"
        "te: trailers\r\nCookie: a=b; c=d\r\n\r\n",
    };
    return all;
}

namespace {

struct outcome {
    parse_state state;
    std::size_t consumed = 0;
    int status = 0;
    std::string facts;
    bool operator==(const outcome&) const = default;
};

outcome run(std::string_view input, std::size_t first, std::size_t step, const parse_limits& limits) {
    request_parser parser(limits);
    request_head head;
    parser.reset(head);
    outcome r{parse_state::need_more, 0, 0, {}};
    for (auto have = std::min(first, input.size());; have = std::min(have + step, input.size())) {
        fuzz::exact part(input.substr(0, have));
        r.state = parser.parse(head, part.data(), part.size());
        if (r.state == parse_state::bad) {
            r.status = parser.status();
            r.facts = parser.reason();
        }
        if (r.state == parse_state::done) {
            r.consumed = parser.consumed();
            const auto all = part.view();
            auto add = [&](std::string_view v) {
                fuzz::require(v.empty() || v == "/" ||
                                  (v.data() >= all.data() && v.data() + v.size() <= all.data() + r.consumed),
                              "views lie in the head");
                r.facts.append(v) += '\n';
            };
            for (auto v :
                 {head.method_text(), head.target(), head.path(), head.query(), head.authority(), head.host()})
                add(v);
            for (auto f : head.fields()) {
                add(f.name);
                add(f.value);
                fuzz::require(crema::is_token(f.name) && valid_field_value(f.value), "fields are valid");
                fuzz::require(f.id == to_field(f.name), "fields have their integer");
                fuzz::require(f.value == crema::trim_ows(f.value), "values are trimmed");
                fuzz::require(head.has(f.name), "fields are found");
            }
            r.facts += std::to_string(head.content_length().value_or(0)) + (head.chunked() ? "c" : "") +
                       (head.keep_alive() ? "k" : "") + (head.upgrade() ? "u" : "");
            fuzz::require(all.substr(0, r.consumed).ends_with("\r\n\r\n") || head.field_count() == 0,
                          "a head ends in an empty line");
            fuzz::require(!(head.chunked() && head.content_length()), "one framing");
            fuzz::require(head.version_minor() == 0 || head.has(field::host), "there is a host");
        }
        if (r.state != parse_state::need_more || have == input.size()) return r;
    }
}

} // namespace

void fuzz::check(std::string_view input) {
    parse_limits limits;
    if (input.size() % 4 == 1) limits = {64, 96, 4};
    const auto whole = run(input, input.size(), 1, limits);
    require(run(input, 1, 1, limits) == whole, "one octet at a time");
    require(run(input, input.size() / 2, input.size(), limits) == whole, "two halves");
    require(run(input, 7, 16, limits) == whole, "pieces of 16");
}
