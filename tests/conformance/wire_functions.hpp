// express: what its own functions decide, asked of those that decide it here; settings that are functions; listen.
#pragma once
#include "wire_apps.hpp"
#include <crema/http/etag.hpp>
#include <crema/http/media_type.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace wire {

namespace function_tests {

using app_tests::says;

inline void is(std::string_view got, std::string_view expected) { require(got == expected, "is \"" + std::string(got) + "\""); }

// The validator of an answer, or `none`.
inline std::string etag_of(std::function<void(app&)> prepare) {
    app a;
    a.set("env", "test");
    prepare(a);
    a.get("/", says("express!"));
    return std::string(testing::client(a).get("/").result().header("ETag").value_or("none"));
}

inline void add_utils(suite& s) {
    using http::etag_strength;
    // what Node computes of the same octets
    const auto tags = [&](const std::string& name, etag_strength strength, std::string_view before) {
        const auto of = [=](std::string body, std::string_view tag) {
            return [=] { is(http::express_etag(body, strength), std::string(before) + std::string(tag)); };
        };
        const auto top = "utils." + name + "(body, encoding) / should support ";
        s.result(top + "strings", of("express!", "\"8-O2uVAFaQ1rZvlKLT14RnuvjPIdg\""));
        s.result(top + "utf8 strings", of("express❤", "\"a-JBiXf7GyzxwcrxY4hVXUwa7tmks\""));
        s.result(top + "buffer", of(std::string("tobi"), "\"4-whnE3Et/9r56cJBFm8bQaoeaFXc\""));
        s.result(top + "empty string", of("", "\"0-2jmj7l5rSw0yVb/vlWAYkK/YBwk\""));
    };
    tags("etag", etag_strength::strong, "");
    tags("wetag", etag_strength::weak, "W/");
    const std::string compile = "utils.compileETag() / should ";
    const auto set = [](value v) { return [v](app& a) { a.set("etag", v); }; };
    s.result(compile + "return generateETag for true", [set] {
        const auto made = etag_of(set(true));
        require(made.starts_with("W/\"") && made == etag_of([](app&) {}), made);
    });
    s.result(compile + "return undefined for false", [set] { is(etag_of(set(false)), "none"); });
    s.result(compile + "return generateETag for string values \"strong\" and \"weak\"", [set] {
        const auto weak = etag_of(set("weak")), strong = etag_of(set("strong"));
        require(strong.starts_with('"') && strong.ends_with('"'), strong);
        is(weak, "W/" + strong);
    });
    s.result(compile + "throw for unknown string values", [] {
        app a;
        for (const auto* word : {"foo", "Weak", ""}) throws([&] { a.set("etag", word); }, "etag");
    });
    s.result(compile + "throw for unsupported types like arrays and objects", [] {
        app a;
        for (const value& v : {value::array(), value::array({"weak"}), value::object(), value(1)}) throws([&] { a.set("etag", v); }, "etag");
    });
    const std::string charset = "utils.setCharset(type, charset) / should ";
    s.result(charset + "do anything without type", [] { is(http::with_utf8(""), ""); });
    s.result(charset + "return type if not given charset", [] { is(*http::format_media_type(http::parse_media_type("text/html")), "text/html"); });
    s.result(charset + "keep charset if not given charset", [] { is(*http::format_media_type(http::parse_media_type("text/html; charset=utf-8")), "text/html; charset=utf-8"); });
    s.result(charset + "set charset", [] { is(http::with_utf8("text/html"), "text/html; charset=utf-8"); });
    s.result(charset + "override charset", [] { is(http::with_utf8("text/html; charset=iso-8859-1"), "text/html; charset=utf-8"); });
    const std::string type = "utils.normalizeType acceptParams method / should ";
    s.result(type + "handle a type with a malformed parameter and break the loop in acceptParams", [] {
        const auto m = http::parse_media_type("text/plain;invalid");
        is(m.type, "text/plain");
        require(m.parameters.empty(), "it has a parameter");
    });
    s.result(type + "default to application/octet-stream when mime lookup fails", [] {
        app a;
        a.get("/", handler([](request&, response& res, next&) { res.type("unknown-extension-type").end(); }));
        testing::client(a).get("/").expect("Content-Type", "application/octet-stream");
    });
}

inline void add_settings(suite& s) {
    const std::string set = "config / .set() / ";
    s.result(set + "should return the app when undefined", [] {
        app a;
        require(&a.set("foo", value()) == &a && a.get("foo").is_null(), "another");
    });
    // what a setting becomes is seen where it is asked
    s.result(set + "\"etag\" / should set \"etag fn\"", [] {
        is(etag_of([](app& a) { a.set("etag", [](std::string_view body) { return "\"of " + std::to_string(body.size()) + "\""; }); }), "\"of 8\"");
    });
    s.result(set + "\"trust proxy\" / should set \"trust proxy fn\"", [] {
        app a;
        const auto asked = std::make_shared<std::string>();
        a.set("trust proxy", [asked](std::string_view address, std::size_t hop) {
            *asked += std::string(address) + "@" + std::to_string(hop) + " ";
            return hop < 2;
        });
        a.get("/", handler([](request& req, response& res, next&) { res.end(req.ip()); }));
        testing::client client(a);
        client.get("/").set("X-Forwarded-For", "10.0.0.1, 10.0.0.2, 10.0.0.3").expect(200, "10.0.0.2");
        require(asked->find("10.0.0.3@1 ") != asked->npos && asked->find("10.0.0.1") == asked->npos, *asked);
    });
    s.result("app / .locals / should default object with null prototype", [] {
        const app a;
        auto handle = a;
        require(handle.locals().is_object() && handle.locals().size() == 1 && handle.locals().find("settings"), "it holds something else");
        for (const auto* name : {"toString", "hasOwnProperty", "constructor", "__proto__"}) require(!handle.locals().find(name), name);
    });
    // templates see settings
    s.result("app / .locals / .settings / should contain app settings ", [] {
        app a;
        a.set("env", "test"), a.set("title", "House of Manny"), a.set("views", files().make("settings", 0x1a205dcd3f5, {{"page.txt", ""}}).string());
        value seen;
        a.engine("txt", [&seen](const std::string&, const value& options) {
            seen = options;
            return std::string();
        });
        testing::client c(a);
        c.loop().callback([&] { a.render("page.txt", [](std::exception_ptr, std::string) {}); });
        c.run();
        require(seen["settings"]["title"] == value("House of Manny") && seen["settings"]["env"] == value("test"), json::stringify(seen));
    });
    // QUERY, which the Node that recorded does not know
    s.result("app.router / methods / should include QUERY", [] {
        app a;
        a.query("/foo", says("query"));
        testing::client client(a);
        client.request("QUERY", "/foo").expect(200, "query");
        client.get("/foo").expect(404);
    });
    const std::string fresh = "req / .fresh / should return ";
    const auto query = [](const char* etag, int status, const char* body) {
        return [=] {
            app a;
            a.query("/", handler([=](request& req, response& res, next&) {
                        res.set("ETag", etag);
                        res.send(req.fresh() ? "true" : "false");
                    }));
            testing::client(a).request("QUERY", "/").set("If-None-Match", "\"12345\"").send("foo=bar", "text/plain").expect(status, body);
        };
    };
    s.result(fresh + "true for a QUERY request with a body when the resource is not modified", query("\"12345\"", 304, ""));
    s.result(fresh + "false for a QUERY request with a body when the resource is modified", query("\"123\"", 200, "false"));
    s.result("res / \"etag\" setting / when enabled / should send ETag in response to QUERY request", [] {
        app a;
        a.set("etag", "express");
        const auto sends = says("kajdslfkasdf");
        a.query("/", sends), a.get("/", sends);
        testing::client client(a);
        const auto asked = client.request("QUERY", "/").result(), got = client.get("/").result();
        const std::string tag(asked.header("ETag").value_or("none"));
        is(tag, got.header("ETag").value_or("another"));
        require(tag.starts_with("W/\"c-"), tag);
    });
}

// Asks a server on this machine, and returns all that it answers.
inline std::string ask(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string got;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
        const std::string_view text = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        char room[1024];
        if (::write(fd, text.data(), text.size()) > 0)
            for (auto n = ::read(fd, room, sizeof room); n > 0; n = ::read(fd, room, sizeof room)) got.append(room, static_cast<std::size_t>(n));
    }
    ::close(fd);
    return got;
}
// Listens, is asked once by another thread, and ends.
template <class Listen>
std::string served_by(Listen listen) {
    app a;
    a.set("env", "test");
    std::string got;
    std::jthread other;
    a.get("/", handler([&a](request&, response& res, next&) {
              res.end("it listens");
              a.close(std::chrono::milliseconds(1000));
          }));
    listen(a, [&](server& s) {
        require(s.port() > 0, "there is no port");
        other = std::jthread([&got, port = static_cast<std::uint16_t>(s.port())] { got = ask(port); });
    });
    if (other.joinable()) other.join();
    return got;
}

inline void add_listen(suite& s) {
    const std::string top = "app.listen() / ";
    const listen_options quiet{.handle_signals = false};
    const auto answers = [](std::string got) { require(got.starts_with("HTTP/1.1 200 OK\r\n") && got.ends_with("it listens"), got); };
    s.result(top + "should wrap with an HTTP server", [=] {
        answers(served_by([&](app& a, auto ready) { require(a.listen(0, quiet, ready) == 0, "another code"); }));
    });
    s.result(top + "accepts just a callback (no args)", [=] { answers(served_by([](app& a, auto ready) { a.listen(0, ready); })); });
    s.result(top + "accepts port + hostname + backlog + callback", [=] {
        auto o = quiet;
        o.address = "127.0.0.1";
        answers(served_by([&](app& a, auto ready) { a.listen(0, o, ready); }));
    });
    s.result(top + "server.address() gives a { address, port, family } object", [=] {
        auto o = quiet;
        o.address = "127.0.0.1";
        answers(served_by([&](app& a, auto ready) {
            a.listen(0, o, [&](server& made) {
                sockaddr_storage bound{};
                socklen_t size = sizeof bound;
                require(getsockname(made.sockets().front(), reinterpret_cast<sockaddr*>(&bound), &size) == 0, "it is no socket");
                const net::address at(reinterpret_cast<const sockaddr*>(&bound), size);
                require(bound.ss_family == AF_INET && at.host() == "127.0.0.1" && at.port() == made.port(), at.text());
                ready(made);
            });
        }));
    });
    s.result(top + "should callback on HTTP server errors", [=] {
        answers(served_by([&](app& a, auto ready) {
            a.listen(0, quiet, [&](server& made) {
                app second;
                auto o = quiet;
                o.block = false;
                std::error_code why;
                try {
                    second.listen(static_cast<std::uint16_t>(made.port()), o);
                } catch (const std::system_error& e) {
                    why = e.code();
                }
                require(why == std::errc::address_in_use, "the port was had twice");
                ready(made);
            });
        }));
    });
}

} // namespace function_tests

inline void add_functions(std::map<std::string, suite>& all) {
    auto& s = all["express"];
    function_tests::add_utils(s);
    function_tests::add_settings(s);
    function_tests::add_listen(s);
}

} // namespace wire
