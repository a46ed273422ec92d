// body-parser and express: options of the parsers, and requests too long to be recorded whole.
#pragma once
#include "wire_bodies.hpp"
#include <crema/net/memory_stream.hpp>
#include <tuple>

namespace wire {

namespace parser_tests {

using body_tests::common;
using body_tests::kind;

// What a parser with these options makes of a body: its status and the text, or `untouched`.
struct outcome {
    int status = 0;
    std::string text;
    bool operator==(const outcome&) const = default;
};
template <class Options>
outcome parses(Options o, std::string body, std::string_view type = "text/plain", std::string_view coding = {}) {
    app a;
    a.set("env", "test");
    a.use(body_text(std::move(o)));
    a.use(handler([](request& req, response& res, next&) { res.end(req.body_parsed() ? req.body().as_string() : "untouched"); }));
    a.use(error_handler([](std::exception_ptr e, request&, response& res, next&) { res.status(status_of(e)).end(type_of(e)); }));
    testing::client client(a);
    auto call = client.post("/");
    call.set("Content-Type", type).send(std::move(body));
    if (!coding.empty()) call.set("Content-Encoding", coding);
    const auto r = call.result();
    return {r.status, r.body};
}
inline const outcome too_large{413, "entity.too.large"}, untouched{200, "untouched"};
inline void same(const outcome& got, const outcome& expected) { require(got == expected, std::to_string(got.status) + " " + got.text.substr(0, 200)); }

template <class O>
concept with_more = requires { O{.additional = "option"}; };
template <class O>
concept verified_by_text = requires { O{.verify = "lol"}; };

inline void add_options(suite& s) {
    using options = body_text_options;
    const std::string top = "normalizeOptions(options, defaultType) / ", given = top + "options / ", by_default = top + "defaultType / ";
    s.result(top + "should return default options when no options are provided", [] {
        same(parses(options{}, std::string(102400, 'a')), {200, std::string(102400, 'a')});
        same(parses(options{}, std::string(102401, 'a')), too_large);
        same(parses(options{}, "a", "text/html"), untouched);
        require(options{}.inflate && !options{}.verify && options{}.default_charset == "utf-8", "another default");
    });
    s.result(top + "should override default options with provided options", [] {
        const auto changed = [] {
            options o;
            o.limit = 3, o.inflate = false, o.type = "text/x-other", o.default_charset = "iso-8859-1";
            o.codecs = body_tests::codings();
            o.verify = [](request&, response&, std::string_view octets, std::string_view) { require(octets != "no", "no"); };
            return o;
        };
        same(parses(changed(), "abcd", "text/x-other"), too_large);
        same(parses(changed(), "abc", "text/x-other", "gzip"), {415, "encoding.unsupported"});
        same(parses(changed(), "no", "text/x-other"), {403, "entity.verify.failed"});
        same(parses(changed(), "\xe9", "text/x-other"), {200, "é"});
        same(parses(changed(), "abc"), untouched);
    });
    const auto compiled = [](bool good) { return [good] { require(good, "it does compile"); }; };
    s.result(top + "should remove additional options", compiled(!with_more<options> && !with_more<body_json_options>));
    s.result(given + "verify / should throw an error if verify is not a function", compiled(!verified_by_text<options>));
    s.result(given + "verify / should accept a verify function", [] {
        options o;
        std::string seen;
        o.verify = [&seen](request&, response&, std::string_view octets, std::string_view charset) { seen = std::string(octets) + " " + std::string(charset); };
        same(parses(o, "abc"), {200, "abc"});
        require(seen == "abc utf-8", seen);
    });
    // limit
    const auto usual = [] {
        same(parses(options{.type = "text/plain"}, std::string(102400, 'a')), {200, std::string(102400, 'a')});
        same(parses(options{.type = "text/plain"}, std::string(102401, 'a')), too_large);
    };
    const auto limited = [](byte_size limit, std::size_t octets) {
        return [=] {
            same(parses(options{.limit = limit}, std::string(octets, 'a')), {200, std::string(octets, 'a')});
            same(parses(options{.limit = limit}, std::string(octets + 1, 'a')), too_large);
        };
    };
    s.result(given + "limit / should return the default limit if limit is not provided", usual);
    s.result(given + "limit / should return the default limit if limit is undefined", usual);
    s.result(given + "limit / should accept zero as valid limit", limited(0, 0));
    s.result(given + "limit / should accept a number limit", limited(1234, 1234));
    s.result(given + "limit / should parse a string limit", limited("100kb", 102400));
    s.result(given + "limit / should parse a string limit without a unit", limited("1234", 1234));
    s.result(given + "limit / should throw an error for an invalid string limit", [] { throws([] { body_text({.limit = "invalid"}); }, "invalid"); });
    s.result(given + "limit / should return the default limit if limit is null", compiled(!std::is_constructible_v<byte_size, std::nullptr_t>));
    s.result(given + "limit / should throw an error for a NaN limit", compiled(std::is_constructible_v<byte_size, int> && !std::is_constructible_v<byte_size, double>));
    s.result(given + "limit / should throw an error for a boolean limit", compiled(!std::is_constructible_v<byte_size, bool>));
    s.result(given + "limit / should throw an error for an object limit", compiled(!std::is_constructible_v<byte_size, value>));
    // type
    const auto takes = [](std::optional<body_types> type, std::string_view good, std::string_view bad) {
        return [=] {
            options o;
            if (type) o.type = *type;
            same(parses(o, "abc", good), {200, "abc"});
            same(parses(o, "abc", bad), untouched);
        };
    };
    const body_types decides([](request& req) { return req.get("Content-Type") == "application/x-mine"; });
    s.result(given + "type / should return the default type if type is not provided", takes(std::nullopt, "text/plain", "application/json"));
    s.result(given + "type / should accept a string type", takes("application/json", "application/json", "text/plain"));
    s.result(given + "type / should accept an array of strings type", [=] {
        const body_types both({"application/json", "application/x-www-form-urlencoded"});
        takes(both, "application/json", "text/plain")();
        takes(both, "application/x-www-form-urlencoded", "text/html")();
    });
    s.result(given + "type / should accept a type checking function", takes(decides, "application/x-mine", "text/plain"));
    s.result(given + "defaultCharset / should return \"utf-8\" if defaultCharset is not provided", [] { same(parses(options{}, "\xc3\xa9"), {200, "é"}); });
    s.result(given + "defaultCharset / should accept a defaultCharset", [] { same(parses(options{.default_charset = "iso-8859-1"}, "\xe9"), {200, "é"}); });
    // each parser has its type: none is made without one
    s.result(by_default + "should throw an error if defaultType is not provided", compiled(!std::is_default_constructible_v<body_types>));
    const auto matches = [](body_types types, std::string_view type) {
        app a;
        bool yes = false;
        a.use(handler([&](request& req, response& res, next&) {
            yes = types.match(req);
            res.end();
        }));
        testing::client(a).post("/").send("{}", type).expect(200);
        return yes;
    };
    s.result(by_default + "should convert string defaultType to a request content-type checking function", [=] {
        require(matches("application/json", "application/json") && !matches("application/json", "text/plain"), "another");
    });
    s.result(by_default + "should convert array of strings defaultType to a request content-type checking function", [=] {
        const body_types two({"application/json", "text/*"});
        require(matches(two, "application/json") && matches(two, "text/plain") && !matches(two, "image/png"), "another");
    });
    s.result(by_default + "should use function defaultType directly as the request content-type checker", [=] {
        require(matches(decides, "application/x-mine") && !matches(decides, "application/json"), "another");
    });
}

inline std::string head_of(const std::string& recorded) { return recorded.substr(0, recorded.find("\r\n\r\n") + 4); }
// Puts a body behind the head that was recorded, which says how long it was.
inline std::string with_body(const std::string& recorded, const std::string& body) {
    const auto head = head_of(recorded);
    require(head.find("Content-Length: " + std::to_string(body.size()) + "\r\n") != head.npos, "another body was sent: this one has " + std::to_string(body.size()));
    return head + body;
}
inline std::string to_base(int n, int base) {
    std::string text;
    for (; n > 0; n /= base) text.insert(text.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[n % base]);
    return text.empty() ? "0" : text;
}
// `0=0&1=1&…&a=a&…`: names with 36 digits, each its own value.
inline std::string parameters(int count) {
    std::string body;
    for (int i = 0; i < count; ++i) {
        const auto n = to_base(i, 36);
        body += (i ? "&" : "") + n + "=" + n;
    }
    return body;
}
// A client that says how long its body is, ends before all of it was sent, and waits for the answer.
class ending_client final : net::stream_handler {
public:
    static std::string ask(testing::client& c, std::string_view octets) {
        auto [far, near] = net::memory_stream::pair(c.loop());
        c.server().serve(std::move(near));
        ending_client self(*far);
        far->start(self);
        far->write(std::span(&octets, 1));
        far->want(true, false);
        c.run(); // the parser has begun to read
        far->end();
        c.run();
        return self.got_;
    }

private:
    explicit ending_client(net::memory_stream& s) : stream_(s) {}
    void on_readable() override {
        char room[4096];
        const auto r = stream_.read(room);
        if (r.would_block()) return;
        if (r.error || r.size == 0) return stream_.want(false, false);
        got_.append(room, r.size);
    }
    void on_writable() override {}
    void on_peer_closed() override {}
    void on_broken(std::error_code) override {}
    net::memory_stream& stream_;
    std::string got_;
};

template <class O>
concept fraction_of_pairs = requires { O{.parameter_limit = 10.1}; };
template <class O>
concept pairs = requires { O{.parameter_limit = 10}; };
template <class O>
concept below_zero = requires { O{.depth = -1}; };

inline void add_requests(suite& s, bool express) {
    const std::string prefix = express ? "express." : "bodyParser.";
    const std::tuple<const char*, kind, const char*> parsers[] = {{"json()", kind::json, "application/json"},
                                                                  {"urlencoded()", kind::urlencoded, "application/x-www-form-urlencoded"},
                                                                  {"text()", kind::text, "text/plain"},
                                                                  {"raw()", kind::raw, "application/octet-stream"}};
    for (const auto& [name, k, type] : parsers) {
        const auto title = prefix + name + " / with limit option / should not hang response";
        common c;
        c.limit = "8kb";
        // the server sees to it, in place of the parser
        s.otherwise(prefix + name + " / should 400 when invalid content-length", [=, type = std::string(type)] {
            app a;
            a.set("env", "test");
            (express ? body_tests::application(k, common()) : body_tests::server(k, common()))(a);
            testing::client_options o;
            o.server.half_open = true;
            testing::client client(a, o);
            const auto got = ending_client::ask(client, "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Type: " + type + "\r\nContent-Length: 20\r\n\r\n{\"str\":");
            require(got.starts_with("HTTP/1.1 400 Bad Request\r\n") && got.ends_with("\r\n\r\n400 Bad Request: the body is not complete\n"), got);
        });
        s.add(title, express ? body_tests::application(k, c) : body_tests::server(k, c));
        s.sent(title, [](std::string recorded) {
            auto all = head_of(recorded);
            for (int i = 0; i < 3; ++i) all += "2800\r\n" + std::string(0x2800, '.') + "\r\n";
            return all + "0\r\n\r\n";
        });
    }
    const auto top = prefix + "urlencoded() / ", extended = top + "with extended option / when true / ";
    common nested;
    nested.extended = true;
    for (const std::string title : {"should parse array index notation with large array", "should parse deep object"})
        s.add(extended + title, express ? body_tests::application(kind::urlencoded, nested) : body_tests::server(kind::urlencoded, nested));
    s.sent(extended + "should parse array index notation with large array", [](const std::string& recorded) {
        std::string body = "f[0]=0";
        for (int i = 1; i < 500; ++i) body += "&f[" + std::to_string(i) + "]=" + to_base(i, 16);
        return with_body(recorded, body);
    });
    for (const bool deep : {false, true}) {
        const auto limit = top + "with parameterLimit option / with extended: " + (deep ? "true" : "false") + " / ";
        for (const bool all : {false, true}) {
            const auto title = limit + "should work with " + (all ? "Infinity" : "large") + " limit";
            common c;
            c.extended = deep;
            c.parameters = all ? std::numeric_limits<std::size_t>::max() : 5000;
            s.add(title, [=](app& a) {
                if (!express) a.disable("x-powered-by");
                a.use(body_tests::parser(kind::urlencoded, c));
                a.use(handler([=](request& req, response& res, next&) {
                    const auto shown = as_javascript(req.body());
                    express ? res.json(shown) : res.end(json::stringify(shown));
                }));
            });
            s.sent(title, [all](const std::string& recorded) { return with_body(recorded, parameters(all ? 10000 : 5000)); });
        }
        s.otherwise(limit + "should work if number is floating point", [] {
            require(pairs<body_urlencoded_options> && !fraction_of_pairs<body_urlencoded_options>, "a fraction of a pair does compile");
        });
    }
    s.result(top + "with depth option / when custom value set / should reject non positive numbers", [] {
        require(!below_zero<body_urlencoded_options>, "it does compile");
        body_urlencoded({.extended = true, .depth = 0}); // which Express takes, too
    });
    s.otherwise(prefix + "json() / with strict option / when true / should include correct message in stack trace", [] {
        app a;
        a.use(body_json());
        a.use(error_handler([](std::exception_ptr e, request&, response& res, next&) { res.status(status_of(e)).end(type_of(e) + ": " + message_of(e)); }));
        const auto r = testing::client(a).post("/").json("true").result();
        require(r.status == 400 && r.body.starts_with("entity.parse.failed: ") && r.body.find("'t'") != r.body.npos, r.body); // there is no stack, but what was wrong
    });
}

} // namespace parser_tests

inline void add_parsers(std::map<std::string, suite>& all) {
    parser_tests::add_options(all["body-parser"]);
    all["body-parser"].result("bodyParser() / should throw an error", [] {
        require(!std::is_default_constructible_v<body_parser>, "a parser of nothing does compile"); // it has to be said of what
    });
    parser_tests::add_requests(all["body-parser"], false);
    parser_tests::add_requests(all["express"], true);
}

} // namespace wire
