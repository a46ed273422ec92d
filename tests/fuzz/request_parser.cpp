// Fuzz: request heads give the same result in any pieces, and nothing outside of the octets is shown.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/core/text.hpp>
#include <crema/http/request_parser.hpp>
#include <string>
#include <vector>

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
        "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\nD:\r\nE: f\r\n\r\n",
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

// `before` is what the same connection has sent before.
outcome run(std::string_view input, std::size_t first, std::size_t step, const parse_limits& limits, std::string_view before = {}) {
    request_parser parser(limits);
    request_head head;
    fuzz::exact earlier(before);
    if (!before.empty()) {
        request_parser lenient;
        lenient.reset(head);
        (void)lenient.parse(head, earlier.data(), before.size());
    }
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

// What stands in a head that was accepted, as a plain split at its line ends sees it.
void compare_with_lines(std::string_view input, const parse_limits& limits) {
    request_parser parser(limits);
    request_head head;
    parser.reset(head);
    fuzz::exact part(input);
    if (parser.parse(head, part.data(), part.size()) != parse_state::done) return;
    auto text = input.substr(0, parser.consumed());
    while (text.starts_with("\r\n")) text.remove_prefix(2);
    const auto line = [&] {
        const auto end = text.find("\r\n");
        fuzz::require(end != text.npos, "lines end in CR LF");
        const auto one = text.substr(0, end);
        text.remove_prefix(end + 2);
        fuzz::require(one.find_first_of(std::string_view("\r\n\0", 3)) == one.npos, "nothing ends a line within");
        return one;
    };
    const auto first = line();
    const auto a = first.find(' '), b = first.rfind(' ');
    fuzz::require(a < b && first.find(' ', a + 1) == b, "a request line is three words");
    fuzz::require(head.method_text() == first.substr(0, a) && head.target() == first.substr(a + 1, b - a - 1), "method and target");
    fuzz::require(first.substr(b) == (head.version_minor() == 1 ? " HTTP/1.1" : " HTTP/1.0"), "version");
    std::vector<std::decay_t<decltype(*head.fields().begin())>> fields;
    for (auto f : head.fields()) fields.push_back(f);
    std::size_t count = 0;
    bool coded = false;
    std::string lengths;
    for (std::string_view one; !(one = line()).empty(); ++count) {
        const auto colon = one.find(':');
        fuzz::require(colon != one.npos && count < fields.size(), "a field has a colon");
        const auto& f = fields[count];
        fuzz::require(f.name == one.substr(0, colon) && f.value == crema::trim_ows(one.substr(colon + 1)), "fields are lines");
        coded = coded || crema::iequals(f.name, "transfer-encoding");
        if (crema::iequals(f.name, "content-length")) {
            fuzz::require(lengths.empty() || lengths == f.value, "one length");
            lengths = f.value;
        }
    }
    fuzz::require(text.empty() && count == fields.size(), "no field is invented");
    fuzz::require(coded == head.chunked() && (!coded || lengths.empty()), "a coding is chunked, and alone");
    fuzz::require(lengths.empty() == !head.content_length(), "there is a length when it is said");
    fuzz::require(lengths.find_first_not_of("0123456789") == lengths.npos, "a length is digits");
    if (head.content_length()) fuzz::require(*head.content_length() == std::strtoull(lengths.c_str(), nullptr, 10), "the length");
}

} // namespace

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {
        "\r\n", "\r", "\n", "\r\n ", " ", "\t", ":", " :", "Content-Length: 5\r\n", "Content-Length: 05\r\n", "Content-Length: +5\r\n",
        "Content-Length: 5, 5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding:\vchunked\r\n",
        "Host: b\r\n", "Connection: close\r\n", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "http://a@b:1/", "*", "9007199254740992", "18446744073709551616",
        "Expect: 100-continue\r\n", "Upgrade: x\r\nConnection: upgrade\r\n", "\xff", "?", "#", "//", "%", "[::1]"};
    return all;
}

void fuzz::check(std::string_view input) {
    parse_limits limits;
    if (input.size() % 4 == 1) limits = {64, 96, 4};
    const auto whole = run(input, input.size(), 1, limits);
    require(run(input, 1, 1, limits) == whole, "one octet at a time");
    require(run(input, input.size() / 2, input.size(), limits) == whole, "two halves");
    require(run(input, 7, 16, limits) == whole, "pieces of 16");
    // Fields that come again are known again, which changes nothing.
    require(run(input, input.size(), 1, limits, input) == whole, "the same request before");
    if (const auto line = input.find("\r\n"); line != input.npos) {
        const auto other = "GET /other HTTP/1.1" + std::string(input.substr(line));
        require(run(input, input.size(), 1, limits, other) == whole, "the same fields before");
        require(run(input, input.size() / 3 * 2, 5, limits, other) == whole, "the same fields before, in pieces");
    }
    for (const auto seed : seeds()) require(run(input, input.size(), 1, limits, seed) == whole, "another request before");
    compare_with_lines(input, limits);
}
