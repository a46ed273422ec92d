// Errors: thrown anywhere, answered in one place.
//
//   error_handling [port]
//   curl -i http://localhost:3000/users/99      -> 404 {"error":"no such user"}
//   curl -i http://localhost:3000/later         -> 500 {"error":"the disk is on fire"}
//   curl -i http://localhost:3000/passed        -> 503 {"error":"come back later"}, Retry-After: 30
//   curl -i http://localhost:3000/missing       -> 404 {"error":"Cannot GET /missing"}
#include <crema.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
using namespace crema;

struct problem {
    std::string error;
};

int main(int argc, char** argv) {
    app app;

    app.get("/users/:id", [](request&, response&) { throw http_error(404, "no such user"); });

    // A throw behind a co_await reaches the same place.
    app.get("/later", [](request&, response&) -> task<> {
        co_await sleep(std::chrono::milliseconds(5));
        throw std::runtime_error("the disk is on fire");
    });

    // A throw and next(error) are the same thing.
    app.get("/passed", [](request&, response&, next& next) {
        next(http_error(503, "come back later").header("Retry-After", "30"));
    });

    app.use([](request& req, response&) {
        throw http_error(404, "Cannot " + std::string(req.method()) + " " + std::string(req.path()));
    });

    // Error handlers come last. This one sees errors that know their status; what it does not see goes on.
    app.use([](const http_error& e, request&, response& res, next&) {
        for (const auto& [name, field] : e.headers()) res.set(name, field);
        res.status(e.status()).json(problem{e.what()});
    });
    app.use([](const std::exception& e, request&, response& res, next&) { res.status(500).json(problem{e.what()}); });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
