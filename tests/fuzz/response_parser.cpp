// Fuzz: responses, as clients read them, give the same result in any pieces, and belong to the octets they came in.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/core/text.hpp>
#include <crema/http/response_parser.hpp>
#include <string>

using namespace crema::http;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhelloHTTP/1.1", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nx",
        "HTTP/1.0 200 \r\nConnection: keep-alive\r\n\r\nuntil the end", "HTTP/1.1 404\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\nrest",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\ny",
        "HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"};
    return all;
}

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {"\r\n", "\r", "\n", ":", " ", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.1 100 \r\n\r\n", "Connection: close\r\n",
        "-1", "+2", "18446744073709551616", "99", "1000", "\r\n\r\n", "0\r\n\r\n", "HTTP/2"};
    return all;
}

namespace {

struct outcome {
    std::size_t used = 0;
    std::string told;
    bool operator==(const outcome&) const = default;
};

outcome run(std::string_view input, std::size_t step, response_parser::to method) {
    response_parser parser(method);
    outcome r;
    while (r.used < input.size() && !parser.done() && parser.where() != response_parser::state::bad) {
        fuzz::exact piece(input.substr(r.used, step));
        const auto used = parser.feed(piece.view());
        fuzz::require(used <= piece.size(), "no more is used than there is");
        fuzz::require(used == piece.size() || parser.done() || parser.where() == response_parser::state::bad, "all is used before the end");
        r.used += used;
    }
    parser.finish();
    if (!parser.done()) return {0, "bad"};
    r.told = std::to_string(parser.status()) + " " + parser.reason() + (parser.keep_alive() ? " keep\n" : "\n");
    for (const auto& [name, content] : parser.fields()) {
        fuzz::require(crema::is_token(name) && parser.field(name), "fields have names, by which they are found");
        r.told += name + ":" + content + "\n";
    }
    for (int status : parser.informational()) fuzz::require(status >= 100 && status < 200, "informational is 1xx");
    r.told += parser.body() + std::to_string(parser.informational().size());
    fuzz::require(parser.status() >= 100 && parser.status() < 1000, "three digits");
    fuzz::require(parser.body().size() <= r.used, "a body is not more than came");
    const auto length = parser.field("content-length");
    if (length && !parser.body().empty()) fuzz::require(std::to_string(parser.body().size()) == length->substr(std::min(length->find_first_not_of('0'), length->size())), "a body has its length");
    if (parser.status() == 204 || parser.status() == 304 || method == response_parser::to::head) fuzz::require(parser.body().empty(), "no body is read where there is none");
    return r;
}

} // namespace

void fuzz::check(std::string_view input) {
    for (auto method : {response_parser::to::other, response_parser::to::head}) {
        const auto whole = run(input, input.size() + 1, method);
        require(run(input, 1, method) == whole, "one octet at a time");
        require(run(input, 7, method) == whole, "pieces of 7");
    }
}
