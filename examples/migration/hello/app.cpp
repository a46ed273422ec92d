// The smallest thing that answers: text, JSON, a status.
#include <crema.hpp>
#include <iostream>
using namespace crema;

int main(int argc, char** argv) {
    app app;

    app.get("/", [](request&, response& res) { res.send("hello, world"); });

    app.get("/json", [](request&, response& res) {
        res.json({{"message", "hello"}, {"words", {"hello", "world"}}, {"count", 2}});
    });

    app.get("/teapot", [](request&, response& res) { res.status(418).type("text").send("short and stout"); });

    app.get("/nothing", [](request&, response& res) { res.send_status(204); });

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
