// express: what its requests and responses do.
#pragma once
#include "wire.hpp"
#include "wire_bodies.hpp"
#include "wire_files.hpp"
#include "wire_router.hpp"
#include "wire_small.hpp"

namespace wire {

namespace express_tests {

using act = std::function<void(request&, response&)>;
using prepare = std::function<void(app&)>;

// An app with one middleware.
inline setup one(act f, prepare before = {}) {
    return [=](app& a) {
        if (before) before(a);
        a.use(handler([f](request& req, response& res, next&) { f(req, res); }));
    };
}
inline setup one_route(act f, prepare before = {}) {
    return [=](app& a) {
        if (before) before(a);
        a.get("/", handler([f](request& req, response& res, next&) { f(req, res); }));
    };
}
inline prepare sets(std::string_view name, value v) {
    return [=](app& a) { a.set(name, v); };
}
inline value list(const std::vector<std::string_view>& texts) {
    auto all = value::array();
    for (const auto t : texts) all.as_array().push_back(t);
    return all;
}
inline value or_false(std::optional<std::string_view> v) { return v ? value(*v) : value(false); }
inline void octets(response& res, std::string_view text) { res.send(std::as_bytes(std::span(text))); }

inline void add_requests(suite& s) {
    const std::string req_ = "req / ";
    // accepts
    const auto yes_no = [](auto f, const char* yes = "yes", const char* no = "no") {
        return one([=](request& req, response& res) { res.end(f(req) ? yes : no); });
    };
    s.add(req_ + "should accept an argument list of type names", one([](request& req, response& res) { res.end(*req.accepts("json", "html")); }));
    for (const auto* t : {"should return true when Accept is not present", "should return true when present", "should return false otherwise"})
        s.add(req_ + ".accepts(type) / " + t, yes_no([](request& req) { return req.accepts("json").has_value(); }));
    for (const auto* t : {"should return the first when Accept is not present", "should return the first acceptable type"})
        s.add(req_ + ".accepts(types) / " + t, one([](request& req, response& res) { res.end(*req.accepts("json", "html")); }));
    s.add(req_ + ".accepts(types) / should return false when no match is made",
          yes_no([](request& req) { return req.accepts("text/html", "application/json").has_value(); }, "yup", "nope"));
    s.add(req_ + ".accepts(types) / should take quality into account", one([](request& req, response& res) { res.end(*req.accepts("text/html", "application/json")); }));
    s.add(req_ + ".accepts(types) / should return the first acceptable type with canonical mime types",
          one([](request& req, response& res) { res.end(*req.accepts("application/json", "text/html")); }));
    s.family([=](std::string_view t) {
        if (!t.starts_with("req / .acceptsCharsets(type)")) return setup{};
        if (t.ends_with("from multiple inputs")) return one([](request& req, response& res) { res.end(*req.accepts_charsets("utf-8", "iso-8859-1")); });
        return yes_no([](request& req) { return req.accepts_charsets("utf-8").has_value(); });
    });
    s.add(req_ + ".acceptsEncodings / should return encoding if accepted", one_route([](request& req, response& res) {
              res.send(value{{"gzip", or_false(req.accepts_encodings("gzip"))}, {"deflate", or_false(req.accepts_encodings("deflate"))}});
          }));
    s.add(req_ + ".acceptsEncodings / should be false if encoding not accepted",
          one_route([](request& req, response& res) { res.send(value{{"bogus", or_false(req.accepts_encodings("bogus"))}}); }));
    const auto languages = [](std::vector<std::string> all) {
        return one_route([all](request& req, response& res) {
            auto v = value::object();
            for (const auto& l : all) v[l] = or_false(req.accepts_languages(l));
            res.send(v);
        });
    };
    s.add(req_ + ".acceptsLanguages / should return language if accepted", languages({"en-us", "en"}));
    s.add(req_ + ".acceptsLanguages / should be false if language not accepted", languages({"es"}));
    s.add(req_ + ".acceptsLanguages / when Accept-Language is not present / should always return language", languages({"en", "es", "jp"}));
    // baseUrl
    const handler base([](request& req, response& res, next&) { res.end(req.base_url()); });
    s.add(req_ + ".baseUrl / should be empty for top-level route", [base](app& a) { a.get("/:a", base); });
    s.add(req_ + ".baseUrl / should contain lower path", [base](app& a) {
        router sub;
        sub.get("/:b", base);
        a.use("/:a", sub);
    });
    s.add(req_ + ".baseUrl / should contain full lower path", [base](app& a) {
        router one, two, three;
        three.get("/:d", base), two.use("/:c", three), one.use("/:b", two), a.use("/:a", one);
    });
    s.add(req_ + ".baseUrl / should travel through routers correctly", [](app& a) {
        const auto urls = std::make_shared<std::string>();
        const auto note = [urls](const char* number) {
            return handler([=](request& req, response&, next& n) {
                *urls += (urls->empty() ? "" : ",") + std::string(number) + "@" + std::string(req.base_url());
                n();
            });
        };
        router one, two, three;
        three.get("/:d", note("0")), two.use("/:c", three), one.use("/", note("1")), one.use("/bar", two), one.use("/bar", note("2"));
        a.use(note("3")), a.use("/:a", one), a.use(note("4"));
        a.use(handler([urls](request&, response& res, next&) { res.end(*urls); }));
    });
    // fresh, stale
    const auto fresh = [](std::string etag, bool stale, bool powered = true) {
        return one(
            [=](request& req, response& res) {
                if (!etag.empty()) res.set("ETag", etag);
                res.send(stale ? req.stale() : req.fresh());
            },
            [=](app& a) {
                if (!powered) a.disable("x-powered-by");
            });
    };
    s.add(req_ + ".fresh / should return true when the resource is not modified", fresh("\"12345\"", false));
    s.add(req_ + ".fresh / should return false when the resource is modified", fresh("\"123\"", false));
    s.add(req_ + ".fresh / should return false without response headers", fresh("", false, false));
    s.add(req_ + ".stale / should return false when the resource is not modified", fresh("\"12345\"", true));
    s.add(req_ + ".stale / should return true when the resource is modified", fresh("\"123\"", true));
    s.add(req_ + ".stale / should return true without response headers", fresh("", true, false));
    // get
    s.add(req_ + ".get(field) / should return the header field value", one([](request& req, response& res) {
              require(!req.get("Something-Else"), "a field that is not there");
              res.end(*req.get("Content-Type"));
          }));
    s.add(req_ + ".get(field) / should special-case Referer", one([](request& req, response& res) { res.end(*req.get("Referer")); }));
    s.add(req_ + ".get(field) / should throw missing header name", one([](request& req, response& res) { res.end(req.get("").value_or("")); }));
    // host, ip, protocol: what proxies say
    const auto trusting = [](std::string_view t) -> prepare {
        if (t.find("trusting hop count") != t.npos) return sets("trust proxy", 1);
        if (t.find("if socket addr not trusted") != t.npos) return sets("trust proxy", "10.0.0.1");
        if (t.find("is enabled") != t.npos || t.find("initial proxy") != t.npos || t.find("with trusted") != t.npos) return sets("trust proxy", true);
        return {};
    };
    s.family([=](std::string_view t) {
        if (t.ends_with("IPv6 Host and port") || t.ends_with("undefined otherwise") || t.find("with no host") != t.npos || t.find("default to the socket addr") != t.npos) return setup{};
        if (t.starts_with("req / .host /")) return one([](request& req, response& res) { res.end(req.host()); }, trusting(t));
        if (t.starts_with("req / .hostname /")) {
            const bool sends = t.find("when multiple X-Forwarded-Host") != t.npos;
            return one([sends](request& req, response& res) { sends ? res.send(req.hostname()) : res.end(req.hostname()); }, trusting(t));
        }
        if (t.starts_with("req / .protocol /")) return one([](request& req, response& res) { res.end(req.protocol()); }, trusting(t));
        if (t.starts_with("req / .secure /")) return one_route([](request& req, response& res) { res.send(req.secure() ? "yes" : "no"); }, trusting(t));
        if (t.starts_with("req / .subdomains /")) {
            const auto offset = t.find("offset is zero") != t.npos ? 0 : t.find("offset is set") != t.npos ? 3 : 2;
            return one([](request& req, response& res) { res.send(list(req.subdomains())); }, [=](app& a) {
                a.set("subdomain offset", offset);
                if (const auto f = trusting(t)) f(a);
            });
        }
        return setup{};
    });
    const act ip([](request& req, response& res) { res.send(req.ip()); });
    const std::string forwarded = req_ + ".ip / when X-Forwarded-For is present / when \"trust proxy\" is ";
    s.add(forwarded + "enabled / should return the client addr", one(ip, sets("trust proxy", true)));
    s.add(forwarded + "enabled / should return the addr after trusted proxy based on count", one(ip, sets("trust proxy", 2)));
    s.add(forwarded + "enabled / should return the addr after trusted proxy, from sub app", [ip](app& a) {
        app sub;
        sub.set("etag", "express"); // is not inherited
        a.set("trust proxy", 2);
        a.use(sub);
        one(ip)(sub);
    });
    s.family([](std::string_view t) {
        if (!t.starts_with("req / .ips / ")) return setup{};
        const value trust = t.find("is enabled / should return an array") != t.npos ? value(true) : t.find("stop at first") != t.npos ? value(2) : value(false);
        return one([](request& req, response& res) { res.send(list(req.ips())); }, sets("trust proxy", trust));
    });
    // is
    s.family([](std::string_view t) {
        if (!t.starts_with("req.is() / ")) return setup{};
        const bool no = t.ends_with("return false when not matching");
        const auto in = [&](std::string_view part) { return t.find(part) != t.npos; };
        const std::string type = in("an extension")   ? "json"
                                 : in("*/subtype")    ? (no ? "*/html" : "*/json")
                                 : in("given type/*") ? (no ? "text/*" : "application/*")
                                 : no                 ? "image/jpeg"
                                                      : "application/json";
        return one([type](request& req, response& res) {
            const auto is = req.is(type);
            res.json(is ? value(*is) : value(false));
        });
    });
    s.add(req_ + ".fresh / should ignore \"If-Modified-Since\" when \"If-None-Match\" is present", one(
        [](request& req, response& res) {
            res.set("Etag", "\"FooBar\"").set("Last-Modified", "Mon, 23 Nov 2026 00:58:38 GMT");
            res.send(req.fresh());
        },
        [](app& a) { a.disable("x-powered-by"); }));
    s.add(req_ + ".path / should return the parsed pathname", one([](request& req, response& res) { res.end(req.path()); }));
    // query
    s.family([](std::string_view t) {
        if (!t.starts_with("req / .query / ") || t.find("unknown") != t.npos) return setup{};
        return one([](request& req, response& res) { res.send(req.query()); }, [t = std::string(t)](app& a) {
            if (t.find("is extended") != t.npos) a.set("query parser", "extended");
            else if (t.find("is simple") != t.npos) a.set("query parser", "simple");
            else if (t.find("a function") != t.npos) a.set("query parser", [](std::string_view text) { return value{{"length", text.size()}}; });
            else if (t.find("disabled") != t.npos) a.set("query parser", false);
            else if (t.find("enabled") != t.npos) a.set("query parser", true);
        });
    });
    s.result("req / .query / when \"query parser\" an unknown value / should throw", [] {
        app a;
        throws([&] { a.set("query parser", "bogus"); }, "query parser");
    });
    // range
    const auto ranges = [](std::uint64_t size, http::range_combining combining = http::range_combining::off) {
        return one([=](request& req, response& res) {
            auto all = value::array();
            const auto asked = req.range(size, combining);
            for (const auto& r : asked->ranges) all.as_array().push_back(value{{"start", r.first}, {"end", r.last}});
            res.json(all);
        });
    };
    s.add(req_ + ".range(size) / should return parsed ranges", ranges(120));
    s.add(req_ + ".range(size) / should cap to the given size", ranges(75));
    s.add(req_ + ".range(size) / should cap to the given size when open-ended", ranges(75));
    for (const auto* t : {"should have a .type", "should accept any type"}) s.add(req_ + ".range(size) / " + t, one([](request& req, response& res) { res.json(req.range(120)->unit); }));
    s.add(req_ + ".range(size) / should return undefined if no range", one([](request& req, response& res) { res.send(req.range(120) ? "ranges" : "undefined"); }));
    s.add(req_ + ".range(size, options) / with \"combine: true\" option / should return combined ranges", ranges(120, http::range_combining::on));
    s.family([](std::string_view t) { return t.starts_with("req / .xhr / ") ? one_route([](request& req, response& res) { res.send(req.xhr()); }) : setup{}; });
#if defined(CREMA_WITH_OPENSSL)
    s.add(req_ + ".signedCookies / should return a signed JSON cookie", [](app& a) {
        a.use(cookie_parser({.signer = openssl::hmac_signer("secret")}));
        a.use(handler([](request& req, response& res, next&) {
            if (req.path() == "/set") res.signed_cookie("obj", value{{"foo", "bar"}}).end();
            else res.send(req.signed_cookies());
        }));
    });
#endif
    s.reason("for non-string header name", "the compiler refuses another type");
    s.add("req / .route / should be the executed Route", [](app& a) {
        a.get("/user/:id{/:op}", [](request& req, response& res, next& next) {
            res.set("path-1", req.route());
            next();
        });
        a.get("/user/:id/edit", [](request& req, response& res) {
            res.set("path-2", req.route());
            res.end();
        });
    });
}

inline void add_responses(suite& s) {
    const std::string r = "res / ";
    // send
    s.add({"res / .send() / should set body to \"\"", "res / .send(undefined) / should set body to \"\""}, one([](request&, response& res) { res.send(); }));
    s.add(r + ".send(Number) / should send as application/json", one([](request&, response& res) { res.send(1000); }));
    s.add(r + ".send(String) / should send as html", one([](request&, response& res) { res.send("<p>hey</p>"); }));
    const std::string dashes(999, '-');
    s.add(r + ".send(String) / should set ETag", one([=](request&, response& res) { res.send(dashes); }));
    const auto typed = [](std::string type, std::string body, bool binary) {
        return one([=](request&, response& res) {
            res.set("Content-Type", type);
            if (binary) octets(res, body);
            else res.send(body);
        });
    };
    s.add(r + ".send(String) / should not override Content-Type", typed("text/plain", "hey", false));
    s.add(r + ".send(String) / should override charset in Content-Type", typed("text/plain; charset=iso-8859-1", "hey", false));
    s.add(r + ".send(String) / should preserve existing parameters when adding charset", typed("text/plain; foo=bar", "hey", false));
    s.add(r + ".send(String) / should keep charset in Content-Type for Buffers", typed("text/plain; charset=iso-8859-1", "hi", true));
    s.add(r + ".send(Buffer) / should send as octet-stream", one([](request&, response& res) { octets(res, "hello"); }));
    s.add(r + ".send(Buffer) / should set ETag", one([=](request&, response& res) { octets(res, dashes); }));
    s.add({"res / .send(Buffer) / should not override Content-Type", "res / .send(Buffer) / should accept Uint8Array"}, typed("text/plain", "hey", true));
    s.add(r + ".send(Buffer) / should not override ETag", one([](request&, response& res) {
              res.type("text/plain").set("ETag", "\"foo\"");
              octets(res, "hey");
          }));
    s.add(r + ".send(Object) / should send as application/json", one([](request&, response& res) { res.send(value{{"name", "tobi"}}); }));
    s.add({"test/res.send.js: res / when the request method is HEAD / should ignore the body"}, one([](request&, response& res) { res.send("yay"); }));
    for (const int code : {204, 205, 304})
        s.add(r + "when .statusCode is " + std::to_string(code) + " / should strip " +
                  (code == 205 ? "Transfer-Encoding field and body, set Content-Length" : "Content-* fields, Transfer-Encoding field, and body"),
              // the framing is the engine's; with a field Transfer-Encoding Express sends no validator
              one([code](request&, response& res) { res.status(code).send("foo"); }, sets("etag", false)));
    const auto tagged = [](std::string etag, std::string body, int code = 200) {
        return one([=](request&, response& res) { res.status(code).set("ETag", etag).send(body); });
    };
    s.add(r + "should always check regardless of length", tagged("\"asdf\"", "hey"));
    s.add(r + "should respond with 304 Not Modified when fresh", tagged("\"asdf\"", dashes));
    s.add(r + "should not perform freshness check unless 2xx or 304", tagged("\"asdf\"", "hey", 500));
    s.add(r + "should not support jsonp callbacks", one([](request&, response& res) { res.send(value{{"foo", "bar"}}); }));
    s.add(r + "should be chainable", one([](request&, response& res) { res.send("hey"); }));
    const std::string etag = r + "\"etag\" setting / ";
    const auto with_etag = [](value setting, std::string body, std::string given = {}) {
        return one(
            [=](request&, response& res) {
                if (!given.empty()) res.set("etag", given);
                res.send(body);
            },
            [=](app& a) {
                if (!setting.is_null()) a.set("etag", setting);
            });
    };
    s.add(etag + "when enabled / should send ETag", with_etag({}, "kajdslfkasdf"));
    s.family([etag](std::string_view t) {
        const auto top = etag + "when enabled / should send ETag in response to ";
        if (!t.starts_with(top)) return setup{};
        auto name = t.substr(top.size());
        name = name.substr(0, name.find(' '));
        const auto m = http::to_method(name);
        if (m == http::method::unknown) return setup{};
        return setup([m](app& a) { a.on(m, "/", handler([](request&, response& res, next&) { res.send("kajdslfkasdf"); })); });
    });
    s.add(etag + "when enabled / should send ETag for empty string response", with_etag({}, ""));
    s.add(etag + "when enabled / should send ETag for long response", with_etag({}, dashes));
    s.add(etag + "when enabled / should not override ETag when manually set", with_etag({}, "hello!", "\"asdf\""));
    s.add(etag + "when enabled / should not send ETag for res.send()", one([](request&, response& res) { res.send(); }));
    s.add(etag + "when disabled / should send no ETag", with_etag(false, dashes));
    s.add(etag + "when disabled / should send ETag when manually set", with_etag(false, "hello!", "\"asdf\""));
    s.add(etag + "when \"weak\" / should send weak ETag", with_etag({}, "hello, world!"));
    s.add(etag + "when a function / should send custom ETag", one([](request&, response& res) { res.send("hello, world!"); }, [](app& a) {
              a.set("etag", [](std::string_view body) {
                  require(body == "hello, world!", "another body");
                  return std::string("\"custom\"");
              });
          }));
    s.add(etag + "when a function / should not send falsy ETag",
          one([](request&, response& res) { res.send("hello, world!"); }, [](app& a) { a.set("etag", [](std::string_view) { return std::string(); }); }));
    // set, append, get, type, status
    s.add({"res / .set(field, value) / should set the response header field"}, one([](request&, response& res) { res.set("Content-Type", "text/x-foo; charset=utf-8").end(); }));
    s.add({"res / .set(field, value) / should coerce to a string", "res / .set(object) / should coerce to a string"}, one([](request&, response& res) {
              res.set("X-Number", 123);
              res.end(res.get("X-Number") == "123" ? "string" : "something else");
          }));
    s.add(r + ".set(field, values) / should not set a charset of one is already set", one([](request&, response& res) { res.set("Content-Type", "text/html; charset=lol").end(); }));
    s.add(r + ".set(object) / should set multiple fields", one([](request&, response& res) { res.set({{"X-Foo", "bar"}, {"X-Bar", "baz"}}).end(); }));
    const auto append = r + ".append(field, val) / ";
    s.add(append + "should append multiple headers", one([](request&, response& res) { res.append("Set-Cookie", "foo=bar").append("Set-Cookie", "fizz=buzz").end(); }));
    s.add(append + "should accept array of values", one([](request&, response& res) { res.append("Set-Cookie", {"foo=bar", "fizz=buzz"}).end(); }));
    s.add(append + "should get reset by res.set(field, val)",
          one([](request&, response& res) { res.append("Set-Cookie", "foo=bar").append("Set-Cookie", "fizz=buzz").set("Set-Cookie", "pet=tobi").end(); }));
    s.add(append + "should work with res.set(field, val) first", one([](request&, response& res) { res.set("Set-Cookie", "foo=bar").append("Set-Cookie", "fizz=buzz").end(); }));
    s.add(append + "should work together with res.cookie", one([](request&, response& res) { res.cookie("foo", "bar").append("Set-Cookie", "fizz=buzz").end(); }));
    s.add(r + ".get(field) / should get the response header field", one([](request&, response& res) {
              res.set_header("Content-Type", "text/x-foo");
              res.send(std::string(*res.get("Content-Type")));
          }));
    const auto type = [](std::string name, std::string body) { return one([=](request&, response& res) { res.type(name).end(body); }); };
    const std::string script = "var name = \"tj\";", types = r + ".type(str) / ";
    s.add(types + "should set the Content-Type based on a filename", type("foo.js", script));
    s.add(types + "should default to application/octet-stream", type("rawr", script));
    s.add(types + "should set the Content-Type with type/subtype", type("application/vnd.amazon.ebook", script));
    s.add(types + "edge cases / should handle empty string gracefully", type("", "test"));
    s.add(types + "edge cases / should handle file extension with dots", type(".json", "{\"test\": true}"));
    s.add(types + "edge cases / should handle multiple file extensions", type("file.tar.gz", "compressed"));
    s.add(types + "edge cases / should handle uppercase extensions", type("FILE.JSON", "{\"test\": true}"));
    s.add(types + "edge cases / should handle extension with special characters", type("file@test.json", "{\"test\": true}"));
    const auto status = [](int code) { return one([code](request&, response& res) { res.status(code).end(); }); };
    const auto codes = r + ".status(code) / ";
    s.add(codes + "should set the status code when valid", status(200));
    for (const int code : {201, 302, 403, 501, 700, 800, 900}) s.add(codes + "accept valid ranges / should set the response status code to " + std::to_string(code), status(code));
    s.add(codes + "invalid status codes / should raise error for status code below 100", status(99));
    s.add(codes + "invalid status codes / should raise error for status code above 999", status(1000));
    s.add(r + ".sendStatus(statusCode) / should send the status code and message as body", one([](request&, response& res) { res.send_status(201); }));
    s.add(r + ".sendStatus(statusCode) / should work with unknown code", one([](request&, response& res) { res.send_status(599); }));
    // attachment, location, links, vary, locals
    const auto attach = [](std::optional<std::string> name, std::string body) {
        return one([=](request&, response& res) { res.attachment(name ? std::optional<std::string_view>(*name) : std::nullopt).send(body); });
    };
    s.add(r + ".attachment() / should Content-Disposition to attachment", attach(std::nullopt, "foo"));
    s.add(r + ".attachment(filename) / should add the filename param", attach("/path/to/image.png", "foo"));
    s.add(r + ".attachment(filename) / should quote file names that are not a valid token", attach("/path/to/my report.png", "foo"));
    s.add(r + ".attachment(filename) / should handle an empty file name", attach("", "foo"));
    s.add(r + ".attachment(filename) / should set the Content-Type", one([](request&, response& res) {
              res.attachment("/path/to/image.png");
              octets(res, "....");
          }));
    s.add({"res / .attachment(utf8filename) / should add the filename and filename* params", "res / .attachment(utf8filename) / should set the Content-Type"},
          attach("/locales/日本語.txt", "japanese"));
    s.add(r + ".attachment(utf8filename) / should encode latin1 file names with an ASCII fallback and filename* param", attach("/locales/café.txt", "coffee"));
    const auto location = [](std::string url) { return one([=](request&, response& res) { res.location(url).end(); }); };
    const auto places = r + ".location(url) / ";
    s.add(places + "should set the header", location("http://google.com/"));
    s.add(places + "should preserve trailing slashes when not present", location("http://google.com"));
    s.add(places + "should encode \"url\"", location("https://google.com?q=☃ §10"));
    s.add(places + "should encode data uri", location("data:text/javascript,export default () => { }"));
    s.add(places + "should consistently handle empty string input", location(""));
    s.family([](std::string_view t) {
        if (!t.starts_with("res / location header encoding / ")) return setup{};
        return one([](request& req, response& res) { res.location(*req.query("q")).end(); });
    });
    const auto links = r + ".links(obj) / ";
    const std::string_view page = "http://api.example.com/users?page=2", last = "http://api.example.com/users?page=5", first = "http://api.example.com/users?page=1";
    s.add(links + "should set Link header field", one([=](request&, response& res) { res.links({{"next", page}, {"last", last}}).end(); }));
    s.add(links + "should set Link header field for multiple calls", one([=](request&, response& res) { res.links({{"next", page}, {"last", last}}).links({{"prev", first}}).end(); }));
    s.add(links + "should set multiple links for single rel", one([=](request&, response& res) { res.links({{"next", page}, {"last", {last, first}}}).end(); }));
    s.add("res.vary() / with an empty array / should not set Vary", one([](request&, response& res) { res.end(); }));
    s.add("res.vary() / with an array / should set the values", one([](request&, response& res) { res.vary("Accept, Accept-Language, Accept-Encoding").end(); }));
    s.add("res.vary() / with a string / should set the value", one([](request&, response& res) { res.vary("Accept").end(); }));
    s.add("res.vary() / when the value is present / should not add it again", one([](request&, response& res) {
              res.vary("Accept").vary("Accept-Encoding").vary("Accept-Encoding").vary("Accept-Encoding").vary("Accept").end();
          }));
    s.add(r + ".locals / should be empty by default", one([](request&, response& res) { res.json(res.locals()); }));
    s.add(r + "should work when mounted", [](app& a) {
        app blog;
        a.use(blog);
        blog.use(handler([](request&, response& res, next& n) {
            res.locals()["foo"] = "bar";
            n();
        }));
        one([](request&, response& res) { res.json(res.locals()); })(a);
    });
    // json, jsonp
    const handler typed_json([](request&, response& res, next&) {
        res.type("application/vnd.example+json");
        res.json({{"hello", "world"}});
    });
    const auto json = r + ".json(object) / ", jsonp = r + ".jsonp(object) / ";
    const auto both = [&](const std::string& title, value v, prepare before = {}) {
        s.add(json + title, one([v](request&, response& res) { res.json(v); }, before));
    };
    const auto script_of = [&](const std::string& title, value v, prepare before = {}) {
        s.add(jsonp + title, one([v](request&, response& res) { res.jsonp(v); }, before));
    };
    both("should not support jsonp callbacks", {{"foo", "bar"}});
    s.add(json + "should not override previous Content-Types", [=](app& a) { a.get("/", typed_json); });
    both("when given primitives / should respond with json for null", {});
    both("when given primitives / should respond with json for Number", 300);
    both("when given primitives / should respond with json for String", "str");
    both("when given an array / should respond with json", value::array({"foo", "bar", "baz"}));
    both("when given an object / should respond with json", {{"name", "tobi"}});
    both("\"json escape\" setting / should unicode escape HTML-sniffing characters", {{"&", "<script>"}}, sets("json escape", true));
    const prepare replacer = [](app& a) {
        a.set("json replacer", [](std::string_view name, const value& v) -> std::optional<value> {
            if (name.starts_with('_')) return std::nullopt;
            return v;
        });
    };
    both("\"json replacer\" setting / should be passed to JSON.stringify()", {{"name", "tobi"}, {"_id", 12345}}, replacer);
    both("\"json spaces\" setting / should be passed to JSON.stringify()", {{"name", "tobi"}, {"age", 2}}, sets("json spaces", 2));
    for (const auto& group : {json, jsonp})
        for (const auto* name : {"json escape", "json spaces"})
            s.result(group + "\"" + name + "\" setting / should be undefined by default", [name] { require(app().get(name).is_null(), "there is one"); });
    for (const auto* t : {"should respond with jsonp", "should use first callback parameter with jsonp", "should ignore object callback parameter with jsonp",
                          "should include security header and prologue"})
        script_of(t, {{"count", 1}});
    script_of("should allow renaming callback", {{"count", 1}}, sets("jsonp callback name", "clb"));
    script_of("should allow []", {{"count", 1}});
    script_of("should disallow arbitrary js", value::object());
    for (const auto* t : {"should escape utf whitespace", "should not escape utf whitespace for json fallback"}) script_of(t, {{"str", "\u2028 \u2029 woot"}});
    const handler typed_jsonp([](request&, response& res, next&) {
        res.type("application/vnd.example+json");
        res.jsonp({{"hello", "world"}});
    });
    for (const auto* t : {"should not override previous Content-Types with no callback", "should override previous Content-Types with callback"})
        s.add(jsonp + t, [=](app& a) { a.get("/", typed_jsonp); });
    script_of("when given null / should invoke callback with null", {});
    script_of("when given a string / should invoke callback with a string", "tobi");
    script_of("when given a number / should invoke callback with a number", 42);
    script_of("when given an array / should invoke callback with an array", value::array({"foo", "bar", "baz"}));
    script_of("when given an object / should invoke callback with an object", {{"name", "tobi"}});
    script_of("\"json escape\" setting / should unicode escape HTML-sniffing characters", {{"&", "\u2028<script>\u2029"}}, sets("json escape", true));
    script_of("\"json replacer\" setting / should be passed to JSON.stringify()", {{"name", "tobi"}, {"_id", 12345}}, replacer);
    script_of("\"json spaces\" setting / should be passed to JSON.stringify()", {{"name", "tobi"}, {"age", 2}}, sets("json spaces", 2));
    // cookies
    const auto cookie = [](http::cookie_options o) { return one([=](request&, response& res) { res.cookie("name", "tobi", o).end(); }); };
    const auto options = r + ".cookie(name, string, options) / ";
    s.add(r + ".cookie(name, object) / should generate a JSON cookie", one([](request&, response& res) { res.cookie("user", value{{"name", "tobi"}}).end(); }));
    s.add(r + ".cookie(name, string) / should set a cookie", cookie({}));
    s.add(r + ".cookie(name, string) / should allow multiple calls", one([](request&, response& res) { res.cookie("name", "tobi").cookie("age", 1).cookie("gender", "?").end(); }));
    s.add(options + "should set params", cookie({.http_only = true, .secure = true}));
    s.add(options + "partitioned / should set partitioned", cookie({.partitioned = true}));
    for (const auto* t : {"should set relative expires", "should set max-age"}) s.add(options + "maxAge / " + t, cookie({.max_age = std::chrono::seconds(1)}));
    for (const auto* t : {"should not throw on null", "should not throw on undefined"}) s.add(options + "maxAge / " + t, cookie({.max_age = std::nullopt}));
    s.add(options + "maxAge / should not mutate the options object", one([](request&, response& res) {
              const http::cookie_options o{.max_age = std::chrono::seconds(1)};
              res.cookie("name", "tobi", o).json({{"maxAge", o.max_age->count()}});
          }));
    s.add(options + "priority / should set low priority", cookie({.priority = http::cookie_priority::low}));
    s.add(options + "priority / should set medium priority", cookie({.priority = http::cookie_priority::medium}));
    s.add(options + "priority / should set high priority", cookie({.priority = http::cookie_priority::high}));
#if defined(CREMA_WITH_OPENSSL)
    const prepare signs = [](app& a) { a.use(cookie_parser({.signer = openssl::hmac_signer("foo bar baz")})); };
    s.add(options + "signed / should generate a signed JSON cookie", one([](request&, response& res) { res.signed_cookie("user", value{{"name", "tobi"}}).end(); }, signs));
    s.add(options + ".signedCookie(name, string) / should set a signed cookie", one([](request&, response& res) { res.signed_cookie("name", "tobi").end(); }, signs));
#endif
    const auto clear = [](http::cookie_options o) { return one([=](request&, response& res) { res.clear_cookie("sid", o).end(); }); };
    s.add(r + ".clearCookie(name) / should set a cookie passed expiry", clear({}));
    s.add(r + ".clearCookie(name, options) / should set the given params", clear({.path = "/admin"}));
    s.add(r + ".clearCookie(name, options) / should ignore maxAge", clear({.path = "/admin", .max_age = std::chrono::seconds(1)}));
    s.add(r + ".clearCookie(name, options) / should ignore user supplied expires param", clear({.path = "/admin", .expires = std::chrono::system_clock::now()}));
    // redirect
    const auto redirect = [](std::string url, int code = 302) { return one([=](request&, response& res) { res.redirect(code, url); }); };
    s.add({"res / .redirect(url) / should default to a 302 redirect", "test/res.redirect.js: res / when the request method is HEAD / should ignore the body",
           "res / when accepting html / should respond with html", "res / when accepting text / should respond with text",
           "res / when accepting neither text or html / should respond with an empty body"},
          redirect("http://google.com"));
    s.add(r + ".redirect(url) / should encode \"url\"", redirect("https://google.com?q=☃ §10"));
    s.add(r + ".redirect(url) / should not touch already-encoded sequences in \"url\"", redirect("https://google.com?q=%A710"));
    s.add(r + ".redirect(status, url) / should set the response status", redirect("http://google.com", 303));
    s.add({"res / when accepting html / should include the redirect type", "res / when accepting text / should include the redirect type"}, redirect("http://google.com", 301));
    s.add(r + "when accepting html / should escape the url", redirect("<la'me>"));
    s.add(r + "when accepting html / should not render evil javascript links in anchor href (prevent XSS)", redirect("javascript:eval(document.body.innerHTML=`<p>XSS</p>`);"));
    s.add(r + "when accepting text / should encode the url", redirect("http://example.com/?param=<script>alert(\"hax\");</script>"));

    s.reason("when Transfer-Encoding header is present", "the engine frames the body itself; another Transfer-Encoding is refused");
    s.reason("should respond with 101", "a status of 101 is that of an upgrade");
    s.reason("status code to 101", "a status of 101 is that of an upgrade");
    s.reason("given undefined", "a value is always there");
    s.reason("undefined escape", "a value is always there");
    s.reason("non-string input", "the compiler refuses another type");
    s.reason("instance of URL", "the compiler refuses another type");
    s.reason("coerce to an array of strings", "a list of lines is one of texts");
}

} // namespace express_tests

inline void add_express(std::map<std::string, suite>& all) {
    express_tests::add_requests(all["express"]);
    express_tests::add_responses(all["express"]);
}

} // namespace wire
