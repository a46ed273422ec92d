// Pistache, one thread; JSON by nlohmann's library: pistache PORT
#include <nlohmann/json.hpp>
#include <pistache/endpoint.h>
#include <pistache/router.h>
#include <cstdlib>
#include <string>
using namespace Pistache;

int main(int, char** argv) {
    Rest::Router router;
    const auto id = [](const Rest::Request& req, Http::ResponseWriter res) {
        res.send(Http::Code::Ok, req.param(":id").as<std::string>(), MIME(Text, Plain));
        return Rest::Route::Result::Ok;
    };
    const char* routes = std::getenv("ROUTES");
    for (int i = 0, n = routes ? std::atoi(routes) : 0; i < n; ++i)
        Rest::Routes::Get(router, "/api/v1/resource" + std::to_string(i) + "/:id/detail", id);
    Rest::Routes::Get(router, "/plaintext", [](const Rest::Request&, Http::ResponseWriter res) {
        res.send(Http::Code::Ok, "Hello, World!", MIME(Text, Plain));
        return Rest::Route::Result::Ok;
    });
    Rest::Routes::Get(router, "/json", [](const Rest::Request&, Http::ResponseWriter res) {
        res.send(Http::Code::Ok, nlohmann::json{{"message", "Hello, World!"}}.dump(), MIME(Application, Json));
        return Rest::Route::Result::Ok;
    });
    Rest::Routes::Get(router, "/users/:id", id);
    Rest::Routes::Post(router, "/echo-json", [](const Rest::Request& req, Http::ResponseWriter res) {
        res.send(Http::Code::Ok, nlohmann::json::parse(req.body()).dump(), MIME(Application, Json));
        return Rest::Route::Result::Ok;
    });
    Http::Endpoint endpoint(Address("127.0.0.1", Port(static_cast<std::uint16_t>(std::atoi(argv[1])))));
    endpoint.init(Http::Endpoint::options().threads(1).flags(Tcp::Options::ReuseAddr | Tcp::Options::NoDelay).maxRequestSize(1 << 16));
    endpoint.setHandler(router.handler());
    endpoint.serve();
}
