// Status codes: phrases and ready-made lines.
// SPDX-License-Identifier: MIT
#include <crema/http/status.hpp>

#include <catch2/catch.hpp>

using namespace crema::http;

TEST_CASE("a status has its standard phrase and a ready line", "[status]") {
    CHECK(reason_phrase(200) == "OK");
    CHECK(reason_phrase(404) == "Not Found");
    CHECK(reason_phrase(418) == "I'm a Teapot");
    CHECK(reason_phrase(511) == "Network Authentication Required");
    CHECK(status_line(204) == "HTTP/1.1 204 No Content\r\n");
}

TEST_CASE("a status without a phrase has none", "[status]") {
    for (int s : {-1, 0, 99, 299, 420, 512, 599, 999, 100000}) {
        CHECK(reason_phrase(s).empty());
        CHECK(status_line(s).empty());
    }
    CHECK(is_valid_status(299));
    CHECK_FALSE(is_valid_status(99));
    CHECK_FALSE(is_valid_status(1000));
}

TEST_CASE("some statuses never have a body", "[status]") {
    for (int s : {100, 101, 103, 204, 304}) CHECK(has_no_body(s));
    for (int s : {200, 205, 206, 301, 404, 500}) CHECK_FALSE(has_no_body(s));
}
