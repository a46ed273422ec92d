// request_parser: what is read, what is refused with which status, and that pieces make no difference.
// SPDX-License-Identifier: MIT
#include <crema/http/request_parser.hpp>

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

using namespace crema::http;
using namespace std::string_literals;

namespace {

struct outcome {
    parse_state state = parse_state::need_more;
    int status = 0; // of a refusal
    std::string reason;
    std::size_t consumed = 0;
    std::string facts; // all that the head says, as text
    bool operator==(const outcome&) const = default;
};

std::string facts_of(const request_head& h) {
    std::string s;
    auto add = [&](std::string_view x) { s.append(x) += '|'; };
    add(h.method_text());
    add(to_string(h.method()));
    add(h.target());
    add(h.path());
    add(h.query());
    add(h.authority());
    add(h.host());
    s += std::to_string(h.version_minor()) + std::to_string(static_cast<int>(h.form())) + (h.keep_alive() ? "k" : "") +
         (h.chunked() ? "c" : "") + (h.expect_continue() ? "e" : "") + (h.upgrade() ? "u" : "") +
         std::to_string(h.content_length().value_or(999)) + "|";
    for (auto f : h.fields()) {
        add(f.name);
        add(f.value);
        add(to_string(f.id));
    }
    return s;
}

// Feeds `octets` in pieces that grow by `step` octets; each call sees memory of exactly the size, at another place.
outcome feed(std::string_view octets, std::size_t step, const parse_limits& limits = {}) {
    request_parser parser(limits);
    request_head head;
    parser.reset(head);
    outcome r;
    std::unique_ptr<char[]> memory;
    for (std::size_t have = std::min(step, octets.size());; have = std::min(have + step, octets.size())) {
        memory.reset(new char[have]);
        std::memcpy(memory.get(), octets.data(), have);
        r.state = parser.parse(head, memory.get(), have);
        if (r.state != parse_state::need_more || have == octets.size()) break;
    }
    if (r.state == parse_state::done) {
        r.consumed = parser.consumed();
        r.facts = facts_of(head);
        CHECK(head.size() == r.consumed);
    }
    if (r.state == parse_state::bad) {
        r.status = parser.status();
        r.reason = parser.reason();
    }
    return r;
}

// Parses whole and in all kinds of pieces; all must agree.
outcome parse(std::string_view octets, const parse_limits& limits = {}) {
    const auto whole = feed(octets, octets.size() == 0 ? 1 : octets.size(), limits);
    const auto small = octets.size() > 2000 ? 97u : 1u;
    for (std::size_t step = small; step < std::min<std::size_t>(octets.size(), small + 20); ++step)
        if (!(feed(octets, step, limits) == whole)) FAIL("pieces of " << step << " differ for " << octets);
    for (std::size_t cut = 1; cut < octets.size() && octets.size() < 500; ++cut) {
        request_parser parser(limits);
        request_head head;
        parser.reset(head);
        auto s = parser.parse(head, octets.data(), cut);
        if (s == parse_state::need_more) s = parser.parse(head, octets.data(), octets.size());
        if (s != whole.state || (s == parse_state::bad && parser.reason() != whole.reason))
            FAIL("cut at " << cut << " differs for " << octets);
    }
    return whole;
}

int status_of(std::string_view octets, const parse_limits& limits = {}) {
    const auto r = parse(octets, limits);
    return r.state == parse_state::bad ? r.status : r.state == parse_state::done ? 200 : 0;
}

std::string get(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
    return line + "\r\nHost: a\r\n" + fields + "\r\n";
}

// Keeps the octets, the parser and the head of one good request together.
struct parsed {
    explicit parsed(std::string text) : octets(std::move(text)) {
        request_parser parser;
        parser.reset(head);
        REQUIRE(parser.parse(head, octets.data(), octets.size()) == parse_state::done);
    }
    const request_head* operator->() const { return &head; }
    std::string octets;
    request_head head;
};

} // namespace

TEST_CASE("a request is taken apart into views", "[request_parser]") {
    const parsed r(
        "POST /a/b%20c?x=1&y HTTP/1.1\r\nHost: h:80\r\nContent-Length: 5\r\nX-A:\t v w \r\nx-a: 2\r\n\r\nhello");
    CHECK(r->method() == method::post);
    CHECK(r->method_text() == "POST");
    CHECK(r->target() == "/a/b%20c?x=1&y");
    CHECK(r->path() == "/a/b%20c");
    CHECK(r->query() == "x=1&y");
    CHECK(r->host() == "h:80");
    CHECK(r->version_minor() == 1);
    CHECK(r->content_length() == 5u);
    CHECK(r->has_body());
    CHECK(r->keep_alive());
    CHECK(r->field_count() == 4);
    CHECK(r->get("X-a") == "v w");
    CHECK(r->get(field::content_length) == "5");
    CHECK(r->size() == r.octets.size() - 5);
    CHECK(r->path().data() == r.octets.data() + 5); // nothing was copied
}

TEST_CASE("incomplete requests need more", "[request_parser]") {
    const std::string whole = "\r\nGET /x?y HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n";
    for (std::size_t n = 0; n < whole.size(); ++n) CHECK(status_of(whole.substr(0, n)) == 0);
    CHECK(status_of(whole) == 200);
}

TEST_CASE("only the octets of the first request are consumed", "[request_parser]") {
    const auto one = get("A: b\r\n");
    CHECK(parse(one + "GET /2 HTTP/1.1\r\n").consumed == one.size());
    CHECK(parse("\r\n" + one).consumed == one.size() + 2);
}

TEST_CASE("the octets may move while a request is read", "[request_parser]") {
    const auto text = get("A: 1\r\nB: 2\r\n", "GET /path?q HTTP/1.1");
    request_parser parser;
    request_head head;
    parser.reset(head);
    std::string first = text.substr(0, 30), second = text;
    CHECK(parser.parse(head, first.data(), first.size()) == parse_state::need_more);
    CHECK(parser.has_request_line());
    first.assign(first.size(), 'X');
    CHECK(parser.parse(head, second.data(), second.size()) == parse_state::done);
    CHECK(head.path() == "/path");
    CHECK(head.get("b") == "2");
}

TEST_CASE("a parser is used again after reset", "[request_parser]") {
    request_parser parser;
    request_head head;
    parser.reset(head);
    const auto first = "POST /one?q HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n"s, second = get("");
    REQUIRE(parser.parse(head, first.data(), first.size()) == parse_state::done);
    parser.reset(head);
    CHECK_FALSE(parser.started());
    REQUIRE(parser.parse(head, second.data(), second.size()) == parse_state::done);
    CHECK(facts_of(head) == parse(second).facts);
    const auto shifted = "\r\n" + second;
    parser.reset(head);
    REQUIRE(parser.parse(head, shifted.data(), shifted.size()) == parse_state::done);
    parser.reset(head);
    REQUIRE(parser.parse(head, second.data(), second.size()) == parse_state::done);
    CHECK(facts_of(head) == parse(second).facts);
    const auto bad = "GET / HTTP/1.1\r\nA b\r\n"s;
    parser.reset(head);
    REQUIRE(parser.parse(head, bad.data(), bad.size()) == parse_state::bad);
    CHECK(parser.has_request_line());
    parser.reset(head);
    REQUIRE(parser.parse(head, second.data(), second.size()) == parse_state::done);
    CHECK(facts_of(head) == parse(second).facts);
}

TEST_CASE("methods are any token of at most 64 octets", "[request_parser]") {
    CHECK(parsed(get("", "DELETE / HTTP/1.1"))->method() == method::del);
    const parsed odd(get("", "FOO-bar.1 / HTTP/1.1"));
    CHECK(odd->method() == method::unknown);
    CHECK(odd->method_text() == "FOO-bar.1");
    CHECK(parsed(get("", "get / HTTP/1.1"))->method() == method::unknown);
    for (auto m : {"G(T", "G@T", "GE/T", "G\"T", "G\xc9T", "GET\x7f", "GET:", "GET\t", "G\nT", "", " GET"})
        CHECK(status_of(get("", std::string(m) + " / HTTP/1.1")) == 400);
    CHECK(status_of("G\0T"s) == 400);
    CHECK(parsed(get("", std::string(64, 'A') + " / HTTP/1.1"))->method_text().size() == 64);
    CHECK(status_of(std::string(64, 'A')) == 0);
    CHECK(status_of(std::string(65, 'A')) == 501);
    CHECK(status_of(get("", std::string(65, 'A') + " / HTTP/1.1")) == 501);
    CHECK(status_of("\x16\x03\x01") == 400); // TLS spoken to a plain port
}

TEST_CASE("the origin form may hold what browsers send", "[request_parser]") {
    for (auto t : {"/", "//a", "/a/../b", "/%zz", "/a?b?c", "/?", "/-._~!$&'()*+,;=:@/", "/a?{}|\\^`[]"}) {
        const parsed r(get("", "GET "s + t + " HTTP/1.1"));
        CHECK(r->target() == t);
        CHECK(r->form() == target_form::origin);
    }
    const parsed empty_query(get("", "GET /a? HTTP/1.1"));
    CHECK(empty_query->has_query());
    CHECK(empty_query->query().empty());
    CHECK(empty_query->path() == "/a");
    CHECK_FALSE(parsed(get(""))->has_query());
    for (auto t : {"/a#b", "/\"", "/<", "/?>", "/\xc3\xa9", "/a\x01", "/a\x7f", "a", "conf:80", "?a", "ftp://a/"})
        CHECK(status_of(get("", "GET "s + t + " HTTP/1.1")) == 400);
    parse_limits relaxed;
    relaxed.target = crema::target_octets::relaxed;
    CHECK(status_of(get("", "GET /\xc3\xa9#\" HTTP/1.1"), relaxed) == 200);
    CHECK(status_of(get("", "GET /\x01 HTTP/1.1"), relaxed) == 400);
}

TEST_CASE("the absolute form brings its own host", "[request_parser]") {
    const parsed r(get("", "GET http://other.example:81/a/b?c HTTP/1.1"));
    CHECK(r->form() == target_form::absolute);
    CHECK(r->target() == "http://other.example:81/a/b?c");
    CHECK(r->host() == "other.example:81");
    CHECK(r->path() == "/a/b");
    CHECK(r->query() == "c");
    CHECK_FALSE(r->target_is_https());
    CHECK(parsed(get("", "GET HTTPS://[::1]/ HTTP/1.1"))->target_is_https());
    const parsed bare(get("", "GET http://h?q/r HTTP/1.1"));
    CHECK(bare->path() == "/");
    CHECK(bare->query() == "q/r");
    CHECK(bare->host() == "h");
    for (auto t : {"http://", "http:///a", "http://u@h/", "http://h:x/", "http://?q", "http://:80/", "http:/h", "http"})
        CHECK(status_of(get("", "GET "s + t + " HTTP/1.1")) == 400);
    CHECK(status_of("GET http://h/ HTTP/1.1\r\n\r\n") == 400); // needs Host all the same
}

TEST_CASE("CONNECT takes host and port, and only OPTIONS the asterisk", "[request_parser]") {
    const parsed c(get("", "CONNECT h.example:443 HTTP/1.1"));
    CHECK(c->form() == target_form::authority);
    CHECK(c->authority() == "h.example:443");
    CHECK(c->path().empty());
    CHECK(parsed(get("", "CONNECT [::1]:443 HTTP/1.1"))->host() == "[::1]:443");
    for (auto t : {"/", "h", "h:", ":443", "h:x", "http://h:1/", "h:1?q", "*", "[::1]"})
        CHECK(status_of(get("", "CONNECT "s + t + " HTTP/1.1")) == 400);
    CHECK(parsed(get("", "OPTIONS * HTTP/1.1"))->form() == target_form::asterisk);
    CHECK(parsed(get("", "OPTIONS * HTTP/1.1"))->path() == "*");
    CHECK(status_of(get("", "GET * HTTP/1.1")) == 400);
    CHECK(status_of(get("", "OPTIONS *x HTTP/1.1")) == 400);
}

TEST_CASE("the request line has single spaces and an exact version", "[request_parser]") {
    CHECK(parsed("GET / HTTP/1.0\r\n\r\n")->version_minor() == 0);
    for (auto v :
         {"HTTP/1.", "HTTP/1", "HTTP/.1", "HTTP/1.10", "HTTP/11.1", "http/1.1", "HTTP/1,1", "HTTP/a.b", "HTTP/1.1x",
          "XHTTP/1.1", "HTTP 1.1", "HTTPS/1.1", "", " HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1\r", "HTTP/2.0x"})
        CHECK(status_of(get("", "GET / "s + v)) == 400);
    for (auto v : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0"}) CHECK(status_of(get("", "GET / "s + v)) == 505);
    for (auto l : {"GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/ HTTP/1.1", "GET /\tHTTP/1.1", " GET / HTTP/1.1",
                   "GET /", "GET", "GET /a b HTTP/1.1"})
        CHECK(status_of(get("", l)) == 400);
    CHECK(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
    CHECK(status_of("GET / HTTP/1.1\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\r\n") == 400);
}

TEST_CASE("one empty line in front is forgiven", "[request_parser]") {
    for (const auto& [octets, started] : {std::pair{"\r"s, false}, {"\r\n"s, false}, {"\r\nG"s, true}, {"G"s, true}}) {
        request_parser parser;
        request_head head;
        parser.reset(head);
        CHECK(parser.parse(head, octets.data(), octets.size()) == parse_state::need_more);
        CHECK(parser.started() == started);
    }
    CHECK(status_of("\r\n" + get("")) == 200);
    for (auto front : {"\r\n\r\n", "\n", "\r", "\r\r\n", " \r\n"}) CHECK(status_of(front + get("")) == 400);
}

TEST_CASE("field values are trimmed and may hold anything but control octets", "[request_parser]") {
    CHECK(parsed(get("A: \t v \t \r\n"))->get("a") == "v");
    CHECK(parsed(get("A:v\r\n"))->get("a") == "v");
    CHECK(parsed(get("A:\r\n"))->get("a").empty());
    CHECK(parsed(get("A: \t \r\n"))->has("a"));
    CHECK(parsed(get("A: a\tb:c \xe9\xff\r\n"))->get("a") == "a\tb:c \xe9\xff");
    CHECK(parsed(get("A: " + std::string(6000, 'v') + "\r\n"))->get("a").size() == 6000);
    for (auto v : {"a\rb", "ab\r", "a\x7f", "a\x07", "\x0b", "\x01", "a value of more than 16 octets\x1b["})
        CHECK(status_of(get("A: "s + v + "\r\n")) == 400);
    CHECK(status_of(get("A: a\0b\r\n"s)) == 400);
    CHECK(status_of(get("A: b\nC: d\r\n")) == 400);
}

TEST_CASE("field names are tokens directly before the colon", "[request_parser]") {
    CHECK(parsed(get("!#$%&'*+-.^_`|~0A9z: v\r\n"))->get("!#$%&'*+-.^_`|~0a9Z") == "v");
    for (auto f : {"A : v",
                   "A\t: v",
                   "A",
                   "A v w",
                   ": v",
                   "A B: v",
                   "A(b): v",
                   "A/b: v",
                   "\"A\": v",
                   "A\xe9: v",
                   "A\x7f: v",
                   "A;b: v",
                   "A=b: v",
                   "A,B: v",
                   "A\rB: v",
                   "A\nB: v",
                   "Host : a",
                   "Content-Length : 5",
                   "Transfer-Encoding\t: chunked",
                   "A-name-of-more-than-16-octets(: v"})
        CHECK(status_of(get(f + "\r\n"s)) == 400);
    CHECK(status_of(get("A\0: v\r\n"s)) == 400);
    CHECK(status_of(get("Content\rLength: 5\r\n")) == 400); // differs from a known name by one bit
}

TEST_CASE("folded lines are refused", "[request_parser]") {
    for (auto f : {"A: b\r\n c\r\n", "A: b\r\n\tc\r\n", "A: b\r\n \r\n", "Content-Length:\r\n 5\r\n"})
        CHECK(status_of(get(f)) == 400);
    CHECK(status_of("GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r") == 0);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n\rX") == 400);
}

TEST_CASE("repeated fields are found one after the other", "[request_parser]") {
    const parsed r(get("Accept: a\r\nX: 1\r\nACCEPT: b\r\nx: 2\r\n"));
    CHECK(r->get("accept") == "a");
    CHECK(r->repeated(field::accept));
    CHECK_FALSE(r->repeated(field::host));
    auto i = r->find("accept", 0);
    CHECK(i == 1);
    i = r->find("accept", i + 1);
    CHECK(r->field_at(i).value == "b");
    CHECK(r->find("accept", i + 1) == request_head::npos);
    CHECK(r->field_at(r->find("X", 3)).value == "2");
    CHECK(r->find("y", 0) == request_head::npos);
}

TEST_CASE("a request has one valid Host", "[request_parser]") {
    auto with = [](const std::string& h) { return status_of("GET / HTTP/1.1\r\n" + h + "\r\n"); };
    for (auto h : {"", "a", "a.b:8080", "[::1]:80", "a-name-that-is-longer-than-16.octets:80"}) CHECK(with("Host: "s + h + "\r\n") == 200);
    for (auto h : {"a b", "http://a", "a:port", "[::1", "::1"}) CHECK(with("Host: "s + h + "\r\n") == 400);
    CHECK(with("") == 400);
    CHECK(with("Host: a\r\nHost: a\r\n") == 400);
    CHECK(with("Host: a\r\nhOsT: b\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.0\r\n\r\n") == 200);
    CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("Content-Length is one number", "[request_parser]") {
    auto length = [](const std::string& v) { return status_of(get("Content-Length: " + v + "\r\n")); };
    CHECK(parsed(get("Content-Length: \t 5 \r\n"))->content_length() == 5u);
    CHECK(parsed(get("Content-Length: 0005\r\n"))->content_length() == 5u);
    CHECK(parsed(get("Content-Length: 0\r\n"))->content_length() == 0u);
    CHECK_FALSE(parsed(get("Content-Length: 0\r\n"))->has_body());
    CHECK(parsed(get("Content-Length: 9007199254740991\r\n"))->content_length() == 9007199254740991u);
    for (auto v : {"abc",
                   "-1",
                   "+5",
                   "5.0",
                   "0x5",
                   "5 5",
                   "5;",
                   "",
                   "5,",
                   ",5",
                   "5, 5",
                   "5, 6",
                   "1e1",
                   "5a",
                   "5_0",
                   "\"5\"",
                   "\xef\xbc\x95",
                   "9007199254740992",
                   "9223372036854775808",
                   "18446744073709551616",
                   "18446744073709551621",
                   "99999999999999999999999999999999"})
        CHECK(length(v) == 400);
    CHECK(status_of(get("Content-Length: 5\r\nContent-Length: 5\r\n")) == 400);
    CHECK(status_of(get("Content-Length: 5\r\ncontent-length: 6\r\n")) == 400);
    CHECK_FALSE(parsed(get("Content_Length: 5\r\nX-Content-Length: 5\r\n"))->has_body());
}

TEST_CASE("Transfer-Encoding is chunked alone", "[request_parser]") {
    auto coding = [](const std::string& v) { return status_of(get("Transfer-Encoding: " + v + "\r\n")); };
    CHECK(parsed(get("transfer-ENCODING: \t CHUNKED \r\n"))->chunked());
    for (auto v : {"gzip", "identity", "xchunked", "chunked, gzip", "chunked, chunked", "chunked;q=1", "\"chunked\"",
                   "chunked x",
                   "\x85"
                   "chunked",
                   "chunked,,gzip", "[chunked]", "chunked/1", "", ", chunked", "chunked,"})
        CHECK(coding(v) == 400);
    for (auto v : {"gzip, chunked", "foo, chunked", "identity, chunked", "gzip;q=1, chunked"}) CHECK(coding(v) == 501);
    CHECK(status_of(get("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")) == 501);
    CHECK(status_of(get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) == 400);
    CHECK(status_of(get("Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n")) == 400);
    CHECK(status_of(get("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")) == 400);
    CHECK(status_of(get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")) == 400);
    CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("Connection says whether the connection goes on", "[request_parser]") {
    auto keeps = [](const std::string& fields, const std::string& version = "1.1") {
        return parsed("GET / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n")->keep_alive();
    };
    CHECK(keeps(""));
    CHECK_FALSE(keeps("", "1.0"));
    CHECK(keeps("Connection: Keep-Alive\r\n", "1.0"));
    CHECK_FALSE(keeps("Connection: keep-alive, close\r\n", "1.0"));
    for (auto c : {"close", "CLOSE", "foo, close", " foo ,\tclose , bar"})
        CHECK_FALSE(keeps("Connection: "s + c + "\r\n"));
    CHECK_FALSE(keeps("Connection: foo\r\nConnection: close\r\n"));
    CHECK(keeps("Connection: closed\r\n"));
}

TEST_CASE("Upgrade counts when Connection names it", "[request_parser]") {
    CHECK(parsed(get("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"))->upgrade());
    CHECK_FALSE(parsed(get("Upgrade: websocket\r\n"))->upgrade());
    CHECK_FALSE(parsed(get("Connection: Upgrade\r\n"))->upgrade());
}

TEST_CASE("Expect is 100-continue, or the request fails", "[request_parser]") {
    CHECK(parsed(get("Content-Length: 5\r\nExpect: 100-CONTINUE\r\n"))->expect_continue());
    CHECK_FALSE(parsed(get("Expect: 100-continue\r\n"))->expect_continue()); // no body to wait for
    CHECK(status_of(get("Expect: 200-ok\r\n")) == 417);
    CHECK(parsed(get("Content-Length: 5\r\nExpect: , 100-continue,100-Continue\r\nExpect: 100-continue\r\n"))->expect_continue());
    CHECK_FALSE(parsed(get("Content-Length: 5\r\nExpect:\r\n"))->expect_continue()); // a list of nothing
    for (auto e : {"100-continue, 200-ok", "100-continue;q=1", "100", "100-continue\r\nExpect: x"})
        CHECK(status_of(get("Content-Length: 5\r\nExpect: "s + e + "\r\n")) == 417);
    CHECK_FALSE(parsed("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")->expect_continue());
}

TEST_CASE("limits are exact, whatever the pieces", "[request_parser]") {
    parse_limits limits;
    limits.request_line = 40;
    limits.header_bytes = 60;
    limits.header_count = 3;
    const auto line = [](std::size_t size) { return "GET /" + std::string(size - 16, 'a') + " HTTP/1.1\r\n"; };
    REQUIRE(line(40).size() == 40);
    CHECK(status_of(line(40) + "Host: a\r\n\r\n", limits) == 200);
    CHECK(status_of(line(41) + "Host: a\r\n\r\n", limits) == 414);
    CHECK(status_of("\r\n" + line(40) + "Host: a\r\n\r\n", limits) == 200);
    CHECK(status_of("GET /" + std::string(100, 'a'), limits) == 414);
    CHECK(status_of("GET /?" + std::string(100, 'a'), limits) == 414);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(44, 'v') + "\r\n\r\n", limits) == 200);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(45, 'v') + "\r\n\r\n", limits) == 431);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(100, 'v'), limits) == 431);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(100, ' '), limits) == 431);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(100, 'n'), limits) == 431);
    CHECK(status_of(get("A: 1\r\nB: 2\r\n"), limits) == 200);
    CHECK(status_of(get("A: 1\r\nB: 2\r\nC: 3\r\n"), limits) == 431);
    CHECK(status_of(get("A: 1\r\nB: 2\r\nC"), limits) == 431);
}

TEST_CASE("default limits hold a target of 8 KiB and 100 fields", "[request_parser]") {
    CHECK(status_of(get("", "GET /" + std::string(8191, 'a') + " HTTP/1.1")) == 200);
    std::string fields;
    for (int i = 0; i < 100; ++i) fields += "X-" + std::to_string(i) + ": v\r\n";
    const parsed r(get(fields));
    CHECK(r->field_count() == 101);
    CHECK(r->get("x-99") == "v");
}

TEST_CASE("random octets and random damage never surprise the parser", "[request_parser]") {
    std::uint32_t seed = 12345;
    auto random = [&](std::uint32_t below) { return (seed = seed * 1664525 + 1013904223) / 65536 % below; };
    const auto good =
        "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nConnection: close\r\n"
        "Accept-Encoding: gzip\r\nX: y\r\n\r\n"s;
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        auto text = good;
        for (auto n = 1 + random(3); n != 0; --n) {
            const auto at = random(static_cast<std::uint32_t>(text.size()));
            switch (random(3)) {
            case 0: text[at] = static_cast<char>(random(256)); break;
            case 1: text.erase(at, 1 + random(4)); break;
            default: text.insert(at, text.substr(random(static_cast<std::uint32_t>(text.size())), 1 + random(20)));
            }
        }
        const auto whole = feed(text, text.size());
        for (std::size_t step : {1u, 2u, 5u, 16u}) REQUIRE(feed(text, step) == whole);
        refused += whole.state == parse_state::bad;
    }
    CHECK(refused > 1000);
}

TEST_CASE("fields that come again are recognised only when every octet is the same", "[request_parser]") {
    const std::string fields[] = {
        "Host: a\r\n\r\n",
        "Host: a\r\nAccept: text/html\r\nX-One: 1\r\nx-one: 2\r\n\r\n",
        "Host: a\r\nAccept: text/htmk\r\nX-One: 1\r\nx-one: 2\r\n\r\n",
        "Host: a\r\nAccept: text/html\r\nX-One: 1\r\nx-one: 2\r\n",      // not complete
        "Host: a\r\nAccept: text/html\r\nX-One: 1\r\nx-one: 2\r\nY: 3\r\n\r\n",
        "Host: a\r\nConnection: close\r\n\r\n",
        "Host: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
        "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "Host: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "Host: a\r\nHost: a\r\n\r\n",                                  // refused
        "Host: a\r\nLong: " + std::string(3000, 'l') + "\r\n\r\n",
        "Host: a\r\nLong: " + std::string(1000, 'l') + "\r\n\r\n",
        "\r\n",                                                        // refused, without Host; not in HTTP/1.0
    };
    const std::string lines[] = {"GET / HTTP/1.1\r\n", "POST /a/longer/path?with=query HTTP/1.1\r\n", "GET / HTTP/1.0\r\n",
                                 "PUT /x HTTP/1.1\r\n", "GET http://b/ HTTP/1.1\r\n"};
    request_parser parser;
    request_head head;
    parser.reset(head);
    unsigned seed = 7;
    for (int i = 0; i < 20000; ++i) {
        const auto random = [&](std::size_t n) { return (seed = seed * 1103515245 + 12345, (seed >> 16) % n); };
        const auto octets = lines[random(std::size(lines))] + fields[random(std::size(fields))] + (random(2) ? "body" : "");
        const auto cut = random(4) ? octets.size() : random(octets.size() + 1);
        const auto state = parser.parse(head, octets.data(), cut);
        request_parser fresh_parser;
        request_head fresh;
        fresh_parser.reset(fresh);
        const auto wanted = fresh_parser.parse(fresh, octets.data(), cut);
        if (state != wanted) FAIL(octets);
        if (state == parse_state::done)
            if (parser.consumed() != fresh_parser.consumed() || head.size() != fresh.size() || facts_of(head) != facts_of(fresh) ||
                head.has(field::host) != fresh.has(field::host) || head.repeated(field::host) != fresh.repeated(field::host) ||
                head.get("x-one") != fresh.get("x-one") || head.get("Accept") != fresh.get("Accept"))
                FAIL(octets);
        if (state == parse_state::bad && parser.status() != fresh_parser.status()) FAIL(octets);
        parser.reset(head);
    }
    // nor does it help to come again where less is allowed
    const std::string request = lines[0] + fields[1];
    CHECK(parser.parse(head, request.data(), request.size()) == parse_state::done);
    parser.reset(head);
    request_parser strict(parse_limits{.header_count = 3});
    CHECK(strict.parse(head, request.data(), request.size()) == parse_state::bad);
    CHECK(strict.status() == 431);
    strict.reset(head);
    CHECK(parser.parse(head, request.data(), request.size()) == parse_state::done);
    parser.reset(head);
    request_parser small(parse_limits{.header_bytes = 30});
    CHECK(small.parse(head, request.data(), request.size()) == parse_state::bad);
    CHECK(small.status() == 431);
}
