// response_fields: status, fields, cookies of an answer.
// SPDX-License-Identifier: MIT
#include <crema/web/response_fields.hpp>

#include <crema/http/date.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <map>
#include <shared.hpp>

#include "answering.hpp"

using namespace crema;
using namespace std::chrono_literals;
using namespace answered;
using Catch::Matchers::Contains;

TEST_CASE("status takes 100 to 999", "[response_fields]") {
    CHECK(got([](request&, response& res) { res.status(299).end(); }).status == 299);
    for (int bad : {99, 1000, -1})
        CHECK(got([bad](request&, response& res) { res.status(bad).end(); }).body ==
              "Invalid status code: " + std::to_string(bad) + ". Status code must be greater than 99 and less than 1000.");
}

template <class T>
concept status_is = requires(response& res, T code) { res.status(code); };
template <class T>
concept status_is_sent = requires(response& res, T code) { res.send_status(code); };

TEST_CASE("a status that is no whole number does not compile", "[response_fields]") {
    STATIC_REQUIRE(status_is<int>);
    STATIC_REQUIRE(status_is_sent<int>);
    STATIC_REQUIRE_FALSE(status_is<double>);
    STATIC_REQUIRE_FALSE(status_is_sent<float>);
}

TEST_CASE("fields are set, added to, read and removed whatever their case", "[response_fields]") {
    const auto r = got([](request&, response& res) {
        res.set("X-One", "1").set("x-one", "2").set("X-Number", 5).header("X-Header", "h");
        res.append("X-Many", "a").append("x-many", "b");
        res.set("X-List", {"a", "b"}).append("X-List", {"c"});
        res.set({{"X-A", "1"}, {"X-B", "2"}});
        res.set("X-Gone", "x").remove("x-gone");
        CHECK(res.get("X-ONE") == "2");
        CHECK(res.get("x-many") == "a");
        CHECK(!res.get("X-Gone"));
        CHECK(res.fields().has("x-a"));
        res.end();
    });
    CHECK(r.headers("X-One") == std::vector<std::string_view>{"2"});
    CHECK(r.headers("X-Number") == std::vector<std::string_view>{"5"});
    CHECK(r.headers("X-Header") == std::vector<std::string_view>{"h"});
    CHECK(r.headers("X-Many") == std::vector<std::string_view>{"a", "b"});
    CHECK(r.headers("X-List") == std::vector<std::string_view>{"a", "b", "c"});
    CHECK(field(r, "X-B") == "2");
    CHECK(field(r, "X-Gone") == "(none)");
}

TEST_CASE("names and values that would break the header are refused", "[response_fields]") {
    const auto told = [](answering f) { return got(std::move(f)).body; };
    CHECK_THAT(told([](request&, response& res) { res.set("X-A", "b\nc").end(); }),
               Contains("Invalid character in header content [\"X-A\"]"));
    CHECK_THAT(told([](request&, response& res) { res.append("X A", "b").end(); }),
               Contains("Header name must be a valid HTTP token [\"X A\"]"));
    CHECK_THAT(told([](request&, response& res) { res.set("X-A", {"a", "b\r"}).end(); }),
               Contains("Invalid character in header content [\"X-A\"]"));
    CHECK_THAT(told([](request&, response& res) { res.set("Content-Type", {"text/html"}).end(); }),
               Contains("Content-Type cannot be set to an Array"));
    CHECK(field(got([](request&, response& res) { res.location("/a\r\nX: y").end(); }), "location") == "/a%0D%0AX:%20y");
}

TEST_CASE("type takes extensions and media types", "[response_fields]") {
    for (auto [given, wanted] : std::map<std::string, std::string>{{"html", "text/html; charset=utf-8"},
                                                                  {".js", "text/javascript; charset=utf-8"},
                                                                  {"json", "application/json; charset=utf-8"},
                                                                  {"png", "image/png"},
                                                                  {"application/x-tar", "application/x-tar"},
                                                                  {"text/html; charset=latin1", "text/html; charset=latin1"},
                                                                  {"", "application/octet-stream"},
                                                                  {"nonsense", "application/octet-stream"}}) {
        CHECK(field(got([given = given](request&, response& res) { res.type(given).end(); }), "content-type") == wanted);
        CHECK(field(got([given = given](request&, response& res) { res.content_type(given).end(); }), "content-type") == wanted);
    }
}

TEST_CASE("vary adds each name once", "[response_fields]") {
    CHECK(field(got([](request&, response& res) { res.vary("Accept").vary("Origin, accept").end(); }), "vary") == "Accept, Origin");
    CHECK(field(got([](request&, response& res) { res.vary("Accept").vary("*").end(); }), "vary") == "*");
    CHECK_THAT(got([](request&, response& res) { res.vary("").end(); }).body, Contains("field argument is required"));
    CHECK_THAT(got([](request&, response& res) { res.vary("a b").end(); }).body, Contains("invalid header name"));
}

TEST_CASE("links adds to Link, with several targets for one relation, too", "[response_fields]") {
    CHECK(field(got([](request&, response& res) {
                    res.links({{"next", "http://x/2"}}).links({{"last", "http://x/5"}, {"alternate", {"/a", "/b"}}}).end();
                }),
                "link") == "<http://x/2>; rel=\"next\", <http://x/5>; rel=\"last\", </a>; rel=\"alternate\", </b>; rel=\"alternate\"");
}

TEST_CASE("vary and links go on with all lines that are there", "[response_fields]") {
    const auto r = got([](request&, response& res) {
        res.append("Vary", "A").append("Vary", "B").vary("b, C");
        res.append("Link", "<a>").append("Link", "<b>").links({{"next", "/2"}});
        res.end();
    });
    CHECK(r.headers("Vary") == std::vector<std::string_view>{"A, B, C"});
    CHECK(r.headers("Link") == std::vector<std::string_view>{"<a>, <b>, </2>; rel=\"next\""});
    const auto formatted = got([](request&, response& res) {
        res.set("Vary", {"Origin", "Cookie"}).format({{"text", [&] { res.send("x"); }}});
    });
    CHECK(formatted.headers("Vary") == std::vector<std::string_view>{"Origin, Cookie, Accept"});
}

TEST_CASE("a link does not end before it should", "[response_fields]") {
    const auto r = got([](request&, response& res) {
        res.links({{"next", "https://a/>;rel=preload,<https://evil/\"x y"}}).end();
    });
    CHECK(field(r, "link") == "<https://a/%3E;rel=preload,%3Chttps://evil/%22x%20y>; rel=\"next\"");
    CHECK_THAT(got([](request&, response& res) { res.links({{"a\"b", "/"}}).end(); }).body, Contains("the relation"));
}

TEST_CASE("a type that is appended is one that is set; there is one", "[response_fields]") {
    CHECK(field(got([](request&, response& res) { res.set_header("Content-Type", "text/plain").end(); }), "content-type") == "text/plain");
    CHECK(field(got([](request&, response& res) { res.append("Content-Type", "text/html; level=1").end(); }), "content-type") ==
          "text/html; level=1; charset=utf-8");
    CHECK_THAT(got([](request&, response& res) { res.type("html").append("content-type", "text/css").end(); }).body,
               Contains("Content-Type cannot be set to an Array"));
}

TEST_CASE("a cookie of centuries ends when the clock does, not in the past", "[response_fields]") {
    const auto far = field(got([](request&, response& res) { res.cookie("a", "b", {.max_age = std::chrono::hours(24 * 365 * 300)}).end(); }), "set-cookie");
    CHECK_THAT(far, Contains("Max-Age=9460800000") && Contains(" 2262 "));
    CHECK_THAT(field(got([](request&, response& res) { res.cookie("n", value(1.5)).end(); }), "set-cookie"), Contains("n=1.5;"));
    CHECK_THAT(field(got([](request&, response& res) { res.cookie("n", value(true)).end(); }), "set-cookie"), Contains("n=true;"));
    CHECK_THAT(field(got([](request&, response& res) { res.cookie("n", value()).end(); }), "set-cookie"), Contains("n=j%3Anull;"));
}

TEST_CASE("location encodes what cannot stand in a URL, once", "[response_fields]") {
    CHECK(field(got([](request&, response& res) { res.location("http://e.com?q=☃ §10").end(); }), "location") ==
          "http://e.com?q=%E2%98%83%20%C2%A710");
    CHECK(field(got([](request&, response& res) { res.location("https://e.com?q=%A710").end(); }), "location") ==
          "https://e.com?q=%A710");
}

TEST_CASE("attachment names a file and takes the type from its extension", "[response_fields]") {
    const auto pdf = got([](request&, response& res) { res.attachment("/path/to/my report.pdf").end(); });
    CHECK(field(pdf, "content-disposition") == "attachment; filename=\"my report.pdf\"");
    CHECK(field(pdf, "content-type") == "application/pdf");
    const auto bare = got([](request&, response& res) { res.attachment().end(); });
    CHECK(field(bare, "content-disposition") == "attachment");
    CHECK(field(bare, "content-type") == "(none)");
    CHECK(field(got([](request&, response& res) { res.attachment("日本.txt").end(); }), "content-disposition") ==
          "attachment; filename=\"??.txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt");
}

TEST_CASE("cookies are added beside each other", "[response_fields]") {
    const auto r = got([](request&, response& res) {
        res.cookie("a", "v w;x").cookie("b", 5).cookie("c", true).cookie("d", small{});
        res.cookie("e", "x", {.path = "/p", .http_only = true, .same_site = http::same_site_policy::lax});
        res.end();
    });
    CHECK(r.headers("set-cookie") ==
          std::vector<std::string_view>{"a=v%20w%3Bx; Path=/", "b=5; Path=/", "c=true; Path=/", "d=j%3A%7B%22a%22%3A1%7D; Path=/",
                                        "e=x; Path=/p; HttpOnly; SameSite=Lax"});
    CHECK_THAT(got([](request&, response& res) { res.cookie("n x", "v").end(); }).body, Contains("argument name is invalid"));
    CHECK_THAT(got([](request&, response& res) { res.cookie("n", "v", {.path = std::string("/\0", 2)}).end(); }).body,
               Contains("option path is invalid"));
}

TEST_CASE("max_age of a cookie sets Expires, too", "[response_fields]") {
    const auto before = std::chrono::system_clock::now();
    const auto line = field(got([](request&, response& res) { res.cookie("n", "v", {.max_age = 1999ms}).end(); }), "set-cookie");
    const auto at = line.find("Expires=");
    CHECK(line.substr(0, at) == "n=v; Max-Age=1; Path=/; ");
    const auto expires = http::parse_date(line.substr(at + 8)).value();
    const auto wanted = std::chrono::duration_cast<std::chrono::seconds>((before + 1999ms).time_since_epoch()).count();
    CHECK(expires >= wanted);
    CHECK(expires <= wanted + 10);
}

TEST_CASE("clear_cookie lets a cookie end in the past, whatever its age", "[response_fields]") {
    CHECK(field(got([](request&, response& res) { res.clear_cookie("sid", {.path = "/admin", .max_age = 1000s}).end(); }),
                "set-cookie") == "sid=; Path=/admin; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
}
