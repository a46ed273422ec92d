// logger: a line for each request, when it has been answered.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <functional>
#include <memory>
#include <string_view>

namespace crema {

/** Options of `logger`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct logger_options {
    /// Receives each line, without an end of line, on the loop. Standard output when empty.
    std::function<void(std::string_view)> write{};
};

/** Is the middleware that `logger` makes.

    @par Thread Safety
    As what `write` does.
*/
class logger_handler {
public:
    /// Construct with options.
    explicit logger_handler(logger_options options) : options_(std::make_shared<logger_options>(std::move(options))) {}
    /// @cond
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    std::shared_ptr<const logger_options> options_;
};

/** Make a middleware that logs requests: `GET /api/posts 200 3.1 ms`.

    The time runs from this layer to the end of the exchange; `-` stands for a status when the client left before an answer.
    Control characters of the target are shown escaped.
*/
inline logger_handler logger(logger_options options = {}) { return logger_handler(std::move(options)); }

} // namespace crema

#if CREMA_BODIES
#include <chrono>
#include <cstdio>
#include <string>

namespace crema {

CREMA_DECL void logger_handler::operator()(request& req, response& res, next& next) const {
    const auto begin = std::chrono::steady_clock::now();
    res.on_close([options = options_, begin, &req, &res] {
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
        std::string line;
        const auto shown = [&](std::string_view text) {
            for (const char c : text)
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                    char hex[8];
                    std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
                    line += hex;
                } else line += c;
        };
        shown(req.method());
        line += ' ';
        shown(req.original_url());
        line += ' ';
        line += res.headers_sent() ? std::to_string(res.status_code()) : "-";
        char rest[64];
        std::snprintf(rest, sizeof rest, " %.1f ms", took.count());
        line += rest;
        if (options->write) options->write(line);
        else {
            line += '\n';
            std::fwrite(line.data(), 1, line.size(), stdout);
            std::fflush(stdout);
        }
    });
    next();
}

} // namespace crema
#endif
