// express, send and serve-static: connections of another kind, targets and hosts spelled otherwise, words that are others here.
#pragma once
#include "wire_refused.hpp"
#include <netinet/in.h>

namespace wire {

namespace other_tests {

using express_tests::list;
using express_tests::one;
using express_tests::sets;

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    require(at != text.npos, "there is no " + std::string(from));
    return text.replace(at, from.size(), to);
}

inline testing::client_options from_loopback() {
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(50000);
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    testing::client_options o;
    o.connection.near = net::address(reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
    return o;
}

inline void add_requests(suite& s) {
    // Host: what was recorded hides it
    for (const auto* name : {"host", "hostname"}) {
        const std::string top = std::string("req / .") + name + " / ";
        const bool port = std::string_view(name) == "host";
        const auto shows = one([port](request& req, response& res) {
            const auto text = port ? req.host() : req.hostname();
            res.end(text.empty() ? "undefined" : text); // none is an empty text
        });
        s.add(top + "should work with IPv6 Host and port", shows);
        s.sent(top + "should work with IPv6 Host and port", [](std::string recorded) { return replaced(std::move(recorded), "Host: HOST", "Host: [::1]:3000"); });
        s.add(top + "should return undefined otherwise", shows);
    }
    // only HTTP/1.0 may leave it out
    const auto without_host = [](std::string recorded) { return replaced(std::move(recorded), "HTTP/1.1\r\nHost: HOST\r\n", "HTTP/1.0\r\n"); };
    s.add("req / .subdomains / with no host / should return an empty array", one([](request& req, response& res) { res.send(list(req.subdomains())); }));
    for (const auto* title : {"req / .host / should return undefined otherwise", "req / .hostname / should return undefined otherwise", "req / .subdomains / with no host / should return an empty array"})
        s.sent(title, without_host);
    // who is asked over TLS
    const std::string secure = "req / .protocol / when \"trust proxy\" is enabled / should default to the socket addr if X-Forwarded-Proto not present";
    s.add(secure, one([](request& req, response& res) { res.end(req.protocol()); }, sets("trust proxy", true)));
    s.connections[secure].connection.secure = true;
    // the address of the peer
    const std::string ip = "req / .ip / when X-Forwarded-For is ", listed = ip + "present / when \"trust proxy\" is enabled / should return the addr after trusted proxy based on list";
    const express_tests::act sends_ip([](request& req, response& res) { res.send(req.ip()); });
    s.add(listed, one(sends_ip, sets("trust proxy", "10.0.0.1, 10.0.0.2, 127.0.0.1, ::1")));
    s.connections[listed] = from_loopback();
    for (const std::string title : {"not present / should return the remote address", "present / when \"trust proxy\" is disabled / should return the remote address"})
        s.otherwise(ip + title, [=] {
            app a;
            one(sends_ip)(a);
            testing::client client(a, from_loopback());
            auto call = client.get("/");
            if (title.starts_with("present")) call.set("X-Forwarded-For", "client, p1, p2");
            call.expect(200, "127.0.0.1"); // which Node spells as one of IPv6
        });
}

inline void add_answers(suite& s) {
    const std::string res_ = "res / ";
    // `"strong"` is another validator here; Express' own is a function
    s.add(res_ + "\"etag\" setting / when \"strong\" / should send strong ETag", one(
        [](request&, response& res) { res.send("hello, world!"); },
        [](app& a) { a.set("etag", [](std::string_view body) { return http::express_etag(body, http::etag_strength::strong); }); }));
    s.add(res_ + ".send(null) / should set body to \"\"", one([](request&, response& res) { res.send(nullptr); }));
    s.add(res_ + ".send(String) / should not throw on a Content-Type that fails to parse", one([](request&, response& res) {
              res.set_header("Content-Type", "text/plain; foo").send("hey"); // `set` names a charset
          }));
    const auto lines = [](response& res, std::string_view name) {
        auto all = value::array();
        for (std::size_t i = 0; i < res.fields().size(); ++i)
            if (iequals(res.fields().name_at(i), name)) all.as_array().push_back(res.fields().value_at(i));
        return all;
    };
    s.add(res_ + ".set(field, values) / should set multiple response header fields", one([lines](request&, response& res) {
              res.set("Set-Cookie", {"type=ninja", "language=javascript"});
              res.send(lines(res, "Set-Cookie"));
          }));
    // the answer to what throws, whose words are others
    const auto says = [](std::string part, express_tests::act f) {
        return [=] {
            app a;
            a.set("env", "test");
            one(f)(a);
            const auto r = testing::client(a).get("/").result();
            require(r.status == 500 && r.header("Content-Type") == "text/html; charset=utf-8" && r.body.find(part) != r.body.npos, r.body);
        };
    };
    s.otherwise(res_ + ".set(field, values) / should throw when Content-Type is an array", says("Content-Type cannot be set to an Array", [](request&, response& res) {
                    res.set("Content-Type", {"text/html", "text/plain"});
                    res.end();
                }));
    s.otherwise(res_ + ".cookie(name, string, options) / signed without secret / should throw an error",
                says("signed cookies need app.use(cookie_parser(", [](request&, response& res) { res.signed_cookie("name", "tobi").end(); }));
    s.otherwise(res_ + ".sendFile(path) / should error for non-absolute path",
                says("path must be absolute or specify root to res.send_file", [](request&, response& res) { res.send_file("name.txt"); }));
    s.otherwise(res_ + ".render(name) / should error without \"view engine\" set and file extension to a non-engine module", [says] {
        const auto file = (view_tests::root() / "broken.send").string();
        says("No engine is registered for &quot;.send&quot;", [file](request&, response& res) { res.render(file); })();
    });
    s.otherwise(res_ + "when Transfer-Encoding header is present / should not add Content-Length header if Transfer-Encoding header is equal to chunked", [] {
        app a;
        one([](request&, response& res) {
            res.type("html").flush_headers(); // a body in chunks
            res.end();
        })(a);
        const auto got = testing::client(a).raw("GET / HTTP/1.1\r\nHost: HOST\r\n\r\n");
        require(got.find("Transfer-Encoding: chunked\r\n") != got.npos && got.find("Content-Length") == got.npos && got.ends_with("\r\n\r\n0\r\n\r\n"), got);
    });
    // clients that leave
    const auto leaves = [](bool with_callback) {
        return [=] {
            app a;
            a.set("env", "test");
            int called = 0, failed = 0, errors = 0;
            a.use(handler([&](request&, response& res, next&) {
                auto send = [&, hold = res.hold()]() mutable {
                    const auto file = file_tests::express_root() / "name.txt";
                    if (!with_callback) {
                        hold.res().send_file(file);
                        return;
                    }
                    hold.res().send_file(file, sent_callback([&](std::exception_ptr e) { ++called, failed += e != nullptr; }));
                };
                set_timeout(std::move(send), 10);
            }));
            a.use(error_handler([&](std::exception_ptr, request&, response&, next&) { ++errors; }));
            testing::client client(a);
            auto call = client.get("/");
            call.start();
            client.run();
            call.disconnect();
            client.advance(std::chrono::milliseconds(100));
            require(errors == 0, "the error handlers were called");
            require(!with_callback || (called == 1 && failed == 1), "called " + std::to_string(called) + " times");
        };
    };
    s.otherwise(res_ + ".sendFile(path, fn) / should invoke the callback when client already aborted", leaves(true));
    s.otherwise(res_ + ".sendFile(path, fn) / should invoke the callback when client aborts", leaves(true));
    s.otherwise(res_ + ".sendFile(path) / should not error if the client aborts", leaves(false));
}

inline void add_files(suite& send, suite& serve, suite& express) {
    using file_tests::send_root;
    // what a server of Node makes of the target before it is served is sent so here
    const auto snow = [](std::string recorded) {
        const std::string_view plain = "GET /snow HTTP";
        return recorded.starts_with(plain) ? replaced(std::move(recorded), plain, "GET /snow%20%E2%98%83 HTTP") : recorded;
    };
    const std::string redirect = " / redirect / should ensure redirect URL is properly encoded", twice = "send(file).pipe(res) / when no \"directory\" listeners are present / should respond with an HTML redirect";
    send.add(twice, file_tests::sends({}));
    send.sent(twice, snow);
    serve.add("serveStatic()" + redirect, file_tests::serves());
    serve.sent("serveStatic()" + redirect, snow);
    express.add("express.static()" + redirect, file_tests::express_serves());
    express.sent("express.static()" + redirect, snow);
    // the directory itself is served: there is nothing above it
    send.add("send(file, options) / index / should work without root", file_tests::sends({}, file_tests::on_error::page, send_root() / "pets"));
    send.otherwise("send(file).pipe(res) / should handle headers already sent error", [] {
        app a;
        a.set("env", "test");
        a.use([](request&, response& res) -> task<> {
            res.write("0");
            std::string what = "nothing was thrown";
            try {
                co_await res.send_file(send_root() / "name.txt");
            } catch (const already_answered&) {
                what = "it was answered already";
            }
            res.end(" - " + what);
        });
        testing::client(a).get("/name.txt").expect(200, "0 - it was answered already");
    });
}

} // namespace other_tests

inline void add_others(std::map<std::string, suite>& all) {
    other_tests::add_requests(all["express"]);
    other_tests::add_answers(all["express"]);
    other_tests::add_files(all["send"], all["serve-static"], all["express"]);
}

} // namespace wire
