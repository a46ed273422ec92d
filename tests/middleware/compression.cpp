// Tests of middleware/compression.hpp: the titles of the package compression, with the heads that were recorded, then crema's own.
//
// Recorded were answers of Node without a length, in chunks; here that is `write`, since what is sent in one go has a length.
// Without a counterpart: "should work with http2 server" (there is no HTTP/2 yet), "should work with encoding arguments" and "should
// handle writing hex data" (texts in C++ are octets already), "should work with res.end(null)" (there is no null: it is `end()`).
// SPDX-License-Identifier: MIT
#include <crema/middleware/compression.hpp>

#include <crema/loop/pool.hpp>
#include <crema/loop/sleep.hpp>
#include <crema/middleware/static_files.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <algorithm>
#include <web/files.hpp>

#if defined(CREMA_WITH_ZLIB) && defined(CREMA_WITH_BROTLI) && defined(CREMA_WITH_ZSTD)
#include <crema/ext/brotli.hpp>
#include <crema/ext/zlib.hpp>
#include <crema/ext/zstd.hpp>

using namespace crema;
using testing::reply;
using namespace std::chrono_literals;

namespace {

const std::vector<compression_codec> npm{codecs::br, codecs::gzip, codecs::deflate};
constexpr std::string_view hello = "hello, world";

using answer = std::function<void(request&, response&)>;

app with(compression_options options, answer f) {
    if (options.codecs.empty()) options.codecs = npm;
    app a;
    a.disable("x-powered-by");
    a.disable("etag");
    a.use(compression(std::move(options)));
    a.get("/", [f = std::move(f)](request& req, response& res) { f(req, res); });
    return a;
}

// What a handler of Node's does that sets a type and ends with a text.
answer plain(std::string_view text = hello, std::string type = "text/plain") {
    return [=](request&, response& res) {
        res.set_header("Content-Type", type);
        if (!text.empty()) static_cast<void>(res.write(text));
        res.end();
    };
}

struct got {
    std::string head; // status and fields, without Date and Connection
    std::string body; // decoded
};

std::string decoded(std::string_view coding, std::string_view body) {
    for (const auto& c : {codecs::br, codecs::gzip, codecs::deflate, codecs::zstd})
        if (c.name == coding) return decode_all(c, body, 64 << 20).value();
    return std::string(body);
}

got ask(app a, const char* accept_encoding, std::string_view method = "GET", std::string_view fields = {}) {
    testing::client c(std::move(a));
    auto call = c.request(method, "/");
    if (accept_encoding) call.set("Accept-Encoding", accept_encoding);
    if (!fields.empty()) call.set(fields.substr(0, fields.find(':')), fields.substr(fields.find(':') + 2));
    const auto r = call.result();
    got g{std::to_string(r.status), decoded(r.header("Content-Encoding").value_or(""), r.body)};
    for (const auto& [name, text] : r.fields)
        if (name != "Date" && name != "Connection") g.head += "\n" + name + ": " + text;
    return g;
}

void check(const got& g, std::string_view head, std::string_view body) {
    auto lines = [](std::string_view text) {
        std::vector<std::string> all;
        for (std::size_t at = 0; at <= text.size();) {
            const auto end = std::min(text.find('\n', at), text.size());
            all.emplace_back(text.substr(at, end - at));
            at = end + 1;
        }
        std::sort(all.begin(), all.end());
        return all;
    };
    CHECK(lines(g.head) == lines(head));
    CHECK(g.body == body);
}

#define CODED(name) "200\nContent-Type: text/plain\nVary: Accept-Encoding\nContent-Encoding: " name "\nTransfer-Encoding: chunked"
constexpr std::string_view uncoded = "200\nContent-Type: text/plain\nVary: Accept-Encoding\nTransfer-Encoding: chunked";

// A text that does not compress to nothing.
std::string noise(std::size_t size) {
    std::string s;
    std::uint32_t x = 1;
    while (s.size() < size) {
        x = x * 1664525 + 1013904223;
        s += static_cast<char>('a' + (x >> 28));
    }
    return s;
}

} // namespace

TEST_CASE("recorded: what is not compressed", "[middleware][compression][wire]") {
    constexpr std::string_view of_head = "200\nContent-Type: text/plain\nVary: Accept-Encoding\nTransfer-Encoding: chunked";
    INFO("should skip HEAD; should set Vary for HEAD request. A length is not known, which crema tells as it would for GET");
    check(ask(with({.threshold = 0}, plain()), "gzip", "HEAD"), of_head, "");
    INFO("should skip unknown accept-encoding");
    check(ask(with({.threshold = 0}, plain()), "bogus"), uncoded, hello);
    INFO("should skip if content-encoding already set");
    check(ask(with({.threshold = 0},
                   [](request& req, response& res) {
                       res.set("Content-Encoding", "x-custom");
                       plain()(req, res);
                   }),
              "gzip"),
          "200\nContent-Type: text/plain\nContent-Encoding: x-custom\nVary: Accept-Encoding\nTransfer-Encoding: chunked", hello);
    INFO("should set Vary even if Accept-Encoding is not set");
    check(ask(with({.threshold = 1000}, plain()), nullptr), uncoded, hello);
    INFO("should not set Vary if Content-Type does not pass filter");
    check(ask(with({}, plain(hello, "image/jpeg")), "gzip, deflate"), "200\nContent-Type: image/jpeg\nTransfer-Encoding: chunked", hello);
    INFO("Cache-Control: no-transform: should not compress response, should not set Vary header");
    check(ask(with({.threshold = 0},
                   [](request& req, response& res) {
                       res.set("Cache-Control", "no-transform");
                       plain()(req, res);
                   }),
              "gzip"),
          "200\nCache-Control: no-transform\nContent-Type: text/plain\nTransfer-Encoding: chunked", hello);
}

TEST_CASE("recorded: threshold", "[middleware][compression][wire]") {
    const auto of_length = [](std::size_t n, bool streamed) {
        return [=](request&, response& res) {
            const std::string text = n == 12 ? std::string(hello) : std::string(n, '.');
            res.set_header("Content-Type", "text/plain").set("Content-Length", n);
            if (streamed) {
                static_cast<void>(res.write(std::string_view(text).substr(0, n / 2)));
                res.end(std::string_view(text).substr(n / 2));
            } else res.end(text);
        };
    };
    constexpr std::string_view as_it_is = "200\nContent-Type: text/plain\nContent-Length: 12\nVary: Accept-Encoding";
    const std::string dots(2048, '.');
    INFO("should not compress responses below the threshold size");
    check(ask(with({.threshold = "1kb"}, of_length(12, false)), "gzip"), as_it_is, hello);
    INFO("should compress responses above the threshold size; here with the length of what comes out");
    const auto g = ask(with({.threshold = "1kb"}, of_length(2048, false)), "gzip");
    CHECK(g.body == dots);
    CHECK(g.head.find("Content-Encoding: gzip") != g.head.npos);
    INFO("should compress when streaming without a content-length");
    check(ask(with({.threshold = "1kb"}, plain()), "gzip"), CODED("gzip"), hello);
    INFO("should not compress when streaming and content-length is lower than threshold");
    check(ask(with({.threshold = "1kb"}, of_length(12, true)), "gzip"), as_it_is, hello);
    INFO("should compress when streaming and content-length is larger than threshold; should remove Content-Length for chunked");
    check(ask(with({.threshold = "1kb"}, of_length(2048, true)), "gzip"), CODED("gzip"), dots);
    INFO("should consider res.end() as 0 length");
    check(ask(with({.threshold = 0 + 1}, plain("")), "gzip"), "200\nContent-Type: text/plain\nVary: Accept-Encoding\nContent-Length: 0", "");
}

TEST_CASE("recorded: the coding that the client likes best", "[middleware][compression][wire]") {
    INFO("should set Vary; should transfer chunked");
    check(ask(with({.threshold = 0}, plain()), "gzip"), CODED("gzip"), hello);
    check(ask(with({.threshold = 0}, plain()), "deflate"), CODED("deflate"), hello);
    check(ask(with({.threshold = 0}, plain()), "br"), CODED("br"), hello);
    for (const auto* accepted : {"gzip, deflate", "deflate, gzip", "gzip;q=1, br;q=0.3", "gzip, br;q=0.8", "gzip;q=0.001"}) {
        INFO("when \"Accept-Encoding: " << accepted << "\" should respond with gzip");
        check(ask(with({.threshold = 0}, plain()), accepted), CODED("gzip"), hello);
    }
    for (const auto* accepted : {"gzip, br", "deflate, gzip, br", "deflate, br"}) {
        INFO("when \"Accept-Encoding: " << accepted << "\" should respond with br");
        check(ask(with({.threshold = 0}, plain()), accepted), CODED("br"), hello);
    }
    INFO("when \"Accept-Encoding: br\" and passing compression level");
    const compression_options of_level{.codecs = {{codecs::br, 11}, codecs::gzip}, .threshold = 0};
    check(ask(with(of_level, plain()), "br"), CODED("br"), hello);
    check(ask(with(of_level, plain()), "gzip"), CODED("gzip"), hello);
}

TEST_CASE("recorded: enforceEncoding", "[middleware][compression][wire]") {
    const auto enforced = [](std::string coding, const char* accepted = nullptr) {
        return ask(with({.threshold = 0, .enforce_encoding = std::move(coding)}, plain()), accepted);
    };
    INFO("should compress the provided encoding and not the default encoding");
    check(enforced("deflate", "gzip"), CODED("gzip"), hello);
    for (const auto* no : {"identity", "bogus", "*"}) {
        INFO("should not compress when enforceEncoding is " << no);
        check(enforced(no), uncoded, hello);
    }
    check(enforced("gzip"), CODED("gzip"), hello);
    check(enforced("deflate"), CODED("deflate"), hello);
    check(enforced("br"), CODED("br"), hello);
    check(enforced("gzip", ""), CODED("gzip"), hello);
}

TEST_CASE("recorded: .filter", "[middleware][compression][wire]") {
    const auto told = [](const char* type) {
        return [=](request& req, response& res) {
            if (*type) res.set_header("Content-Type", type);
            res.end(compression_filter(req, res) ? "true" : "false");
        };
    };
    app bare;
    bare.disable("x-powered-by");
    bare.get("/none", told(""));
    bare.get("/plain", told("text/plain"));
    bare.get("/bogus", told("application/x-bogus"));
    testing::client c(bare);
    INFO("should return false on empty response");
    c.get("/none").expect(200, "false").expect("Content-Length", "5");
    c.get("/plain").expect(200, "true").expect("Content-Type", "text/plain");
    c.get("/bogus").expect(200, "false").expect("Content-Type", "application/x-bogus");
}

TEST_CASE("recorded: res.flush()", "[middleware][compression][wire]") {
    INFO("should always be present");
    check(ask(with({.codecs = npm}, [](request&, response& res) {
                  res.flush_headers();
                  res.flush();
                  res.end();
              }), "gzip, deflate"), "200\nTransfer-Encoding: chunked", "");
    for (const auto& [coding, size] : {std::pair<codec, std::size_t>{codecs::gzip, 1024}, {codecs::gzip, 2}, {codecs::br, 2}, {codecs::deflate, 2}}) {
        INFO("should flush the response; should flush small chunks for " << coding.name);
        const std::string dots(size, '.');
        testing::client c(with({.threshold = 0}, [](request&, response&) {}));
        app a;
        a.use(compression({.codecs = {coding}, .threshold = 0}));
        a.get("/", [&](request&, response& res) -> task<> {
            res.type("text/plain");
            static_cast<void>(res.write(dots));
            res.flush();
            co_await sleep(1s);
            static_cast<void>(res.write(dots));
            res.flush();
            co_await sleep(1s);
            res.end();
        });
        testing::client d(a);
        auto call = d.get("/").set("Accept-Encoding", coding.name).start();
        const auto so_far = [&] {
            std::string out;
            auto in = call.body_so_far();
            static_cast<void>(coding.make_decoder()->decode(in, out, 1 << 20).value());
            return out;
        };
        d.run();
        CHECK(so_far() == dots);
        d.advance(1s);
        d.run();
        CHECK(so_far() == dots + dots);
        CHECK(decoded(coding.name, call.result().body) == dots + dots);
    }
}

TEST_CASE("recorded: large bodies, back-pressure, and who goes away", "[middleware][compression][wire]") {
    const auto large = noise(1 << 20);
    INFO("should transfer large bodies");
    check(ask(with({.threshold = 0}, plain(large)), "gzip"), CODED("gzip"), large);
    INFO("should transfer large bodies with multiple writes");
    check(ask(with({.threshold = 0},
                   [&](request&, response& res) {
                       res.set_header("Content-Type", "text/plain");
                       for (std::size_t at = 0; at < large.size(); at += 100'000)
                           static_cast<void>(res.write(std::string_view(large).substr(at, 100'000)));
                       res.end();
                   }),
              "gzip"),
          CODED("gzip"), large);
    for (const auto* type : {"text/plain", "image/jpeg"}) {
        INFO("should back-pressure when compressed; should back-pressure when uncompressed: " << type);
        app a;
        a.use(compression({.codecs = {codecs::gzip}, .threshold = 0}));
        testing::call* asked = nullptr;
        std::size_t most = 0;
        a.get("/", [&](request&, response& res) -> task<> {
            res.type(type);
            for (std::size_t at = 0; at < large.size(); at += 1 << 16) {
                co_await res.write(std::string_view(large).substr(at, 1 << 16));
                std::string out;
                auto in = asked->body_so_far();
                if (res.get("Content-Encoding")) static_cast<void>(codecs::gzip.make_decoder()->decode(in, out, 1 << 30).value());
                most = std::max(most, at - std::min(at, std::max(out.size(), in.size())));
            }
            res.end();
        });
        testing::client c(a);
        auto call = c.get("/").set("Accept-Encoding", "gzip");
        asked = &call;
        call.start();
        CHECK(decoded(call.result().header("Content-Encoding").value_or(""), call.result().body) == large);
        CHECK(most < 600'000); // limits::backlog, the way, and what the coding holds
    }
    INFO("should allow writing after close");
    app a;
    a.use(compression({.codecs = npm, .threshold = 0}));
    bool after = false;
    a.get("/", [&](request&, response& res) -> task<> {
        try {
            co_await sleep(1s);
        } catch (const cancelled&) {
        }
        res.type("text");
        static_cast<void>(res.write("hello, "));
        static_cast<void>(res.write(large));
        res.flush();
        res.end("world");
        after = true;
    });
    testing::client c(a);
    c.get("/").set("Accept-Encoding", "gzip").start().disconnect();
    c.run();
    CHECK(after);
    INFO("should return false writing after end; here it throws");
    bool thrown = false;
    ask(with({.threshold = 0},
             [&](request& req, response& res) {
                 plain()(req, res);
                 try {
                     static_cast<void>(res.write(hello));
                 } catch (const already_answered&) {
                     thrown = true;
                 }
             }),
        "gzip");
    CHECK(thrown);
}

TEST_CASE("send, json and end are compressed in one go, with their length", "[middleware][compression]") {
    const std::string text(5000, 'x');
    app a;
    a.use(compression({.codecs = {codecs::zstd, codecs::br, codecs::gzip, codecs::deflate}}));
    a.get("/send", [&](request&, response& res) { res.send(text); });
    a.get("/json", [&](request&, response& res) { res.json(text); });
    a.get("/end", [&](request&, response& res) { res.type("text").end(text); });
    a.get("/short", [&](request&, response& res) { res.send("short"); });
    testing::client c(a);
    for (const auto* coding : {"gzip", "zstd", "br", "deflate", "gzip", "zstd"}) { // again: from an encoder that was used
        for (const auto* path : {"/send", "/json", "/end"}) {
            const auto r = c.get(path).set("Accept-Encoding", coding).result();
            CHECK(r.header("Content-Encoding") == coding);
            CHECK(r.header("Content-Length") == std::to_string(r.body.size()));
            CHECK(r.body.size() < 100);
            CHECK(decoded(coding, r.body) == (path == std::string_view("/json") ? '"' + text + '"' : text));
        }
    }
    c.get("/send").set("Accept-Encoding", "*").expect("Content-Encoding", "zstd");
    c.get("/send").set("Accept-Encoding", "zstd;q=0, *").expect("Content-Encoding", "br");
    c.get("/send").set("Accept-Encoding", "identity, gzip;q=0.5").expect(200, text).expect("Vary", "Accept-Encoding");
    c.get("/short").set("Accept-Encoding", "gzip").expect(200, "short").expect("Vary", "Accept-Encoding");
}

TEST_CASE("bodies of every size arrive whole, whoever compresses them", "[middleware][compression]") {
    for (const auto& coding : {codecs::gzip, codecs::br, codecs::zstd}) {
        app a;
        a.use(compression({.codecs = {coding}, .threshold = 0, .on_loop = 1000}));
        a.get("/send/:n", [](request& req, response& res) { res.type("text").send(noise(std::stoul(std::string(req.params("n"))))); });
        a.get("/mixed", [](request&, response& res) -> task<> { // small ones wait for large ones that the pool works on
            res.type("text").add_trailers({{"X-End", "yes"}});
            const auto all = noise(400'000);
            std::size_t at = 0;
            for (const std::size_t n : {10, 300'000, 20, 5, 70'000}) {
                static_cast<void>(res.write(std::string_view(all).substr(at, n)));
                at += n;
            }
            res.flush();
            co_await res.write(std::string_view(all).substr(at, 900));
            at += 900;
            co_await res.write(std::string_view(all).substr(at, 1001));
            at += 1001;
            res.end(std::string_view(all).substr(at));
        });
        testing::client c(a);
        for (const std::size_t n : {0, 1, 999, 1000, 1001, 128 * 1024, 128 * 1024 + 1, 1'000'000}) {
            const auto r = c.get("/send/" + std::to_string(n)).set("Accept-Encoding", coding.name).result();
            INFO(coding.name << " " << n);
            CHECK(decoded(r.header("Content-Encoding").value_or(""), r.body) == noise(n));
        }
        const auto r = c.get("/mixed").set("Accept-Encoding", coding.name).result();
        CHECK(decoded(coding.name, r.body) == noise(400'000));
    }
}

TEST_CASE("a pool that is full does not keep an answer from being compressed", "[middleware][compression]") {
    struct narrow {
        offload_options before = offload_pool::shared().options();
        narrow() {
            auto o = before;
            o.queue = 0;
            offload_pool::shared().options(o);
        }
        ~narrow() { offload_pool::shared().options(before); }
    } const none;
    const auto large = noise(500'000);
    check(ask(with({.threshold = 0}, plain(large)), "gzip"), CODED("gzip"), large);
}

TEST_CASE("a client that leaves ends the work of the pool", "[middleware][compression]") {
    const auto large = noise(4 << 20);
    app a;
    a.use(compression({.codecs = {codecs::gzip}}));
    int closed = 0;
    a.get("/", [&](request&, response& res) {
        res.on_close([&] { ++closed; });
        res.type("text").send(large);
    });
    testing::client c(a);
    c.get("/").set("Accept-Encoding", "gzip").start().disconnect();
    auto reset = c.get("/").set("Accept-Encoding", "gzip").start();
    c.loop().run_once(loop::wait::no);
    reset.reset();
    c.run();
    CHECK(closed == 2);
}

TEST_CASE("a validator becomes weak, and still answers 304 with Vary", "[middleware][compression]") {
    const std::string text(2000, 'x');
    app a;
    a.use(compression({.codecs = {codecs::gzip}}));
    a.get("/", [&](request&, response& res) { res.set("ETag", "\"strong\"").send(text); });
    a.get("/weak", [&](request&, response& res) { res.set("ETag", "W/\"weak\"").send(text); });
    testing::client c(a);
    c.get("/").set("Accept-Encoding", "gzip").expect("ETag", "W/\"strong\"");
    c.get("/").expect("ETag", "\"strong\"");
    c.get("/weak").set("Accept-Encoding", "gzip").expect("ETag", "W/\"weak\"");
    c.head("/").set("Accept-Encoding", "gzip").expect("ETag", "W/\"strong\"").expect([](const reply& r) {
        CHECK_FALSE(r.header("Content-Length"));
        CHECK_FALSE(r.header("Content-Encoding"));
    });
    c.head("/").expect("Content-Length", "2000");
    c.get("/").set("Accept-Encoding", "gzip").set("If-None-Match", "W/\"strong\"").expect(304).expect("Vary", "Accept-Encoding");
}

TEST_CASE("a 304 has the validator that the 200 would have", "[middleware][compression]") {
    const std::string text(2000, 'x');
    served_files files;
    files.write("a.txt", text);
    app a;
    a.use(compression({.codecs = {codecs::gzip}}));
    a.get("/", [&](request&, response& res) { res.set("ETag", "\"strong\"").send(text); });
    a.get("/short", [&](request&, response& res) { res.set("ETag", "\"strong\"").send("short"); });
    a.use("/files", static_files(files.root(), {.strong_etag = true}));
    testing::client c(a);
    const auto tag = [&](const char* target, const char* accepted, const std::string& known = "") {
        auto call = c.get(target).set("Accept-Encoding", accepted);
        if (!known.empty()) call.set("If-None-Match", known);
        const auto r = call.result();
        CHECK(r.status == (known.empty() ? 200 : 304));
        return std::string(r.header("ETag").value_or(""));
    };
    for (const char* target : {"/", "/short", "/files/a.txt"})
        for (const char* accepted : {"gzip", "identity"}) {
            INFO(target << " " << accepted);
            const auto known = tag(target, accepted);
            CHECK(tag(target, accepted, known) == known);
        }
    CHECK(tag("/", "gzip") == "W/\"strong\"");
    CHECK(tag("/short", "gzip") == "\"strong\"");
    CHECK(tag("/files/a.txt", "gzip").starts_with("W/"));
}

TEST_CASE("files are compressed, parts of files are not", "[middleware][compression]") {
    served_files files;
    const auto text = noise(300'000);
    files.write("a.txt", text);
    files.write("a.png", text);
    app a;
    a.use(compression({.codecs = {codecs::gzip}}));
    a.get("/:name", [&](request& req, response& res) { res.send_file(std::string(req.params("name")), {.root = files.root()}); });
    testing::client c(a);
    c.get("/a.txt").set("Accept-Encoding", "gzip").expect("Content-Encoding", "gzip").expect([&](const reply& r) {
        CHECK(decoded("gzip", r.body) == text);
        CHECK_FALSE(r.header("Accept-Ranges"));
        CHECK_FALSE(r.header("Content-Length"));
    });
    c.get("/a.txt").set("Accept-Encoding", "gzip").set("Range", "bytes=0-4999").expect(206, text.substr(0, 5000)).expect("Vary", "Accept-Encoding");
    c.get("/a.png").set("Accept-Encoding", "gzip").expect(200, text).expect("Content-Length", "300000").expect([](const reply& r) {
        CHECK_FALSE(r.header("Vary"));
        CHECK(r.header("Accept-Ranges") == "bytes");
    });
    c.head("/a.txt").set("Accept-Encoding", "gzip").expect(200, "").expect([](const reply& r) { CHECK_FALSE(r.header("Content-Length")); });
}

TEST_CASE("nothing is compressed twice", "[middleware][compression]") {
    const std::string text(2000, 'x');
    app a;
    a.use(compression({.codecs = {codecs::gzip}}));
    a.use(compression({.codecs = {codecs::br, codecs::gzip}}));
    a.get("/", [&](request&, response& res) { res.send(text); });
    a.get("/ready", [&](request&, response& res) {
        res.type("text").set("Content-Encoding", "gzip").end(encode_all(codecs::gzip, text));
    });
    a.get("/digest", [&](request&, response& res) { res.type("text").set("Content-Digest", "sha-256=:AAAA:").end(text); });
    a.get("/none", [](request&, response& res) { res.status(204).type("text").end(); });
    testing::client c(a);
    const auto r = c.get("/").set("Accept-Encoding", "gzip, br").result();
    CHECK(r.headers("Content-Encoding") == std::vector<std::string_view>{"br"});
    CHECK(decoded("br", r.body) == text);
    const auto ready = c.get("/ready").set("Accept-Encoding", "gzip, br").result();
    CHECK(ready.headers("Content-Encoding") == std::vector<std::string_view>{"gzip"});
    CHECK(decoded("gzip", ready.body) == text);
    c.get("/digest").set("Accept-Encoding", "gzip").expect(200, text);
    c.get("/none").set("Accept-Encoding", "gzip").expect(204, "");
}

TEST_CASE("events are sent when they happen", "[middleware][compression]") {
    app a;
    a.use(compression({.codecs = {codecs::gzip}}));
    a.get("/", [](request&, response& res) -> task<> {
        res.type("text/event-stream");
        co_await res.write("data: 1\n\n");
        co_await sleep(1h);
        res.end();
    });
    testing::client c(a);
    auto call = c.get("/").set("Accept-Encoding", "gzip").start();
    c.run();
    std::string out;
    auto in = call.body_so_far();
    static_cast<void>(codecs::gzip.make_decoder()->decode(in, out, 1000).value());
    CHECK(out == "data: 1\n\n");
}

TEST_CASE("the filter decides with the fields that are set", "[middleware][compression]") {
    const std::string text(2000, 'x');
    auto options = compression_options{.codecs = {codecs::gzip}, .filter = [](request& req, response& res) {
                                           return !req.get("X-No-Compression") && compression_filter(req, res);
                                       }};
    app a;
    a.use(compression(options));
    a.get("/", [&](request&, response& res) { res.send(text); });
    testing::client c(a);
    c.get("/").set("Accept-Encoding", "gzip").expect("Content-Encoding", "gzip");
    c.get("/").set("Accept-Encoding", "gzip").set("X-No-Compression", "1").expect(200, text);
}

TEST_CASE("a library that fails breaks the connection, not the answer", "[middleware][compression]") {
    struct broken final : encoder {
        void encode(std::string_view, std::string&, flush) override { throw system_error(make_error_code(error::bad_value), "library"); }
    };
    const codec bad{"bad", nullptr, [](int) -> std::unique_ptr<encoder> { return std::make_unique<broken>(); }};
    app a;
    a.use(compression({.codecs = {bad}, .threshold = 0}));
    a.get("/:n", [](request& req, response& res) { res.type("text").send(noise(std::stoul(std::string(req.params("n"))))); });
    testing::client c(a);
    CHECK_THROWS_AS(c.get("/10").set("Accept-Encoding", "bad").result(), testing::failure);
    c.get("/10").expect(200, noise(10));
}

TEST_CASE("without codecs it is refused where it is made", "[middleware][compression]") {
    CHECK_THROWS_AS(compression({}), std::invalid_argument);
}

#endif
