// What stands in front of the handlers of a service.
//
//   production [port]
//   curl http://localhost:3000/posts?token=x            -> the log: … "GET /posts?token=[redacted] HTTP/1.1" 200 …
//   curl -s http://localhost:3000/metrics | grep _count -> http_request_duration_seconds_count{method="GET",route="/posts",status="200"} 1
//   curl -s -H 'Accept: application/openmetrics-text' http://localhost:3000/metrics | tail -n 1   -> # EOF
//   curl -H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' http://localhost:3000/trace
//                                                       -> traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-… of a request to another service
//   curl -i --compressed http://localhost:3000/posts    -> Content-Encoding: zstd, br or gzip, as the client likes
//   curl -s -D - -o /dev/null -H 'Accept-Encoding: gzip' http://localhost:3000/posts | grep -i content-encoding   -> Content-Encoding: gzip
//   curl -N --compressed http://localhost:3000/ticks    -> three lines, each when it happens
#include <crema.hpp>
#include <crema/ext/brotli.hpp>
#include <crema/ext/zlib.hpp>
#include <crema/ext/zstd.hpp>
#include <crema/middleware/compression.hpp>
#include <crema/middleware/metrics.hpp>
#include <crema/middleware/trace.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>
using namespace crema;
using namespace std::chrono_literals;

struct post {
    int id;
    std::string title;
};

int main(int argc, char** argv) {
    app app;

    // Durations by route, loop, pool, process, for Prometheus; for this machine and private networks.
    app.use(metrics());

    // Apache's format; "json" for machines. Written by a thread of its own, without secrets.
    app.use(logger({.format = "combined"}));

    // A span of a distributed trace for each request.
    app.use(trace({.trust = true})); // of whom only the proxy asks

    // The client's preference counts first, then this order.
    app.use(compression({.codecs = {codecs::zstd, codecs::br, codecs::gzip}}));

    app.get("/posts", [](request&, response& res) {
        std::vector<post> posts;
        for (int i = 1; i <= 100; ++i) posts.push_back({i, "what was done on day " + std::to_string(i)});
        res.json(posts);
    });

    // What a request to another service would carry.
    app.get("/trace", [](request& req, response& res) {
        std::string all;
        for (const auto& [name, value] : span_of(req)->headers()) all += name + ": " + value + "\n";
        res.type("text/plain").send(all);
    });

    // What is streamed comes out when the coding likes, or at flush().
    app.get("/ticks", [](request&, response& res) -> task<> {
        res.type("text/plain");
        for (int i = 1; i <= 3; ++i) {
            const auto line = "tick " + std::to_string(i) + "\n";
            co_await res.write(line);
            res.flush();
            co_await sleep(50ms);
        }
        res.end();
    });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
