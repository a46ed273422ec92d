// limits: what one client may use up. All are on by default.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace crema {

/** Bounds everything that a client can make a server spend.

    Deadlines are checked four times a second, short ones more often, so that they may come a little later. Time in which
    a handler has blocked the loop is not held against clients.

    @par Thread Safety
    Distinct objects: safe.
*/
struct limits {
    std::size_t request_line = 8 * 1024 + 256;      ///< octets of the request line; 414
    std::size_t header_bytes = 16 * 1024;           ///< octets of all header fields; 431
    std::size_t header_count = 128;                 ///< header fields, at most 65535; 431
    std::uint64_t body = 64 * 1024 * 1024;          ///< octets of a body as it arrives; 413. Parsers have smaller limits.
    std::size_t chunk_extensions = 16 * 1024;       ///< octets of chunk extensions that no octets of data pay for; 413
    std::size_t trailers = 8 * 1024;                ///< octets of all trailer lines; 431
    std::uint64_t drain = 256 * 1024;               ///< octets of a body nobody read that are thrown away, else the connection closes
    std::chrono::milliseconds header_deadline{10'000}; ///< from the first octet of a request to the end of its header; 408
    std::chrono::milliseconds idle{60'000};         ///< between requests, and from connecting to the first one; closed
    std::uint32_t rate = 240;                       ///< octets a second of a body, and of answers that the client takes
    std::chrono::milliseconds rate_grace{5'000};    ///< time before the rate counts; 408, or reset
    std::chrono::milliseconds linger{2'000};        ///< time a refused client has to read the answer
    std::size_t backlog = 256 * 1024;               ///< octets of an answer that wait for the client before `write` waits
    std::size_t pipeline_depth = 128;               ///< requests of one client that are answered before the others have their turn
    std::uint64_t requests_per_connection = 100'000'000; ///< then the connection closes; 0 for no limit
    std::size_t connections = 50'000;               ///< at once; more are closed at once
    std::size_t connections_per_address = 20'000;   ///< at once from one address (IPv6: one /64; Unix sockets: no limit); more are closed at once
};

/** Print limits as a table, a line each.

    @par Thread Safety
    Safe.
*/
CREMA_DECL std::string to_string(const limits& l);

} // namespace crema

#if CREMA_BODIES
namespace crema {

CREMA_DECL std::string to_string(const limits& l) {
    std::string out;
    const auto row = [&](std::string name, const std::string& text) {
        name.resize(26, ' ');
        out += name + text + "\n";
    };
    const auto line = [&](const char* name, std::uint64_t v, const char* unit) { row(name, std::to_string(v) + unit); };
    const auto unless_0 = [&](const char* name, std::uint64_t v, const char* unit) {
        row(name, v == 0 ? "none" : std::to_string(v) + unit);
    };
    line("request line", l.request_line, " octets");
    line("header bytes", l.header_bytes, " octets");
    line("header count", l.header_count, "");
    line("body", l.body, " octets");
    line("chunk extensions", l.chunk_extensions, " octets");
    line("trailers", l.trailers, " octets");
    line("drain", l.drain, " octets");
    line("header deadline", static_cast<std::uint64_t>(l.header_deadline.count()), " ms");
    line("idle", static_cast<std::uint64_t>(l.idle.count()), " ms");
    unless_0("rate", l.rate, " octets/s");
    line("rate grace", static_cast<std::uint64_t>(l.rate_grace.count()), " ms");
    line("linger", static_cast<std::uint64_t>(l.linger.count()), " ms");
    line("backlog", l.backlog, " octets");
    line("pipeline depth", l.pipeline_depth, "");
    unless_0("requests per connection", l.requests_per_connection, "");
    line("connections", l.connections, "");
    line("connections per address", l.connections_per_address, "");
    return out;
}

} // namespace crema
#endif
