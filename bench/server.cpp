// The server that is measured: what a user gets, with default settings.
//
//   bench_server PORT
//
// ROUTES=n in the environment registers n routes before the others, MW=n as many middlewares that only call next, OBSERVE=1 metrics
// and logger, THREADS=n serves on n threads.
// SPDX-License-Identifier: MIT
#include <crema.hpp>
#include <crema/middleware/metrics.hpp>

#include "person.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
using namespace crema;

namespace {

struct message {
    std::string_view message;
};

int from_environment(const char* name) {
    const char* text = std::getenv(name);
    return text ? std::atoi(text) : 0;
}

void send_id(request& req, response& res) { res.type("text/plain").send(*req.params().get("id")); }

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_server port\n");
        return 2;
    }
    app app;
    if (from_environment("OBSERVE")) app.use(metrics()).use(logger());
    for (int i = from_environment("MW"); i > 0; --i) app.use([](request&, response&, next& next) { next(); });
    for (int i = 0, n = from_environment("ROUTES"); i < n; ++i)
        app.get("/api/v1/resource" + std::to_string(i) + "/:id/detail", send_id);

    // curl http://localhost:8080/plaintext               -> Hello, World!
    app.get("/plaintext", [](request&, response& res) { res.type("text/plain").send("Hello, World!"); });
    // The same from a coroutine.
    app.get("/coroutine", [](request&, response& res) -> task<> {
        res.type("text/plain").send("Hello, World!");
        co_return;
    });
    // curl http://localhost:8080/json                    -> {"message":"Hello, World!"}
    app.get("/json", [](request&, response& res) { res.json(message{"Hello, World!"}); });
    // curl http://localhost:8080/users/12                -> 12
    app.get("/users/:id", send_id);
    // curl --json @bench/load/person.json http://localhost:8080/echo-json
    app.post("/echo-json", [](body<person> who, response& res) { res.json(*who); });

    listen_options options;
    options.address = "127.0.0.1";
    options.threads = static_cast<unsigned>(std::max(1, from_environment("THREADS")));
    return app.listen(static_cast<std::uint16_t>(std::atoi(argv[1])), std::move(options), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
