// Tests of middleware/body_urlencoded.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/body_urlencoded.hpp>

#include <middleware/wire.hpp>

using namespace crema;

namespace {

std::function<app()> with(body_urlencoded_options options) {
    return [options] { return wire::around(body_urlencoded(options)); };
}

app twice() {
    return wire::around(body_urlencoded(), [](app& a) { a.use(body_urlencoded()); });
}

app consumed() {
    return wire::around(body_urlencoded(), [](app& a) {
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
void no_space_foo(request&, response&, std::string_view octets, std::string_view) {
    if (octets.starts_with(' ')) throw http_error(403, "no leading space").type("foo.bar");
}

const std::vector<wire::exchange> recorded{
    {"should parse x-www-form-urlencoded", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"should handle Content-Length: 0", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n",
     "", "200 OK", "",
     "{}"},
    {"should handle empty message-body", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
     "0\r\n\r\n", "200 OK", "",
     "{}"},
    {"should handle consumed stream", consumed, "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "undefined"},
    {"should handle duplicated middleware", twice, "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"should not parse extended syntax", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 22\r\n",
     "user[name][first]=Tobi", "200 OK", "",
     "{\"user[name][first]\":\"Tobi\"}"},
    {"in extended mode / should parse x-www-form-urlencoded with an explicit iso-8859-1 encoding", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded; charset=iso-8859-1\r\nContent-Length: 7\r\n",
     "%A2=%BD", "200 OK", "",
     "{\"\xc2\xa2\":\"\xc2\xbd\"}"},
    {"in extended mode / should parse x-www-form-urlencoded with unspecified iso-8859-1 encoding when the defaultCharset is set to iso-8859-1", with({.extended = true, .default_charset = "iso-8859-1"}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n",
     "%A2=%BD", "200 OK", "",
     "{\"\xc2\xa2\":\"\xc2\xbd\"}"},
    {"in extended mode / should parse x-www-form-urlencoded with an unspecified iso-8859-1 encoding when the utf8 sentinel has a value of %26%2310003%3B", with({.extended = true, .charset_sentinel = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 31\r\n",
     "utf8=%26%2310003%3B&user=%C3%B8", "200 OK", "",
     "{\"user\":\"\xc3\x83\xc2\xb8\"}"},
    {"in extended mode / should parse x-www-form-urlencoded with an unspecified utf-8 encoding when the utf8 sentinel has a value of %E2%9C%93 and the defaultCharset is iso-8859-1", with({.extended = true, .charset_sentinel = true, .default_charset = "iso-8859-1"}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 26\r\n",
     "utf8=%E2%9C%93&user=%C3%B8", "200 OK", "",
     "{\"user\":\"\xc3\xb8\"}"},
    {"in extended mode / should not leave an empty string parameter when removing the utf8 sentinel from the start of the string", with({.extended = true, .charset_sentinel = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 22\r\n",
     "utf8=%E2%9C%93&foo=bar", "200 OK", "",
     "{\"foo\":\"bar\"}"},
    {"in extended mode / should not leave an empty string parameter when removing the utf8 sentinel from the middle of the string", with({.extended = true, .charset_sentinel = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 31\r\n",
     "foo=bar&utf8=%E2%9C%93&baz=quux", "200 OK", "",
     "{\"foo\":\"bar\",\"baz\":\"quux\"}"},
    {"in extended mode / should not leave an empty string parameter when removing the utf8 sentinel from the end of the string", with({.extended = true, .charset_sentinel = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 31\r\n",
     "foo=bar&baz=quux&utf8=%E2%9C%93", "200 OK", "",
     "{\"foo\":\"bar\",\"baz\":\"quux\"}"},
    {"in simple mode / should parse x-www-form-urlencoded with an explicit iso-8859-1 encoding", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded; charset=iso-8859-1\r\nContent-Length: 7\r\n",
     "%A2=%BD", "200 OK", "",
     "{\"\xc2\xa2\":\"\xc2\xbd\"}"},
    {"in simple mode / should parse x-www-form-urlencoded with unspecified iso-8859-1 encoding when the defaultCharset is set to iso-8859-1", with({.default_charset = "iso-8859-1"}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n",
     "%A2=%BD", "200 OK", "",
     "{\"\xc2\xa2\":\"\xc2\xbd\"}"},
    {"in simple mode / should parse x-www-form-urlencoded with an unspecified iso-8859-1 encoding when the utf8 sentinel has a value of %26%2310003%3B", with({.charset_sentinel = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 31\r\n",
     "utf8=%26%2310003%3B&user=%C3%B8", "200 OK", "",
     "{\"user\":\"\xc3\x83\xc2\xb8\"}"},
    {"in simple mode / should parse x-www-form-urlencoded with an unspecified utf-8 encoding when the utf8 sentinel has a value of %E2%9C%93 and the defaultCharset is iso-8859-1", with({.charset_sentinel = true, .default_charset = "iso-8859-1"}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 26\r\n",
     "utf8=%E2%9C%93&user=%C3%B8", "200 OK", "",
     "{\"user\":\"\xc3\xb8\"}"},
    {"in simple mode / should not leave an empty string parameter when removing the utf8 sentinel from the start of the string", with({.charset_sentinel = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 22\r\n",
     "utf8=%E2%9C%93&foo=bar", "200 OK", "",
     "{\"foo\":\"bar\"}"},
    {"in simple mode / should not leave an empty string parameter when removing the utf8 sentinel from the middle of the string", with({.charset_sentinel = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 31\r\n",
     "foo=bar&utf8=%E2%9C%93&baz=quux", "200 OK", "",
     "{\"foo\":\"bar\",\"baz\":\"quux\"}"},
    {"in simple mode / should not leave an empty string parameter when removing the utf8 sentinel from the end of the string", with({.charset_sentinel = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 31\r\n",
     "foo=bar&baz=quux&utf8=%E2%9C%93", "200 OK", "",
     "{\"foo\":\"bar\",\"baz\":\"quux\"}"},
    {"with extended option / when false / should not parse extended syntax", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 22\r\n",
     "user[name][first]=Tobi", "200 OK", "",
     "{\"user[name][first]\":\"Tobi\"}"},
    {"with extended option / when false / should parse multiple key instances", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 19\r\n",
     "user=Tobi&user=Loki", "200 OK", "",
     "{\"user\":[\"Tobi\",\"Loki\"]}"},
    {"with extended option / when true / should parse multiple key instances", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 19\r\n",
     "user=Tobi&user=Loki", "200 OK", "",
     "{\"user\":[\"Tobi\",\"Loki\"]}"},
    {"with extended option / when true / should parse extended syntax", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 22\r\n",
     "user[name][first]=Tobi", "200 OK", "",
     "{\"user\":{\"name\":{\"first\":\"Tobi\"}}}"},
    {"with extended option / when true / should parse parameters with dots", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n",
     "user.name=Tobi", "200 OK", "",
     "{\"user.name\":\"Tobi\"}"},
    {"with extended option / when true / should parse fully-encoded extended syntax", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 30\r\n",
     "user%5Bname%5D%5Bfirst%5D=Tobi", "200 OK", "",
     "{\"user\":{\"name\":{\"first\":\"Tobi\"}}}"},
    {"with extended option / when true / should parse array index notation", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 21\r\n",
     "foo[0]=bar&foo[1]=baz", "200 OK", "",
     "{\"foo\":[\"bar\",\"baz\"]}"},
    {"with extended option / when true / should parse array of objects syntax", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 45\r\n",
     "foo[0][bar]=baz&foo[0][fizz]=buzz&foo[]=done!", "200 OK", "",
     "{\"foo\":[{\"bar\":\"baz\",\"fizz\":\"buzz\"},\"done!\"]}"},
    {"with extended option / when true / should parse deep object", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 103\r\n",
     "foo[p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p]=bar", "200 OK", "",
     "{\"foo\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":\"bar\"}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"},
    {"with depth option / when custom value set / should parse up to the specified depth", with({.extended = true, .depth = 3}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 16\r\n",
     "a[b][c][d]=value", "200 OK", "",
     "{\"a\":{\"b\":{\"c\":{\"d\":\"value\"}}}}"},
    {"with depth option / when custom value set / should not parse beyond the specified depth", with({.extended = true, .depth = 3}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 19\r\n",
     "a[b][c][d][e]=value", "400 Bad Request", "",
     "[querystring.parse.rangeError] The input exceeded the depth"},
    {"with depth option / when default value / should parse deeply nested objects", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 103\r\n",
     "a[p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p]=value", "200 OK", "",
     "{\"a\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":{\"p\":\"value\"}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"},
    {"with depth option / when default value / should not parse beyond the specified depth", with({.extended = true}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 106\r\n",
     "a[p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p][p]=value", "400 Bad Request", "",
     "[querystring.parse.rangeError] The input exceeded the depth"},
    {"with inflate option / when false / should not accept content-encoding", with({.inflate = false}), "POST / HTTP/1.1",
     "Content-Encoding: gzip\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
     std::string("1c\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x0b\xcbK\xccM\xb5}\xb1n\x17\x00\x99\xa4\xba\xd6\x08\x00\x00\x00\r\n0\r\n\r\n", 39), "415 Unsupported Media Type", "",
     "[encoding.unsupported] content encoding unsupported"},
    {"with limit option / should 413 when over limit with Content-Length", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1028\r\n",
     std::string("str=") + std::string(1024, '.'), "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should 413 when over limit with chunked encoding", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
     std::string("4\r\nstr=\r\n400\r\n") + std::string(1024, '.') + "\r\n0\r\n\r\n", "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should accept number of bytes", with({.limit = 1024}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1028\r\n",
     std::string("str=") + std::string(1024, '.'), "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with limit option / should not change when options altered", with({.limit = "1kb"}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1028\r\n",
     std::string("str=") + std::string(1024, '.'), "413 Payload Too Large", "",
     "[entity.too.large] request entity too large"},
    {"with parameterLimit option / with extended: false / should 413 if over limit", with({.parameter_limit = 10}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 43\r\n",
     "0=0&1=1&2=2&3=3&4=4&5=5&6=6&7=7&8=8&9=9&a=a", "413 Payload Too Large", "",
     "[parameters.too.many] too many parameters"},
    {"with parameterLimit option / with extended: false / should work when at the limit", with({.parameter_limit = 10}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 39\r\n",
     "0=0&1=1&2=2&3=3&4=4&5=5&6=6&7=7&8=8&9=9", "200 OK", "",
     "{\"0\":\"0\",\"1\":\"1\",\"2\":\"2\",\"3\":\"3\",\"4\":\"4\",\"5\":\"5\",\"6\":\"6\",\"7\":\"7\",\"8\":\"8\",\"9\":\"9\"}"},
    {"with parameterLimit option / with extended: false / should work if number is floating point", with({.parameter_limit = 10}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 43\r\n",
     "0=0&1=1&2=2&3=3&4=4&5=5&6=6&7=7&8=8&9=9&a=a", "413 Payload Too Large", "",
     "[parameters.too.many] too many parameters"},
    {"with parameterLimit option / with extended: true / should 413 if over limit", with({.extended = true, .parameter_limit = 10}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 43\r\n",
     "0=0&1=1&2=2&3=3&4=4&5=5&6=6&7=7&8=8&9=9&a=a", "413 Payload Too Large", "",
     "[parameters.too.many] too many parameters"},
    {"with parameterLimit option / with extended: true / should work when at the limit", with({.extended = true, .parameter_limit = 10}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 39\r\n",
     "0=0&1=1&2=2&3=3&4=4&5=5&6=6&7=7&8=8&9=9", "200 OK", "",
     "{\"0\":\"0\",\"1\":\"1\",\"2\":\"2\",\"3\":\"3\",\"4\":\"4\",\"5\":\"5\",\"6\":\"6\",\"7\":\"7\",\"8\":\"8\",\"9\":\"9\"}"},
    {"with parameterLimit option / with extended: true / should work if number is floating point", with({.extended = true, .parameter_limit = 10}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 43\r\n",
     "0=0&1=1&2=2&3=3&4=4&5=5&6=6&7=7&8=8&9=9&a=a", "413 Payload Too Large", "",
     "[parameters.too.many] too many parameters"},
    {"with type option / when \"application/vnd.x-www-form-urlencoded\" / should parse for custom type", with({.type = "application/vnd.x-www-form-urlencoded"}), "POST / HTTP/1.1",
     "Content-Type: application/vnd.x-www-form-urlencoded\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when \"application/vnd.x-www-form-urlencoded\" / should ignore standard type", with({.type = "application/vnd.x-www-form-urlencoded"}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "undefined"},
    {"with type option / when [\"urlencoded\", \"application/x-pairs\"] / should parse \"application/x-www-form-urlencoded\"", with({.type = {"urlencoded", "application/x-pairs"}}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when [\"urlencoded\", \"application/x-pairs\"] / should parse \"application/x-pairs\"", with({.type = {"urlencoded", "application/x-pairs"}}), "POST / HTTP/1.1",
     "Content-Type: application/x-pairs\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when [\"urlencoded\", \"application/x-pairs\"] / should ignore application/x-foo", with({.type = {"urlencoded", "application/x-pairs"}}), "POST / HTTP/1.1",
     "Content-Type: application/x-foo\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "undefined"},
    {"with type option / when a function / should parse when truthy value returned", with({.type = [](request& req) { return req.get("content-type") == "application/vnd.something"; }}), "POST / HTTP/1.1",
     "Content-Type: application/vnd.something\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when a function / should work without content-type", with({.type = [](request&) { return true; }}), "POST / HTTP/1.1",
     "Transfer-Encoding: chunked\r\n",
     "9\r\nuser=tobi\r\n0\r\n\r\n", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with type option / when a function / should not invoke without a body", with({.type = [](request&) -> bool { throw std::logic_error("was asked"); }}), "GET / HTTP/1.1",
     "",
     "", "200 OK", "",
     "undefined"},
    {"with verify option / should error from verify", with({.verify = no_space}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n",
     " user=tobi", "403 Forbidden", "",
     "[entity.verify.failed] no leading space"},
    {"with verify option / should allow custom codes", with({.verify = no_space_400}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n",
     " user=tobi", "400 Bad Request", "",
     "[entity.verify.failed] no leading space"},
    {"with verify option / should allow custom type", with({.verify = no_space_foo}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n",
     " user=tobi", "403 Forbidden", "",
     "[foo.bar] no leading space"},
    {"with verify option / should allow pass-through", with({.verify = no_space}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n",
     "user=tobi", "200 OK", "",
     "{\"user\":\"tobi\"}"},
    {"with verify option / should 415 on unknown charset prior to verify", with({.verify = no_space}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded; charset=x-bogus\r\nTransfer-Encoding: chunked\r\n",
     std::string("4\r\n\x00\x00\x00\x00\r\n0\r\n\r\n", 14), "415 Unsupported Media Type", "",
     "[charset.unsupported] unsupported charset \"X-BOGUS\""},
    {"charset / should parse utf-8", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nTransfer-Encoding: chunked\r\n",
     "8\r\nname=\xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"charset / should parse when content-length != char length", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nContent-Length: 7\r\n",
     "test=\xc3\xa5", "200 OK", "",
     "{\"test\":\"\xc3\xa5\"}"},
    {"charset / should default to utf-8", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
     "8\r\nname=\xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"charset / should fail on unknown charset", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded; charset=koi8-r\r\nTransfer-Encoding: chunked\r\n",
     "8\r\nname=\xce\xc5\xd4\r\n0\r\n\r\n", "415 Unsupported Media Type", "",
     "[charset.unsupported] unsupported charset \"KOI8-R\""},
    {"encoding / should parse without encoding", with({}), "POST / HTTP/1.1",
     "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
     "8\r\nname=\xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"encoding / should support identity encoding", with({}), "POST / HTTP/1.1",
     "Content-Encoding: identity\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
     "8\r\nname=\xe8\xae\xba\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"encoding / should throw 415 if there's no zstandard support", with({}), "POST / HTTP/1.1",
     "Content-Encoding: zstd\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
     std::string("11\r\n(\xb5/\xfd \x08" "A\x00\x00name=\xe8\xae\xba\r\n0\r\n\r\n", 28), "415 Unsupported Media Type", "",
     "[encoding.unsupported] unsupported content encoding \"zstd\""},
    {"encoding / should 415 on unknown encoding", with({}), "POST / HTTP/1.1",
     "Content-Encoding: nulls\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
     std::string("6\r\n\x00\x00\x00\x00\x00\x00\r\n0\r\n\r\n", 16), "415 Unsupported Media Type", "",
     "[encoding.unsupported] unsupported content encoding \"nulls\""},
};

} // namespace

// Of Express' tests of its parser. A request that ends in front of its Content-Length has nobody left who could be answered.
TEST_CASE("Forms are answered as Express answers them", "[middleware][body_urlencoded]") { wire::check_all(recorded); }

TEST_CASE("forms of many pairs are read, in time that does not explode", "[middleware][body_urlencoded]") {
    const bool extended = GENERATE(false, true);
    std::string body, deep = "a";
    for (int i = 0; i < 10'000; ++i) body += (i ? "&" : "") + std::to_string(i) + "=" + std::to_string(i);
    testing::client c(with({.extended = extended, .limit = "1mb", .parameter_limit = 10'000})());
    CHECK(c.post("/").send(body, "application/x-www-form-urlencoded").expect(200).result().json().size() == 10'000);
    c.post("/").send(body + "&", "application/x-www-form-urlencoded").expect(413, "[parameters.too.many] too many parameters");
    c.post("/").send(std::string(100'000, '&'), "application/x-www-form-urlencoded").expect(413);
    for (int i = 0; i < 100'000; ++i) deep += "[a]";
    c.post("/").send(deep + "=1", "application/x-www-form-urlencoded").expect(extended ? 400 : 200);
}

TEST_CASE("arrays grow by index up to a limit, then they are objects", "[middleware][body_urlencoded]") {
    testing::client c(with({.extended = true})());
    std::string body = "f[0]=0";
    for (int i = 1; i < 500; ++i) body += "&f[" + std::to_string(i) + "]=" + std::to_string(i);
    const auto got = c.post("/").send(body, "application/x-www-form-urlencoded").expect(200).result().json();
    REQUIRE(got["f"].is_array());
    CHECK(got["f"].size() == 500);
    c.post("/").send("f[1000000000]=x", "application/x-www-form-urlencoded").expect(200, R"({"f":{"1000000000":"x"}})");
}

TEST_CASE("names that mean something to JavaScript mean nothing", "[middleware][body_urlencoded]") {
    testing::client c(with({.extended = true})());
    c.post("/").send("__proto__[admin]=1&x=2", "application/x-www-form-urlencoded").expect(200, R"({"x":"2"})");
    c.post("/").send("%zz=%&=", "application/x-www-form-urlencoded").expect(200);
}

TEST_CASE("body_urlencoded: wrong options are refused where they are given", "[middleware][body_urlencoded]") {
    CHECK_THROWS_AS(body_urlencoded({.parameter_limit = 0}), system_error);
    CHECK_THROWS_AS(body_urlencoded({.default_charset = "koi8-r"}), system_error);
    CHECK_THROWS_AS(body_urlencoded({.extended = true, .depth = 5000}), system_error);
    CHECK_THROWS_AS(body_urlencoded({.limit = "-1"}), system_error);
}
