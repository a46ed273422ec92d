// Routes: patterns, parameters, routers, and paths that the compiler checks.
//
//   routing [port]
//   curl http://localhost:3000/users/7             -> user 7
//   curl http://localhost:3000/files/a/b.txt       -> file a/b.txt
//   curl http://localhost:3000/docs                -> docs, page 1
//   curl http://localhost:3000/docs/4              -> docs, page 4
//   curl http://localhost:3000/square/12           -> {"number":12,"square":144}
//   curl http://localhost:3000/square/abc          -> 400, names the parameter
//   curl http://localhost:3000/shop/items/9?sort=price  -> item 9 of /shop by price
//   curl -X DELETE http://localhost:3000/shop/items/9   -> deleted 9
#include <crema.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
using namespace crema;

struct squared {
    int number;
    long square;
};

int main(int argc, char** argv) {
    app app;

    app.get("/users/:id", [](request& req, response& res) { res.send("user " + std::string(req.params("id"))); });

    app.get("/files/*path", [](request& req, response& res) { res.send("file " + std::string(req.params("path"))); });

    app.get("/docs{/:page}", [](request& req, response& res) {
        const auto page = req.params().get("page").value_or("1");
        res.send("docs, page " + std::string(page));
    });

    // The compiler knows this path: a misspelt name does not compile, and text that is no int is answered with 400.
    app.get<"/square/:number">([](param<"number", int> number, response& res) {
        res.json(squared{number, static_cast<long>(number) * number});
    });

    // A router is an application of its own, mounted below a path.
    router shop;
    shop.route("/items/:id")
        .get([](request& req, response& res) {
            res.send("item " + std::string(req.params("id")) + " of " + std::string(req.base_url()) + " by " +
                     std::string(req.query("sort").value_or("name")));
        })
        .del([](request& req, response& res) { res.send("deleted " + std::string(req.params("id"))); });
    app.use("/shop", shop);

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
