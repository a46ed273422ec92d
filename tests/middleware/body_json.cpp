// Tests of middleware/body_json.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/body_json.hpp>

#include <crema/async/context.hpp>
#include <middleware/wire.hpp>

using namespace crema;
using Catch::Matchers::Contains;

namespace {

std::function<app()> with(body_json_options options) {
    return [options] { return wire::around(body_json(options)); };
}

app twice() {
    return wire::around(body_json(), [](app& a) { a.use(body_json()); });
}

app consumed() {
    return wire::around(body_json(), [](app& a) {
        a.use([](request& req, response&, next& next) -> task<> {
            for (;;) {
                const auto piece = co_await req.read();
                if (piece.empty()) break;
            }
            next();
        });
    });
}

// A value that was set in front of the parser is there behind it.
const context_key<std::string> store;

std::function<app()> with_context(std::vector<codec> codecs) {
    return [codecs] {
        app a;
        a.disable("x-powered-by");
        a.use([](request& req, response&, next& next) {
            req.context().set(store, "bar");
            next();
        });
        a.use(body_json({.codecs = codecs}));
        const auto show = [](request& req, response& res) {
            if (const auto* s = req.context().find(store)) res.set("x-store-foo", *s);
        };
        a.use([show](request& req, response& res) {
            show(req, res);
            res.end(req.body_parsed() ? json::stringify(req.body()) : "undefined");
        });
        a.use([show](const http_error& e, request& req, response& res, next&) {
            show(req, res);
            res.status(e.status()).end("[" + e.type() + "] " + e.what());
        });
        return a;
    };
}

void no_arrays(request&, response&, std::string_view octets, std::string_view) {
    if (octets.starts_with('[')) throw std::runtime_error("no arrays");
}
void no_arrays_400(request&, response&, std::string_view octets, std::string_view) {
    if (octets.starts_with('[')) throw http_error(400, "no arrays");
}
void no_arrays_foo(request&, response&, std::string_view octets, std::string_view) {
    if (octets.starts_with('[')) throw http_error(403, "no arrays").type("foo.bar");
}
void not_empty(request&, response&, std::string_view octets, std::string_view) {
    if (octets.empty()) throw std::runtime_error("no body");
}

const std::vector<wire::exchange> recorded{
    {"should parse JSON", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"should handle Content-Length: 0", with({}), "GET / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 0\r\n",
     "", "200 OK", "",
     "{}"},
    {"should handle empty message-body", with({}), "GET / HTTP/1.1",
     "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
     "0\r\n\r\n", "200 OK", "",
     "{}"},
    {"should handle no message-body", with({}), "GET / HTTP/1.1",
     "Content-Type: application/json\r\n",
     "", "200 OK", "",
     "undefined"},
    {"should 400 when only whitespace", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 3\r\n",
     "  \n", "400 Bad Request", "",
     "[entity.parse.failed] *"},
    {"should handle consumed request", consumed, "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "undefined"},
    {"should handle duplicated middleware", twice, "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"when JSON is invalid / should 400 for bad token", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 2\r\n",
     "{:", "400 Bad Request", "",
     "[entity.parse.failed] *"},
    {"when JSON is invalid / should 400 for incomplete", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 7\r\n",
     "{\"user\"", "400 Bad Request", "",
     "[entity.parse.failed] *"},
    {"when JSON is invalid / should include original body on error object", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nX-Error-Property: body\r\nContent-Length: 8\r\n",
     " {\"user\"", "400 Bad Request", "",
     " {\"user\""},
    {"with limit option / should 413 when over limit with Content-Length", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 1034\r\n",
     std::string("{\"str\":\"") + std::string(1024, '.') + "\"}", "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should 413 when over limit with chunked encoding", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
     std::string("7\r\n{\"str\":\r\n403\r\n\"") + std::string(1024, '.') + "\"}\r\n0\r\n\r\n", "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should accept number of bytes", with({.limit = 1024}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 1034\r\n",
     std::string("{\"str\":\"") + std::string(1024, '.') + "\"}", "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should not change when options altered", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 1034\r\n",
     std::string("{\"str\":\"") + std::string(1024, '.') + "\"}", "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with inflate option / when false / should not accept content-encoding", with({.inflate = false}), "POST / HTTP/1.1",
     "Content-Encoding: gzip\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
     std::string("22\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x0b\xabV\xcaK\xccMU\xb2Rz\xb1n\x97R-\x00Q[\xe1\xcc\x0e\x00\x00\x00\r\n0\r\n\r\n", 45), "415 Unsupported Media Type", "",
     "[encoding.unsupported] content encoding unsupported"},
    {"with strict option / when undefined / should 400 on primitives", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 4\r\n",
     "true", "400 Bad Request", "",
     "[entity.parse.failed] *"},
    {"with strict option / when false / should parse primitives", with({.strict = false}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 4\r\n",
     "true", "200 OK", "",
     "true"},
    {"with strict option / when true / should not parse primitives", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 4\r\n",
     "true", "400 Bad Request", "",
     "[entity.parse.failed] *"},
    {"with strict option / when true / should not parse primitives with leading whitespaces", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 8\r\n",
     "    true", "400 Bad Request", "",
     "[entity.parse.failed] *"},
    {"with strict option / when true / should allow leading whitespaces in JSON", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 21\r\n",
     "   { \"user\": \"tobi\" }", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with strict option / when true / should handle all RFC 7159 whitespace characters before JSON", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 22\r\n",
     " \x09\n\r{ \"user\": \"tobi\" }", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with strict option / when true / should error on body with only RFC 7159 whitespace characters", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 4\r\n",
     " \x09\n\r", "400 Bad Request", "",
     "[entity.parse.failed] *"},
    {"with type option / when \"application/vnd.api+json\" / should parse JSON for custom type", with({.type = "application/vnd.api+json"}), "POST / HTTP/1.1",
     "Content-Type: application/vnd.api+json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when \"application/vnd.api+json\" / should ignore standard type", with({.type = "application/vnd.api+json"}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "undefined"},
    {"with type option / when [\"application/json\", \"application/vnd.api+json\"] / should parse JSON for \"application/json\"", with({.type = {"application/json", "application/vnd.api+json"}}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when [\"application/json\", \"application/vnd.api+json\"] / should parse JSON for \"application/vnd.api+json\"", with({.type = {"application/json", "application/vnd.api+json"}}), "POST / HTTP/1.1",
     "Content-Type: application/vnd.api+json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when [\"application/json\", \"application/vnd.api+json\"] / should ignore \"application/x-json\"", with({.type = {"application/json", "application/vnd.api+json"}}), "POST / HTTP/1.1",
     "Content-Type: application/x-json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "undefined"},
    {"with type option / when a function / should parse when truthy value returned", with({.type = [](request& req) { return req.get("content-type") == "application/vnd.api+json"; }}), "POST / HTTP/1.1",
     "Content-Type: application/vnd.api+json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when a function / should work without content-type", with({.type = [](request&) { return true; }}), "POST / HTTP/1.1",
     "Transfer-Encoding: chunked\r\n",
     "f\r\n{\"user\":\"tobi\"}\r\n0\r\n\r\n", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when a function / should not invoke without a body", with({.type = [](request&) -> bool { throw std::logic_error("was asked"); }}), "GET / HTTP/1.1",
     "",
     "", "200 OK", "",
     "undefined"},
    {"with verify option / should error from verify", with({.verify = no_arrays}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 8\r\n",
     "[\"tobi\"]", "403 Forbidden", "",
     "[entity.verify.failed] no arrays"},
    {"with verify option / should allow custom codes", with({.verify = no_arrays_400}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 8\r\n",
     "[\"tobi\"]", "400 Bad Request", "",
     "[entity.verify.failed] no arrays"},
    {"with verify option / should allow custom type", with({.verify = no_arrays_foo}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 8\r\n",
     "[\"tobi\"]", "403 Forbidden", "",
     "[foo.bar] no arrays"},
    {"with verify option / should include original body on error object", with({.verify = no_arrays}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nX-Error-Property: body\r\nContent-Length: 8\r\n",
     "[\"tobi\"]", "403 Forbidden", "",
     "[\"tobi\"]"},
    {"with verify option / should allow pass-through", with({.verify = no_arrays}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with verify option / should work with different charsets", with({.verify = not_empty}), "POST / HTTP/1.1",
     "Content-Type: application/json; charset=utf-16\r\nTransfer-Encoding: chunked\r\n",
     std::string("1a\r\n\xfe\xff\x00{\x00\"\x00n\x00" "a\x00m\x00" "e\x00\"\x00:\x00\"\x8b\xba\x00\"\x00}\r\n0\r\n\r\n", 37), "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"with verify option / should 415 on unknown charset prior to verify", with({.verify = not_empty}), "POST / HTTP/1.1",
     "Content-Type: application/json; charset=x-bogus\r\nTransfer-Encoding: chunked\r\n",
     std::string("4\r\n\x00\x00\x00\x00\r\n0\r\n\r\n", 14), "415 Unsupported Media Type", "",
     "[charset.unsupported] unsupported charset \"X-BOGUS\""},
    {"async local storage / should persist store", with_context({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 15\r\n",
     "{\"user\":\"tobi\"}", "200 OK", "x-store-foo: bar\r\n",
     "{\"user\":\"tobi\"}"},
    {"async local storage / should persist store when unmatched content-type", with_context({}), "POST / HTTP/1.1",
     "Content-Type: application/fizzbuzz\r\nContent-Length: 4\r\n",
     "buzz", "200 OK", "x-store-foo: bar\r\n",
     "undefined"},
    {"async local storage / should persist store when parse error", with_context({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nContent-Length: 8\r\n",
     "{\"user\":", "400 Bad Request", "x-store-foo: bar\r\n",
     "[entity.parse.failed] *"},
    {"charset / should parse utf-8", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n",
     "e\r\n{\"name\":\"\xe8\xae\xba\"}\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"charset / should parse utf-16", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json; charset=utf-16\r\nTransfer-Encoding: chunked\r\n",
     std::string("1a\r\n\xfe\xff\x00{\x00\"\x00n\x00" "a\x00m\x00" "e\x00\"\x00:\x00\"\x8b\xba\x00\"\x00}\r\n0\r\n\r\n", 37), "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"charset / should parse utf-32", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json; charset=utf-32\r\nTransfer-Encoding: chunked\r\n",
     std::string("34\r\n\xff\xfe\x00\x00{\x00\x00\x00\"\x00\x00\x00n\x00\x00\x00" "a\x00\x00\x00m\x00\x00\x00" "e\x00\x00\x00\"\x00\x00\x00:\x00\x00\x00\"\x00\x00\x00\xba\x8b\x00\x00\"\x00\x00\x00}\x00\x00\x00\r\n0\r\n\r\n", 63), "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"charset / should parse when content-length != char length", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json; charset=utf-8\r\nContent-Length: 13\r\n",
     "{\"test\":\"\xc3\xa5\"}", "200 OK", "",
     "{\"test\":\"\xc3\xa5\"}"},
    {"charset / should default to utf-8", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
     "e\r\n{\"name\":\"\xe8\xae\xba\"}\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"charset / should fail on unknown charset", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json; charset=koi8-r\r\nTransfer-Encoding: chunked\r\n",
     "e\r\n{\"name\":\"\xce\xc5\xd4\"}\r\n0\r\n\r\n", "415 Unsupported Media Type", "",
     "[charset.unsupported] unsupported charset \"KOI8-R\""},
    {"encoding / should parse without encoding", with({}), "POST / HTTP/1.1",
     "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
     "e\r\n{\"name\":\"\xe8\xae\xba\"}\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"encoding / should support identity encoding", with({}), "POST / HTTP/1.1",
     "Content-Encoding: identity\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
     "e\r\n{\"name\":\"\xe8\xae\xba\"}\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"encoding / should throw 415 if there's no zstandard support", with({}), "POST / HTTP/1.1",
     "Content-Encoding: zstd\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
     std::string("17\r\n(\xb5/\xfd \x0eq\x00\x00{\"name\":\"\xe8\xae\xba\"}\r\n0\r\n\r\n", 34), "415 Unsupported Media Type", "",
     "[encoding.unsupported] unsupported content encoding \"zstd\""},
    {"encoding / should 415 on unknown encoding", with({}), "POST / HTTP/1.1",
     "Content-Encoding: nulls\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
     std::string("6\r\n\x00\x00\x00\x00\x00\x00\r\n0\r\n\r\n", 16), "415 Unsupported Media Type", "",
     "[encoding.unsupported] unsupported content encoding \"nulls\""},
};

struct address {
    std::string city;
};
struct person {
    std::string name;
    int age = 0;
    std::optional<address> home;
};

// Answers what json<T>() makes of the body, and what went wrong as status, type and message.
app people(bool parser) {
    app a;
    if (parser) a.use(body_json());
    a.post("/", [](request& req, response& res) { res.json(req.json<person>()); });
    a.post("/read", [](request& req, response& res) -> task<> {
        const auto p = co_await req.read_json<person>();
        res.json(p);
    });
    a.use([](const http_error& e, request&, response& res, next&) { res.status(e.status()).send(e.what()); });
    return a;
}

std::string message(testing::client& c, const std::string& body, int status = 400) {
    return c.post("/").send(body, "application/json").expect(status).result().body;
}

} // namespace

// Of Express' tests of its parser. Differences: the messages of malformed JSON are crema's own, with line, column and
// pointer; a request that ends in front of its Content-Length has nobody left who could be answered; error.stack is none.
TEST_CASE("JSON bodies are answered as Express answers them", "[middleware][body_json]") { wire::check_all(recorded); }

TEST_CASE("req.json gives an aggregate, with and without the parser", "[middleware][body_json]") {
    const bool parser = GENERATE(true, false);
    testing::client c(people(parser));
    for (const char* path : {"/", "/read"}) {
        c.post(path).json(R"({"name":"Ada","age":36,"home":{"city":"London"}})")
            .expect(200, R"({"name":"Ada","age":36,"home":{"city":"London"}})");
        c.post(path).json(R"({"name":"Ada","age":36})").chunked(3).expect(200, R"({"name":"Ada","age":36})");
    }
}

TEST_CASE("the message of malformed JSON tells the place", "[middleware][body_json]") {
    testing::client c(people(true));
    CHECK_THAT(message(c, "{\n  \"name\": \"Ada\",\n  \"age\": }"), Contains("line 3"));
    CHECK_THAT(message(c, R"({"name":"Ada"} {})"), Contains("line 1"));
    CHECK_THAT(message(c, R"({"name":"Ada","age":"old"})"), Contains("/age"));
    CHECK_THAT(message(c, R"({"name":"Ada","age":1,"home":{"city":7}})"), Contains("/home/city"));
    CHECK_THAT(message(c, "\"x\""), Contains("object or array"));
    for (const char* body : {"{", "[", "{]", "[1,]", "{\"a\":1,}", "[01]", "[1e]", "[\"\x01\"]", "[\"\xff\"]", "[\"\\x\"]", "[nul]", "[NaN]"})
        message(c, body);
    message(c, std::string(5000, '['));
}

TEST_CASE("a byte order mark is no part of the JSON", "[middleware][body_json]") {
    testing::client c(people(true));
    c.post("/").send("\xef\xbb\xbf{\"name\":\"Ada\",\"age\":1}", "application/json").expect(200);
    CHECK(message(c, "\xef\xbb\xbf") != ""); // name is missing in {}
}

TEST_CASE("an empty body is an empty object, one of spaces is malformed", "[middleware][body_json]") {
    testing::client c(with({})());
    c.post("/").send("", "application/json").expect(200, "{}");
    c.post("/").send("", "application/json").chunked(1).expect(200, "{}");
    c.post("/").send(" \n", "application/json").expect(400);
    c.post("/").expect(200, "undefined");
}

TEST_CASE("a body over the limit is refused without being read", "[middleware][body_json]") {
    testing::client c(with({.limit = 10})());
    c.post("/").json("[12345678]").expect(200, "[12345678]");
    c.post("/").json("[123456789]").expect(413, "[entity.too.large] request entity too large");
    c.post("/").json("[123456789]").chunked(4).expect(413, "[entity.too.large] request entity too large");
    c.post("/").json("[1]").expect(200, "[1]");
    // Nobody is asked for a body that would be refused.
    const auto got = c.raw("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
    CHECK_THAT(got, Catch::StartsWith("HTTP/1.1 413"));
}

TEST_CASE("a body that arrives in pieces is parsed when it is whole", "[middleware][body_json]") {
    testing::client_options slow;
    slow.connection.segment = 1;
    testing::client c(with({})(), slow);
    c.post("/").json(R"({"user":"tobi"})").expect(200, R"({"user":"tobi"})");
    c.post("/").json(R"({"user":"tobi"})").chunked(2).expect(200, R"({"user":"tobi"})");
}

TEST_CASE("a client that leaves in the middle of its body is an error, and no request", "[middleware][body_json]") {
    int handled = 0;
    std::vector<std::string> errors;
    testing::client c(wire::around(body_json(), {}, [&](app& a) {
        a.use([&](request&, response&, next& next) {
            ++handled;
            next();
        });
        a.use([&](const http_error& e, request&, response&, next& next) {
            errors.push_back(e.type());
            next(e);
        });
    }));
    c.post("/").json(R"({"user":"tobi"})").start_part(95).disconnect();
    c.run();
    CHECK(handled == 0);
    for (const auto& e : errors) CHECK(e == "request.aborted");
    c.post("/").json("[]").expect(200, "[]");
    CHECK(handled == 1);
}

TEST_CASE("req.json takes types that the parser was told to take", "[middleware][body_json]") {
    app a;
    a.use(body_json({.type = {"application/csp-report", "text/*"}}));
    a.post("/", [](request& req, response& res) { res.json(req.json<person>().name); });
    testing::client c(a);
    c.post("/").send(R"({"name":"Ada","age":1})", "application/csp-report").expect(200, "\"Ada\"");
    c.post("/").send(R"({"name":"Ada","age":1})", "text/x").expect(200, "\"Ada\"");
    c.post("/").send(R"({"name":"Ada","age":1})", "image/png").expect(415);
}

TEST_CASE("a reviver changes and removes members", "[middleware][body_json]") {
    testing::client c(with({.reviver = [](std::string_view name, value v) -> std::optional<value> {
        if (name == "secret") return std::nullopt;
        if (v.is_integer()) return value(v.as_int64() * 2);
        return v;
    }})());
    c.post("/").json(R"({"a":1,"b":[2,{"secret":3,"c":4}]})").expect(200, R"({"a":2,"b":[4,{"c":8}]})");
}

TEST_CASE("the verify hook sees octets and character set", "[middleware][body_json]") {
    std::string seen;
    testing::client c(with({.verify = [&](request&, response&, std::string_view octets, std::string_view charset) {
        seen = std::string(charset) + ":" + std::string(octets);
    }})());
    c.post("/").send("\xef\xbb\xbf[]", "application/json").expect(200, "[]");
    CHECK(seen == "utf-8:\xef\xbb\xbf[]");
}

TEST_CASE("wrong options are refused where they are given", "[middleware][body_json]") {
    CHECK_THROWS_AS(body_json({.limit = "many"}), system_error);
}

TEST_CASE("what is no object or array is named as one character, whatever it is", "[middleware][body_json]") {
    app a;
    a.set("env", "development");
    a.post("/", body_json(), [](request&, response& res) { res.send("read"); });
    testing::client c(a);
    const auto told = [&](std::string text) { return c.post("/").send(std::move(text), "application/json").result().body; };
    CHECK_THAT(told("\xc3\xa9"), Contains("begins with &#39;\xc3\xa9&#39;"));
    CHECK_THAT(told("\xc3"), Contains("\\xc3"));
    CHECK_THAT(told("\x1b[2J"), Contains("\\x1b"));
}
