// reference_app: what many real clients need of a server, on one page: files, bodies, streams, events, redirects, cookies.
//
//   reference_app [port]
//   curl http://localhost:3000/user/5?a=1            -> {"id":"5","query":{"a":"1"}}
//   curl -d 'a[b]=1&c=2' http://localhost:3000/form  -> {"a":{"b":"1"},"c":"2"}
//   curl http://localhost:3000/static/hello.txt      -> hello static
//   curl -N http://localhost:3000/sse                -> five events
#include <crema.hpp>
#include <crema/core/encode.hpp>
#if defined(CREMA_WITH_ZLIB)
#include <crema/ext/zlib.hpp>
#endif

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>
using namespace crema;

namespace {

std::vector<codec> codings() {
#if defined(CREMA_WITH_ZLIB)
    return {codecs::gzip, codecs::deflate};
#else
    return {};
#endif
}

// A number in the query, or what is usual.
int number(request& req, std::string_view name, int usual) {
    const auto text = req.query(name).value_or("");
    int n = usual;
    std::from_chars(text.data(), text.data() + text.size(), n);
    return n == 0 ? usual : n;
}

// A directory with something to send, removed at the end.
struct some_files {
    std::filesystem::path where;
    some_files() {
        std::string name = (std::filesystem::temp_directory_path() / "ref-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
        where = name;
        std::ofstream(where / "hello.txt") << "hello static\n";
        std::ofstream(where / "index.html") << "<!doctype html><title>ref</title><p id=p>hi</p>";
        std::ofstream big(where / "big.bin", std::ios::binary);
        for (int i = 0; i < 1 << 17; ++i) big << "abcdefgh";
    }
    some_files(const some_files&) = delete;
    ~some_files() {
        std::error_code ignored;
        std::filesystem::remove_all(where, ignored);
    }
};

} // namespace

int main(int argc, char** argv) {
    const some_files files;
    app app;
    app.set("trust proxy", "loopback");
    app.use("/static", static_files(files.where));

    app.all("/echo", body_raw({.limit = "8mb", .type = [](request&) { return true; }, .codecs = codings()}),
            [](request& req, response& res) {
                value fields = value::object();
                for (const auto field : req.head().fields()) {
                    const auto name = to_lower(field.name);
                    fields[name] = req.get(name).value_or("");
                }
                const auto body = req.body_parsed() ? std::string_view(req.body().as_string()) : std::string_view();
                value all = {{"method", req.method()}, {"url", req.original_url()}, {"headers", std::move(fields)},
                             {"bodyLength", body.size()}};
                if (body.size() <= 65536) all["body"] = base64_encode(body);
                res.json(all);
            });
    app.get("/user/:id", [](request& req, response& res) {
        res.json({{"id", req.params("id")}, {"query", req.query()}});
    });
    app.post("/json", body_json({.codecs = codings()}), [](request& req, response& res) { res.json(req.body()); });
    app.post("/form", body_urlencoded({.extended = true, .codecs = codings()}),
             [](request& req, response& res) { res.json(req.body()); });
    app.post("/text", body_text({.codecs = codings()}),
             [](request& req, response& res) { res.type("text").send(req.body_parsed() ? req.body().as_string() : ""); });

    app.get("/stream", [](request& req, response& res) -> task<> {
        res.type("text");
        for (int i = 0; i < number(req, "n", 5); ++i) {
            co_await res.write("chunk " + std::to_string(i) + "\n");
            co_await sleep(std::chrono::milliseconds(number(req, "ms", 5)));
        }
        res.end();
    });
    app.get("/sse", [](request&, response& res) -> task<> {
        res.write_head(200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache"}});
        for (int i = 0; i < 5; ++i) {
            co_await sleep(std::chrono::milliseconds(20)); // ends when the client leaves
            const auto id = std::to_string(i);
            co_await res.write("id: " + id + "\ndata: " + id + "\n\n");
        }
        res.end();
    });
    app.get("/slow", [](request& req, response& res) -> task<> {
        co_await sleep(std::chrono::milliseconds(number(req, "ms", 100)));
        res.send("slow");
    });

    app.get("/redirect", [](request&, response& res) { res.redirect("/user/7"); });
    app.get("/cookie", [](request& req, response& res) {
        res.cookie("sid", "abc", {.http_only = true, .same_site = http::same_site_policy::lax});
        const auto sent = req.get("cookie");
        res.json({{"got", sent ? value(*sent) : value()}});
    });
    app.get<"/status/:n">([](param<"n", int> n, response& res) { res.status(n).send("body of " + std::to_string(n)); });
    app.get("/ip", [](request& req, response& res) {
        res.json({{"ip", req.ip()}, {"protocol", req.protocol()}, {"hostname", req.hostname()}});
    });
    app.get("/boom", [](request&, response&) { throw std::runtime_error("boom"); });
    app.get("/reject", [](request&, response&) -> task<> {
        co_await sleep(std::chrono::milliseconds(0));
        throw http_error(418, "nope");
    });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), {.address = "127.0.0.1"},
                      [](server& s) {
                          std::printf("http://localhost:%d\n", s.port());
                          std::fflush(stdout);
                      });
}
