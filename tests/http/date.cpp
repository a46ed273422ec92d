// Dates: format, parse, cache.
// SPDX-License-Identifier: MIT
#include <crema/http/date.hpp>

#include <catch2/catch.hpp>

using namespace crema::http;

TEST_CASE("a date is written as IMF-fixdate", "[date]") {
    CHECK(format_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(format_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(format_date(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
    CHECK(format_date(951782400) == "Tue, 29 Feb 2000 00:00:00 GMT");
    CHECK(format_date(4107542400) == "Mon, 01 Mar 2100 00:00:00 GMT");
    CHECK(format_date(INT64_MAX) == "Fri, 31 Dec 9999 23:59:59 GMT");
    CHECK(format_date(INT64_MIN) == "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST_CASE("all three forms of dates are read", "[date]") {
    CHECK(parse_date("Sun, 06 Nov 1994 08:49:37 GMT").value() == 784111777);
    CHECK(parse_date("Sunday, 06-Nov-94 08:49:37 GMT").value() == 784111777);
    CHECK(parse_date("Sun Nov  6 08:49:37 1994").value() == 784111777);
    CHECK(parse_date("Wed Nov 16 08:49:37 1994").value() == 784111777 + 10 * 86400);
}

TEST_CASE("what is written is read again", "[date]") {
    for (std::int64_t t = -62167219200; t < 253402300799; t += 86400 * 97 + 12345)
        CHECK(parse_date(format_date(t)).value() == t);
}

TEST_CASE("a year of two digits lies at most 50 years ahead", "[date]") {
    constexpr std::int64_t in_2024 = 1704067200;
    CHECK(format_date(parse_date("Monday, 01-Jan-74 00:00:00 GMT", in_2024).value()).substr(12, 4) == "2074");
    CHECK(format_date(parse_date("Monday, 01-Jan-75 00:00:00 GMT", in_2024).value()).substr(12, 4) == "1975");
    CHECK(format_date(parse_date("Monday, 01-Jan-69 00:00:00 GMT").value()).substr(12, 4) == "2069");
}

TEST_CASE("what is no date is refused", "[date]") {
    for (auto bad :
         {"", "now", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
          "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT",
          "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
          "Sun, 06 Nov 1994 08:49:61 GMT", "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT x",
          "Sun Nov 6 08:49:37 1994", "Foo, 06 Nov 1994 08:49:37 GMT"})
        CHECK_FALSE(parse_date(bad));
}

TEST_CASE("the date cache keeps a ready line at one place", "[date]") {
    date_cache cache;
    const auto* place = cache.line().data();
    CHECK(cache.line() == "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    cache.refresh(784111777);
    CHECK(cache.line() == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    CHECK(cache.value() == "Sun, 06 Nov 1994 08:49:37 GMT");
    cache.refresh(784111777);
    CHECK(cache.line().data() == place);
}
