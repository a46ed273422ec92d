// origin: hosts, their parts, and lists of proxies.
// SPDX-License-Identifier: MIT
#include <crema/web/origin.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::detail;
using views = std::vector<std::string_view>;

TEST_CASE("a host loses its port and keeps its brackets", "[origin]") {
    CHECK(hostname_of("example.com:3000") == "example.com");
    CHECK(hostname_of("example.com") == "example.com");
    CHECK(hostname_of("[::1]:80") == "[::1]");
    CHECK(hostname_of("[::1]") == "[::1]");
    CHECK(hostname_of("[::1") == "[");
    CHECK(hostname_of(":80") == "");
    CHECK(hostname_of("") == "");
}

TEST_CASE("subdomains are counted from the end", "[origin]") {
    CHECK(subdomains_of("tobi.ferrets.example.com", 2) == views{"ferrets", "tobi"});
    CHECK(subdomains_of("tobi.ferrets.example.com", 0) == views{"com", "example", "ferrets", "tobi"});
    CHECK(subdomains_of("tobi.ferrets.example.com", 9).empty());
    CHECK(subdomains_of("a..b.", 1) == views{"b", "", "a"});
    CHECK(subdomains_of("127.0.0.1", 0) == views{"127.0.0.1"});
    CHECK(subdomains_of("127.0.0.1", 1).empty());
    CHECK(subdomains_of("", 0).empty());
    CHECK(subdomains_of(std::string(100000, '.'), 99999).size() == 2);
}

TEST_CASE("the first of a list counts", "[origin]") {
    CHECK(first_of_list(" https , http") == "https");
    CHECK(first_of_list("https") == "https");
    CHECK(first_of_list(",x") == "");
}

TEST_CASE("some fields are never joined", "[origin]") {
    CHECK(is_single_field("Content-Type"));
    CHECK(is_single_field("user-agent"));
    CHECK_FALSE(is_single_field("accept"));
    CHECK_FALSE(is_single_field("cookie"));
    CHECK_FALSE(is_single_field(""));
}
