// response: what Express' res does, by its names.
// SPDX-License-Identifier: MIT
#include <crema/web/response.hpp>

#include <crema/http/date.hpp>
#include <crema/loop/schedule.hpp>
#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <shared.hpp>

#include "answering.hpp"

using namespace crema;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using namespace answered;

TEST_CASE("send answers with a text, its length and a validator", "[response]") {
    const auto r = got([](request&, response& res) { res.send("hi"); });
    CHECK(r.status == 200);
    CHECK(r.body == "hi");
    CHECK(field(r, "content-type") == "text/html; charset=utf-8");
    CHECK(field(r, "content-length") == "2");
    CHECK(field(r, "etag") == "W/\"2-witfkXg0JglCjW9RssWvTAveakI\"");
}

TEST_CASE("send keeps the type and makes its charset utf-8", "[response]") {
    CHECK(field(got([](request&, response& res) { res.type("text").send("x"); }), "content-type") == "text/plain; charset=utf-8");
    CHECK(field(got([](request&, response& res) { res.set("Content-Type", "text/plain; charset=iso-8859-1").send("x"); }),
                "content-type") == "text/plain; charset=utf-8");
    CHECK(field(got([](request&, response& res) { res.set("content-type", "image/png").send("x"); }), "content-type") ==
          "image/png; charset=utf-8");
}

TEST_CASE("send tells octets and values from texts", "[response]") {
    const auto octets = got([](request&, response& res) {
        const std::vector<unsigned char> all{0, 255};
        res.send(all);
    });
    CHECK(octets.body == std::string("\0\xff", 2));
    CHECK(field(octets, "content-type") == "application/octet-stream");
    const auto image = got([](request&, response& res) {
        const std::byte one[] = {std::byte{7}};
        res.type("png").send(std::span<const std::byte>(one));
    });
    CHECK(field(image, "content-type") == "image/png");
    const auto object = got([](request&, response& res) { res.send(small{}); });
    CHECK(object.body == R"({"a":1})");
    CHECK(field(object, "content-type") == "application/json; charset=utf-8");
    CHECK(got([](request&, response& res) { res.send(true); }).body == "true");
    CHECK(got([](request&, response& res) { res.send(std::string("text")); }).body == "text");
}

TEST_CASE("send without an argument has neither type nor validator", "[response]") {
    const auto r = got([](request&, response& res) { res.send(); });
    CHECK(field(r, "content-length") == "0");
    CHECK(field(r, "content-type") == "(none)");
    CHECK(field(r, "etag") == "(none)");
}

TEST_CASE("the validator is what the setting etag says", "[response]") {
    auto a = answers([](request&, response& res) { res.send("x"); });
    testing::client c(a);
    a.set("etag", value("weak"));
    const auto weak = field(c.get("/").result(), "etag");
    CHECK(weak.size() == 36);
    CHECK_THAT(weak, Catch::Matchers::StartsWith("W/\""));
    a.set("etag", value("strong"));
    CHECK("W/" + field(c.get("/").result(), "etag") == weak);
    a.set("etag", value(false));
    CHECK(field(c.get("/").result(), "etag") == "(none)");
    a.set("etag", value(true));
    CHECK(field(c.get("/").result(), "etag") == weak);
    CHECK_THROWS_AS(a.set("etag", value("strange")), system_error);
}

TEST_CASE("a validator that the handler has set stays", "[response]") {
    CHECK(field(got([](request&, response& res) { res.set("ETag", "\"mine\"").send("x"); }), "etag") == "\"mine\"");
}

TEST_CASE("a copy that is still good is answered 304 without a body", "[response]") {
    testing::client c(answers([](request& req, response& res) {
        if (req.path() == "/404") res.status(404);
        res.set("ETag", "\"my\"").send("x");
    }));
    for (auto tag : {"\"my\"", "\"other\", W/\"my\"", "*"}) {
        const auto r = c.get("/").set("If-None-Match", tag).result();
        CHECK(r.status == 304);
        CHECK(r.body.empty());
        CHECK(field(r, "content-type") == "(none)");
        CHECK(field(r, "content-length") == "(none)");
        CHECK(field(r, "etag") == "\"my\"");
    }
    c.head("/").set("If-None-Match", "\"my\"").expect(304, "");
    c.get("/").set("If-None-Match", "\"your\"").expect(200, "x");
    c.get("/").set("If-None-Match", "\"my\"").set("Cache-Control", "no-cache").expect(200, "x");
    c.post("/").set("If-None-Match", "\"my\"").expect(200, "x");
    c.get("/404").set("If-None-Match", "\"my\"").expect(404, "x");
}

TEST_CASE("HEAD has the length of the body and no body", "[response]") {
    testing::client c(answers([](request& req, response& res) {
        if (req.path() == "/json") res.json(small{});
        else if (req.path() == "/length") res.set("Content-Length", 7).end();
        else if (req.path() == "/stream") {
            res.write("never seen");
            res.end();
        } else res.send("hello");
    }));
    c.head("/").expect(200, "").expect("content-length", "5");
    c.head("/json").expect(200, "").expect("content-length", "7");
    c.head("/length").expect(200, "").expect("content-length", "7");
    c.head("/stream").expect(200, "");
    c.get("/").expect(200, "hello"); // the connection goes on
    CHECK(c.server().connections() == 1);
}

TEST_CASE("204 and 304 have no body and nothing that describes one, 205 has an empty one", "[response]") {
    for (int code : {204, 304}) {
        const auto r = got([code](request&, response& res) { res.status(code).send("dropped"); });
        CHECK(r.status == code);
        CHECK(r.body.empty());
        for (auto name : {"content-type", "content-length", "transfer-encoding"}) CHECK(field(r, name) == "(none)");
    }
    const auto reset = got([](request&, response& res) { res.status(205).send("dropped"); });
    CHECK(reset.status == 205);
    CHECK(reset.body.empty());
    CHECK(field(reset, "content-length") == "0");
}

TEST_CASE("nothing is sent as an empty body with its validator, as Express does with null", "[response]") {
    const auto r = got([](request&, response& res) { res.send(nullptr); });
    CHECK(r.status == 200);
    CHECK(r.body.empty());
    CHECK(field(r, "content-length") == "0");
    CHECK(field(r, "content-type") == "(none)");
    CHECK(field(r, "etag") != "(none)");
    CHECK(field(got([](request&, response& res) { res.send(); }), "etag") == "(none)");
}

TEST_CASE("json writes what it is given, and keeps a type that was set", "[response]") {
    const auto r = got([](request&, response& res) { res.json({{"ok", true}, {"list", {1, 2}}}); });
    CHECK(r.body == R"({"ok":true,"list":[1,2]})");
    CHECK(field(r, "content-type") == "application/json; charset=utf-8");
    const auto typed = got([](request&, response& res) { res.type("application/vnd.api+json").json(small{}); });
    CHECK(field(typed, "content-type") == "application/vnd.api+json; charset=utf-8");
    CHECK(got([](request&, response& res) { res.json(nullptr); }).body == "null");
    CHECK(got([](request&, response& res) { res.json("text"); }).body == "\"text\"");
    CHECK(got([](request&, response& res) { res.json(std::optional<int>()); }).body == "null");
}

TEST_CASE("json obeys the settings", "[response]") {
    auto a = answers([](request&, response& res) { res.json({{"a", 1}, {"_b", {{"c", "<&>"}}}, {"d", {1, 2}}}); });
    testing::client c(a);
    a.set("json escape", value(true));
    CHECK(c.get("/").result().body == R"({"a":1,"_b":{"c":"\u003c\u0026\u003e"},"d":[1,2]})");
    a.set("json escape", value(false));
    a.set("json spaces", value(1));
    CHECK(c.get("/").result().body == "{\n \"a\": 1,\n \"_b\": {\n  \"c\": \"<&>\"\n },\n \"d\": [\n  1,\n  2\n ]\n}");
}

TEST_CASE("send_status sends the phrase, or the number of what has none", "[response]") {
    const auto r = got([](request&, response& res) { res.send_status(418); });
    CHECK(r.status == 418);
    CHECK(r.body == "I'm a Teapot");
    CHECK(field(r, "content-type") == "text/plain; charset=utf-8");
    CHECK(got([](request&, response& res) { res.send_status(599); }).body == "599");
    CHECK(got([](request&, response& res) { res.send_status(204); }).body.empty());
}

TEST_CASE("redirect tells where to in what the client accepts", "[response]") {
    testing::client c(answers([](request& req, response& res) {
        if (req.path() == "/moved") res.redirect(301, "/x");
        else res.redirect("/<x>?a b");
    }));
    const auto text = c.get("/").result();
    CHECK(text.status == 302);
    CHECK(field(text, "location") == "/%3Cx%3E?a%20b");
    CHECK(field(text, "vary") == "Accept");
    CHECK(field(text, "etag") == "(none)");
    CHECK(text.body == "Found. Redirecting to /%3Cx%3E?a%20b");
    c.get("/moved").set("Accept", "text/html").expect(301,
        "<!DOCTYPE html><head><title>Moved Permanently</title></head><body><p>Moved Permanently. Redirecting to /x</p></body>");
    c.get("/moved").set("Accept", "image/png").expect(301, "");
}

TEST_CASE("format answers by what the client likes best", "[response]") {
    testing::client c(answers([](request& req, response& res) {
        if (req.path() == "/default")
            res.format({{"text", [&] { res.send("p"); }}, {"default", [&] { res.send("d"); }}});
        else if (req.path() == "/only") res.format({{"default", [&] { res.send("d"); }}});
        else if (req.path() == "/parameters") res.format({{"text/html; level=1; q=0.5", [&] { res.send("h"); }}});
        else
            res.format({{"text/plain", [&] { res.send("p"); }},
                        {"text/html", [&] { res.send("h"); }},
                        {"json", [&] { res.json(small{}); }}});
    }));
    c.get("/").expect(200, "p").expect("content-type", "text/plain; charset=utf-8").expect("vary", "Accept");
    c.get("/").set("Accept", "text/html;q=.5, application/json").expect(200, "{\"a\":1}").expect("content-type",
                                                                                              "application/json; charset=utf-8");
    c.get("/").set("Accept", "text/html").expect(200, "h");
    c.get("/").set("Accept", "image/png").expect(406, "Not Acceptable").expect("vary", "Accept");
    c.get("/default").set("Accept", "image/png").expect(200, "d");
    c.get("/only").expect(200, "d");
    c.get("/parameters").expect(200, "h").expect("content-type", "text/html; charset=utf-8");
}

TEST_CASE("what is set or sent after the answer throws", "[response]") {
    std::vector<std::string> told;
    testing::client c(answers([&](request&, response& res) {
        res.send("first");
        CHECK(res.headers_sent());
        CHECK(res.finished());
        const auto tries = {std::function<void()>([&] { res.send("second"); }), std::function<void()>([&] { res.json(1); }),
                            std::function<void()>([&] { res.set("X", "y"); }),  std::function<void()>([&] { res.status(201); }),
                            std::function<void()>([&] { res.end(); }),          std::function<void()>([&] { res.redirect("/"); }),
                            std::function<void()>([&] { res.write("x"); }),     std::function<void()>([&] { res.cookie("a", "b"); }),
                            std::function<void()>([&] { res.remove("X"); }),    std::function<void()>([&] { res.send_status(200); })};
        for (auto& f : tries) {
            try {
                f();
                told.push_back("nothing");
            } catch (const already_answered& e) {
                told.push_back(e.what());
            }
        }
    }));
    c.get("/").expect(200, "first");
    CHECK(told.size() == 10);
    for (const auto& t : told) CHECK_THAT(t, Contains("after the response was sent"));
}

TEST_CASE("a body may be streamed", "[response]") {
    app a;
    a.get("/", [](request&, response& res) -> task<> {
        res.type("text");
        for (int i = 0; i < 3; ++i) {
            co_await res.write(std::to_string(i));
            co_await sleep(1ms);
        }
        res.end("end");
    });
    a.get("/length", [](request&, response& res) {
        res.set("Content-Length", 4);
        res.flush_headers();
        CHECK(res.headers_sent());
        CHECK(!res.finished());
        CHECK_THROWS_AS(res.set("X", "y"), already_answered);
        res.write("ab");
        res.end("cd");
    });
    a.get("/short", [](request&, response& res) {
        res.write_head(201, {{"Content-Length", "4"}});
        res.write("ab");
        res.end();
    });
    testing::client c(a);
    const auto r = c.get("/").result();
    CHECK(r.body == "012end");
    CHECK(field(r, "transfer-encoding") == "chunked");
    CHECK(field(r, "etag") == "(none)");
    c.get("/length").expect(200, "abcd").expect("content-length", "4");
    CHECK_THROWS_AS(c.get("/short").result(), testing::failure); // cut off, so that the client does not take it for whole
}

TEST_CASE("a writer waits while the client does not read", "[response]") {
    app a;
    std::size_t written = 0;
    bool ended = false;
    a.get("/", [&](request&, response& res) -> task<> {
        const std::string piece(10'000, 'x');
        for (int i = 0; i < 200; ++i) {
            co_await res.write(piece);
            written += piece.size();
        }
        res.end();
        ended = true;
    });
    testing::client_options options;
    options.connection.capacity = 4096;
    testing::client c(a, options);
    auto [far, near] = net::memory_stream::pair(c.loop(), options.connection);
    c.server().serve(std::move(near));
    struct nobody : net::stream_handler {
        void on_readable() override {}
        void on_writable() override {}
        void on_peer_closed() override {}
        void on_broken(std::error_code) override {}
    } handler;
    far->start(handler);
    const std::string_view request[] = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n"};
    far->write(request);
    far->want(false, false);
    c.run();
    CHECK(written < 1'000'000);
    CHECK(!ended);
    far->close(); // and its writer is cancelled
    c.run();
    CHECK(!ended);
}

TEST_CASE("trailers follow a streamed body", "[response]") {
    testing::client c(answers([](request&, response& res) {
        res.set("Trailer", "X-Sum");
        res.write("ab");
        res.add_trailers({{"X-Sum", "7"}});
        CHECK_THROWS_AS(res.add_trailers({{"X", "a\nb"}}), system_error);
        for (const auto* late : {"Content-Length", "transfer-encoding", "Content-Type", "Host"})
            CHECK_THROWS_AS(res.add_trailers({{late, "1"}}), system_error);
        res.end("c");
    }));
    CHECK_THAT(c.raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), Catch::Matchers::EndsWith("1\r\nc\r\n0\r\nX-Sum: 7\r\n\r\n"));
    CHECK_THAT(c.raw("GET / HTTP/1.0\r\n\r\n"), Catch::Matchers::EndsWith("\r\n\r\nabc"));
}

TEST_CASE("early hints and 100 go in front of the answer", "[response]") {
    testing::client c(answers([](request&, response& res) {
        res.write_early_hints({{"Link", "</a.css>; rel=preload"}, {"Link", "</b.js>; rel=preload"}});
        res.write_continue();
        CHECK_THROWS_AS(res.write_early_hints({{"Link", "a\r\nb"}}), system_error);
        res.send("x");
    }));
    CHECK_THAT(c.raw("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
               Catch::Matchers::StartsWith("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\n\r\n"
                                           "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
    CHECK(c.get("/").result().informational == std::vector<int>{103, 100});
}

TEST_CASE("on_finish and on_close tell of the end, once", "[response]") {
    std::vector<std::string> log;
    app a;
    a.get("/", [&](request&, response& res) {
        res.on_finish([&] { log.push_back("finish"); });
        res.on_close([&] { log.push_back("close"); });
        res.send("x");
    });
    a.get("/slow", [&](request&, response& res) -> task<> {
        res.on_finish([&] { log.push_back("finish"); });
        res.on_close([&] { log.push_back("close"); });
        co_await sleep(1h);
    });
    testing::client c(a);
    c.get("/").expect(200);
    c.run();
    CHECK(log == std::vector<std::string>{"finish", "close"});
    log.clear();
    auto slow = c.get("/slow").start();
    c.run();
    slow.disconnect();
    CHECK(log == std::vector<std::string>{"close"});
}

TEST_CASE("locals are there for the layers behind, and gone with the request", "[response]") {
    app a;
    a.use([](request& req, response& res, next& n) {
        CHECK(res.locals().size() == 0);
        res.locals()["user"] = std::string(req.path());
        n();
    });
    a.use([](request& req, response& res) {
        CHECK(&res.req() == &req);
        res.send(res.locals()["user"].as_string());
    });
    testing::client c(a);
    c.get("/a").expect(200, "/a");
    c.get("/b").expect(200, "/b");
}

TEST_CASE("hold keeps the exchange for a callback that answers later", "[response]") {
    app a;
    a.get("/", [](request&, response& res) {
        set_timeout([later = res.hold()] { later.res().send(std::string(later.req().path())); }, 100ms);
    });
    testing::client c(a);
    c.get("/").expect(200, "/");
}

TEST_CASE("fields that say where an answer ends are the engine's, whatever a handler sets", "[response]") {
    app a;
    a.get("/send", [](request&, response& res) {
        res.set("Transfer-Encoding", "chunked").set("Content-Length", "100").set("Date", "Thu, 01 Jan 1970 00:00:00 GMT").send("x");
    });
    a.get("/stream", [](request&, response& res) -> task<> {
        res.set("Transfer-Encoding", "gzip").set("Date", "x").set("Connection", "Keep-Alive");
        co_await res.write("x");
        res.end();
    });
    a.get("/end", [](request&, response& res) { res.set("Transfer-Encoding", "chunked").set("date", "x").end("x"); });
    a.get("/close", [](request&, response& res) { res.set("Connection", "close").send("x"); });
    a.get("/close/list", [](request&, response& res) {
        res.set("connection", "upgrade, Close").append("Connection", "Keep-Alive, x").set("Upgrade", "y").send("x");
    });
    a.get("/close/stream", [](request&, response& res) -> task<> {
        res.set("Connection", "close");
        co_await res.write("x");
        res.end();
    });
    a.get("/close/head", [](request&, response& res) { res.set("Connection", "close").end(); });
    a.get("/upgrade", [](request&, response& res) { res.set("Upgrade", "y").set("Connection", "upgrade").status(426).send("x"); });
    testing::client c(a);
    const auto ask = [&](const std::string& path, const std::string& head = " HTTP/1.1\r\nHost: h\r\n") {
        return c.raw("GET " + path + head + "\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    };
    const auto count = [](const std::string& text, std::string_view what) {
        std::size_t n = 0;
        for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
        return n;
    };
    for (const auto* path : {"/send", "/stream", "/end"}) {
        CAPTURE(path);
        const auto all = ask(path);
        CHECK(count(all, "HTTP/1.1 ") == 2);
        const auto head = all.substr(0, all.find("\r\n\r\n"));
        const bool chunked = path == std::string("/stream");
        CHECK(count(head, "Transfer-Encoding: ") == chunked);
        CHECK(count(head, "Content-Length: 1") == !chunked);
        CHECK(count(head, "Content-Length") == !chunked);
        CHECK(count(head, "Date: ") == 1);
        CHECK(count(head, " GMT") == 1);
        CHECK(count(head, "onnection") == 0);
    }
    for (const auto* path : {"/close", "/close/list", "/close/stream", "/close/head"})
        for (const auto* head : {" HTTP/1.1\r\nHost: h\r\n", " HTTP/1.0\r\nConnection: keep-alive\r\n"}) {
            CAPTURE(path, head);
            const auto all = ask(path, head);
            CHECK(count(all, "HTTP/1.1 ") == 1); // and the connection is closed
            CHECK(count(all, "Connection: close\r\n") == 1);
            CHECK(count(all, "Connection: ") == (path == std::string("/close/list") ? 2 : 1));
            CHECK(count(all, "keep-alive") == 0);
        }
    CHECK(count(ask("/close/list"), "Connection: upgrade, x\r\n") == 1);
    const auto upgrade = ask("/upgrade");
    CHECK(count(upgrade, "HTTP/1.1 ") == 2);
    CHECK(count(upgrade, "Connection: upgrade\r\n") == 1);
}
