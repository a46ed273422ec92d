// Tests of middleware/body_text.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/body_text.hpp>

#include <middleware/wire.hpp>

using namespace crema;
using namespace std::string_view_literals;

namespace {

std::function<app()> with(body_text_options options) {
    return [options] { return wire::around(body_text(options), [options](app& a) { a.use(body_text(options)); }); };
}

app twice() { return with({})(); }

app consumed() {
    return wire::around(body_text(), [](app& a) {
        a.use([](request& req, response&, next& next) -> task<> {
            for (;;) {
                const auto piece = co_await req.read();
                if (piece.empty()) break;
            }
            next();
        });
    });
}

void no_space(request&, response&, std::string_view octets, std::string_view) {
    if (octets.starts_with(' ')) throw std::runtime_error("no leading space");
}
void no_space_400(request&, response&, std::string_view octets, std::string_view) {
    if (octets.starts_with(' ')) throw http_error(400, "no leading space");
}

const std::vector<wire::exchange> recorded{
    {"should parse text/plain", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 12\r\n",
     "user is tobi", "200 OK", "",
     "\"user is tobi\""},
    {"should handle Content-Length: 0", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 0\r\n",
     "", "200 OK", "",
     "\"\""},
    {"should handle empty message-body", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     "0\r\n\r\n", "200 OK", "",
     "\"\""},
    {"should handle consumed stream", consumed, "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 12\r\n",
     "user is tobi", "200 OK", "",
     "undefined"},
    {"should handle duplicated middleware", twice, "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 12\r\n",
     "user is tobi", "200 OK", "",
     "\"user is tobi\""},
    {"with defaultCharset option / should change default charset", with({.default_charset = "koi8-r"}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     "b\r\nname is \xce\xc5\xd4\r\n0\r\n\r\n", "200 OK", "",
     "\"name is \xd0\xbd\xd0\xb5\xd1\x82\""},
    {"with defaultCharset option / should honor content-type charset", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n",
     "b\r\nname is \xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "\"name is \xe8\xae\xba\""},
    {"with limit option / should 413 when over limit with Content-Length", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 1028\r\n",
     std::string(1028, '.'), "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should 413 when over limit with chunked encoding", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     std::string("404\r\n") + std::string(1028, '.') + "\r\n0\r\n\r\n", "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should accept number of bytes", with({.limit = 1024}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 1028\r\n",
     std::string(1028, '.'), "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should not change when options altered", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 1028\r\n",
     std::string(1028, '.'), "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with inflate option / when false / should not accept content-encoding", with({.inflate = false}), "POST / HTTP/1.1",
     "Content-Encoding: gzip\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     std::string("1f\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x0b\xcbK\xccMU\xc8,Vx\xb1n\x17\x00r\xb3\xe0 \x0b\x00\x00\x00\r\n0\r\n\r\n", 42), "415 Unsupported Media Type", "",
     "[encoding.unsupported] content encoding unsupported"},
    {"with type option / when \"text/html\" / should parse for custom type", with({.type = "text/html"}), "POST / HTTP/1.1",
     "Content-Type: text/html\r\nContent-Length: 11\r\n",
     "<b>tobi</b>", "200 OK", "",
     "\"<b>tobi</b>\""},
    {"with type option / when \"text/html\" / should ignore standard type", with({.type = "text/html"}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 12\r\n",
     "user is tobi", "200 OK", "",
     "undefined"},
    {"with type option / when [\"text/html\", \"text/plain\"] / should parse \"text/html\"", with({.type = {"text/html", "text/plain"}}), "POST / HTTP/1.1",
     "Content-Type: text/html\r\nContent-Length: 11\r\n",
     "<b>tobi</b>", "200 OK", "",
     "\"<b>tobi</b>\""},
    {"with type option / when [\"text/html\", \"text/plain\"] / should parse \"text/plain\"", with({.type = {"text/html", "text/plain"}}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 4\r\n",
     "tobi", "200 OK", "",
     "\"tobi\""},
    {"with type option / when [\"text/html\", \"text/plain\"] / should ignore \"text/xml\"", with({.type = {"text/html", "text/plain"}}), "POST / HTTP/1.1",
     "Content-Type: text/xml\r\nContent-Length: 17\r\n",
     "<user>tobi</user>", "200 OK", "",
     "undefined"},
    {"with type option / when a function / should parse when truthy value returned", with({.type = [](request& req) { return req.get("content-type") == "text/vnd.something"; }}), "POST / HTTP/1.1",
     "Content-Type: text/vnd.something\r\nContent-Length: 12\r\n",
     "user is tobi", "200 OK", "",
     "\"user is tobi\""},
    {"with type option / when a function / should work without content-type", with({.type = [](request&) { return true; }}), "POST / HTTP/1.1",
     "Transfer-Encoding: chunked\r\n",
     "c\r\nuser is tobi\r\n0\r\n\r\n", "200 OK", "",
     "\"user is tobi\""},
    {"with type option / when a function / should not invoke without a body", with({.type = [](request&) -> bool { throw std::logic_error("was asked"); }}), "GET / HTTP/1.1",
     "",
     "", "200 OK", "",
     "undefined"},
    {"with verify option / should error from verify", with({.verify = no_space}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 13\r\n",
     " user is tobi", "403 Forbidden", "",
     "[entity.verify.failed] no leading space"},
    {"with verify option / should allow custom codes", with({.verify = no_space_400}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 13\r\n",
     " user is tobi", "400 Bad Request", "",
     "[entity.verify.failed] no leading space"},
    {"with verify option / should allow pass-through", with({.verify = no_space}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nContent-Length: 12\r\n",
     "user is tobi", "200 OK", "",
     "\"user is tobi\""},
    {"with verify option / should 415 on unknown charset prior to verify", with({.verify = no_space}), "POST / HTTP/1.1",
     "Content-Type: text/plain; charset=x-bogus\r\nTransfer-Encoding: chunked\r\n",
     std::string("4\r\n\x00\x00\x00\x00\r\n0\r\n\r\n", 14), "415 Unsupported Media Type", "",
     "[charset.unsupported] unsupported charset \"X-BOGUS\""},
    {"charset / should parse utf-8", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n",
     "b\r\nname is \xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "\"name is \xe8\xae\xba\""},
    {"charset / should parse codepage charsets", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain; charset=koi8-r\r\nTransfer-Encoding: chunked\r\n",
     "b\r\nname is \xce\xc5\xd4\r\n0\r\n\r\n", "200 OK", "",
     "\"name is \xd0\xbd\xd0\xb5\xd1\x82\""},
    {"charset / should parse when content-length != char length", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 11\r\n",
     "name is \xe8\xae\xba", "200 OK", "",
     "\"name is \xe8\xae\xba\""},
    {"charset / should default to utf-8", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     "b\r\nname is \xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "\"name is \xe8\xae\xba\""},
    {"charset / should 415 on unknown charset", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain; charset=x-bogus\r\nTransfer-Encoding: chunked\r\n",
     std::string("4\r\n\x00\x00\x00\x00\r\n0\r\n\r\n", 14), "415 Unsupported Media Type", "",
     "[charset.unsupported] unsupported charset \"X-BOGUS\""},
    {"encoding / should parse without encoding", with({}), "POST / HTTP/1.1",
     "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     "b\r\nname is \xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "\"name is \xe8\xae\xba\""},
    {"encoding / should support identity encoding", with({}), "POST / HTTP/1.1",
     "Content-Encoding: identity\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     "b\r\nname is \xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "\"name is \xe8\xae\xba\""},
    {"encoding / should throw 415 if there's no zstandard support", with({}), "POST / HTTP/1.1",
     "Content-Encoding: zstd\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     std::string("14\r\n(\xb5/\xfd \x0bY\x00\x00name is \xe8\xae\xba\r\n0\r\n\r\n", 31), "415 Unsupported Media Type", "",
     "[encoding.unsupported] unsupported content encoding \"zstd\""},
    {"encoding / should 415 on unknown encoding", with({}), "POST / HTTP/1.1",
     "Content-Encoding: nulls\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     std::string("6\r\n\x00\x00\x00\x00\x00\x00\r\n0\r\n\r\n", 16), "415 Unsupported Media Type", "",
     "[encoding.unsupported] unsupported content encoding \"nulls\""},
};

} // namespace

// Of Express' tests of its parser. A request that ends in front of its Content-Length has nobody left who could be answered.
TEST_CASE("Text bodies are answered as Express answers them", "[middleware][body_text]") { wire::check_all(recorded); }

TEST_CASE("text of other character sets becomes UTF-8", "[middleware][body_text]") {
    testing::client c(with({})());
    c.post("/").send("\xe5", "text/plain; charset=ISO-8859-1").expect(200, "\"\xc3\xa5\"");
    c.post("/").send(std::string("a\0b\0"sv), "text/plain; charset=utf-16le").expect(200, "\"ab\"");
    c.post("/").send("\xef\xbb\xbfmark", "text/plain").expect(200, "\"mark\"");
    c.post("/").send("a\xff""b", "text/plain").expect(200, "\"a\xef\xbf\xbd""b\"");
    c.post("/").send("x", "text/plain; charset=\"x-none\"").expect(415, "[charset.unsupported] unsupported charset \"X-NONE\"");
    c.post("/").send("x", "text/plain; charset=koi8-r//TRANSLIT").expect(415);
}

TEST_CASE("a body of exactly the limit is taken, one octet more is not", "[middleware][body_text]") {
    testing::client c(with({.limit = "1kb"})());
    c.post("/").send(std::string(1024, 'x')).expect(200);
    c.post("/").send(std::string(1025, 'x')).expect(413);
    c.post("/").send(std::string(1024, 'x')).chunked(100).expect(200);
    c.post("/").send(std::string(1025, 'x')).chunked(100).expect(413);
    testing::client none(with({.limit = 0})());
    none.post("/").send("").expect(200, "\"\"");
    none.post("/").send("x").expect(413);
}

TEST_CASE("a text of JSON can be taken as JSON", "[middleware][body_text]") {
    app a;
    a.use(body_text({.type = "application/json"}));
    a.post("/", [](request& req, response& res) { res.json(req.json<std::vector<int>>()); });
    testing::client c(a);
    c.post("/").json("[1,2]").expect(200, "[1,2]");
    c.post("/").json("[1,").expect(400);
}
