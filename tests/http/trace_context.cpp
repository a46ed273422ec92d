// Tests of http/trace_context.hpp, after the test suite of the recommendation.
// SPDX-License-Identifier: MIT
#include <crema/http/trace_context.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;
using crema::error;

namespace {

const std::string good = "00-12345678901234567890123456789012-1234567890123456-01";

} // namespace

TEST_CASE("traceparent: a field and its parts", "[http][trace_context]") {
    const auto p = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").value();
    CHECK(p.trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK(p.span_id() == "00f067aa0ba902b7");
    CHECK(p.sampled());
    CHECK(write_traceparent(p) == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    CHECK_FALSE(parse_traceparent("00-12345678901234567890123456789012-1234567890123456-00").value().sampled());
    CHECK(parse_traceparent("00-12345678901234567890123456789012-1234567890123456-ff").value().flags == 0xff);
    CHECK(parse_traceparent(" \t" + good + "\t ").has_value());
}

TEST_CASE("traceparent: later versions are read as far as they are known", "[http][trace_context]") {
    for (const auto* text : {"cc-12345678901234567890123456789012-1234567890123456-01", "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like"})
        CHECK(write_traceparent(parse_traceparent(text).value()) == good);
    CHECK_FALSE(parse_traceparent("cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-not-be-like"));
}

TEST_CASE("traceparent: what is malformed is refused, cut or changed anywhere", "[http][trace_context]") {
    for (const auto* text :
         {"", "ff-12345678901234567890123456789012-1234567890123456-01", "00-00000000000000000000000000000000-1234567890123456-01",
          "00-12345678901234567890123456789012-0000000000000000-01", "00-12345678901234567890123456789012-1234567890123456-01-",
          "00-12345678901234567890123456789012-1234567890123456-01-extra", "00-1234567890123456789012345678901A-1234567890123456-01",
          "00-12345678901234567890123456789012-123456789012345A-01", "00-12345678901234567890123456789012-1234567890123456-0A",
          "0A-12345678901234567890123456789012-1234567890123456-01", ".0-12345678901234567890123456789012-1234567890123456-01",
          "00-1234567890123456789012345678901.-1234567890123456-01", "000-12345678901234567890123456789012-1234567890123456-01",
          "00-12345678901234567890123456789012-1234567890123456-.0", "00_12345678901234567890123456789012_1234567890123456_01"})
        CHECK_FALSE(parse_traceparent(text).has_value());
    for (std::size_t n = 0; n < good.size(); ++n) CHECK_FALSE(parse_traceparent(good.substr(0, n)).has_value());
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto text = good;
        text[i] = 'g';
        CHECK_FALSE(parse_traceparent(text).has_value());
    }
}

TEST_CASE("tracestate: members, the newest in front", "[http][trace_context]") {
    auto s = tracestate::parse("rojo=00f067aa0ba902b7 ,\tcongo=t61rcWkgMzE,,fw529a3039@dt=FfffWxyz").value();
    CHECK(s.get("rojo") == "00f067aa0ba902b7");
    CHECK(s.get("fw529a3039@dt") == "FfffWxyz");
    CHECK(s.get("none").empty());
    CHECK(s.set("congo", "new"));
    CHECK(s.text() == "congo=new,rojo=00f067aa0ba902b7,fw529a3039@dt=FfffWxyz");
    s.remove("rojo");
    CHECK(s.text() == "congo=new,fw529a3039@dt=FfffWxyz");
    CHECK(tracestate::parse("").value().empty());
    CHECK(tracestate::parse(" , ,").value().empty());
}

TEST_CASE("tracestate: what is malformed is refused as a whole", "[http][trace_context]") {
    for (const auto* text : {"foo", "foo=", "=1", "foo=1,foo=2", "Foo=1", "foo =1", "foo@=1", "@foo=1", "foo@@bar=1", "foo@bar@baz=1", "0foo=1", "foo@0bar=1",
                             "foo=bar=baz", "foo=\x7f", "foo=\xc3\xa9", "foo=a\tb", "foo.bar=1"})
        CHECK_FALSE(tracestate::parse(text).has_value());
    CHECK(tracestate::parse("a=" + std::string(256, 'x')).has_value());
    CHECK_FALSE(tracestate::parse("a=" + std::string(257, 'x')).has_value());
    CHECK(tracestate::parse(std::string(256, 'z') + "=1").has_value());
    CHECK_FALSE(tracestate::parse(std::string(257, 'z') + "=1").has_value());
    CHECK(tracestate::parse("0" + std::string(240, 't') + "@" + std::string(14, 'v') + "=1").has_value());
    CHECK_FALSE(tracestate::parse(std::string(242, 't') + "@v=1").has_value());
    CHECK_FALSE(tracestate::parse("t@" + std::string(15, 'v') + "=1").has_value());
    tracestate s;
    CHECK_FALSE(s.set("Bad", "1"));
    CHECK_FALSE(s.set("a", "1,2"));
    CHECK(s.empty());
}

TEST_CASE("tracestate: 32 members, not more", "[http][trace_context]") {
    std::string all;
    for (int i = 0; i < 32; ++i) all += "k" + std::to_string(i) + "=1,";
    auto s = tracestate::parse(all).value();
    CHECK(s.members().size() == 32);
    CHECK(tracestate::parse(all + "more=1").error().code == error::would_exceed_limit);
    CHECK(s.set("more", "1"));
    CHECK(s.members().size() == 32);
    CHECK(s.get("k31").empty());
    CHECK(s.members().front().first == "more");
}
