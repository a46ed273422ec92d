// server: accepts connections and hands requests to a handler.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/loop/loop.hpp>
#include <crema/net/listen_socket.hpp>
#include <crema/net/listener.hpp>
#include <crema/net/poller.hpp>
#include <crema/net/stream.hpp>
#include <crema/server/exchange.hpp>
#include <crema/server/h1_shared.hpp>
#include <crema/server/limits.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema {

namespace detail {

class census;
class server_thread;

} // namespace detail

/** Options of a server.

    @par Thread Safety
    Distinct objects: safe.
*/
struct server_options {
    limits limit{};         ///< what a client may use up
    bool half_open = false; ///< a client that has ended its sending side does not cancel handlers that wait
    /// Is told of requests that were refused before a handler saw all of them; may change how they are answered.
    std::function<void(client_error&)> on_client_error{};
    /** When the server closes: how long a connection on which nothing goes on may send one more request, which is answered
        with `Connection: close`. A client that sends just then loses nothing; with 0 it may find the connection closed. */
    std::chrono::milliseconds drain_idle{0};
    /** Threads that serve, this one included; 0 for one a core. Each has a loop of its own, and a connection stays on its
        thread. The handler is called on all of them at once; errors that nobody handles go to `on_error` of their loop. */
    unsigned threads = 1;
    /// Is called on each further thread before it serves; what it returns is destroyed at its end.
    std::function<std::shared_ptr<void>()> on_thread{};
};

/// Says what a server that was closed had to cut.
struct drain_report {
    std::size_t finished = 0; ///< requests that ended by themselves, those that came while it closed included
    std::size_t cut = 0;      ///< requests that were cancelled at the end of the grace
};

/** Serves HTTP/1.1 on one loop, or on several threads with a loop each.

    Further threads listen on the same addresses and share nothing else with this one but the count of connections: no lock
    is taken for a request. The system hands connections out among them.

    The process is let to have as many descriptors open as it may (`RLIMIT_NOFILE`); there are never more connections than these
    allow. When there are as many as may be, one on which nothing has gone on for longest makes room for a new one.

    @par Thread Safety
    Only on its loop.
*/
class server {
public:
    /** Construct; does not listen yet.

        @param l Its loop; outlives this.
        @param handler Receives the requests; outlives this.
        @throws std::system_error when there can be no further thread.
    */
    CREMA_DECL server(class loop& l, exchange_handler& handler, server_options options = {});
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// Cuts what still runs.
    CREMA_DECL ~server();

    /** Listen on a TCP port. May be called for several.

        @param host An IP address.
        @param port 0 for any.
        @param backlog How many connections may wait to be accepted.
        @throws system_error when the address cannot be had; its subject names it. When it was a thread that could not listen, others may do so
        already: destroy the server.
    */
    CREMA_DECL void listen(const std::string& host, std::uint16_t port, net::port_sharing sharing = net::port_sharing::none,
                           int backlog = 4096);
    /// Listens on a path: a Unix socket. Its file stays when the server closes. @throws system_error; its subject is the path.
    CREMA_DECL void listen_on_path(std::string_view path);
    /** Listen on a socket that listens already: one that was inherited, see `net::inherited_sockets`.

        Connections that wait in its queue when this server closes are not lost as long as another process has it, too.

        @param fd Closed by this.
        @throws system_error when it does not listen.
    */
    CREMA_DECL void listen_on_socket(int fd);
    /// Returns the listening sockets of all its threads, to hand them on, every one of them, to another process; closed when the
    /// server is told to close.
    CREMA_DECL std::vector<int> sockets() const;
    /// Serves a stream that was accepted elsewhere.
    CREMA_DECL void serve(std::unique_ptr<net::stream> s);

    /// Returns the port of the first listening socket; 0 when there is none.
    int port() const noexcept { return listeners_.empty() ? 0 : listeners_.front()->local().port(); }
    /// Returns the number of open connections of this thread.
    std::size_t connections() const noexcept { return shared_->connections; }
    /// Returns the limits.
    const limits& limit() const noexcept { return shared_->limit; }
    /// Tells whether it was told to close.
    bool closing() const noexcept { return shared_->draining; }

    /** Stop: accept no more, close idle connections, let running requests finish, cancel them after `grace`.

        @param grace How long running requests may take.
        @param done Called once, when the last connection and the last request are gone; never before this returns. A second
        call gives another grace; all that were given are called, with the same report.
    */
    CREMA_DECL void close(std::chrono::milliseconds grace, unique_function<void(const drain_report&)> done = {});
    /// Sets what is called, after `done`, when a server that closes has lost its last connection.
    void on_closed(std::function<void()> f) { closed_ = std::move(f); }

private:
    struct ticker : loop_timer {
        explicit ticker(server& s) noexcept : loop_timer([](loop_timer& t) { static_cast<ticker&>(t).self.tick(); }), self(s) {}
        server& self;
    };
    struct grace_timer : loop_timer {
        explicit grace_timer(server& s) noexcept : loop_timer([](loop_timer& t) { static_cast<grace_timer&>(t).self.cut(); }), self(s) {}
        server& self;
    };
    struct late_ticks : loop_immediate {
        explicit late_ticks(server& s) noexcept
            : loop_immediate([](loop_immediate& i) { static_cast<late_ticks&>(i).self.pass(); }), self(s) {}
        server& self;
    };
    friend class detail::server_thread;
    CREMA_DECL server(class loop& l, exchange_handler& handler, server_options options, std::shared_ptr<detail::census> counts);
    CREMA_DECL void accept(int fd, const net::address& peer);
    CREMA_DECL void serve_counted(std::unique_ptr<net::stream> s, bool& counted);
    CREMA_DECL void tick();
    CREMA_DECL void start_ticks();
    CREMA_DECL void pass();
    CREMA_DECL void cut();
    CREMA_DECL void quiet();
    CREMA_DECL void spread(const std::vector<int>& sockets);
    CREMA_DECL void thread_closed(const drain_report& r);

    loop& loop_;
    net::poller poller_;
    std::shared_ptr<detail::h1_shared> shared_;
    std::vector<std::unique_ptr<net::listener>> listeners_;
    std::vector<std::unique_ptr<detail::server_thread>> threads_;
    std::size_t threads_left_ = 0; // that have been told to close and have not yet
    bool quiet_ = false;           // nothing is left on this thread
    std::shared_ptr<detail::census> census_;
    std::vector<int> sockets_; // of all threads
    ticker ticker_{*this};
    grace_timer grace_{*this};
    late_ticks late_{*this};
    std::chrono::steady_clock::time_point last_tick_{};
    drain_report report_;
    std::uint64_t begun_ = 0; // requests of this thread, without those that ran when it began to close
    std::size_t cut_ = 0;     // on this thread
    std::vector<unique_function<void(const drain_report&)>> done_;
    std::function<void()> closed_;
    std::shared_ptr<int> life_ = std::make_shared<int>(0);
};

} // namespace crema

#if CREMA_BODIES
#include <crema/net/socket_stream.hpp>
#include <crema/server/census.hpp>
#include <crema/server/h1_connection.hpp>
#include <crema/server/server_thread.hpp>
#include <algorithm>
#include <cerrno>
#include <ctime>
#include <exception>
#include <fcntl.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace crema {

CREMA_DECL server::server(class loop& l, exchange_handler& handler, server_options options)
    : server(l, handler, std::move(options), std::make_shared<detail::census>()) {}

CREMA_DECL server::server(class loop& l, exchange_handler& handler, server_options options, std::shared_ptr<detail::census> counts)
    : loop_(l), poller_(l), shared_(std::make_shared<detail::h1_shared>(handler, l, options.limit)), census_(std::move(counts)) {
    // Some descriptors are for listeners, files and databases.
    const auto descriptors = detail::raise_descriptor_limit();
    shared_->limit.connections = std::min(options.limit.connections, descriptors - std::min<std::size_t>(descriptors / 4, 64));
    shared_->half_open = options.half_open;
    const auto threads = options.threads != 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 1; i < threads; ++i) threads_.push_back(std::make_unique<detail::server_thread>(l, handler, options, census_));
    shared_->drain_idle = options.drain_idle;
    shared_->on_client_error = std::move(options.on_client_error);
    shared_->on_gone = [this](detail::h1_connection& c) {
        census_->leave(c.peer().host_key());
    };
    shared_->on_quiet = [this] { quiet(); };
    ticker_.unref();
}

CREMA_DECL server::~server() {
    threads_.clear();
    listeners_.clear();
    done_.clear();
    shared_->draining = true;
    shared_->on_quiet = {};
    shared_->cut(cancel_reason::shutdown);
    shared_->on_gone = {};
    shared_->on_client_error = {};
    if (shared_->exchanges != 0) shared_->self = shared_; // what somebody still holds
}

CREMA_DECL void server::listen(const std::string& host, std::uint16_t port, net::port_sharing sharing, int backlog) {
    if (threads_.empty()) return listen_on_socket(net::listen_on(host, port, sharing, backlog));
    std::vector<int> sockets{net::listen_on(host, port, net::port_sharing::balanced, backlog)};
    try {
        const auto at = net::local_address(sockets[0]).port();
        while (sockets.size() <= threads_.size()) sockets.push_back(net::listen_on(host, at, net::port_sharing::balanced, backlog));
    } catch (...) {
        for (const int fd : sockets) ::close(fd);
        throw;
    }
    spread(sockets);
}

CREMA_DECL void server::listen_on_path(std::string_view path) { listen_on_socket(net::listen_on_path(path)); }

CREMA_DECL void server::listen_on_socket(int fd) {
    std::vector<int> sockets{fd};
    while (sockets.size() <= threads_.size()) {
        sockets.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
        if (sockets.back() >= 0) continue;
        const auto code = std::error_code(errno, std::system_category());
        sockets.pop_back();
        for (const int one : sockets) ::close(one);
        throw system_error(code, "listen");
    }
    spread(sockets);
}

// One socket for each thread, this one first.
CREMA_DECL void server::spread(const std::vector<int>& sockets) {
    try {
        listeners_.push_back(std::make_unique<net::listener>(poller_, sockets[0], [this](int s, const net::address& peer) { accept(s, peer); }));
    } catch (...) { // the first is closed
        for (std::size_t i = 1; i < sockets.size(); ++i) ::close(sockets[i]);
        throw;
    }
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        try {
            threads_[i]->listen_on_socket(sockets[i + 1]);
        } catch (...) { // that one is closed
            while (++i < threads_.size()) ::close(sockets[i + 1]);
            listeners_.pop_back();
            throw;
        }
    }
    sockets_.insert(sockets_.end(), sockets.begin(), sockets.end());
}

CREMA_DECL std::vector<int> server::sockets() const { return listeners_.empty() ? std::vector<int>() : sockets_; }

CREMA_DECL void server::accept(int fd, const net::address& peer) {
    const auto& l = shared_->limit;
    const auto key = peer.host_key();
    bool taken = false, counted = false;
    try {
        auto said = census_->enter(key, l.connections, l.connections_per_address);
        if (said == detail::census::verdict::full && shared_->make_room()) said = census_->enter(key, l.connections, l.connections_per_address);
        if (said != detail::census::verdict::counted) {
            ::close(fd);
            return;
        }
        counted = true;
        auto s = std::make_unique<net::socket_stream>(poller_, fd, peer);
        taken = true;
        serve_counted(std::move(s), counted);
    } catch (const std::exception&) { // no memory: the client may come again, the others are served
        if (!taken) ::close(fd);
        if (counted) census_->leave(key);
    }
}

CREMA_DECL void server::serve(std::unique_ptr<net::stream> s) {
    if (shared_->draining) return s->close();
    const auto key = s->peer().host_key();
    constexpr auto any = static_cast<std::size_t>(-1);
    bool counted = census_->enter(key, any, any) == detail::census::verdict::counted;
    try {
        serve_counted(std::move(s), counted);
    } catch (...) {
        if (counted) census_->leave(key);
        throw;
    }
}

// `counted` becomes false when it is the connection that leaves the census.
CREMA_DECL void server::serve_counted(std::unique_ptr<net::stream> s, bool& counted) {
    const detail::h1_shared::entry e(*shared_);
    auto made = std::make_unique<detail::h1_connection>(*shared_, std::move(s));
    counted = false;
    auto& c = *made.release(); // it is in a list now, and ends with `lose`
    try {
        c.start();
        start_ticks();
    } catch (...) {
        c.lose(cancel_reason::requested);
        throw;
    }
}

CREMA_DECL void server::start_ticks() {
    if (ticker_.active()) return;
    if (last_tick_ == std::chrono::steady_clock::time_point{}) { // nobody was there, and nobody looked at the clock
        last_tick_ = loop_.now();
        shared_->date.refresh(static_cast<std::int64_t>(std::time(nullptr)));
    }
    ticker_.start(loop_.timers(), shared_->period);
}

// Ticks go on as long as there is anybody to watch. When they come late, because something has blocked the loop, clients
// have sent octets that nobody has seen yet: these come first, deadlines after the poll phase.
CREMA_DECL void server::tick() {
    const auto elapsed = (loop_.now() - last_tick_) / shared_->period;
    last_tick_ = loop_.now();
    const auto ticks = static_cast<std::uint32_t>(std::clamp<std::int64_t>(elapsed, 1, 1 << 20));
    shared_->advance(ticks);
    poller_.look_again();
    start_ticks();
    if (shared_->passed > 2) late_.start(loop_.immediates());
    else pass();
}

// Deadlines, the date.
CREMA_DECL void server::pass() {
    const auto keep = shared_;
    keep->check_all(); // may destroy this
    if (keep->on_quiet && keep->connections == 0) {
        ticker_.cancel();
        last_tick_ = {};
    }
}

CREMA_DECL void server::close(std::chrono::milliseconds grace, unique_function<void(const drain_report&)> done) {
    if (done) done_.push_back(std::move(done));
    const bool first = !shared_->draining;
    if (first) {
        for (auto& l : listeners_) l->accept_waiting();
        begun_ = shared_->begun - shared_->exchanges;
        threads_left_ = threads_.size();
    }
    for (auto& t : threads_) {
        if (first)
            t->close(grace, [this, alive = std::weak_ptr<int>(life_)](const drain_report& r) {
                if (!alive.expired()) thread_closed(r);
            });
        else t->close(grace, {});
    }
    listeners_.clear();
    if (grace.count() > 0) grace_.start(loop_.timers(), grace);
    const auto keep = shared_;
    if (first) keep->drain();
    if (grace.count() <= 0) cut();
    else keep->may_be_quiet();
}

CREMA_DECL void server::thread_closed(const drain_report& r) {
    report_.finished += r.finished;
    report_.cut += r.cut;
    --threads_left_;
    if (quiet_) quiet();
}

CREMA_DECL void server::cut() {
    grace_.cancel();
    const auto keep = shared_;
    const auto more = keep->uncut();
    cut_ += more;
    report_.cut += more;
    keep->cut(cancel_reason::shutdown);
    keep->may_be_quiet();
}

CREMA_DECL void server::quiet() {
    ticker_.cancel();
    grace_.cancel();
    if (!std::exchange(quiet_, true)) report_.finished += static_cast<std::size_t>(shared_->begun - begun_) - cut_;
    if (threads_left_ != 0) return;
    quiet_ = false;
    auto closed = std::exchange(closed_, {});
    cut_ = 0;
    const auto report = std::exchange(report_, {});
    auto done = std::exchange(done_, {});
    for (auto& f : done) f(report); // any of them may destroy this
    if (closed) closed();
}

} // namespace crema
#endif
