// Takes forms with files into a directory, which are removed when they are answered.
//
//   upload PORT DIRECTORY
#include <crema.hpp>
#include <crema/middleware/multipart.hpp>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    crema::app app;
    crema::listen_options options;
    options.limit.body = std::uint64_t{4} << 30;
    app.post("/", crema::multipart({.limits = {.total = "4gb", .file = "4gb"}, .directory = argv[2]}),
             [](crema::request& req, crema::response& res) { res.send(std::to_string(crema::uploads_of(req).at(0).size())); });
    return app.listen(static_cast<std::uint16_t>(std::atoi(argv[1])), options);
}
