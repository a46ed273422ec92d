// client: drives an app without a socket, through the same engine, on a clock of its own.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/json/write.hpp>
#include <crema/loop/clock.hpp>
#include <crema/loop/loop.hpp>
#include <crema/net/memory_stream.hpp>
#include <crema/server/server.hpp>
#include <crema/testing/reply.hpp>
#include <crema/web/app.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::testing {

class client;

namespace detail {
class connection;
}

/// Says how a client and the server it talks to behave.
struct client_options {
    server_options server{};                ///< limits and such of the server
    net::memory_stream_options connection{}; ///< room on the way, size of what one read gives, addresses
    std::chrono::milliseconds longest = std::chrono::hours(24 * 30); ///< of its clock; then waiting fails
    std::chrono::milliseconds patience{10'000}; ///< real time to wait for other threads and real connections
};

/** Is one request, which is sent when its answer is asked for, or by `start`.

    A handle: copies share everything. Valid as long as its client. When the last copy of one that runs is destroyed its
    connection is closed, as by a client that leaves.

    @par Thread Safety
    Only on the thread of its client.
*/
class [[nodiscard]] call {
public:
    /// Adds a header field; the same name may come several times.
    CREMA_DECL call& set(std::string_view name, std::string_view value);
    /// Adds a parameter to the query, escaped.
    CREMA_DECL call& query(std::string_view name, std::string_view value);
    /// Gives the body. @param type `Content-Type`, unless it was set or is empty.
    CREMA_DECL call& send(std::string body, std::string_view type = "text/plain; charset=utf-8");
    /// Gives the body as JSON.
    template <class T>
    call& json(const T& v) {
        return send(crema::json::stringify(v), "application/json");
    }
    /// Gives the body as JSON that is text already.
    call& json(const char* text) { return send(text, "application/json"); }
    /// Sends the body in chunks of at most this size instead of with its length.
    CREMA_DECL call& chunked(std::size_t size);

    /// Sends it and returns at once; what can happen without time passing happens in `client::run`.
    CREMA_DECL call& start();
    /** Send only the first octets of it, head and body; the rest never.
        @see disconnect
    */
    CREMA_DECL call& start_part(std::size_t octets);
    /// Closes its connection, as a client that leaves half-way, and lets the app notice.
    CREMA_DECL call& disconnect();
    /// Resets its connection, as a client that crashes.
    CREMA_DECL call& reset();
    /// Tells whether its answer is complete.
    CREMA_DECL bool done() const noexcept;
    /// Returns what came of the body so far, for answers that are streamed.
    CREMA_DECL std::string_view body_so_far() const noexcept;

    /** Wait for the answer and return it.

        Time passes only when nothing else can happen: then the clock moves to the next timer.

        @throws failure when there will be none.
    */
    CREMA_DECL reply result();
    /** Expect a status.
        @throws failure which tells what came instead.
    */
    CREMA_DECL call& expect(int status);
    /// Expects a status and a whole body; see above.
    CREMA_DECL call& expect(int status, std::string_view body);
    /// Expects a header field; see above.
    CREMA_DECL call& expect(std::string_view name, std::string_view value);
    /// Expects what a function checks, called with the reply; it throws, or returns nothing.
    template <std::invocable<const reply&> F>
    call& expect(F&& check) {
        check(need());
        return *this;
    }

private:
    friend class client;
    struct state;
    call(client& c, std::string_view method, std::string_view target);
    CREMA_DECL const reply& need();

    std::shared_ptr<state> s_;
};

/** Drives an app without a socket: the same server, the same parser, the same timers, on memory streams.

    Time stands still, and passes by itself only when nothing else can happen, or by `advance`; work on the pool is
    waited for. Its loop is its own: what the app does in its handlers happens there.

    @code
    testing::client client(app);
    client.get("/").expect(200, "hello");
    @endcode

    @par Thread Safety
    Only on one thread, and not within a loop that runs.
*/
class client {
public:
    /// Construct for an app; both share it.
    explicit CREMA_DECL client(app a, client_options options = {});
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    /// Cuts what still runs, and lets it clean up.
    CREMA_DECL ~client();

    /// Makes a request. @param target Path and query, or whatever is to be sent.
    CREMA_DECL call request(std::string_view method, std::string_view target);
    /// Makes a request; see `request`.
    call get(std::string_view target) { return request("GET", target); }
    /// @copydoc get
    call head(std::string_view target) { return request("HEAD", target); }
    /// @copydoc get
    call post(std::string_view target) { return request("POST", target); }
    /// @copydoc get
    call put(std::string_view target) { return request("PUT", target); }
    /// @copydoc get
    call patch(std::string_view target) { return request("PATCH", target); }
    /// @copydoc get
    call del(std::string_view target) { return request("DELETE", target); }
    /// @copydoc get
    call options(std::string_view target) { return request("OPTIONS", target); }

    /** Send octets as they are on a connection of their own, and return all that comes back.

        Waits until the server closes, or nothing more can happen without time passing.
    */
    CREMA_DECL std::string raw(std::string_view octets);

    /// Lets happen whatever can happen without time passing; waits for the pool.
    CREMA_DECL void run();
    /// Lets time pass, and happen what then happens.
    CREMA_DECL void advance(std::chrono::milliseconds time);
    /// Returns the clock.
    manual_clock& clock() noexcept { return clock_; }
    /// Returns the loop.
    class loop& loop() noexcept { return loop_; }
    /// Returns the server.
    class server& server() noexcept { return *server_; }

private:
    friend class call;
    std::shared_ptr<detail::connection> idle();
    bool turn();
    bool wait_outside(std::chrono::steady_clock::time_point& since, bool time_may_pass);
    void rethrow();
    template <class Done>
    bool wait(Done done);

    client_options options_;
    manual_clock clock_;
    class loop loop_;
    app app_;
    std::unique_ptr<class server> server_;
    std::vector<std::shared_ptr<detail::connection>> connections_;
    std::exception_ptr error_;
};

} // namespace crema::testing

#if CREMA_BODIES
#include <crema/core/activity.hpp>
#include <crema/core/encode.hpp>
#include <crema/http/response_parser.hpp>
#include <algorithm>
#include <optional>
#include <thread>

namespace crema::testing {

namespace detail {

// The client's end of one connection.
class connection final : net::stream_handler {
public:
    explicit connection(std::unique_ptr<net::memory_stream> s) : stream_(std::move(s)) { stream_->start(*this); }

    void expect(http::response_parser::to what) { parser_.emplace(what); }
    void put(std::string_view octets) {
        out_ += octets;
        flush();
    }
    void close() { gone_ = true, stream_->close(); }
    void reset() { gone_ = true, stream_->reset(); }
    bool gone() const noexcept { return gone_; }
    bool ended() const noexcept { return ended_; }
    bool broken() const noexcept { return broken_; }
    const std::optional<http::response_parser>& parser() const noexcept { return parser_; }
    bool answered() const noexcept { return parser_ && parser_->done(); }
    bool bad() const noexcept { return parser_ && parser_->where() == http::response_parser::state::bad; }
    bool usable() const noexcept {
        return !gone_ && !ended_ && !broken_ && out_.empty() && raw.empty() &&
               (!parser_ || (answered() && parser_->keep_alive()));
    }
    bool over() const noexcept { return answered() || bad() || ended_ || broken_ || gone_; }
    std::string raw; // what belongs to no answer

private:
    void flush() {
        while (!out_.empty() && !broken_ && !gone_) {
            const std::string_view piece[] = {out_};
            const auto r = stream_->write(piece);
            if (r.would_block()) break;
            if (r.error) {
                out_.clear(); // what it answers may still be read
                break;
            }
            out_.erase(0, r.size);
        }
        if (!gone_) stream_->want(!ended_ && !broken_, !out_.empty());
    }
    void on_readable() override {
        char room[16384];
        const auto r = stream_->read(room);
        if (r.would_block()) return;
        if (r.error || r.size == 0) {
            (r.error ? broken_ : ended_) = true;
            if (parser_ && !parser_->done()) parser_->finish();
            return flush();
        }
        const auto used = parser_ ? parser_->feed(std::string_view(room, r.size)) : 0;
        raw.append(room + used, r.size - used);
    }
    void on_writable() override { flush(); }
    void on_peer_closed() override { ended_ = true; }
    void on_broken(std::error_code) override { broken_ = true; }

    std::unique_ptr<net::memory_stream> stream_;
    std::string out_;
    std::optional<http::response_parser> parser_;
    bool ended_ = false, broken_ = false, gone_ = false;
};

} // namespace detail

struct call::state {
    state(client& c, std::string_view m, std::string_view t) : owner(c), method(m), target(t) {}
    state(const state&) = delete;
    ~state() {
        if (connection && !connection->over()) connection->close();
    }
    std::string message() const;
    [[noreturn]] void fail(const std::string& why) const { throw failure(method + " " + target + ": " + why); }

    client& owner;
    std::string method, target, fields, body, type;
    std::size_t chunk = 0;
    bool has_body = false, has_type = false, has_host = false;
    std::shared_ptr<detail::connection> connection;
    std::optional<reply> got;
};

inline call::call(client& c, std::string_view method, std::string_view target)
    : s_(std::make_shared<state>(c, method, target)) {}

CREMA_DECL call& call::set(std::string_view name, std::string_view value) {
    s_->has_host = s_->has_host || iequals(name, "host");
    s_->has_type = s_->has_type || iequals(name, "content-type");
    s_->fields.append(name).append(": ").append(value).append("\r\n");
    return *this;
}

CREMA_DECL call& call::query(std::string_view name, std::string_view value) {
    s_->target += s_->target.find('?') == std::string::npos ? '?' : '&';
    s_->target += encode_uri_component(name) + "=" + encode_uri_component(value);
    return *this;
}

CREMA_DECL call& call::send(std::string body, std::string_view type) {
    s_->body = std::move(body);
    s_->type = type;
    s_->has_body = true;
    return *this;
}

CREMA_DECL call& call::chunked(std::size_t size) {
    s_->chunk = std::max<std::size_t>(size, 1);
    return *this;
}

inline std::string call::state::message() const {
    std::string m = method + " " + target + " HTTP/1.1\r\n";
    if (!has_host) m += "Host: localhost\r\n";
    m += fields;
    if (has_body && !has_type && !type.empty()) m += "Content-Type: " + type + "\r\n";
    if (chunk == 0) {
        if (has_body) m += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return m + "\r\n" + body;
    }
    m += "Transfer-Encoding: chunked\r\n\r\n";
    for (std::string_view rest = body; !rest.empty();) {
        const auto piece = rest.substr(0, chunk);
        rest.remove_prefix(piece.size());
        constexpr std::string_view digits = "0123456789abcdef";
        std::string size;
        for (auto n = piece.size(); n != 0; n /= 16) size.insert(size.begin(), digits[n % 16]);
        m.append(size).append("\r\n").append(piece).append("\r\n");
    }
    return m + "0\r\n\r\n";
}

CREMA_DECL call& call::start() { return start_part(std::string::npos); }

CREMA_DECL call& call::start_part(std::size_t octets) {
    if (s_->connection) s_->fail("was sent already");
    s_->connection = s_->owner.idle();
    s_->connection->expect(s_->method == "HEAD" ? http::response_parser::to::head : http::response_parser::to::other);
    s_->connection->put(s_->message().substr(0, octets));
    return *this;
}

CREMA_DECL call& call::disconnect() {
    if (!s_->connection) start();
    s_->connection->close();
    s_->owner.run();
    return *this;
}

CREMA_DECL call& call::reset() {
    if (!s_->connection) start();
    s_->connection->reset();
    s_->owner.run();
    return *this;
}

CREMA_DECL bool call::done() const noexcept { return s_->got || (s_->connection && s_->connection->answered()); }

CREMA_DECL std::string_view call::body_so_far() const noexcept {
    if (s_->got) return s_->got->body;
    return s_->connection ? std::string_view(s_->connection->parser()->body()) : std::string_view();
}

CREMA_DECL const reply& call::need() {
    if (s_->got) return *s_->got;
    if (!s_->connection) start();
    if (!s_->owner.wait([&] { return s_->connection->over(); })) {
        s_->fail("was not answered, and nothing is left that could answer it");
    }
    const auto& c = *s_->connection;
    const auto& p = *c.parser();
    if (!p.done()) {
        if (c.gone()) s_->fail("was not answered: the client has left");
        if (c.bad() && p.status() != 0) s_->fail("the answer is broken: " + std::string(p.problem()));
        s_->fail(c.broken() ? "the server has reset the connection" : "the server has closed the connection");
    }
    auto& r = s_->got.emplace();
    r.status = p.status();
    r.reason = p.reason();
    r.fields = p.fields();
    r.body = p.body();
    r.informational = p.informational();
    r.keep_alive = p.keep_alive();
    s_->connection.reset();
    return r;
}

CREMA_DECL reply call::result() { return need(); }

CREMA_DECL call& call::expect(int status) {
    const auto& r = need();
    if (r.status == status) return *this;
    const auto got = std::to_string(r.status) + " " + r.reason + "\n" + r.body;
    s_->fail("expected status " + std::to_string(status) + ", got " + got);
}

CREMA_DECL call& call::expect(int status, std::string_view body) {
    expect(status);
    if (need().body != body) s_->fail("expected the body\n  " + std::string(body) + "\ngot\n  " + need().body);
    return *this;
}

CREMA_DECL call& call::expect(std::string_view name, std::string_view value) {
    const auto all = need().headers(name);
    if (std::find(all.begin(), all.end(), value) != all.end()) return *this;
    std::string got;
    for (auto v : all) got.append("\n  ").append(name).append(": ").append(v);
    if (got.empty()) got = " no such field";
    s_->fail("expected\n  " + std::string(name) + ": " + std::string(value) + "\ngot" + got);
}

CREMA_DECL client::client(app a, client_options options) : options_(std::move(options)), app_(std::move(a)) {
    loop_.clock(&clock_);
    loop_.on_error([this](std::exception_ptr e) {
        if (!error_) error_ = std::move(e);
    });
    server_ = std::make_unique<class server>(loop_, app_.handler(), options_.server);
}

CREMA_DECL client::~client() {
    connections_.clear();
    server_.reset();
    while (turn()) {
    }
}

CREMA_DECL call client::request(std::string_view method, std::string_view target) {
    return call(*this, method, target);
}

inline std::shared_ptr<detail::connection> client::idle() {
    std::erase_if(connections_, [](const auto& c) { return c.use_count() == 1 && !c->usable(); });
    for (const auto& c : connections_)
        if (c.use_count() == 1) return c;
    auto [far, near] = net::memory_stream::pair(loop_, options_.connection);
    server_->serve(std::move(near));
    connections_.push_back(std::make_shared<detail::connection>(std::move(far)));
    return connections_.back();
}

CREMA_DECL std::string client::raw(std::string_view octets) {
    auto [far, near] = net::memory_stream::pair(loop_, options_.connection);
    server_->serve(std::move(near));
    detail::connection c(std::move(far));
    c.put(octets);
    run();
    c.close();
    return std::move(c.raw);
}

// One turn of the loop. False when nothing has happened.
inline bool client::turn() {
    const auto& turns = this_thread_activity().turn;
    const auto before = turns.load(std::memory_order_relaxed);
    loop_.callback([] {});
    const auto idle = turns.load(std::memory_order_relaxed) - before;
    const auto started = turns.load(std::memory_order_relaxed);
    loop_.run_once();
    return turns.load(std::memory_order_relaxed) - started > idle;
}

inline void client::rethrow() {
    if (auto e = std::exchange(error_, nullptr)) std::rethrow_exception(e);
}

// Gives real time to other threads and connections. False when there are none, or they take too long.
inline bool client::wait_outside(std::chrono::steady_clock::time_point& since, bool time_may_pass) {
    if (!loop_.waits_for_others()) return false;
    const auto now = std::chrono::steady_clock::now();
    if (since == std::chrono::steady_clock::time_point{}) since = now;
    if (now - since > options_.patience) {
        if (time_may_pass) return false;
        throw failure("other threads or connections have not answered in time");
    }
    std::this_thread::sleep_for(std::chrono::microseconds(now - since > std::chrono::milliseconds(2) ? 500 : 50));
    return true;
}

template <class Done>
bool client::wait(Done done) {
    const auto end = clock_.now() + options_.longest;
    std::chrono::steady_clock::time_point since{};
    for (;;) {
        if (done()) break;
        const bool happened = turn();
        rethrow();
        if (happened) {
            since = {};
            continue;
        }
        if (done()) break;
        const auto next = loop_.next_timer();
        if (wait_outside(since, next.has_value())) continue;
        since = {};
        if (!next || *next > end) return false;
        if (*next > clock_.now()) clock_.advance(*next - clock_.now());
    }
    return true;
}

CREMA_DECL void client::run() {
    std::chrono::steady_clock::time_point since{};
    for (;;) {
        const bool happened = turn();
        rethrow();
        if (happened) since = {};
        else if (!wait_outside(since, true)) return;
    }
}

CREMA_DECL void client::advance(std::chrono::milliseconds time) {
    run();
    const auto end = clock_.now() + time;
    for (auto next = loop_.next_timer(); next && *next <= end; next = loop_.next_timer()) {
        if (*next > clock_.now()) clock_.advance(*next - clock_.now());
        run();
    }
    clock_.advance(end - clock_.now());
    run();
}

} // namespace crema::testing
#endif
