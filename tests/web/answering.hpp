// Apps that answer every request by one function, and what comes back.
#pragma once
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace answered {

using namespace crema;
using crema::testing::reply;
using answering = std::function<void(request&, response&)>;

// An app that answers every request by one function, and errors with their text.
inline app answers(answering f) {
    app a;
    a.set("etag", value("express"));
    a.use([f = std::move(f)](request& req, response& res, next&) { f(req, res); });
    a.use([](std::exception_ptr e, request&, response& res, next&) {
        try {
            std::rethrow_exception(e);
        } catch (const http_error& x) {
            res.status(x.status()).end(x.what());
        } catch (const std::exception& x) {
            res.status(500).end(x.what());
        }
    });
    return a;
}

// What comes back for GET /.
inline reply got(answering f) {
    testing::client c(answers(std::move(f)));
    return c.get("/").result();
}

inline std::string field(const reply& r, std::string_view name) { return std::string(r.header(name).value_or("(none)")); }

struct small {
    int a = 1;
};

} // namespace answered
