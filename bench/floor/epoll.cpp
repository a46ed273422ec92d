// The floor: the least a server on one thread can do. It accepts, receives, finds the blank line and sends a fixed answer.
//
//   bench_floor PORT
//
// THREADS=n in the environment makes n of it, each with a socket of its own on the port.
// It knows no routes and believes what it gets; the body of a POST is sent back as it came.
// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace {

struct connection {
    int fd;
    std::string rest; // received, but no whole request yet
    std::string out;  // answered, but not taken by the kernel yet
};

class answers {
public:
    // Looks at the clock once per round of events.
    void refresh() {
        timespec now{};
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
        if (now.tv_sec == second_) return;
        second_ = now.tv_sec;
        tm parts{};
        gmtime_r(&second_, &parts);
        char date[40];
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        hello_ = std::string("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: ") + date +
                 "\r\nContent-Length: 13\r\n\r\nHello, World!";
        echo_ = std::string("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: ") + date + "\r\nContent-Length: ";
    }

    // Answers every whole request; returns how many octets these were.
    std::size_t serve(std::string_view in, std::string& out) const {
        std::size_t used = 0;
        while (used < in.size()) {
            const auto rest = in.substr(used);
            const void* blank = memmem(rest.data(), rest.size(), "\r\n\r\n", 4);
            if (!blank) break;
            const std::size_t head = static_cast<std::size_t>(static_cast<const char*>(blank) - rest.data()) + 4;
            if (rest.front() != 'P') {
                out += hello_;
                used += head;
                continue;
            }
            const void* field = memmem(rest.data(), head, "Content-Length: ", 16);
            const std::size_t length = field ? std::strtoul(static_cast<const char*>(field) + 16, nullptr, 10) : 0;
            if (rest.size() < head + length) break;
            out.append(echo_).append(std::to_string(length)).append("\r\n\r\n").append(rest, head, length);
            used += head + length;
        }
        return used;
    }

private:
    time_t second_ = 0;
    std::string hello_, echo_;
};

void watch(int epoll, int operation, connection* c, int fd, unsigned events) {
    epoll_event e{};
    e.events = events;
    e.data.ptr = c;
    epoll_ctl(epoll, operation, fd, &e);
}

void flush(int epoll, connection& c, bool was_waiting) {
    const ssize_t sent = send(c.fd, c.out.data(), c.out.size(), MSG_NOSIGNAL);
    if (sent > 0) c.out.erase(0, static_cast<std::size_t>(sent));
    if (c.out.empty() == was_waiting) watch(epoll, EPOLL_CTL_MOD, &c, c.fd, was_waiting ? EPOLLIN : EPOLLOUT);
}

int serve(int port, bool alone) {
    const int one = 1;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!alone) setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 4096) != 0) {
        std::perror("bench_floor");
        return 1;
    }
    const int epoll = epoll_create1(0);
    watch(epoll, EPOLL_CTL_ADD, nullptr, listener, EPOLLIN);
    static thread_local char buffer[65536];
    static thread_local epoll_event events[512];
    answers answer;
    for (;;) {
        const int n = epoll_wait(epoll, events, 512, -1);
        answer.refresh();
        for (int i = 0; i < n; ++i) {
            auto* c = static_cast<connection*>(events[i].data.ptr);
            if (!c) {
                for (int fd; (fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    watch(epoll, EPOLL_CTL_ADD, new connection{fd, {}, {}}, fd, EPOLLIN);
                }
                continue;
            }
            if (events[i].events & EPOLLOUT) {
                flush(epoll, *c, true);
                continue;
            }
            const ssize_t got = recv(c->fd, buffer, sizeof buffer, 0);
            if (got <= 0) {
                if (got < 0 && errno == EAGAIN) continue;
                close(c->fd);
                delete c;
                continue;
            }
            const std::string_view fresh(buffer, static_cast<std::size_t>(got));
            if (c->rest.empty()) {
                c->rest.assign(fresh.substr(answer.serve(fresh, c->out)));
            } else {
                c->rest.append(fresh);
                c->rest.erase(0, answer.serve(c->rest, c->out));
            }
            if (!c->out.empty()) flush(epoll, *c, false);
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
    const char* const given = std::getenv("THREADS");
    const int threads = given ? std::atoi(given) : 1;
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGTERM, [](int) { std::_Exit(0); });
    for (int i = 1; i < threads; ++i) std::thread(serve, port, false).detach();
    return serve(port, threads < 2);
}
