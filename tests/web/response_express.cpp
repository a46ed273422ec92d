// response: each call that was recorded from Express 5, and what it put on the wire.
// SPDX-License-Identifier: MIT
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#if defined(CREMA_WITH_OPENSSL)
#include <crema/ext/openssl.hpp>
#endif

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <shared.hpp>

using namespace crema;
using namespace std::chrono_literals;

namespace {

struct one {
    int a = 1;
};
struct three {
    int a = 1, _b = 2;
    std::string h = "<&>";
};
struct counted {
    int count = 1;
    std::string s = "\u2028<";
};

using handler_function = std::function<void(request&, response&)>;

void by_type(response& res) {
    res.format({{"text/plain", [&] { res.send("p"); }},
                {"text/html", [&] { res.send("h"); }},
                {"application/json", [&] { res.send(value{{"j", 1}}); }}});
}
void by_extension(response& res) {
    res.format({{"text", [&] { res.send("p"); }}, {"html", [&] { res.send("h"); }}, {"default", [&] { res.send("d"); }}});
}

// The code of each vector, in C++.
const std::map<std::string, handler_function>& calls() {
    static const std::map<std::string, handler_function> all{
        {"res.send('hi')", [](request&, response& res) { res.send("hi"); }},
        {"res.send('')", [](request&, response& res) { res.send(""); }},
        {"res.send()", [](request&, response& res) { res.send(); }},
        {"res.send('<p>hey</p>')", [](request&, response& res) { res.send("<p>hey</p>"); }},
        {"res.send({a:1})", [](request&, response& res) { res.send(one{}); }},
        {"res.send([1,2])", [](request&, response& res) { res.send(std::vector<int>{1, 2}); }},
        {"res.send(true)", [](request&, response& res) { res.send(true); }},
        {"res.set('Content-Type','text/plain; charset=iso-8859-1').send('\u00e9')",
         [](request&, response& res) { res.set("Content-Type", "text/plain; charset=iso-8859-1").send("\u00e9"); }},
        {"res.status(304).send(\"x\")", [](request&, response& res) { res.status(304).send("x"); }},
        {"res.set('ETag','\"my\"').send('x')", [](request&, response& res) { res.set("ETag", "\"my\"").send("x"); }},
        {"res.send('x'.repeat(1000))", [](request&, response& res) { res.send(std::string(1000, 'x')); }},
        {"res.set('Content-Type','image/png').send('s')", [](request&, response& res) { res.set("Content-Type", "image/png").send("s"); }},
        {"res.send(new Uint8Array([1,2,3]))", [](request&, response& res) { res.send(std::vector<unsigned char>{1, 2, 3}); }},
        {"res.send('\u65e5\u672c\u8a9e')", [](request&, response& res) { res.send("\u65e5\u672c\u8a9e"); }},
        {"res.json({a:1})", [](request&, response& res) { res.json(one{}); }},
        {"res.json(null)", [](request&, response& res) { res.json(nullptr); }},
        {"res.json(1)", [](request&, response& res) { res.json(1); }},
        {"res.json({d:new Date(0)})", [](request&, response& res) { res.json({{"d", "1970-01-01T00:00:00.000Z"}}); }},
        {"res.status(400).json({e:1})", [](request&, response& res) { res.status(400).json({{"e", 1}}); }},
        {"res.json(NaN)", [](request&, response& res) { res.json(std::numeric_limits<double>::quiet_NaN()); }},
        {"res.json({})", [](request&, response& res) { res.json(value::object()); }},
        {"res.sendStatus(200)", [](request&, response& res) { res.send_status(200); }},
        {"res.sendStatus(204)", [](request&, response& res) { res.send_status(204); }},
        {"res.sendStatus(404)", [](request&, response& res) { res.send_status(404); }},
        {"res.sendStatus(418)", [](request&, response& res) { res.send_status(418); }},
        {"res.status(99).end()", [](request&, response& res) { res.status(99).end(); }},
        {"res.status(1000).end()", [](request&, response& res) { res.status(1000).end(); }},
        {"res.redirect('/x')", [](request&, response& res) { res.redirect("/x"); }},
        {"res.redirect(301,'/x')", [](request&, response& res) { res.redirect(301, "/x"); }},
        {"res.redirect('http://e.com/\u00fc?q=\u00e9 x')", [](request&, response& res) { res.redirect("http://e.com/\u00fc?q=\u00e9 x"); }},
        {"res.redirect('//e.com')", [](request&, response& res) { res.redirect("//e.com"); }},
        {"res.redirect(307,'..')", [](request&, response& res) { res.redirect(307, ".."); }},
        {"res.redirect('/a b')", [](request&, response& res) { res.redirect("/a b"); }},
        {"res.redirect('/%zz')", [](request&, response& res) { res.redirect("/%zz"); }},
        {"res.redirect('\\\\x')", [](request&, response& res) { res.redirect("\\x"); }},
        {"res.location('http://e.com?q=\\u2603 \u00a710').end()",
         [](request&, response& res) { res.location("http://e.com?q=\u2603 \u00a710").end(); }},
        {"res.location('https://e.com?q=%A710').end()", [](request&, response& res) { res.location("https://e.com?q=%A710").end(); }},
        {"res.location('/a?b=c d#e f').end()", [](request&, response& res) { res.location("/a?b=c d#e f").end(); }},
        {"res.type('html').end()", [](request&, response& res) { res.type("html").end(); }},
        {"res.type('.js').end()", [](request&, response& res) { res.type(".js").end(); }},
        {"res.type('json').end()", [](request&, response& res) { res.type("json").end(); }},
        {"res.type('application/x-tar').end()", [](request&, response& res) { res.type("application/x-tar").end(); }},
        {"res.type('text/html; charset=latin1').end()", [](request&, response& res) { res.type("text/html; charset=latin1").end(); }},
        {"res.type('').end()", [](request&, response& res) { res.type("").end(); }},
        {"res.set('X-A','1').end()", [](request&, response& res) { res.set("X-A", "1").end(); }},
        {"res.set('X-A',['a','b']).end()", [](request&, response& res) { res.set("X-A", {"a", "b"}).end(); }},
        {"res.set('X-N',5).end()", [](request&, response& res) { res.set("X-N", 5).end(); }},
        {"res.set('Content-Type','text/html').end()", [](request&, response& res) { res.set("Content-Type", "text/html").end(); }},
        {"res.set('Content-Type',['text/html']).end()", [](request&, response& res) { res.set("Content-Type", {"text/html"}).end(); }},
        {"res.set('X-A','b\\nc').end()", [](request&, response& res) { res.set("X-A", "b\nc").end(); }},
        {"res.append('Link','<a>').append('Link','<b>').end()",
         [](request&, response& res) { res.append("Link", "<a>").append("Link", "<b>").end(); }},
        {"res.append('Set-Cookie','a=1').append('Set-Cookie','b=2').end()",
         [](request&, response& res) { res.append("Set-Cookie", "a=1").append("Set-Cookie", "b=2").end(); }},
        {"res.append('X',['a','b']).append('X','c').end()",
         [](request&, response& res) { res.append("X", {"a", "b"}).append("X", "c").end(); }},
        {"res.vary('Accept').vary('Origin').end()", [](request&, response& res) { res.vary("Accept").vary("Origin").end(); }},
        {"res.vary('*').end()", [](request&, response& res) { res.vary("*").end(); }},
        {"res.vary('').end()", [](request&, response& res) { res.vary("").end(); }},
        {"res.links({next:'http://x/2',last:'http://x/5'}).end()",
         [](request&, response& res) { res.links({{"next", "http://x/2"}, {"last", "http://x/5"}}).end(); }},
        {"res.links({a:'1'}).links({b:'2'}).end()", [](request&, response& res) { res.links({{"a", "1"}}).links({{"b", "2"}}).end(); }},
        {"res.links({}).end()", [](request&, response& res) { res.links({}).end(); }},
        {"res.attachment().end()", [](request&, response& res) { res.attachment().end(); }},
        {"res.attachment('a.png').end()", [](request&, response& res) { res.attachment("a.png").end(); }},
        {"res.attachment('/p/to/report.pdf').end()", [](request&, response& res) { res.attachment("/p/to/report.pdf").end(); }},
        {"res.attachment('\u65e5\u672c.txt').end()", [](request&, response& res) { res.attachment("\u65e5\u672c.txt").end(); }},
        {"res.attachment('x').end()", [](request&, response& res) { res.attachment("x").end(); }},
        {"res.attachment('\u20ac rates%41.html').end()", [](request&, response& res) { res.attachment("\u20ac rates%41.html").end(); }},
        {"res.cookie('n','v').end()", [](request&, response& res) { res.cookie("n", "v").end(); }},
        {"res.cookie('n','v w;x').end()", [](request&, response& res) { res.cookie("n", "v w;x").end(); }},
        {"res.cookie('n',{a:1}).end()", [](request&, response& res) { res.cookie("n", one{}).end(); }},
        {"res.cookie('n','v',{path:'/a'}).end()", [](request&, response& res) { res.cookie("n", "v", {.path = "/a"}).end(); }},
        {"res.cookie('n','v',{sameSite:true}).end()",
         [](request&, response& res) { res.cookie("n", "v", {.same_site = http::same_site_policy::strict}).end(); }},
        {"res.cookie('n','v',{sameSite:'lax'}).end()",
         [](request&, response& res) { res.cookie("n", "v", {.same_site = http::same_site_policy::lax}).end(); }},
        {"res.cookie('n','v',{sameSite:'None'}).end()",
         [](request&, response& res) { res.cookie("n", "v", {.same_site = http::same_site_policy::none}).end(); }},
        {"res.cookie('n','v',{path:'/\\u0000'}).end()",
         [](request&, response& res) { res.cookie("n", "v", {.path = std::string("/\0", 2)}).end(); }},
        {"res.cookie('n','v',{partitioned:true}).end()", [](request&, response& res) { res.cookie("n", "v", {.partitioned = true}).end(); }},
        {"res.cookie('n','v',{expires:new Date(0)}).end()",
         [](request&, response& res) { res.cookie("n", "v", {.expires = std::chrono::system_clock::time_point{}}).end(); }},
        {"res.cookie('n','v',{maxAge:null}).end()", [](request&, response& res) { res.cookie("n", "v", {.max_age = std::nullopt}).end(); }},
        {"res.cookie('n\\n','v').end()", [](request&, response& res) { res.cookie("n\n", "v").end(); }},
        {"res.cookie('n x','v').end()", [](request&, response& res) { res.cookie("n x", "v").end(); }},
        {"res.cookie('','v').end()", [](request&, response& res) { res.cookie("", "v").end(); }},
        {"res.cookie('a','1').cookie('b','2').end()", [](request&, response& res) { res.cookie("a", "1").cookie("b", "2").end(); }},
        {"res.cookie('n','v',{signed:true}).end()", [](request&, response& res) { res.signed_cookie("n", "v").end(); }},
#if defined(CREMA_WITH_OPENSSL)
        {"req.secret='s';res.cookie('n','v',{signed:true}).end()",
         [signer = openssl::hmac_signer({"s"})](request&, response& res) {
             res.cookie_signer(*signer);
             res.signed_cookie("n", "v").end();
         }},
        {"req.secret='tobi';res.cookie('u',{name:'tobi'},{signed:true}).end()",
         [signer = openssl::hmac_signer({"tobi"})](request&, response& res) {
             res.cookie_signer(*signer);
             res.signed_cookie("u", value{{"name", "tobi"}}).end();
         }},
#endif
        {"res.end()", [](request&, response& res) { res.end(); }},
        {"res.jsonp({a:1})", [](request&, response& res) { res.jsonp(one{}); }},
        {"res.jsonp({count:1,s:'\\u2028<'})", [](request&, response& res) { res.jsonp(counted{}); }},
        {"res.json({a:1,_b:2,h:'<&>'})", [](request&, response& res) { res.json(three{}); }},
        {"res.send('kajdslfkasdf')", [](request&, response& res) { res.send("kajdslfkasdf"); }},
        {"res.send('x')", [](request&, response& res) { res.send("x"); }},
        {"res.set('Last-Modified','Sat, 01 Jan 2000 00:00:00 GMT').send('x')",
         [](request&, response& res) { res.set("Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT").send("x"); }},
        {"res.status(404).set('ETag','\"my\"').send('x')", [](request&, response& res) { res.status(404).set("ETag", "\"my\"").send("x"); }},
        {"res.format({'text/plain':()=>res.send('p'),'text/html':()=>res.send('h'),'application/json':()=>res.send({j:1})})",
         [](request&, response& res) { by_type(res); }},
        {"res.format({text:()=>res.send('p'),html:()=>res.send('h'),default:()=>res.send('d')})",
         [](request&, response& res) { by_extension(res); }},
    };
    return all;
}

// What cannot be written in C++, or is tested where it is made.
const std::map<std::string, std::string>& left_out() {
    static const std::map<std::string, std::string> all{
        {"res.json(undefined)", "there is no undefined"},
        {"res.json({a:undefined,b:()=>1})", "there is no undefined, and no function is a value"},
        {"res.json({b:1n})", "there is no bigint"},
        {"res.status(200.5).end()", "does not compile: a status is an int"},
        {"res.status(undefined).end()", "does not compile"},
        {"res.status(null).end()", "does not compile"},
        {"res.vary().end()", "does not compile"},
        {"res.cookie('n','v',{priority:'x'}).end()", "does not compile: a priority is an enumerator"},
#if !defined(CREMA_WITH_OPENSSL)
        {"req.secret='s';res.cookie('n','v',{signed:true}).end()", "nothing signs"},
        {"req.secret='tobi';res.cookie('u',{name:'tobi'},{signed:true}).end()", "nothing signs"},
#endif
    };
    return all;
}

std::string body_of(const value& v) {
    const auto* b = v.find("body");
    return b->is_string() ? std::string(b->as_string()) : shared::text(*b, "utf8");
}

} // namespace

TEST_CASE("every call does what it does in Express", "[response][shared]") {
    const auto vectors = shared::vectors("express-res");
    for (const auto& v : vectors) {
        const auto code = shared::text(v, "code");
        if (left_out().contains(code)) continue;
        INFO(json::stringify(v));
        const auto f = calls().find(code);
        if (f == calls().end()) {
            FAIL_CHECK("no counterpart of " << code);
            continue;
        }
        app a;
        a.disable("x-powered-by");
        a.set("etag", value("express"));
        bool strong = false;
        if (const auto* settings = v.find("settings"); settings && settings->is_object())
            for (const auto& [name, setting] : settings->as_object()) {
                if (name == "json replacer")
                    a.set(name, [](std::string_view key, const value& x) -> std::optional<value> {
                        if (key.starts_with('_')) return std::nullopt;
                        return x;
                    });
                else if (name == "etag" && setting.is_bool() && !setting.as_bool()) a.set(name, value(false));
                else if (name == "etag") strong = setting.is_string() && setting.as_string() == "strong";
                else a.set(name, setting);
            }
        if (strong) a.set("etag", value("strong"));
        a.use([&](request& req, response& res, next&) { f->second(req, res); });
        std::string thrown;
        a.use([&](std::exception_ptr e, request&, response& res, next&) {
            try {
                std::rethrow_exception(e);
            } catch (const http_error& x) {
                thrown = x.what();
                res.status(x.status()).end();
            } catch (const std::exception& x) {
                thrown = x.what();
                res.status(500).end();
            }
        });
        testing::client c(a);
        const auto* asked = v.find("request");
        const auto url = asked ? shared::text(*asked, "url") : "", method = asked ? shared::text(*asked, "method") : "";
        auto call = c.request(method.empty() ? "GET" : method, url.empty() ? "/" : url);
        if (const auto* fields = asked ? asked->find("headers") : nullptr; fields && fields->is_object())
            for (const auto& [name, text] : fields->as_object()) call.set(name, text.as_string());
        const auto got = call.result();
        CHECK(got.status == v.find("status")->as_int64());
        if (!thrown.empty()) { // the message, with what it is about behind it
            const auto wanted = json::parse<value>(body_of(v)).value();
            auto message = shared::text(wanted, "thrown");
            if (message == "cookieParser(\"secret\") required for signed cookies") message = "crema: signed cookies need app.use(cookie_parser(";
            CHECK_THAT(thrown, Catch::Matchers::StartsWith(message));
            continue;
        }
        CHECK(got.reason == shared::text(v, "reason"));
        CHECK(got.body == body_of(v));
        const auto& wanted = v.find("headers")->as_object();
        std::size_t lines = 0;
        for (const auto& [name, text] : wanted) {
            INFO(name);
            const auto have = got.headers(name);
            lines += have.size();
            if (text.is_array()) {
                REQUIRE(have.size() == text.size());
                for (std::size_t i = 0; i < have.size(); ++i) CHECK(have[i] == text.at(i).as_string());
            } else if (strong && name == "etag") {
                REQUIRE(have.size() == 1);
                CHECK_FALSE(have[0].starts_with("W/"));
            } else {
                REQUIRE(have.size() == 1);
                CHECK(have[0] == text.as_string());
            }
        }
        for (const auto& [name, text] : got.fields)
            if (to_lower(name) != "date" && to_lower(name) != "connection" && to_lower(name) != "keep-alive") CHECK(lines-- > 0);
    }
    if (!vectors.empty()) CHECK(vectors.size() > 100);
}

TEST_CASE("a function may make the validator", "[response]") {
    app a;
    a.set("etag", [](std::string_view body) { return "\"" + std::to_string(body.size()) + "\""; });
    a.get("/", [](request&, response& res) { res.send("abc"); });
    testing::client c(a);
    c.get("/").expect("ETag", "\"3\"");
    c.get("/").set("If-None-Match", "\"3\"").expect(304);
    a.set("etag", [](std::string_view) { return std::string(); });
    CHECK_FALSE(c.get("/").result().header("ETag"));
    CHECK_THROWS_AS(a.set("no such function", [](std::string_view) { return std::string(); }), system_error);
}

TEST_CASE("a replacer sees every member and element by its name", "[response]") {
    app a;
    a.set("json replacer", [](std::string_view name, const value& v) -> std::optional<value> {
        if (name == "secret") return std::nullopt;
        if (v.is_string() && !name.empty()) return value(std::string(name) + "=" + std::string(v.as_string()));
        return v;
    });
    a.set("json spaces", value(1));
    a.get("/", [](request&, response& res) { res.json({{"a", "x"}, {"secret", 1}, {"list", {"y", {{"secret", 2}, {"b", 3}}}}}); });
    testing::client c(a);
    c.get("/").expect(200, "{\n \"a\": \"a=x\",\n \"list\": [\n  \"0=y\",\n  {\n   \"b\": 3\n  }\n ]\n}");
}
