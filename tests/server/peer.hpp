// A server on memory streams with a clock of its own, and clients that say exactly what goes over the wire.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/http/response_parser.hpp>
#include <crema/loop/clock.hpp>
#include <crema/loop/loop.hpp>
#include <crema/net/memory_stream.hpp>
#include <crema/server/server.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema_test {

using namespace crema;
using namespace std::chrono_literals;

class client;

// A server and its loop. `handle` answers; by default `METHOD target` comes back.
class bench : public exchange_handler {
public:
    explicit bench(server_options options = {}) : options_(std::move(options)) {
        l.clock(&clock);
        l.on_error([this](std::exception_ptr e) { errors.push_back(e); });
        engine = std::make_unique<server>(l, *this, options_);
    }
    ~bench() {
        engine.reset();
        turn();
    }
    void on_request(exchange& x) override {
        ++requests;
        if (handle) return handle(x);
        x.respond(200, {}, {}, std::string(x.head().method_text()) + " " + std::string(x.head().target()));
    }
    // Lets happen whatever can happen now.
    void turn() {
        for (int i = 0; i < 60; ++i)
            if (!l.run_once()) break;
    }
    // Lets time pass.
    void advance(std::chrono::milliseconds time) {
        for (; time > 0ms; time -= 125ms) {
            clock.advance(std::min(time, std::chrono::milliseconds(125)));
            for (int i = 0; i < 3; ++i) l.run_once();
        }
        turn();
    }
    inline client connect(net::memory_stream_options options = {});

    manual_clock clock;
    loop l;
    std::function<void(exchange&)> handle;
    std::unique_ptr<server> engine;
    std::vector<std::exception_ptr> errors;
    int requests = 0;

private:
    server_options options_;
};

// The other end of a connection.
class client final : net::stream_handler {
public:
    client(bench& b, std::unique_ptr<net::memory_stream> s) : bench_(&b), stream(std::move(s)) { stream->start(*this); }
    client(const client&) = delete;

    // Sends octets and lets the server work.
    client& send(std::string_view octets) {
        put(octets);
        bench_->turn();
        return *this;
    }
    // Sends octets, each by itself.
    client& drip(std::string_view octets) {
        for (std::size_t i = 0; i < octets.size(); ++i) send(octets.substr(i, 1));
        return *this;
    }
    void put(std::string_view octets) {
        const std::string_view piece[] = {octets};
        stream->write(piece);
    }
    // Says that nothing more follows.
    void end() {
        stream->end();
        bench_->turn();
    }
    void close() {
        stream->close();
        bench_->turn();
    }
    void reset() {
        stream->reset();
        bench_->turn();
    }
    void pause(bool yes) {
        stream->want(!yes, false);
        bench_->turn();
    }
    // Takes everything received so far.
    std::string take() { return std::exchange(got, {}); }
    // Takes the next response.
    http::response_parser response(http::response_parser::to to = http::response_parser::to::other) {
        http::response_parser p(to);
        got.erase(0, p.feed(got));
        if (ended && !p.done()) p.finish();
        return p;
    }
    // The server has ended its side, or reset the connection.
    bool over() const { return ended || broken; }

    std::string got;
    bool ended = false, broken = false;

private:
    void on_readable() override {
        char room[16384];
        const auto r = stream->read(room);
        if (r.error) {
            broken = !r.would_block();
            if (broken) stream->want(false, false);
        } else if (r.size == 0) {
            ended = true;
            stream->want(false, false);
        } else got.append(room, r.size);
    }
    void on_writable() override {}
    void on_peer_closed() override { ended = true; }
    void on_broken(std::error_code) override { broken = true; }
    bench* bench_;

public:
    std::unique_ptr<net::memory_stream> stream;
};

inline client bench::connect(net::memory_stream_options options) {
    auto [far, near] = net::memory_stream::pair(l, options);
    engine->serve(std::move(near));
    return client(*this, std::move(far));
}

// A request without a body.
inline std::string get(std::string_view target, std::string_view fields = {}) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}
// A request with a body.
inline std::string post(std::string_view target, std::string_view body, std::string_view fields = {}) {
    return "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
}
// A request whose body comes in the chunks.
inline std::string chunked(std::string_view target, std::string_view chunks) {
    return "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
}

} // namespace crema_test
