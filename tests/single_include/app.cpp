// An application with nothing but the single header: g++ -std=c++20 app.cpp -lsimdjson -pthread
#include "crema.hpp"
#include <cstdio>

struct greeting {
    std::string text;
    int number;
};

int main() {
    crema::app app;
    app.get<"/hello/:n">([](crema::param<"n", int> n, crema::response& res) { res.json(greeting{"hello", n}); });
    bool right = false;
    app.listen(0, {.address = "127.0.0.1", .handle_signals = false}, [&](crema::server& server) {
        right = server.port() != 0;
        app.close(std::chrono::milliseconds(0));
    });
    return right ? 0 : 1;
}
