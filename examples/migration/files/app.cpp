// A directory of files, with and without options.
#include <crema.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
using namespace crema;

int main(int argc, char** argv) {
    app app;
    const char* root = std::getenv("FILES") ? std::getenv("FILES") : "public";

    app.use("/private", static_files(root, {.fallthrough = fallthrough::off,
                                            .index = {},
                                            .redirect = false,
                                            .dotfiles = dotfiles::deny}));
    app.use("/assets", static_files(root, {.extensions = {"html", "txt"},
                                           .max_age = std::chrono::hours(24),
                                           .immutable = true,
                                           .set_headers = [](response& res, std::string_view path, const auto&) {
                                               res.set("X-Name", path.substr(path.rfind('/') + 1));
                                           }}));
    app.use(static_files(root));
    app.use([](request& req, response& res) { res.status(404).send("no file " + std::string(req.path())); });

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
