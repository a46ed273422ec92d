// Recorded exchanges of Express' body parsers: what was sent must be answered with the octets that were recorded.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/json/write.hpp>
#include <crema/middleware/body_parser.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

namespace wire {

using namespace crema;

struct exchange {
    std::string title;                 ///< of the test of Express that it was recorded from
    std::function<app()> setup;        ///< makes the app that is asked
    std::string line;                  ///< request line
    std::string fields;                ///< beside Host, Accept-Encoding and Connection
    std::string body;                  ///< as it was sent, perhaps in chunks
    std::string status;                ///< status line without the version
    std::string answer_fields;         ///< beside Date, Connection and Content-Length
    std::string answer;                ///< body; one that ends in `*` is the beginning of what is expected
};

/// Makes the app around a parser that was recorded: it answers the body as JSON, an error as its type and message.
inline app around(body_parser parser, std::function<void(app&)> before = {}, std::function<void(app&)> behind = {}) {
    app a;
    a.disable("x-powered-by");
    if (before) before(a);
    a.use(std::move(parser));
    if (behind) behind(a);
    a.use([](request& req, response& res) {
        if (!req.body_parsed()) return res.end("undefined");
        res.end(json::stringify(req.body()));
    });
    a.use([](const http_error& e, request& req, response& res, next&) {
        if (req.get("x-error-property") == "body") return res.status(e.status()).end(*req.raw_body());
        res.status(e.status()).end("[" + e.type() + "] " + e.what());
    });
    return a;
}

inline void check(const exchange& e) {
    INFO(e.title);
    testing::client c(e.setup());
    const auto got = c.raw(e.line + "\r\n" + e.fields + "Host: HOST\r\nAccept-Encoding: gzip, deflate\r\nConnection: close\r\n\r\n" + e.body);
    const auto end = got.find("\r\n\r\n");
    REQUIRE(end != got.npos);
    auto wanted = e.answer;
    const bool beginning = wanted.ends_with('*');
    if (beginning) wanted.pop_back();
    const auto body = got.substr(end + 4);
    std::string head = got.substr(0, end + 2), kept;
    for (std::size_t at = 0; at < head.size();) {
        const auto next = head.find("\r\n", at) + 2;
        const auto line = head.substr(at, next - at);
        if (!line.starts_with("Date: ") && !line.starts_with("Connection: close") && !line.starts_with("Content-Length: ")) kept += line;
        else if (line.starts_with("Content-Length: ")) CHECK(line == "Content-Length: " + std::to_string(body.size()) + "\r\n");
        at = next;
    }
    CHECK(kept == "HTTP/1.1 " + e.status + "\r\n" + e.answer_fields);
    CHECK((beginning ? body.substr(0, wanted.size()) : body) == wanted);
}

inline void check_all(const std::vector<exchange>& all) {
    for (const auto& e : all) check(e);
}

} // namespace wire
