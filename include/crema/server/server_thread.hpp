// server_thread: one more thread that serves, with a loop of its own.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/server/exchange.hpp>
#include <chrono>
#include <memory>

namespace crema {

struct server_options;
struct drain_report;

namespace detail {

class census;

/* A thread with a loop and a server. Everything but construction and destruction is passed to its loop; answers come
   back to the loop of whoever made it. Used on that thread alone. */
class server_thread {
public:
    // Starts it; returns when it is ready to be told what to listen on.
    CREMA_DECL server_thread(loop& home, exchange_handler& handler, const server_options& options, std::shared_ptr<census> c);
    server_thread(const server_thread&) = delete;
    server_thread& operator=(const server_thread&) = delete;
    // Cuts what still runs, and waits for the thread.
    CREMA_DECL ~server_thread();

    // Listens on a socket, which it closes in the end; waits until that is done, or throws why it cannot be.
    CREMA_DECL void listen_on_socket(int fd);
    // Closes its server; `done` is called at home.
    CREMA_DECL void close(std::chrono::milliseconds grace, unique_function<void(const drain_report&)> done);

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace detail
} // namespace crema

#if CREMA_BODIES
#include <crema/loop/loop.hpp>
#include <crema/server/server.hpp>
#include <atomic>
#include <exception>
#include <future>
#include <thread>
#include <unistd.h>
#include <utility>

namespace crema::detail {

struct server_thread::state {
    loop& home;
    loop* own = nullptr;      // until the thread has ended
    server* serves = nullptr; // touched by the thread only
    std::atomic<bool> ending{false};
    std::shared_ptr<bool> held; // at home: true while it is kept alive for the report of a close
    std::thread thread;

    explicit state(loop& l) noexcept : home(l) {}
};

CREMA_DECL server_thread::server_thread(loop& home, exchange_handler& handler, const server_options& options, std::shared_ptr<census> c)
    : state_(std::make_unique<state>(home)) {
    std::promise<void> ready;
    state_->thread = std::thread([this, &handler, &ready, given = options, c = std::move(c)]() mutable {
        bool told = false;
        try {
            given.threads = 1;
            loop l;
            const auto beside = given.on_thread ? given.on_thread() : std::shared_ptr<void>();
            server s(l, handler, given, std::move(c));
            state_->own = &l;
            state_->serves = &s;
            l.hold();
            told = true;
            ready.set_value();
            do l.run(); // who is served here may stop the loop, but not end the thread
            while (!state_->ending);
        } catch (...) {
            if (told) throw; // as on any thread
            ready.set_exception(std::current_exception());
        }
    });
    try {
        ready.get_future().get();
    } catch (...) {
        state_->thread.join();
        throw;
    }
}

CREMA_DECL server_thread::~server_thread() {
    state_->ending = true;
    state_->own->post([l = state_->own] { l->stop(); });
    state_->thread.join();
    if (state_->held && std::exchange(*state_->held, false)) state_->home.release();
}

CREMA_DECL void server_thread::listen_on_socket(int fd) {
    struct socket { // closed when it gets no further
        int fd;
        explicit socket(int f) noexcept : fd(f) {}
        socket(socket&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
        ~socket() { if (fd >= 0) ::close(fd); }
    };
    std::promise<void> listens;
    state_->own->post([s = socket(fd), state = state_.get(), &listens]() mutable {
        try {
            state->serves->listen_on_socket(std::exchange(s.fd, -1));
            listens.set_value();
        } catch (...) {
            listens.set_exception(std::current_exception());
        }
    });
    listens.get_future().get();
}

CREMA_DECL void server_thread::close(std::chrono::milliseconds grace, unique_function<void(const drain_report&)> done) {
    auto* const s = state_.get();
    auto* const home = &s->home;
    if (done) {
        s->held = std::make_shared<bool>(true);
        home->hold();
    }
    s->own->post([s, home, grace, held = s->held, done = std::move(done)]() mutable {
        if (!done) return s->serves->close(grace);
        s->serves->close(grace, [home, held, done = std::move(done)](const drain_report& r) mutable {
            home->post([home, held, r, done = std::move(done)]() mutable {
                if (!std::exchange(*held, false)) return; // it has been destroyed meanwhile
                home->release();
                done(r);
            });
        });
    });
}

} // namespace crema::detail
#endif
