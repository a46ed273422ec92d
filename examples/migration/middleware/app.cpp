// Middleware in a chain, locals, errors that are thrown, passed on, and handled.
#include <crema.hpp>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
using namespace crema;

int main(int argc, char** argv) {
    app app;

    app.use([](request&, response& res, next& next) {
        res.locals()["trail"] = value::array({"first"});
        res.set("X-Trail", "yes");
        next();
    });
    app.use({"/admin", "/staff"}, [](request& req, response& res, next& next) {
        if (req.get("X-Token") != "secret") return res.status(401).json({{"error", "no token"}});
        res.locals()["trail"].as_array().push_back("guard of " + std::string(req.base_url()));
        next();
    });

    const auto load = [](request&, response& res, next& next) -> task<> {
        co_await sleep(std::chrono::milliseconds(1));
        res.locals()["trail"].as_array().push_back("loaded");
        next();
    };

    app.get("/", load, [](request&, response& res) { res.json(res.locals()["trail"]); });
    app.get("/admin", load, [](request&, response& res) { res.json(res.locals()["trail"]); });
    app.get("/skip", [](request&, response&, next& next) { next("route"); }, [](request&) { return "never"; });
    app.get("/skip", [](request&) { return "skipped"; });

    app.get("/throws", [](request&) { throw std::runtime_error("a bug"); });
    app.get("/rejects", [](request&) -> task<> {
        throw http_error(503, "try later");
        co_return;
    });
    app.get("/passes", [](request&, response&, next& next) { next(http_error(410, "gone for good")); });
    app.get("/unhandled", [](request&) { throw http_error(403, "secret"); });

    app.use([](const std::exception& err, request& req, response& res, next& next) {
        if (req.path() == "/unhandled") {
            next(std::current_exception());
            return;
        }
        const auto* http = dynamic_cast<const http_error*>(&err);
        res.status(http ? http->status() : 500).json({{"error", err.what()}});
    });

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
