// A server for the tests of whole processes, tests/e2e/server.py: handlers that misbehave in each way they can.
//
//     e2e_server [--port N] [--address A] [--grace MS] [--watch MS] [--stack] [--quick] [--log]
//                [--threads N] [--inherit] [--half-open] [--words] [--bad-pattern]
//
// Prints its port; at its end, to stderr, how many handlers were begun, how many were cancelled, and what is left of them.
// SPDX-License-Identifier: MIT
#include <crema.hpp>
#include <crema/loop/asio_bridge.hpp>
#include <crema/middleware/health.hpp>

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>
using namespace crema;

namespace {

struct counts {
    int begun, alive, cancelled, on_pool;
};
struct {
    std::atomic<int> begun{0}, alive{0}, cancelled{0}, on_pool{0}; // on_pool: jobs that a thread has taken, ever
    counts now() const { return {begun, alive, cancelled, on_pool}; }
} all;

// In the frame of each coroutine handler.
struct witness {
    witness() {
        ++all.begun;
        ++all.alive;
    }
    witness(const witness&) = delete;
    witness& operator=(const witness&) = delete;
    ~witness() { --all.alive; }
};

struct item {
    std::string name;
    std::vector<int> sizes;
};

[[gnu::noinline]] void keeps_the_loop_busy(int ms) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    while (std::chrono::steady_clock::now() < until) asm volatile("");
    asm volatile("");
}

// Awaits something and notes when that is cancelled.
template <class T>
task<> noting(T work) {
    try {
        co_await std::move(work);
    } catch (const cancelled&) {
        ++all.cancelled;
        throw;
    }
}

void add_routes(app& a) {
    a.get("/", [](request&, response& res) { res.send("ok"); });
    a.get("/process", [](request&, response& res) { res.send(std::to_string(::getpid())); });
    a.get("/counts", [](request&, response& res) { res.json(all.now()); });

    a.get<"/sleep/:ms">([](param<"ms", int> ms, response& res) -> task<> {
        const witness w;
        const int time = ms;
        co_await noting(sleep(std::chrono::milliseconds(time)));
        res.send("slept");
    });
    a.get<"/pool/:ms">([](param<"ms", int> ms, response& res) -> task<> {
        static offload_pool small({.threads = 1, .queue = 1});
        const witness w;
        const int time = ms;
        const auto work = [&time](std::stop_token stop) {
            ++all.on_pool;
            for (int i = 0; i < time && !stop.stop_requested(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        };
        co_await noting(offload(work, small));
        res.send("worked");
    });
    a.get<"/block/:ms">([](param<"ms", int> ms, response& res) {
        keeps_the_loop_busy(ms);
        res.send("blocked");
    });
    a.get("/block-later", [](request&, response& res) -> task<> {
        co_await sleep(std::chrono::milliseconds(5));
        keeps_the_loop_busy(300);
        res.send("blocked");
    });
    a.get("/block-asio", [](request&, response& res) -> asio::awaitable<void> {
        asio::steady_timer t(co_await asio::this_coro::executor, std::chrono::milliseconds(5));
        co_await t.async_wait(asio::use_awaitable);
        keeps_the_loop_busy(300);
        res.send("blocked");
    });
    a.get("/block-timer", [](request&, response& res) {
        set_timeout([] { keeps_the_loop_busy(300); }, 5);
        res.send("soon");
    });

    a.get("/twice", [](request&, response& res) {
        res.send("first");
        res.send("second");
    });
    a.get("/silent", [](request&, response&) {});
    a.get("/throw", [](request&, response&) { throw std::runtime_error("a secret of the server"); });
    a.get("/endless", [](request&, response& res) -> task<> {
        const witness w;
        const std::string piece(64 * 1024, 'x');
        try {
            for (;;) co_await res.write(piece);
        } catch (const system_error&) { // cancelled, or closed
            ++all.cancelled;
            throw;
        }
    });
    a.get("/careless", [](request&, response& res) { // never waits for the client
        const std::string piece(256 * 1024, 'x');
        for (int i = 0; i < 40; ++i) (void)res.write(piece);
        res.end();
    });

    a.post("/size", [](request& req, response& res) -> task<> {
        const witness w;
        std::size_t size = 0;
        for (;;) {
            const std::string_view piece = co_await req.read();
            if (piece.empty()) break;
            size += piece.size();
        }
        res.send(std::to_string(size));
    });
    a.post("/item", [](body<item> given, response& res) { res.json(*given); });
}

int run(int argc, char** argv) {
    listen_options options{.address = "127.0.0.1"};
    std::uint16_t port = 0;
    app a;
    const auto ms = [](const char* text) { return std::chrono::milliseconds(std::atoi(text)); };
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const char* const next = i + 1 < argc ? argv[i + 1] : "";
        if (word == "--port") port = static_cast<std::uint16_t>(std::atoi(next)), ++i;
        else if (word == "--address") options.address = next, ++i;
        else if (word == "--grace") options.grace = ms(next), ++i;
        else if (word == "--watch") options.watchdog.threshold = ms(next), options.watchdog.enabled = std::atoi(next) > 0, ++i;
        else if (word == "--threads") options.threads = static_cast<unsigned>(std::atoi(next)), ++i;
        else if (word == "--inherit") options.sockets = net::inherited_sockets();
        else if (word == "--half-open") options.half_open = true;
        else if (word == "--words")
            options.on_client_error = [](client_error& e) {
                std::fprintf(stderr, "refused %d: %.*s\n", e.status, static_cast<int>(e.reason.size()), e.reason.data());
                e.body = "in our words\n";
            };
        else if (word == "--stack") options.watchdog.stack = true;
        else if (word == "--quick") { // short deadlines
            options.limit.header_deadline = std::chrono::milliseconds(300);
            options.limit.idle = std::chrono::milliseconds(400);
            options.limit.rate_grace = std::chrono::milliseconds(300);
            options.limit.body = 100'000;
        } else if (word == "--log") a.use(logger());
        else if (word == "--bad-pattern") a.get("/files/*", [](request&, response&) {});
        else throw std::invalid_argument("unknown option " + std::string(word));
    }
    a.use(health());
    add_routes(a);
    return a.listen(port, options, [](server& s) {
        std::printf("%d\n", s.port());
        std::fflush(stdout);
    });
}

} // namespace

int main(int argc, char** argv) {
    try {
        const int code = run(argc, argv);
        std::fprintf(stderr, "begun %d, cancelled %d, left %d\n", all.begun.load(), all.cancelled.load(), all.alive.load());
        return code;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "e2e_server: %s\n", e.what());
        return 1;
    }
}
