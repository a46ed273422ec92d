// Routers within routers, an app within the app, settings that are inherited.
#include <crema.hpp>
#include <iostream>
#include <string>
using namespace crema;

value list(const std::vector<std::string_view>& texts) {
    auto all = value::array();
    for (const auto one : texts) all.as_array().push_back(one);
    return all;
}

int main(int argc, char** argv) {
    app app;
    app.set("title", "top");
    app.set("trust proxy", "loopback");

    router notes({.merge_params = true});
    notes.get("/", [](request& req, response& res) {
        res.json({{"user", req.params("user")}, {"base", req.base_url()}, {"url", req.url()}});
    });
    notes.get("/:note", [](request& req, response& res) {
        res.json({{"user", req.params("user")}, {"note", req.params("note")}});
    });

    router users;
    users.use("/:user/notes", notes);
    users.get("/:user", [](request& req, response& res, next& next) {
        if (req.params("user") == "nobody") next("router");
        else res.send("user " + std::string(req.params("user")));
    });
    app.use("/users", users);
    app.get("/users/nobody", [](request&) { return "left the router"; });

    crema::app admin;
    admin.on("mount", [&](crema::app& parent) { admin.set("title", parent.get("title").as_string() + " > admin"); });
    admin.get("/", [&](request& req, response& res) {
        res.json({{"title", admin.get("title")},
                  {"path", admin.path()},
                  {"base", req.base_url()},
                  {"original", req.original_url()}});
    });
    admin.get("/who", [](request& req, response& res) {
        res.json({{"ip", req.ip()},
                  {"ips", list(req.ips())},
                  {"protocol", req.protocol()},
                  {"host", req.hostname()},
                  {"subdomains", list(req.subdomains())}});
    });
    app.use({"/admin", "/root"}, admin);

    router strict({.case_sensitive = true, .strict = true});
    strict.get("/Exact", [](request&) { return "exact"; });
    app.use("/strict", strict);

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
