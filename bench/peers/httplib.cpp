// cpp-httplib; JSON by nlohmann's library: httplib PORT
#include <httplib.h>
#include <nlohmann/json.hpp>
#include <cstdlib>
#include <limits>
#include <string>

int main(int, char** argv) {
    httplib::Server server;
    server.new_task_queue = [] { return new httplib::ThreadPool(128); }; // a thread for each connection
    server.set_keep_alive_max_count(std::numeric_limits<int>::max());
    server.set_tcp_nodelay(true);
    const auto id = [](const httplib::Request& req, httplib::Response& res) { res.set_content(std::string(req.matches[1]), "text/plain"); };
    const char* routes = std::getenv("ROUTES");
    for (int i = 0, n = routes ? std::atoi(routes) : 0; i < n; ++i)
        server.Get("/api/v1/resource" + std::to_string(i) + "/([^/]+)/detail", id);
    server.Get("/plaintext", [](const httplib::Request&, httplib::Response& res) { res.set_content("Hello, World!", "text/plain"); });
    server.Get("/json", [](const httplib::Request&, httplib::Response& res) {
        res.set_content(nlohmann::json{{"message", "Hello, World!"}}.dump(), "application/json");
    });
    server.Get("/users/([^/]+)", id);
    server.Post("/echo-json", [](const httplib::Request& req, httplib::Response& res) {
        res.set_content(nlohmann::json::parse(req.body).dump(), "application/json");
    });
    server.listen("127.0.0.1", std::atoi(argv[1]));
}
