// Paths: parameters, optional parts, wildcards, all methods of one path, callbacks of a parameter.
#include <crema.hpp>
#include <iostream>
#include <map>
#include <string>
using namespace crema;

int main(int argc, char** argv) {
    app app;

    app.param("user", [](request&, response& res, next& next, std::string_view name) {
        static const std::map<std::string_view, std::string_view> users{{"ada", "Ada Lovelace"}, {"grace", "Grace Hopper"}};
        const auto found = users.find(name);
        if (found == users.end()) {
            next("route");
            return;
        }
        res.set("X-User", found->second);
        next();
    });
    app.get("/users/:user", [](request& req) { return "user " + std::string(req.params("user")); });
    app.get("/users/:name", [](request& req, response& res) {
        res.status(404).send("nobody is called " + std::string(req.params("name")));
    });

    app.get("/flights/:from-:to", [](request& req, response& res) {
        res.json({{"from", req.params("from")}, {"to", req.params("to")}});
    });
    app.get("/docs{/:page}", [](request& req) { return "page " + std::string(req.params().get("page").value_or("one")); });
    app.get("/files/*path", [](request& req) {
        std::string all;
        for (const auto& segment : req.params().begin()->segments()) all += (all.empty() ? "" : " > ") + segment;
        return all;
    });
    app.get({"/colour", "/color"}, [](request&) { return "green"; });

    app.route("/book")
        .get([](request&) { return "a book"; })
        .post([](request&, response& res) { res.status(201).send("a new book"); })
        .del([](request&, response& res) { res.status(204).end(); });
    app.all("/any", [](request& req) { return req.method(); });

    app.get("/search", [](request& req, response& res) { res.json(req.query()); });

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
