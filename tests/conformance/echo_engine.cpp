// The echo of the wire tests, on the engine alone: each request comes back as JSON.
// SPDX-License-Identifier: MIT
//
// echo_engine PORT [ADDRESS]
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <crema/server/server.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace crema;

namespace {

// Writes a JSON string; octets above 0x7F become U+0080 to U+00FF.
void quote(std::string& out, std::string_view octets) {
    out += '"';
    for (const char c : octets) {
        const auto u = static_cast<unsigned char>(c);
        char escape[8];
        if (c == '"' || c == '\\') (out += '\\') += c;
        else if (u < 0x20 || u >= 0x7f) {
            std::snprintf(escape, sizeof escape, "\\u%04x", u);
            out += escape;
        } else out += c;
    }
    out += '"';
}

std::string describe(const http::request_head& head, std::string_view body) {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto f : head.fields()) {
        std::string name;
        for (const char c : f.name) name += to_lower(c);
        auto at = fields.begin();
        while (at != fields.end() && at->first != name) ++at;
        if (at == fields.end()) fields.emplace_back(std::move(name), f.value);
        else (at->second += ", ") += f.value;
    }
    std::string out = "{\"method\":";
    quote(out, head.method_text());
    out += ",\"url\":";
    quote(out, head.target());
    out += ",\"headers\":{";
    for (const auto& [name, value] : fields) {
        if (out.back() != '{') out += ',';
        quote(out, name);
        out += ':';
        quote(out, value);
    }
    out += "},\"bodyLength\":" + std::to_string(body.size()) + ",\"body\":\"" + base64_encode(body) + "\"}";
    return out;
}

struct echo final : exchange_handler {
    static task<> answer(exchange& x) {
        std::string body;
        std::string error;
        try {
            for (;;) {
                const auto piece = co_await x.read();
                if (piece.empty()) break;
                body += piece;
            }
        } catch (const cancelled&) {
            x.release();
            throw;
        } catch (const std::system_error& e) {
            error = e.what();
        }
        if (!error.empty()) x.respond(x.body_status() != 0 ? x.body_status() : 400, {}, "Content-Type: text/plain\r\n", error + "\n");
        else x.respond(200, {}, "Content-Type: application/json\r\n", describe(x.head(), body));
        x.release();
    }
    void on_request(exchange& x) override {
        x.retain();
        spawn(answer(x), &x.scope());
    }
};

} // namespace

int main(int argc, char** argv) {
    loop l;
    echo handler;
    server s(l, handler);
    try {
        s.listen(argc > 2 ? argv[2] : "127.0.0.1", static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "echo_engine: %s\n", e.what());
        return 1;
    }
    std::printf("%d\n", s.port());
    std::fflush(stdout);
    return l.run();
}
