// Boost.Beast, in the way of its asynchronous examples; JSON by nlohmann's library: beast PORT
#include <utility> // Boost 1.74 forgets it
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;

namespace {

std::string date() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[40];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return text;
}

class session : public std::enable_shared_from_this<session> {
public:
    explicit session(tcp::socket s) : stream_(std::move(s)) {}

    void read() {
        parser_.emplace();
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code failed, std::size_t) {
            if (!failed) self->answer();
        });
    }

private:
    void answer() {
        const auto& request = parser_->get();
        response_ = {http::status::ok, request.version()};
        response_.set(http::field::date, date());
        response_.keep_alive(request.keep_alive());
        const std::string target(request.target());
        if (target == "/plaintext") send("text/plain", "Hello, World!");
        else if (target == "/json") send("application/json", nlohmann::json{{"message", "Hello, World!"}}.dump());
        else if (target.rfind("/users/", 0) == 0) send("text/plain", target.substr(7));
        else if (target == "/echo-json") send("application/json", nlohmann::json::parse(request.body()).dump());
        else response_.result(http::status::not_found);
        response_.prepare_payload();
        http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code failed, std::size_t) {
            if (!failed && self->response_.keep_alive()) self->read();
        });
    }
    void send(const char* type, std::string body) {
        response_.set(http::field::content_type, type);
        response_.body() = std::move(body);
    }

    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
};

} // namespace

int main(int, char** argv) {
    boost::asio::io_context context(1);
    tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), static_cast<unsigned short>(std::atoi(argv[1]))});
    acceptor.listen(4096);
    std::function<void()> accept = [&] {
        acceptor.async_accept([&](beast::error_code failed, tcp::socket s) {
            if (!failed) {
                s.set_option(tcp::no_delay(true));
                std::make_shared<session>(std::move(s))->read();
            }
            accept();
        });
    };
    accept();
    context.run();
}
