// One file at a time: shown, saved, in parts; and what happens when it is not there.
#include <crema.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
using namespace crema;

int main(int argc, char** argv) {
    app app;
    const auto root = std::filesystem::absolute(std::getenv("FILES") ? std::getenv("FILES") : "public");

    app.get("/show/:name", [root](request& req, response& res) {
        res.send_file(req.params("name"), {.root = root, .headers = {{"X-Sent", "yes"}}, .max_age = std::chrono::minutes(1)});
    });
    app.get("/part", [root](request&, response& res) {
        res.send_file("hello.txt", {.root = root, .last_modified = false, .cache_control = false, .start = 2, .end = 6});
    });
    app.get("/save/:name", [root](request& req, response& res) {
        res.download(root / req.params("name"), "naïve \"copy\".txt");
    });
    app.get("/told/:name", [root](request& req, response& res) -> task<> {
        int status = 0;
        std::string code;
        try {
            const send_file_options options{.root = root};
            co_await res.send_file(req.params("name"), options);
        } catch (const http_error& err) {
            status = err.status();
            code = err.type();
        }
        if (status) res.status(status).json({{"error", code.empty() ? "none" : code}});
    });
    app.get("/attachment", [](request&, response& res) { res.attachment("reports/summary.csv").send("a,b\n1,2\n"); });

    return app.listen(argc > 1 ? std::stoi(argv[1]) : 3000, [](server& s) { std::cout << s.port() << std::endl; });
}
