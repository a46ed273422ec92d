// The smallest application.
//
//   hello_world [port]
//   curl http://localhost:3000/            -> hello, world
#include <crema.hpp>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    crema::app app;

    app.get("/", [](crema::request&, crema::response& res) { res.send("hello, world"); });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
