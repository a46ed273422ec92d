// Plain Asio, callbacks, its defaults: what any framework on it starts from. Answers like the floor: asio PORT
#include <asio.hpp>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
using asio::ip::tcp;

namespace {

std::string answer;

void refresh() {
    static std::time_t last = 0;
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == last) return;
    last = now.tv_sec;
    std::tm parts{};
    gmtime_r(&last, &parts);
    char date[40];
    std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    answer = std::string("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: ") + date + "\r\nContent-Length: 13\r\n\r\nHello, World!";
}

struct session : std::enable_shared_from_this<session> {
    explicit session(tcp::socket s) : socket(std::move(s)) {}

    void read() {
        socket.async_read_some(asio::buffer(buffer), [self = shared_from_this()](asio::error_code failed, std::size_t n) {
            if (failed) return;
            self->in.append(self->buffer, n);
            self->serve();
        });
    }
    void serve() {
        refresh();
        std::size_t used = 0;
        while (const void* blank = memmem(in.data() + used, in.size() - used, "\r\n\r\n", 4)) {
            const auto end = static_cast<std::size_t>(static_cast<const char*>(blank) - in.data()) + 4;
            std::size_t length = 0;
            if (in[used] == 'P')
                if (const void* field = memmem(in.data() + used, end - used, "Content-Length: ", 16))
                    length = std::strtoul(static_cast<const char*>(field) + 16, nullptr, 10);
            if (in.size() < end + length) break;
            if (length) {
                out += answer.substr(0, answer.rfind("Content-Length")) + "Content-Length: " + std::to_string(length) + "\r\n\r\n";
                out.append(in, end, length);
            } else out += answer;
            used = end + length;
        }
        in.erase(0, used);
        if (out.empty()) return read();
        asio::async_write(socket, asio::buffer(out), [self = shared_from_this()](asio::error_code failed, std::size_t) {
            if (failed) return;
            self->out.clear();
            self->read();
        });
    }

    tcp::socket socket;
    std::string in, out;
    char buffer[8192];
};

} // namespace

int main(int, char** argv) {
    asio::io_context context(1);
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), static_cast<unsigned short>(std::atoi(argv[1]))});
    acceptor.listen(4096);
    std::function<void()> accept = [&] {
        acceptor.async_accept([&](asio::error_code failed, tcp::socket s) {
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
