// Tests of middleware/body_raw.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/body_raw.hpp>

#include <crema/core/encode.hpp>
#include <middleware/wire.hpp>

using namespace crema;

namespace {

// Answers the octets in hexadecimal digits.
app raw_app(body_raw_options options) {
    const auto show = [](request& req, response& res, next& next) {
        if (!req.body_parsed()) return void(next());
        CHECK(req.body().as_string() == *req.raw_body());
        res.end("buf:" + hex_encode(req.body().as_string()));
    };
    return wire::around(body_raw(options), {}, [show](app& a) { a.use(show); });
}

std::function<app()> with(body_raw_options options) {
    return [options] { return raw_app(options); };
}

app twice() {
    return wire::around(body_raw(), [](app& a) { a.use(body_raw()); }, [](app& a) {
        a.use([](request& req, response& res) { res.end("buf:" + hex_encode(req.body().as_string())); });
    });
}

app consumed() {
    return wire::around(body_raw(), [](app& a) {
        a.use([](request& req, response&, next& next) -> task<> {
            for (;;) {
                const auto piece = co_await req.read();
                if (piece.empty()) break;
            }
            next();
        });
    });
}

void no_null(request&, response&, std::string_view octets, std::string_view) {
    if (octets.starts_with('\0')) throw std::runtime_error("no leading null");
}
void no_null_400(request&, response&, std::string_view octets, std::string_view) {
    if (octets.starts_with('\0')) throw http_error(400, "no leading null");
}

const std::vector<wire::exchange> recorded{
    {"should parse application/octet-stream", with({}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nContent-Length: 16\r\n",
     "the user is tobi", "200 OK", "",
     "buf:746865207573657220697320746f6269"},
    {"should handle Content-Length: 0", with({}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nContent-Length: 0\r\n",
     "", "200 OK", "",
     "buf:"},
    {"should handle empty message-body", with({}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     "0\r\n\r\n", "200 OK", "",
     "buf:"},
    {"should handle consumed stream", consumed, "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nContent-Length: 16\r\n",
     "the user is tobi", "200 OK", "",
     "undefined"},
    {"should handle duplicated middleware", twice, "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nContent-Length: 16\r\n",
     "the user is tobi", "200 OK", "",
     "buf:746865207573657220697320746f6269"},
    {"with limit option / should 413 when over limit with Content-Length", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nContent-Length: 1028\r\n",
     std::string(1028, '.'), "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should 413 when over limit with chunked encoding", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("404\r\n") + std::string(1028, '.') + "\r\n0\r\n\r\n", "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should accept number of bytes", with({.limit = 1024}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("404\r\n") + std::string(1028, '.') + "\r\n0\r\n\r\n", "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should not change when options altered", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("404\r\n") + std::string(1028, '.') + "\r\n0\r\n\r\n", "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with inflate option / when false / should not accept content-encoding", with({.inflate = false}), "POST / HTTP/1.1",
     "Content-Encoding: gzip\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("1c\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x0b\xcbK\xccM\xb5}\xb1n\x17\x00\x99\xa4\xba\xd6\x08\x00\x00\x00\r\n0\r\n\r\n", 39), "415 Unsupported Media Type", "",
     "[encoding.unsupported] content encoding unsupported"},
    {"with type option / when \"application/vnd+octets\" / should parse for custom type", with({.type = "application/vnd+octets"}), "POST / HTTP/1.1",
     "Content-Type: application/vnd+octets\r\nTransfer-Encoding: chunked\r\n",
     std::string("3\r\n\x00\x01\x02\r\n0\r\n\r\n", 13), "200 OK", "",
     "buf:000102"},
    {"with type option / when \"application/vnd+octets\" / should ignore standard type", with({.type = "application/vnd+octets"}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("3\r\n\x00\x01\x02\r\n0\r\n\r\n", 13), "200 OK", "",
     "undefined"},
    {"with type option / when [\"application/octet-stream\", \"application/vnd+octets\"] / should parse \"application/octet-stream\"", with({.type = {"application/octet-stream", "application/vnd+octets"}}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("3\r\n\x00\x01\x02\r\n0\r\n\r\n", 13), "200 OK", "",
     "buf:000102"},
    {"with type option / when [\"application/octet-stream\", \"application/vnd+octets\"] / should parse \"application/vnd+octets\"", with({.type = {"application/octet-stream", "application/vnd+octets"}}), "POST / HTTP/1.1",
     "Content-Type: application/vnd+octets\r\nTransfer-Encoding: chunked\r\n",
     std::string("3\r\n\x00\x01\x02\r\n0\r\n\r\n", 13), "200 OK", "",
     "buf:000102"},
    {"with type option / when [\"application/octet-stream\", \"application/vnd+octets\"] / should ignore \"application/x-foo\"", with({.type = {"application/octet-stream", "application/vnd+octets"}}), "POST / HTTP/1.1",
     "Content-Type: application/x-foo\r\nTransfer-Encoding: chunked\r\n",
     std::string("3\r\n\x00\x01\x02\r\n0\r\n\r\n", 13), "200 OK", "",
     "undefined"},
    {"with type option / when a function / should parse when truthy value returned", with({.type = [](request& req) { return req.get("content-type") == "application/vnd.octet"; }}), "POST / HTTP/1.1",
     "Content-Type: application/vnd.octet\r\nTransfer-Encoding: chunked\r\n",
     std::string("3\r\n\x00\x01\x02\r\n0\r\n\r\n", 13), "200 OK", "",
     "buf:000102"},
    {"with type option / when a function / should work without content-type", with({.type = [](request&) { return true; }}), "POST / HTTP/1.1",
     "Transfer-Encoding: chunked\r\n",
     std::string("3\r\n\x00\x01\x02\r\n0\r\n\r\n", 13), "200 OK", "",
     "buf:000102"},
    {"with type option / when a function / should not invoke without a body", with({.type = [](request&) -> bool { throw std::logic_error("was asked"); }}), "GET / HTTP/1.1",
     "",
     "", "200 OK", "",
     "undefined"},
    {"with verify option / should error from verify", with({.verify = no_null}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("3\r\n\x00\x01\x02\r\n0\r\n\r\n", 13), "403 Forbidden", "",
     "[entity.verify.failed] no leading null"},
    {"with verify option / should allow custom codes", with({.verify = no_null_400}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("3\r\n\x00\x01\x02\r\n0\r\n\r\n", 13), "400 Bad Request", "",
     "[entity.verify.failed] no leading null"},
    {"with verify option / should allow pass-through", with({.verify = no_null}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     "2\r\n\x01\x02\r\n0\r\n\r\n", "200 OK", "",
     "buf:0102"},
    {"charset / should ignore charset", with({}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n",
     "b\r\nname is \xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "buf:6e616d6520697320e8aeba"},
    {"encoding / should parse without encoding", with({}), "POST / HTTP/1.1",
     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     "8\r\nname=\xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "buf:6e616d653de8aeba"},
    {"encoding / should support identity encoding", with({}), "POST / HTTP/1.1",
     "Content-Encoding: identity\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     "8\r\nname=\xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "buf:6e616d653de8aeba"},
    {"encoding / should throw 415 if there's no zstandard support", with({}), "POST / HTTP/1.1",
     "Content-Encoding: zstd\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("11\r\n(\xb5/\xfd \x08" "A\x00\x00name=\xe8\xae\xba\r\n0\r\n\r\n", 28), "415 Unsupported Media Type", "",
     "[encoding.unsupported] unsupported content encoding \"zstd\""},
    {"encoding / should 415 on unknown encoding", with({}), "POST / HTTP/1.1",
     "Content-Encoding: nulls\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     std::string("6\r\n\x00\x00\x00\x00\x00\x00\r\n0\r\n\r\n", 16), "415 Unsupported Media Type", "",
     "[encoding.unsupported] unsupported content encoding \"nulls\""},
};

} // namespace

// Of Express' tests of its parser. A request that ends in front of its Content-Length has nobody left who could be answered.
TEST_CASE("Octets are answered as Express answers them", "[middleware][body_raw]") { wire::check_all(recorded); }

TEST_CASE("octets stay as they are, whatever the type says of them", "[middleware][body_raw]") {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    testing::client c(with({.type = "*/*"})());
    c.post("/").send(all, "text/plain; charset=utf-16").expect(200, "buf:" + hex_encode(all));
    c.post("/").send("\xef\xbb\xbf", "image/png").expect(200, "buf:efbbbf");
    c.post("/").send("x", "no type").expect(200, "undefined");
}

TEST_CASE("a large body in many pieces is whole", "[middleware][body_raw]") {
    testing::client_options narrow;
    narrow.connection.segment = 1000;
    testing::client c(wire::around(body_raw({.limit = "600kb"}), {}, [](app& a) {
        a.use([](request& req, response& res) { res.send(std::to_string(req.raw_body()->size())); });
    }), narrow);
    c.post("/").send(std::string(500'000, 'x'), "application/octet-stream").expect(200, "500000");
    c.post("/").send(std::string(500'000, 'x'), "application/octet-stream").chunked(7777).expect(200, "500000");
    c.post("/").send(std::string(700'000, 'x'), "application/octet-stream").chunked(7777).expect(413);
}
