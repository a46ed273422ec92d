// A guest book: a form, what it sends, a redirect back.
#include <crema.hpp>
#include <crema/core/html.hpp>
#include <iostream>
#include <string>
#include <vector>
using namespace crema;

struct entry {
    std::string name, text;
};

int main(int argc, char** argv) {
    app app;
    app.set("query parser", "extended");
    std::vector<entry> entries;

    app.get("/", [&](request&, response& res) {
        std::string page = "<ul>";
        for (const auto& e : entries) page += "<li>" + escape_html(e.name) + ": " + escape_html(e.text) + "</li>";
        res.send(page + "</ul>\n"
                        R"(<form method="post" action="/sign"><input name="name"><input name="text"><button>sign</button></form>)"
                        "\n");
    });
    app.post("/sign", body_urlencoded({.limit = "1kb"}), [&](request& req, response& res) {
        const auto field = [&](std::string_view name) {
            const auto* v = req.body().find(name);
            return v && v->is_string() ? v->as_string() : std::string();
        };
        const entry made{field("name"), field("text")};
        if (made.name.empty() || made.text.empty()) return res.status(422).send("name and text are needed");
        entries.push_back(made);
        res.redirect(303, "/");
    });
    app.post("/nested", body_urlencoded({.extended = true, .parameter_limit = 5, .depth = 3}),
             [](request& req, response& res) { res.json(req.body()); });
    app.post("/text", body_text(), [](request& req, response& res) {
        res.type("text").send(to_upper(req.body().as_string()));
    });
    app.post("/octets", body_raw(), [](request& req, response& res) { res.send(std::as_bytes(std::span(req.body().as_string()))); });
    app.get("/find", [](request& req, response& res) { res.json(req.query()); });
    app.get("/old", [](request&, response& res) { res.redirect(301, "/new?a=ü"); });

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
