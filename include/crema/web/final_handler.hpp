// The final handler: answers what no layer has answered, and errors that nobody handled.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/web/fwd.hpp>
#include <exception>

namespace crema {

/** Answer a request that went through all layers.

    Without an error: 404, `Cannot GET /path`. With one: the status of an `http_error`, else the status that was
    set when it is one of an error, else 500; the text of the error is hidden when the setting `env` is
    `production`, and where the error says so. What was already streaming is cut off, so that the client sees it is
    not whole.

    @param req The request.
    @param res Its response.
    @param options The settings of the app.
    @param error What was thrown or given to `next`; null for none.
*/
CREMA_DECL void final_handler(request& req, response& res, const settings& options, std::exception_ptr error);

} // namespace crema

#if CREMA_BODIES
#include <crema/core/html.hpp>
#include <crema/http/status.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <crema/web/settings.hpp>
#include <cstdio>
#include <string>

namespace crema {
CREMA_DECL void final_handler(request& req, response& res, const settings& options, std::exception_ptr error) {
    int status = 404;
    std::string message;
    if (!error) {
        message = "Cannot " + std::string(req.method()) + " " + std::string(req.original_url().substr(0, req.original_url().find('?')));
    } else {
        status = res.status_code() >= 400 && res.status_code() <= 599 ? res.status_code() : 500;
        bool expose = !options.production;
        const http_error* with_fields = nullptr;
        std::string what = "unknown error";
        try {
            std::rethrow_exception(error);
        } catch (const http_error& e) {
            if (e.status() >= 400 && e.status() <= 599) {
                status = e.status();
                with_fields = &e;
            }
            what = e.what();
            if (what.empty()) what = http::reason_phrase(status);
            expose = e.expose() || !options.production;
        } catch (const std::exception& e) {
            what = e.what();
        } catch (...) {
        }
        if (status >= 500 && !options.test)
            std::fprintf(stderr, "crema: %.*s %.*s: %s\n", static_cast<int>(req.method().size()), req.method().data(),
                         static_cast<int>(req.original_url().size()), req.original_url().data(), what.c_str());
        message = expose ? what : std::string(http::reason_phrase(status));
        if (res.headers_sent()) {
            req.raw().abort();
            return;
        }
        if (with_fields)
            for (const auto& [name, field_value] : with_fields->headers()) res.set(name, field_value);
    }
    if (res.headers_sent()) {
        req.raw().abort();
        return;
    }
    for (const auto* name : {"Content-Encoding", "Content-Language", "Content-Range"}) res.remove(name);
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>";
    page += escape_html(message);
    page += "</pre>\n</body>\n</html>\n";
    res.status(status);
    res.set("Content-Security-Policy", "default-src 'none'");
    res.set("X-Content-Type-Options", "nosniff");
    res.set("Content-Type", "text/html; charset=utf-8");
    res.end(page);
}

} // namespace crema
#endif
