// settings: their defaults, the values they take, and what they refuse.
// SPDX-License-Identifier: MIT
#include <crema/web/settings.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <limits>
#include <string>

using namespace crema;
using Catch::Matchers::Contains;

namespace {

std::string refused(std::string_view name, value v) {
    settings s;
    try {
        s.set(name, std::move(v));
        return "not refused";
    } catch (const system_error& e) {
        CHECK(e.code() == error::bad_value);
        return e.subject();
    }
}

} // namespace

TEST_CASE("the defaults are those of Express", "[settings]") {
    ::unsetenv("CREMA_ENV");
    ::unsetenv("NODE_ENV");
    const settings s;
    CHECK(*s.get("env") == value("development"));
    CHECK(*s.get("etag") == value("weak"));
    CHECK(*s.get("query parser") == value("simple"));
    CHECK(*s.get("subdomain offset") == value(2));
    CHECK(*s.get("trust proxy") == value(false));
    CHECK(*s.get("x-powered-by") == value(true));
    CHECK_FALSE(s.get("case sensitive routing"));
    CHECK_FALSE(s.get("json spaces"));
    CHECK(s.trust_proxy.nobody());
    CHECK_FALSE(s.production);
}

TEST_CASE("the environment says whether this is production", "[settings]") {
    ::setenv("NODE_ENV", "production", 1);
    CHECK(settings().production);
    ::setenv("CREMA_ENV", "test", 1);
    CHECK(settings().test);
    CHECK_FALSE(settings().production);
    ::unsetenv("CREMA_ENV");
    ::unsetenv("NODE_ENV");
}

TEST_CASE("values are kept, also of names that are the application's", "[settings]") {
    settings s;
    s.set("title", value("my site"));
    CHECK(*s.get("title") == value("my site"));
    s.set("title", value(7));
    CHECK(*s.get("title") == value(7));
    CHECK_FALSE(s.get("nothing"));
    s.set("case sensitive routing", value(true));
    CHECK(s.case_sensitive_routing);
    s.set("case sensitive routing", value());
    CHECK_FALSE(s.case_sensitive_routing);
    s.set("json spaces", value(11)); // as JSON.stringify
    CHECK(s.json_spaces == 10);
    s.set("json spaces", value(-1));
    CHECK(s.json_spaces == 0);
    s.set("json spaces", value("   "));
    CHECK(s.json_spaces == 0);
    CHECK(s.json_indent == "   ");
    s.set("json spaces", value("--abcdefghijk"));
    CHECK(s.json_indent == "--abcdefgh");
    s.set("json spaces", value("123456789\u00e9")); // no half of a character
    CHECK(s.json_indent == "123456789");
    s.set("json spaces", value(2.7));
    CHECK(s.json_spaces == 2);
    CHECK(s.json_indent == "");
}

TEST_CASE("what is on or off takes what JavaScript takes for true", "[settings]") {
    settings s;
    const std::pair<const char*, bool settings::*> switches[] = {{"x-powered-by", &settings::x_powered_by},
                                                                 {"json escape", &settings::json_escape},
                                                                 {"case sensitive routing", &settings::case_sensitive_routing},
                                                                 {"strict routing", &settings::strict_routing},
                                                                 {"problem details", &settings::problem_details},
                                                                 {"method not allowed", &settings::method_not_allowed}};
    for (const auto& [name, on] : switches) {
        INFO(name);
        for (const auto& yes : {value(1), value("yes"), value(true), value::object()}) {
            s.set(name, value(false));
            s.set(name, yes);
            CHECK(s.*on);
        }
        for (const auto& no : {value(0), value(""), value(false), value(), value(std::numeric_limits<double>::quiet_NaN())}) {
            s.set(name, value(true));
            s.set(name, no);
            CHECK_FALSE(s.*on);
        }
    }
}

TEST_CASE("trust proxy takes truth, hops, lists and functions", "[settings]") {
    settings s;
    s.set("trust proxy", value(true));
    CHECK(s.trust_proxy.trusts("1.2.3.4", 99));
    s.set("trust proxy", value(2));
    CHECK(s.trust_proxy.trusts("1.2.3.4", 1));
    CHECK_FALSE(s.trust_proxy.trusts("1.2.3.4", 2));
    s.set("trust proxy", value(-1));
    CHECK(s.trust_proxy.nobody());
    s.set("trust proxy", value(std::numeric_limits<double>::infinity()));
    CHECK(s.trust_proxy.trusts("1.2.3.4", 12345));
    s.set("trust proxy", value("loopback, 10.0.0.0/8"));
    CHECK(s.trust_proxy.trusts("::1", 0));
    CHECK(s.trust_proxy.trusts("10.1.1.1", 0));
    CHECK_FALSE(s.trust_proxy.trusts("11.1.1.1", 0));
    s.set("trust proxy", value::array({"linklocal", "::1"}));
    CHECK(s.trust_proxy.trusts("fe80::1", 0));
    CHECK_FALSE(s.trust_proxy.trusts("127.0.0.1", 0));
    s.set("trust proxy", [](std::string_view address, std::size_t hop) { return address == "me" && hop == 0; });
    CHECK(s.trust_proxy.trusts("me", 0));
    CHECK_FALSE(s.trust_proxy.trusts("me", 1));
    CHECK(*s.get("trust proxy") == value(true));
    s.set("trust proxy", value(false));
    CHECK(s.trust_proxy.nobody());
}

TEST_CASE("query parser takes names, truth and functions", "[settings]") {
    using kind = settings::query_parser_kind;
    settings s;
    CHECK(s.query_parser == kind::simple);
    s.set("query parser", value("extended"));
    CHECK(s.query_parser == kind::extended);
    s.set("query parser", value(false));
    CHECK(s.query_parser == kind::off);
    s.set("query parser", value(true));
    CHECK(s.query_parser == kind::simple);
    s.set("query parser", [](std::string_view q) { return value{{"length", q.size()}}; });
    CHECK(s.query_parser == kind::function);
    CHECK(s.parse_query("abc") == value{{"length", 3}});
    s.set("query parser", value("simple"));
    CHECK_FALSE(s.parse_query);
}

TEST_CASE("what is no value of a setting is refused, and nothing changes", "[settings]") {
    CHECK_THAT(refused("query parser", "bogus"),
               Contains("setting \"query parser\": expected true, false, \"simple\""));
    CHECK_THAT(refused("query parser", value()), Contains("query parser"));
    CHECK_THAT(refused("subdomain offset", -1), Contains("a number from 0 on"));
    CHECK_THAT(refused("subdomain offset", "2"), Contains("subdomain offset"));
    CHECK(refused("trust proxy", "loopback, blargh") == "setting \"trust proxy\": invalid IP address: blargh");
    CHECK(refused("trust proxy", "10.0.0.1/99") == "setting \"trust proxy\": invalid range on address: 10.0.0.1/99");
    CHECK_THAT(refused("trust proxy", value::array({1})), Contains("expected texts"));
    CHECK_THAT(refused("trust proxy", value::object()), Contains("expected true, false"));
    CHECK_THAT(refused("etag", "bogus"), Contains("etag"));
    CHECK_THAT(refused("etag", 7), Contains("etag"));
    CHECK_THAT(refused("json spaces", true), Contains("a number or a text"));
    CHECK_THAT(refused("json replacer", "a"), Contains("an array of names"));
    CHECK_THAT(refused("env", 1), Contains("a string"));
    CHECK_THAT(refused("jsonp callback name", 1), Contains("a string"));
    settings s;
    s.set("trust proxy", value(1));
    CHECK_THROWS_AS(s.set("trust proxy", value("blargh")), system_error);
    CHECK(s.trust_proxy.trusts("1.2.3.4", 0));
    CHECK(*s.get("trust proxy") == value(1));
    CHECK_THROWS_AS(s.set("etag", [](std::string_view, std::size_t) { return true; }), system_error);
    CHECK_THROWS_AS(s.set("title", [](std::string_view) { return value(); }), system_error);
    CHECK_THROWS_AS(s.set("trust proxy", http::proxy_trust::predicate()), system_error);
}

TEST_CASE("functions make validators and replace members", "[settings]") {
    settings s;
    s.set("etag", [](std::string_view body) { return "\"" + std::to_string(body.size()) + "\""; });
    CHECK(s.etag == settings::etag_kind::function);
    CHECK(s.make_etag("abc") == "\"3\"");
    s.set("etag", value("strong"));
    CHECK(s.etag == settings::etag_kind::strong);
    s.set("json replacer", [](std::string_view name, const value& v) -> std::optional<value> {
        if (name == "secret") return std::nullopt;
        return v;
    });
    CHECK_FALSE(s.json_replacer("secret", value(1)));
    CHECK(s.json_replacer("open", value(1)) == value(1));
    s.set("json replacer", value());
    CHECK_FALSE(s.json_replacer);
}
