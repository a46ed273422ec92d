// Heap allocations of the whole way of a request, from the socket through the app and back: none in steady state.
// SPDX-License-Identifier: MIT
#include <crema/web/app.hpp>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

// Sanitizers have an allocator of their own, and the names below are glibc's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define CREMA_TEST_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CREMA_TEST_COUNTS 0
#endif
#endif
#if !defined(CREMA_TEST_COUNTS)
#define CREMA_TEST_COUNTS 1
#endif

#if CREMA_TEST_COUNTS

namespace {

thread_local constinit std::uint64_t allocations = 0; // of this thread

} // namespace

extern "C" { // what glibc calls its own
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t n) {
    ++allocations;
    return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t each) {
    ++allocations;
    return __libc_calloc(n, each);
}
void* realloc(void* p, std::size_t n) {
    ++allocations;
    return __libc_realloc(p, n);
}
void* memalign(std::size_t alignment, std::size_t n) {
    ++allocations;
    return __libc_memalign(alignment, n);
}
void* aligned_alloc(std::size_t alignment, std::size_t n) {
    ++allocations;
    return __libc_memalign(alignment, n);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t n) {
    ++allocations;
    *out = __libc_memalign(alignment, n);
    return *out ? 0 : ENOMEM;
}
}

namespace {

using namespace crema;

struct greeting {
    std::string_view message;
    int number;
    std::vector<int> list;
};

// A blocking client on a real socket.
class tcp_client {
public:
    explicit tcp_client(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(static_cast<std::uint16_t>(port));
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval limit{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) ::perror("connect");
    }
    tcp_client(const tcp_client&) = delete;
    ~tcp_client() { ::close(fd_); }
    // Sends so many requests at once; tells whether so many answers 200 with bodies that end in `}` or `!` come back.
    bool ask(std::string_view target, int times = 1) {
        std::string all;
        for (int i = 0; i < times; ++i) {
            all += "GET ";
            all += target;
            all += " HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nUser-Agent: test\r\n\r\n";
        }
        if (::send(fd_, all.data(), all.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(all.size())) return false;
        int ends = 0;
        char room[16384];
        while (ends < times) {
            const auto n = ::recv(fd_, room, sizeof room, 0);
            if (n <= 0) return false;
            for (const char c : std::string_view(room, static_cast<std::size_t>(n))) ends += c == '!' || c == '}';
        }
        return true;
    }

private:
    int fd_;
};

// Counts what 1 000 requests allocate on the thread of the loop, after others that have filled all pools.
struct count {
    std::uint64_t allocations = 0;
    bool answered = true;
};

count of(std::string_view target, int pipelined = 1) {
    app app;
    std::vector<std::uint64_t> marks;
    marks.reserve(16);
    app.get("/send", [](request&, response& res) { res.send("Hello, World!"); });
    app.get("/json", [](request&, response& res) { res.json(greeting{"Hello, World", 42, {}}); });
    app.get("/coroutine", [](request&, response& res) -> task<> {
        res.send("Hello, World!");
        co_return;
    });
    app.get("/users/:id", [](request& req, response& res) { res.type("text/plain").send(req.params()["id"]); });
    const auto pass = [](request&, response&, next& next) { next(); };
    router below;
    below.use(pass);
    below.get("/:id", pass, pass, [](request& req, response& res) { res.type("text/plain").send(req.params()["id"]); });
    app.use("/below", pass, below);
    app.get("/mark", [&](request&, response& res) {
        marks.push_back(allocations);
        res.send("marked!");
    });
    auto& l = loop::current();
    count c;
    std::thread client;
    app.listen(0, {.address = "127.0.0.1", .block = false}, [&](server& s) {
        client = std::thread([&, port = s.port()] {
            {
                tcp_client peer(port);
                for (int i = 0; i < 2; ++i) c.answered = c.answered && peer.ask("/mark");
                for (int i = 0; i < 200; ++i) c.answered = c.answered && peer.ask(target, pipelined);
                c.answered = c.answered && peer.ask("/mark");
                for (int i = 0; i < 1000; i += pipelined) c.answered = c.answered && peer.ask(target, pipelined);
                c.answered = c.answered && peer.ask("/mark");
            }
            l.post([&] { app.close(std::chrono::milliseconds(0)); });
        });
    });
    l.run();
    client.join();
    REQUIRE(marks.size() == 4);
    c.allocations = marks[3] - marks[2];
    return c;
}

} // namespace

TEST_CASE("requests in steady state allocate nothing", "[allocations][socket]") {
    const auto none = [](const count& c) {
        CHECK(c.answered);
        CHECK(c.allocations == 0);
    };
    SECTION("the count counts") {
        const auto before = allocations;
        const std::string text(1000, 'x');
        CHECK(allocations == before + 1);
    }
    SECTION("a sync handler that sends") { none(of("/send")); }
    SECTION("a sync handler that sends an aggregate as JSON") { none(of("/json")); }
    SECTION("a coroutine handler that does not suspend") { none(of("/coroutine")); }
    SECTION("a handler with a parameter") { none(of("/users/12!")); }
    SECTION("handlers that hand on, in a mounted router") { none(of("/below/12!")); }
    SECTION("several requests at once") { none(of("/send", 10)); }
}

#endif
