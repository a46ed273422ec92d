// RESTinio with its express router; JSON by nlohmann's library: restinio PORT
#include <nlohmann/json.hpp>
#include <restinio/all.hpp>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>

namespace {

using router = restinio::router::express_router_t<>;

struct traits : restinio::default_single_thread_traits_t {
    using request_handler_t = router;
};

auto send(const restinio::request_handle_t& req, const char* type, std::string body) {
    return req->create_response()
        .append_header(restinio::http_field::content_type, type)
        .append_header_date_field()
        .set_body(std::move(body))
        .done();
}

} // namespace

int main(int, char** argv) {
    auto routes = std::make_unique<router>();
    const auto id = [](const auto& req, const auto& params) { return send(req, "text/plain", std::string(params["id"])); };
    const char* many = std::getenv("ROUTES");
    for (int i = 0, n = many ? std::atoi(many) : 0; i < n; ++i)
        routes->http_get("/api/v1/resource" + std::to_string(i) + "/:id/detail", id);
    routes->http_get("/plaintext", [](const auto& req, const auto&) { return send(req, "text/plain", "Hello, World!"); });
    routes->http_get("/json", [](const auto& req, const auto&) {
        return send(req, "application/json", nlohmann::json{{"message", "Hello, World!"}}.dump());
    });
    routes->http_get("/users/:id", id);
    routes->http_post("/echo-json", [](const auto& req, const auto&) {
        return send(req, "application/json", nlohmann::json::parse(req->body()).dump());
    });
    restinio::run(restinio::on_this_thread<traits>()
                      .port(static_cast<std::uint16_t>(std::atoi(argv[1])))
                      .address("127.0.0.1")
                      .max_pipelined_requests(32)
                      .socket_options_setter([](auto& options) { options.set_option(restinio::asio_ns::ip::tcp::no_delay(true)); })
                      .request_handler(std::move(routes)));
}
