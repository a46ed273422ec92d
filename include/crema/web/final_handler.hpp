// The final handler: answers what no layer has answered, and errors that nobody handled.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/web/fwd.hpp>
#include <exception>

namespace crema {

/** Answer a request that went through all layers.

    Without an error: 404, `Cannot GET /path`. With one: the status of an `http_error`, else the status that was set when it
    is one of an error, else 503 for a full queue (of the pool, of a database), 400, 408 or 413 for a body that could not be
    read, else 500. The page shows the text of the error, unless the setting `env` is `production`: then the standard phrase
    of the status, or what an `http_error` exposes on purpose. Errors of 500 and more are printed, one line each and without the
    query, which may hold secrets; unless `env` is `test`.

    With the setting `problem details` the answer is `application/problem+json` instead of a page: `type`, `title`,
    `status`, and `detail` when the client may see it.

    What was already streaming is cut off, so that the client sees it is not whole; without an error it is left alone, as
    is an answer that was complete.

    @param req The request.
    @param res Its response.
    @param options The settings of the app.
    @param error What was thrown or given to `next`; null for none.

    @see RFC 9457
*/
CREMA_DECL void final_handler(request& req, response& res, const settings& options, std::exception_ptr error);

} // namespace crema

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/error.hpp>
#include <crema/core/html.hpp>
#include <crema/core/printable.hpp>
#include <crema/json/write.hpp>
#include <crema/web/error.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <crema/web/settings.hpp>
#include <cstdio>
#include <string>

namespace crema {
namespace detail {

// What the final handler makes of an error.
struct final_answer {
    int status = 404;
    std::string message; // for whom it may concern
    bool shown = true;   // the client may see it
    std::string kind;    // of an http_error
};

inline final_answer read_error(const std::exception_ptr& error, const exchange& x, response& res, bool production) {
    final_answer a;
    a.status = res.status_code() >= 400 && res.status_code() <= 599 ? res.status_code() : 500;
    a.shown = !production;
    a.message = "unknown error";
    try {
        std::rethrow_exception(error);
    } catch (const http_error& e) {
        a.message = e.what();
        a.shown = !production || e.exposed_on_purpose();
        a.kind = e.type();
        if (e.status() >= 400 && e.status() <= 599) {
            a.status = e.status();
            if (!res.headers_sent())
                for (const auto& [name, field_value] : e.headers()) res.set(name, field_value);
        }
    } catch (const std::system_error& e) {
        a.message = e.what();
        if (e.code() == crema::error::queue_full) { // too much to do now: no mistake of the program
            a.status = 503;
            if (!res.headers_sent()) res.set("Retry-After", "1");
        } else if (x.body_status() != 0 && e.code().category() == crema_category()) { // the body that somebody read
            a.status = x.body_status();
        }
    } catch (const std::exception& e) {
        a.message = e.what();
    } catch (...) {
    }
    return a;
}

// Method and path, for a line of the log; the query may hold secrets.
inline std::string request_in_log(const request& req) {
    const auto url = req.original_url();
    return std::string(req.method()) + " " + printable(url.substr(0, url.find_first_of("?#")));
}

inline std::string error_page(std::string_view message) {
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n"
                       "</head>\n<body>\n<pre>";
    const auto text = escape_html(message);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') page += "<br>";
        else if (text[i] == ' ' && text.compare(i, 2, "  ") == 0) {
            page += " &nbsp;";
            ++i;
        } else page += text[i];
    }
    return page += "</pre>\n</body>\n</html>\n";
}

} // namespace detail

CREMA_DECL void final_handler(request& req, response& res, const settings& options, std::exception_ptr error) {
    if (!error && res.headers_sent()) return;
    if (!res.headers_sent())
        for (const auto* name : {"Content-Encoding", "Content-Language", "Content-Range"}) res.remove(name);
    detail::final_answer a;
    if (error) {
        a = detail::read_error(error, req.raw(), res, options.production);
        if (a.status >= 500 && !options.test)
            std::fprintf(stderr, "crema: %s: %s\n", detail::request_in_log(req).c_str(), printable(a.message).c_str());
        if (res.headers_sent()) {
            if (!res.finished()) req.raw().abort(); // a whole answer stays one
            return;
        }
    } else {
        const auto url = req.original_url();
        auto path = url.substr(0, url.find_first_of("?#"));
        if (const auto scheme = path.find("://"); !path.starts_with('/') && scheme != path.npos)
            path = path.find('/', scheme + 3) == path.npos ? "/" : path.substr(path.find('/', scheme + 3));
        a.message = "Cannot " + std::string(req.method()) + " " + encode_url(path);
    }
    const auto phrase = detail::phrase_of(a.status);
    res.status(a.status);
    res.set("Content-Security-Policy", "default-src 'none'");
    res.set("X-Content-Type-Options", "nosniff");
    if (options.problem_details) {
        value problem = value::object();
        problem["type"] = "about:blank";
        problem["title"] = phrase;
        problem["status"] = a.status;
        if (a.shown && !a.message.empty() && a.message != phrase) problem["detail"] = a.message;
        if (!a.kind.empty()) problem["kind"] = a.kind;
        res.set("Content-Type", "application/problem+json; charset=utf-8");
        res.end(json::stringify(problem));
        return;
    }
    res.set("Content-Type", "text/html; charset=utf-8");
    res.end(detail::error_page(a.shown && !a.message.empty() ? a.message : phrase));
}

} // namespace crema
#endif
