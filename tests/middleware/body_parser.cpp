// Tests of middleware/body_parser.hpp: what all parsers of bodies do, seen through body_text and a coding made for the test.
// SPDX-License-Identifier: MIT
#include <crema/middleware/body_parser.hpp>

#include <crema/middleware/body_json.hpp>
#include <crema/middleware/body_text.hpp>
#include <middleware/wire.hpp>

using namespace crema;

namespace {

// Each octet stands for as many of it as the digit behind it says, in thousands; a full stop ends.
struct unpack final : decoder {
    result<state> decode(std::string_view& in, std::string& out, std::size_t limit) override {
        while (!in.empty()) {
            if (in[0] == '.') return state::done;
            if (in.size() < 2 || in[1] < '0' || in[1] > '9') return failure{make_error_code(error::bad_syntax), 0, "no digit"};
            out.append(std::min<std::size_t>(limit - out.size(), static_cast<std::size_t>(in[1] - '0') * 1000), in[0]);
            if (out.size() == limit) return state::full;
            in.remove_prefix(2);
        }
        return state::more;
    }
};

const codec packed{"packed", [] { return std::unique_ptr<decoder>(new unpack); }, nullptr};

app sized(body_text_options options) {
    return wire::around(body_text(std::move(options)), {}, [](app& a) {
        a.use([](request& req, response& res) { res.send(std::to_string(req.raw_body().value_or("none").size())); });
    });
}

} // namespace

TEST_CASE("a coded body is decoded, the limit holds for what comes out", "[middleware][body_parser]") {
    testing::client c(sized({.limit = 5000, .codecs = {packed}}));
    c.post("/").set("Content-Encoding", "packed").send("x5.").expect(200, "5000");
    c.post("/").set("Content-Encoding", "Packed").send("x2y3.").chunked(1).expect(200, "5000");
    c.post("/").set("Content-Encoding", "packed").send("x5y1.").expect(413, "[entity.too.large] request entity too large");
    c.post("/").set("Content-Encoding", "packed").send("x9x9x9x9x9.").expect(413);
    c.post("/").set("Content-Encoding", "packed").send("x5").expect(400, "[encoding.invalid] unexpected end of file");
    c.post("/").set("Content-Encoding", "packed").send("xx").expect(400, "[encoding.invalid] no digit");
    c.post("/").set("Content-Encoding", "packed").send("").expect(400);
    c.post("/").set("Content-Encoding", "identity").send("xy").expect(200, "2");
    // What goes in is bounded too.
    c.post("/").set("Content-Encoding", "packed").send(std::string(100'000, '0')).expect(413);
    c.post("/").set("Content-Encoding", "packed").send(std::string(100'000, '0')).chunked(999).expect(413);
}

TEST_CASE("codings that nobody provides are refused by name", "[middleware][body_parser]") {
    testing::client c(sized({}));
    c.post("/").set("Content-Encoding", "GZIP").send("x").expect(415, "[encoding.unsupported] unsupported content encoding \"gzip\"");
    c.post("/").set("Content-Encoding", "gzip, gzip").send("x").expect(415);
    testing::client off(sized({.inflate = false, .codecs = {packed}}));
    off.post("/").set("Content-Encoding", "packed").send("x").expect(415, "[encoding.unsupported] content encoding unsupported");
}

TEST_CASE("several parsers each take what is theirs", "[middleware][body_parser]") {
    app a;
    a.use(body_json());
    a.use(body_text());
    a.post("/", [](request& req, response& res) { res.json(req.body()); });
    testing::client c(a);
    c.post("/").json("[1]").expect(200, "[1]");
    c.post("/").send("[1]").expect(200, "\"[1]\"");
    c.post("/").send("[1]", "text/html").expect(200, "null");
}

TEST_CASE("types are one, several, or a function of the request", "[middleware][body_parser]") {
    app a;
    a.use([](request& req, response& res) {
        res.json({{"one", body_types("json").match(req)},
                  {"several", body_types({"+json", "text/*"}).match(req)},
                  {"function", body_types([](request& r) { return r.url() == "/yes"; }).match(req)}});
    });
    testing::client c(a);
    c.post("/yes").json("[]").expect(200, R"({"one":true,"several":false,"function":true})");
    c.post("/no").send("", "application/x+json").expect(200, R"({"one":false,"several":true,"function":false})");
    c.post("/no").send("", "text/x").expect(200, R"({"one":false,"several":true,"function":false})");
    c.post("/no").send("", "nonsense").expect(200, R"({"one":false,"several":false,"function":false})");
    c.post("/no").send("", "").expect(200, R"({"one":false,"several":false,"function":false})");
}

TEST_CASE("what a parser throws away does not spoil the next request", "[middleware][body_parser]") {
    testing::client c(sized({.limit = 10}));
    for (int i = 0; i < 3; ++i) {
        c.post("/").send(std::string(1000, 'x')).expect(413);
        c.post("/").send("short").expect(200, "5");
        c.post("/").send(std::string(1000, 'x'), "image/png").expect(200);
    }
}

TEST_CASE("a body that somebody has read, or begun to, is nothing for a parser", "[middleware][body_parser]") {
    const bool all = GENERATE(true, false);
    app a;
    a.use([all](request& req, response&, next& next) -> task<> {
        for (bool more = true; more;) {
            const auto piece = co_await req.read();
            more = all && !piece.empty();
        }
        next();
    });
    a.use(body_text({.type = "*/*"}));
    a.post("/", [](request& req, response& res) { res.json({{"parsed", req.body_parsed()}}); });
    testing::client c(a);
    const auto body_of = [&](std::string_view body) { return body.substr(body.rfind('{')); };
    CHECK(body_of(c.raw("POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"))
              .starts_with(R"({"parsed":false})"));
    c.post("/").send("text").expect(200, R"({"parsed":false})");
}
