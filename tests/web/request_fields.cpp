// request_fields: what is told from the fields of a head alone, without an app.
// SPDX-License-Identifier: MIT
#include <crema/web/request_fields.hpp>

#include <crema/http/request_parser.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema;
using views = std::vector<std::string_view>;

namespace {

// The fields of a request that is given as text.
class parsed : public request_fields {
public:
    explicit parsed(std::string fields) : octets_("GET / HTTP/1.1\r\nHost: a\r\n" + std::move(fields) + "\r\n") {
        const auto state = parser_.parse(head_of_, octets_.data(), octets_.size());
        REQUIRE(state == http::parse_state::done);
        open_fields(head_of_, memory_);
    }

private:
    std::string octets_;
    arena memory_;
    http::request_parser parser_;
    http::request_head head_of_;
};

} // namespace

TEST_CASE("lines of a list are one list", "[request_fields]") {
    const parsed f("Accept: text/html;q=0.1\r\nAccept: application/json\r\nX-A: 1\r\nx-a: 2\r\nX-A: 3\r\n");
    CHECK(f.get("accept") == "text/html;q=0.1, application/json");
    CHECK(f.get("X-a") == "1, 2, 3");
    CHECK(f.accepts("html", "json") == "json");
    CHECK(f.accepts() == views{"application/json", "text/html"});
}

TEST_CASE("what cannot be a list is its first line", "[request_fields]") {
    const parsed f("Content-Type: text/html\r\nContent-Type: text/plain\r\nCookie: a=1\r\nCookie: b=2\r\n");
    CHECK(f.get("content-type") == "text/html");
    CHECK(f.get("cookie") == "a=1; b=2");
}

TEST_CASE("without the field everything is accepted", "[request_fields]") {
    const parsed f("");
    CHECK(f.accepts("png") == "png");
    CHECK(f.accepts_charsets("utf-8") == "utf-8");
    CHECK(f.accepts_languages("de") == "de");
    CHECK(f.accepts_encodings("gzip", "identity") == "identity");
    CHECK_FALSE(f.accepts_encodings("gzip"));
    CHECK_FALSE(f.get("accept"));
    CHECK_FALSE(f.is("json"));
    CHECK_FALSE(f.range(10));
    CHECK_FALSE(f.xhr());
    CHECK_FALSE(f.is_json());
}

TEST_CASE("an offer is given as texts, in braces or as a container", "[request_fields]") {
    const parsed f("Accept-Language: de, en;q=0.5\r\n");
    const std::string own = "en";
    CHECK(f.accepts_languages(own, "fr") == "en");
    CHECK(f.accepts_languages({"fr", "de"}) == "de");
    CHECK(f.accepts_languages(views{"en", "de"}) == "de");
    CHECK_FALSE(f.accepts_languages(views{}));
}

TEST_CASE("JSON has many types", "[request_fields]") {
    CHECK(parsed("Content-Type: application/json; charset=utf-8\r\n").is_json());
    CHECK(parsed("Content-Type: Application/LD+JSON\r\n").is_json());
    CHECK_FALSE(parsed("Content-Type: text/json-seq\r\n").is_json());
    CHECK_FALSE(parsed("Content-Type: application/+json2\r\n").is_json());
}

TEST_CASE("a hostile Accept costs little", "[request_fields]") {
    std::string many = "Accept: ";
    for (int i = 0; i < 1500; ++i) many += "a/b,";
    const parsed f(many + "\r\n");
    CHECK_FALSE(f.accepts("html"));
    CHECK(f.accepts().size() == 1500);
}
