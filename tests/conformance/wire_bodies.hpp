// body-parser and express.json, urlencoded, raw, text: bodies.
#pragma once
#include "wire.hpp"
#include <crema/async/context.hpp>
#if defined(CREMA_WITH_ZLIB)
#include <crema/ext/zlib.hpp>
#endif
#if defined(CREMA_WITH_BROTLI)
#include <crema/ext/brotli.hpp>
#endif

namespace wire {

namespace body_tests {

inline std::vector<codec> codings() {
    std::vector<codec> all;
#if defined(CREMA_WITH_ZLIB)
    all.push_back(codecs::gzip);
    all.push_back(codecs::deflate);
#endif
#if defined(CREMA_WITH_BROTLI)
    all.push_back(codecs::br);
#endif
    return all;
}

// What follows a request, as AsyncLocalStorage does: set in front of the parser, read behind it.
inline const context_key<std::string> store;
inline void show_store(request& req, response& res) {
    if (const auto* found = req.context().find(store)) res.set("x-store-foo", *found);
}

enum class kind { json, urlencoded, text, raw };

// What is common to the options of the four.
struct common {
    byte_size limit = 102400;
    bool inflate = true;
    std::optional<body_types> type;
    body_verify verify{};
    std::string default_charset{};
    bool strict = true;
    bool extended = false, sentinel = false, entities = false;
    std::size_t parameters = 1000, depth = 32;
};

inline body_parser parser(kind k, const common& c) {
    const auto fill = [&](auto o) {
        o.limit = c.limit;
        o.inflate = c.inflate;
        o.codecs = codings();
        if (c.type) o.type = *c.type;
        o.verify = c.verify;
        if constexpr (requires { o.default_charset; })
            if (!c.default_charset.empty()) o.default_charset = c.default_charset;
        return o;
    };
    switch (k) {
    case kind::json: {
        auto o = fill(body_json_options{});
        o.strict = c.strict;
        return body_json(std::move(o));
    }
    case kind::urlencoded: {
        auto o = fill(body_urlencoded_options{});
        o.extended = c.extended;
        o.charset_sentinel = c.sentinel;
        o.interpret_numeric_entities = c.entities;
        o.parameter_limit = c.parameters;
        o.depth = c.depth;
        return body_urlencoded(std::move(o));
    }
    case kind::text: return body_text(fill(body_text_options{}));
    case kind::raw: return body_raw(fill(body_raw_options{}));
    }
    return body_json();
}

inline std::string hex(std::string_view octets) {
    std::string out;
    for (const unsigned char c : octets) {
        out += "0123456789abcdef"[c >> 4];
        out += "0123456789abcdef"[c & 15];
    }
    return out;
}

// What a test asks of an error by the field X-Error-Property.
inline std::string shown(const std::exception_ptr& e, request& req) {
    const auto wanted = req.get("X-Error-Property").value_or("");
    if (wanted == "body") return std::string(req.raw_body().value_or(""));
    if (wanted == "type") return type_of(e);
    if (wanted == "stack") return message_of(e);
    return "[" + type_of(e) + "] " + message_of(e);
}

// The server of body-parser's tests.
inline setup server(kind k, common c, handler before = {}, bool twice = false) {
    return [=](app& a) {
        a.disable("x-powered-by");
        if (before) a.use(before);
        a.use(parser(k, c));
        if (twice) a.use(parser(k, c));
        a.use(handler([k](request& req, response& res, next&) {
            show_store(req, res);
            if (!req.body_parsed()) res.end("undefined");
            else if (k == kind::raw) res.end("buf:" + hex(req.body().as_string()));
            else res.end(json::stringify(req.body()));
        }));
        a.use(error_handler([](std::exception_ptr e, request& req, response& res, next&) {
            show_store(req, res);
            res.status(status_of(e)).end(shown(e, req));
        }));
    };
}
// The app of Express' tests.
inline setup application(kind k, common c, handler before = {}, bool twice = false) {
    return [=](app& a) {
        if (before) a.use(before);
        a.use(parser(k, c));
        if (twice) a.use(parser(k, c));
        a.use(error_handler([](std::exception_ptr e, request& req, response& res, next&) {
            show_store(req, res);
            res.status(status_of(e)).send(shown(e, req));
        }));
        a.post("/", handler([k](request& req, response& res, next&) {
                    show_store(req, res);
                    if (!req.body_parsed()) res.type("json").end();
                    else if (k == kind::raw) res.json({{"buf", hex(req.body().as_string())}});
                    else res.json(req.body());
                }));
    };
}

inline bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// The options, from what the title says.
inline std::optional<common> options_of(kind k, std::string_view t) {
    common c;
    const auto refuses = [&](auto bad, std::string what) -> body_verify {
        const bool codes = has(t, "custom codes"), types = has(t, "custom type");
        return [=](request&, response&, std::string_view octets, std::string_view) {
            if (!bad(octets)) return;
            if (codes) throw http_error(400, what);
            if (types) throw http_error(403, what).type("foo.bar");
            throw std::runtime_error(what);
        };
    };
    if (has(t, "with limit option") || has(t, "should handle empty message-body") || has(t, "when inflated value exceeds limit") ||
        (has(t, "/ encoding /") && has(t, "limit")))
        c.limit = 1024;
    if (has(t, "with inflate option / when false")) c.inflate = false;
    if (has(t, "with inflate option / when true")) c.inflate = true;
    if (has(t, "with strict option / when false")) c.strict = false;
    if (has(t, "type option / when a function"))
        c.type = has(t, "without a body") ? body_types([](request&) -> bool { throw std::runtime_error("oops!"); })
                 : has(t, "without content-type")
                     ? body_types([](request&) { return true; })
                     : body_types([](request& req) {
                           const auto type = req.get("Content-Type");
                           return type == "application/vnd.api+json" || type == "application/vnd.something" || type == "text/vnd.something" ||
                                  type == "application/vnd.octet";
                       });
    for (const std::string_view one : {"application/vnd.api+json", "application/vnd.x-www-form-urlencoded", "text/html", "application/vnd+octets"})
        if (has(t, "type option / when \"" + std::string(one) + "\"")) c.type = body_types({one});
    if (has(t, "when [\"application/json\"")) c.type = body_types({"application/json", "application/vnd.api+json"});
    if (has(t, "when [\"urlencoded\"")) c.type = body_types({"urlencoded", "application/x-pairs"});
    if (has(t, "when [\"text/html\"")) c.type = body_types({"text/html", "text/plain"});
    if (has(t, "when [\"application/octet-stream\"")) c.type = body_types({"application/octet-stream", "application/vnd+octets"});
    if (has(t, "with verify option / should 415")) c.verify = [](request&, response&, std::string_view, std::string_view) { throw std::runtime_error("unexpected verify call"); };
    else if (has(t, "with verify option / ") && (has(t, "error from verify") || has(t, "custom") || has(t, "original body") || has(t, "pass-through"))) {
        if (k == kind::json) c.verify = refuses([](std::string_view o) { return o.starts_with("["); }, "no arrays");
        else if (k == kind::raw) c.verify = refuses([](std::string_view o) { return o.starts_with('\0'); }, "no leading null");
        else c.verify = refuses([](std::string_view o) { return o.starts_with(" "); }, "no leading space");
    } else if (has(t, "with verify option / should work with different charsets"))
        c.verify = [](request&, response&, std::string_view, std::string_view charset) { require(charset == "utf-16", "charset"); };
    if (k == kind::text && has(t, "defaultCharset")) c.default_charset = "koi8-r";
    if (k == kind::urlencoded) {
        c.extended = has(t, "in extended mode") || has(t, "extended option / when true") || has(t, "depth option") || has(t, "with extended: true");
        if (has(t, "defaultCharset is set to iso-8859-1")) c.default_charset = "iso-8859-1";
        c.sentinel = has(t, "sentinel");
        c.entities = has(t, "interpretNumericEntities") || has(t, "numeric entities");
        if (has(t, "depth option / when custom")) c.depth = has(t, "beyond") ? 1 : 10;
        if (has(t, "parameterLimit")) {
            c.parameters = has(t, "large limit") ? 5000 : has(t, "Infinity") ? std::numeric_limits<std::size_t>::max() : 10;
        }
    }
    return c;
}

inline setup make(kind k, std::string_view t, bool express) {
    const auto c = options_of(k, t);
    if (!c) return {};
    handler before{};
    if (has(t, "consumed")) {
        // somebody has read the body before
        return [=](app& a) {
            if (!express) a.disable("x-powered-by");
            a.use([](request& req, response&, next& n) -> task<> {
                while (!(co_await req.read()).empty()) {
                }
                n();
            });
            (express ? application(k, *c) : server(k, *c))(a);
        };
    }
    if (has(t, "async local storage"))
        before = handler([](request& req, response&, next& n) {
            req.context().set(store, std::string("bar"));
            n();
        });
    const bool twice = has(t, "duplicated");
    return express ? application(k, *c, before, twice) : server(k, *c, before, twice);
}

inline void add(suite& s, bool express) {
    const std::pair<std::string, kind> all[] = {{"json()", kind::json}, {"urlencoded()", kind::urlencoded}, {"text()", kind::text}, {"raw()", kind::raw}};
    for (const auto& [name, k] : all) {
        const auto top = (express ? "express." : "bodyParser.") + name + " / ";
        s.family([top, k = k, express](std::string_view title) {
            if (!title.starts_with(top)) return setup{};
            const auto t = title.substr(top.size() - 2);
            for (const std::string_view without : {"invalid content-length", "floating point", "Infinity limit", "large limit", "large array", "deep object",
                                                   "should not hang response", "correct message in stack"})
                if (has(t, without)) return setup{};
            return make(k, t, express);
        });
        s.result(top + "with verify option / should assert value if function", {});
        s.results.erase(top + "with verify option / should assert value if function");
    }
    const auto u = std::string(express ? "express." : "bodyParser.") + "urlencoded() / ";
    s.result(u + "should throw on invalid defaultCharset", [] { throws([] { body_urlencoded({.default_charset = "utf-16"}); }, "default_charset must be either utf-8 or iso-8859-1"); });
    s.result(u + "with parameterLimit option / with extended: false / should reject 0", [] { throws([] { body_urlencoded({.parameter_limit = 0}); }, "must be a positive number"); });
    s.result(u + "with parameterLimit option / with extended: true / should reject 0", [] { throws([] { body_urlencoded({.extended = true, .parameter_limit = 0}); }, "must be a positive number"); });
    s.reason("should assert value i", "the compiler refuses another type");
    s.reason("should reject string", "the compiler refuses another type");
}

} // namespace body_tests

inline void add_bodies(std::map<std::string, suite>& all) {
    body_tests::add(all["body-parser"], false);
    body_tests::add(all["express"], true);
}

} // namespace wire
