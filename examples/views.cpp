// Views: templates in files, an engine that renders them on the pool, values from the app, the answer and the call.
//
//   curl localhost:3000/             the users, by a Mustache template
//   curl localhost:3000/search?q=a   those whose name has an a
//   curl localhost:3000/hello.txt    an engine of three lines
//   curl localhost:3000/missing      500: Failed to lookup view "missing" …
#include <crema.hpp>
#include <crema/ext/mustache.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

using namespace crema;

struct user {
    std::string name;
    int age;
};

int main(int argc, char** argv) {
    app app;
    const auto here = std::filesystem::path(__FILE__).parent_path();
    app.set("views", value((here / "views").string()));
    app.set("view engine", value("mustache")); // the extension of names that have none
    app.set("title", value("Views"));          // {{settings.title}}
    app.engine("mustache", mustache());
    // Any function is an engine; one that waits is a coroutine.
    app.engine("txt", [](const std::string& path, const value& options) -> task<std::string> {
        auto text = co_await fs::read_file(path);
        co_return text + options["name"].as_string() + "\n";
    });
    app.locals()["title"] = "Everybody"; // for every view, unless hidden

    const std::vector<user> users{{"Ada", 36}, {"Bob", 41}, {"Eve", 29}};

    const auto list = [](const std::vector<user>& some) {
        auto all = value::array({});
        for (const auto& u : some) all.push_back(value{{"name", u.name}, {"age", u.age}});
        return all;
    };

    app.get("/", [=](request&, response& res) { res.render("index", {{"users", list(users)}}); });

    app.get("/search", [=](request& req, response& res) {
        const auto part = req.query("q").value_or("");
        std::vector<user> found;
        for (const auto& u : users)
            if (u.name.find(part) != std::string::npos) found.push_back(u);
        res.locals()["title"] = "Found";
        res.render("index", {{"users", list(found)}});
    });

    app.get("/hello.txt", [](request&, response& res) {
        res.type("text").render("hello.txt", {{"name", "Ada"}});
    });

    app.get("/missing", [](request&, response& res) { res.render("missing"); });

    return app.listen(argc > 1 ? static_cast<std::uint16_t>(std::atoi(argv[1])) : 3000, [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
