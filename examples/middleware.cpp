// Middleware: runs before and after the layers behind it.
//
//   middleware [port]
//   curl -i http://localhost:3000/                      -> hello, and X-Frame-Options: DENY
//   curl http://localhost:3000/admin                    -> 401
//   curl -H 'X-Token: secret' http://localhost:3000/admin   -> welcome
//   curl -d '{"text":"hi"}' -H 'Content-Type: application/json' http://localhost:3000/echo   -> {"text":"hi"}
#include <crema.hpp>
#include <cstdio>
#include <cstdlib>
using namespace crema;

int main(int argc, char** argv) {
    app app;

    app.use(logger());
    app.use(body_json({.limit = 10'000}));

    // A function of (request&, response&, next&). What stands behind next() runs when the layers behind have run.
    app.use([](request&, response& res, next& next) {
        res.set("X-Frame-Options", "DENY");
        next();
    });

    // A coroutine may wait: for a session store, for a limit, or for all layers behind it.
    app.use([](request& req, response&, next& next) -> task<> {
        const auto begin = std::chrono::steady_clock::now();
        co_await next();
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
        std::printf("%.*s took %ld us\n", static_cast<int>(req.path().size()), req.path().data(), static_cast<long>(took.count()));
    });

    app.get("/", [](request&, response& res) { res.send("hello"); });

    // Middleware of one path.
    app.use("/admin", [](request& req, response& res, next& next) {
        if (req.get("X-Token") != "secret") return res.send_status(401);
        next();
    });
    app.get("/admin", [](request&, response& res) { res.send("welcome"); });

    app.post("/echo", [](request& req, response& res) { res.json(req.body()); });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
