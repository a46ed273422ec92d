// Tests of middleware/log_format.hpp: morgan's formats and tokens, JSON, what is escaped and what is hidden.
// SPDX-License-Identifier: MIT
#include <crema/middleware/log_format.hpp>

#include <crema/json/parse.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <functional>
#include <stdexcept>
#include <string>

using namespace crema;
using namespace std::chrono_literals;
using Catch::Matchers::Matches;

namespace {

// Takes a record when the answer is over.
class taker final : public detail::answer_watcher {
public:
    taker(const log_format& f, std::string& to) : format_(f), to_(to) {}
    void over(request& req, response& res) noexcept override {
        over_at = res.watched().over_at();
        log_format::taken t;
        format_.take(t, req, res, true);
        std::string record(t.size, '?');
        format_.put(record.data(), t);
        to_ += record;
    }
    static inline std::chrono::steady_clock::time_point over_at;

private:
    const log_format& format_;
    std::string& to_;
};

// What is logged of one request as it is on the wire.
std::string logged(log_format_options options, std::string_view octets, std::uint64_t dropped = 0) {
    const log_format format(std::move(options));
    std::string records, out;
    {
        app a;
        a.use([&](request& req, response& res, next& next) {
            res.watched().add(*req.raw().memory().make<taker>(format, records));
            next();
        });
        a.get("/", [](request&, response& res) { res.set("X-Answer", "42").send("hello"); });
        a.get("/stream", [](request&, response& res) {
            static_cast<void>(res.write("hello"));
            res.end();
        });
        a.get("/moved", [](request&, response& res) { res.redirect("/"); });
        a.get("/wrong", [](request&, response& res) { res.status(500).end(); });
        testing::client c(a);
        static_cast<void>(c.raw(octets));
        c.run();
    }
    const std::chrono::sys_time<std::chrono::milliseconds> when(971186136123ms); // 2000-10-10T13:55:36.123Z
    format.write(out, records, dropped, when, taker::over_at);
    return out;
}

std::string get(std::string_view target, std::string_view fields = {}) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + std::string(fields) + "\r\n";
}

std::string line(std::string format, std::string_view target = "/", std::string_view fields = {}) {
    auto all = logged({.format = std::move(format)}, get(target, fields));
    REQUIRE(all.ends_with('\n'));
    all.pop_back();
    return all;
}

} // namespace

TEST_CASE("morgan's formats", "[middleware][log_format]") {
    constexpr auto fields = "Authorization: Basic YWRhOmh1bnRlcjI=\r\nReferer: http://example.com/\r\nUser-Agent: curl/7.88\r\n";
    CHECK(line("combined", "/?x=1", fields) ==
          "- - ada [10/Oct/2000:13:55:36 +0000] \"GET /?x=1 HTTP/1.1\" 200 5 \"http://example.com/\" \"curl/7.88\"");
    CHECK(line("common", "/nowhere") ==
          "- - - [10/Oct/2000:13:55:36 +0000] \"GET /nowhere HTTP/1.1\" 404 " + std::string(line(":res[content-length]", "/nowhere")));
    CHECK_THAT(line("short", "/", fields), Matches(R"(- ada GET / HTTP/1\.1 200 5 - \d+\.\d{3} ms)"));
    CHECK_THAT(line("tiny"), Matches(R"(GET / 200 5 - \d+\.\d{3} ms)"));
    CHECK_THAT(line("tiny", "/stream"), Matches(R"(GET /stream 200 - - \d+\.\d{3} ms)"));
    CHECK_THAT(line("dev"), Matches("\x1b\\[0mGET / \x1b\\[32m200\x1b\\[0m \\d+\\.\\d{3} ms - 5\x1b\\[0m"));
    CHECK(line("dev", "/moved").find("\x1b[36m302") != std::string::npos);
    CHECK(line("dev", "/nowhere").find("\x1b[33m404") != std::string::npos);
    CHECK(line("dev", "/wrong").find("\x1b[31m500") != std::string::npos);
}

TEST_CASE("tokens", "[middleware][log_format]") {
    CHECK(line(":date") == "Tue, 10 Oct 2000 13:55:36 GMT");
    CHECK(line(":date[web]") == "Tue, 10 Oct 2000 13:55:36 GMT");
    CHECK(line(":date[iso]") == "2000-10-10T13:55:36.123Z");
    CHECK(line(":req[host]|:res[x-answer]|:res[none]|:req[none]") == "x|42|-|-");
    CHECK_THAT(line(":response-time[0] :total-time[6]"), Matches(R"(\d+ \d+\.\d{6})"));
    CHECK_THAT(line(":pid"), Matches(R"(\d+)"));
    CHECK(line(":http-version") == "1.1");
    CHECK(line("10:30 a:b :: [:method] :method-") == "10:30 a:b :: [GET] GET-");
    CHECK(line(":remote-user", "/", "Authorization: Bearer x\r\n") == "-");
    CHECK(line(":remote-user", "/", "Authorization: Basic !!\r\n") == "-");
    CHECK(line(":remote-user", "/", "Authorization: Basic Og==\r\n") == "-");
    const auto own = logged({.format = ":id :none", .tokens = {{"id", [](request& req, response&) { return std::string(req.query("id").value_or("")); }},
                                                               {"none", [](request&, response&) { return std::string(); }}}},
                            get("/?id=7"));
    CHECK(own == "7 -\n");
}

TEST_CASE("what is not known is refused", "[middleware][log_format]") {
    for (const auto* bad : {":nothing", ":req", ":res[]", ":req[a b]", ":date[bad]", ":response-time[x]", ":total-time[10]", "default :oops"})
        CHECK_THROWS_AS(log_format({.format = bad}), std::invalid_argument);
}

TEST_CASE("nobody writes lines of his own into the log", "[middleware][log_format]") {
    CHECK(line("\":user-agent\"", "/", "User-Agent: a\" 200 \\\"b\tc\r\n") == R"("a\" 200 \\\"b\x09c")");
    CHECK(line(":user-agent", "/", "User-Agent: \xc2\x9b" "2J\xff\xc3\xa9\r\n") == "\\xc2\\x9b2J\\xff\xc3\xa9");
    CHECK(line(":remote-user", "/", "Authorization: Basic YQpiOmM=\r\n") == "a\\x0ab"); // "a\nb:c"
    const auto own = logged({.format = ":id", .tokens = {{"id", [](request&, response&) { return std::string("a\nb\r\0\x1b", 6); }}}}, get("/"));
    CHECK(own == "a\\x0ab\\x0d\\x00\\x1b\n");
}

TEST_CASE("secrets are not shown", "[middleware][log_format]") {
    CHECK(line(":url", "/?a=1&token=secret&b=2") == "/?a=1&token=[redacted]&b=2");
    CHECK(line(":url", "/?Pass%77ord=secret;x") == "/?Pass%77ord=[redacted];x");
    CHECK(line(":url", "/?token") == "/?token");
    CHECK(line(":url", "/?token=&tokens=1") == "/?token=[redacted]&tokens=1");
    CHECK(line(":url", "/?token[]=a&user[password]=b&user.secret=c&session=d&Auth=e") ==
          "/?token[]=[redacted]&user[password]=[redacted]&user.secret=[redacted]&session=[redacted]&Auth=[redacted]");
    CHECK(line(":referrer", "/", "Referer: http://x/?access_token=secret#a\r\n") == "http://x/?access_token=[redacted]");
    CHECK(line(":url", "/?code=1&state=2&X-Amz-Signature=3&key=4&jwt=5") == "/?code=[redacted]&state=[redacted]&X-Amz-Signature=[redacted]&key=[redacted]&jwt=[redacted]");
    CHECK(line(":referrer", "/", "Referer: http://ada:se@cret@h/a@b?x=1\r\n") == "http://[redacted]@h/a@b?x=1");
    CHECK(line(":referrer", "/", "Referer: http://ada@h\r\n") == "http://[redacted]@h");
    CHECK(line(":url", "/a://b@c") == "/a://b@c"); // a path
    CHECK(line(":req[X-CSRF-Token] :req[x-auth-token]", "/", "X-CSRF-Token: a\r\nX-Auth-Token: b\r\n") == "[redacted] [redacted]");
    CHECK(line(":req[Cookie] :req[AUTHORIZATION] :req[none]", "/", "Cookie: a=secret\r\nAuthorization: secret\r\n") == "[redacted] [redacted] -");
    const log_format_options open{.format = ":url :req[cookie] :req[x-mine]", .redact_headers = {"X-Mine"}, .redact_query = {"mine"}};
    CHECK(logged(open, get("/?token=1&mine=2", "Cookie: a=b\r\nX-Mine: c\r\n")) == "/?token=1&mine=[redacted] a=b [redacted]\n");
}

TEST_CASE("JSON: one object a line, numbers as numbers, nothing for what there is not", "[middleware][log_format]") {
    const auto text = logged({.format = "json", .tokens = {{"id", [](request&, response&) { return std::string("a\"b"); }}}},
                             get("/?token=x", "User-Agent: \xff\t\"\\\r\n"), 3);
    const auto end = text.find('\n');
    const auto v = json::parse<value>(text.substr(0, end)).value();
    CHECK(v["time"].as_string() == "2000-10-10T13:55:36.123Z");
    CHECK(v["level"].as_string() == "info");
    CHECK(v["method"].as_string() == "GET");
    CHECK(v["url"].as_string() == "/?token=[redacted]");
    CHECK(v["status"].as_double() == 200);
    CHECK(v["length"].as_double() == 5);
    CHECK(v["ms"].as_double() >= 0);
    CHECK(v["id"].as_string() == "a\"b");
    CHECK(v["agent"].as_string() == "\xef\xbf\xbd\t\"\\");
    CHECK_FALSE(v.find("remote"));
    CHECK(text.substr(end + 1) == "{\"time\":\"2000-10-10T13:55:36.123Z\",\"level\":\"warn\",\"message\":\"log lines were dropped\",\"dropped\":3}\n");
    CHECK(line("json", "/nowhere").find("\"level\":\"warn\"") != std::string::npos);
    CHECK(line("json", "/wrong").find("\"level\":\"error\"") != std::string::npos);
}

TEST_CASE("times are rounded to the digits that are asked for", "[middleware][log_format]") {
    const auto shown = [](std::uint64_t ns, unsigned digits) {
        char room[64];
        return std::string(room, detail::log_milliseconds(room, ns, digits));
    };
    CHECK(shown(0, 0) == "0");
    CHECK(shown(0, 3) == "0.000");
    CHECK(shown(1'234'567, 3) == "1.235");
    CHECK(shown(1'234'567, 1) == "1.2");
    CHECK(shown(1'950'000, 1) == "2.0");
    CHECK(shown(999'999'999, 0) == "1000");
    CHECK(shown(12'034'005, 6) == "12.034005");
    CHECK(shown(12'034'005, 9) == "12.034005000");
}

TEST_CASE("long texts are kept, and cut where they are too long", "[middleware][log_format]") {
    const std::string many(5000, '"');
    CHECK(line(":req[x-long]", "/", "X-Long: " + many + "\r\n").size() == 10000);
    std::string query = "/?";
    for (int i = 0; i < 500; ++i) query += "sig=&";
    const auto hidden = line(":url :url", query);
    CHECK(hidden.size() == 2 * (2 + 500 * 15) + 1);
    const auto cut = logged({.format = ":id", .tokens = {{"id", [](request&, response&) { return std::string(100'000, 'x'); }}}}, get("/"));
    CHECK(cut.size() == 16 * 1024 + 1);
}

TEST_CASE("lines that were dropped are told", "[middleware][log_format]") {
    CHECK(logged({.format = ":method"}, get("/"), 12) == "GET\ncrema: 12 log lines were dropped\n");
}
