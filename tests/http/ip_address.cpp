// IP addresses and subnets: the spellings that are read, and who is in which subnet.
// SPDX-License-Identifier: MIT
#include <crema/http/ip_address.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;

namespace {

bool same(std::string_view a, std::string_view b) {
    const auto x = ip_address::parse(a), y = ip_address::parse(b);
    return x && y && *x == *y;
}

bool within(std::string_view address, std::string_view range) {
    return subnet::parse(range).value().contains(ip_address::parse(address).value());
}

std::string refused(std::string_view range) {
    const auto s = subnet::parse(range);
    return s ? "not refused" : s.error().message();
}

} // namespace

TEST_CASE("an address has many spellings", "[ip_address]") {
    CHECK(same("10.0.0.1", "::ffff:10.0.0.1"));
    CHECK(same("10.0.0.1", "::FFFF:a00:1"));
    CHECK(same("10.0.0.1", "0xa.0.0.1"));
    CHECK(same("10.0.0.1", "012.0.0.01"));
    CHECK(same("10.0.0.1", "167772161"));
    CHECK(same("::1", "0:0:0:0:0:0:0:1"));
    CHECK(same("1::", "1:0:0:0:0:0:0:0"));
    CHECK(same("1:2::7:8", "1:2:0:0:0:0:7:8"));
    CHECK(same("fe80::1%eth0", "fe80::1"));
    CHECK(same("64:ff9b::1.2.3.4", "64:ff9b::102:304"));
    CHECK_FALSE(same("::1", "0.0.0.1"));
    CHECK_FALSE(ip_address::parse("10.0.0.1")->is_v6());
    CHECK_FALSE(ip_address::parse("::ffff:10.0.0.1")->is_v6());
    CHECK(ip_address::parse("::")->is_v6());
}

TEST_CASE("what is no address is refused", "[ip_address]") {
    for (const auto* text : {"",
                             "localhost",
                             "10.0.0",
                             "10.0.0.256",
                             "10.0.300.1",
                             "10.0.0.1.2",
                             "10..0.1",
                             "08.0.0.1",
                             "0x.0.0.1",
                             "4294967296",
                             "-1",
                             "1.2.3.4 ",
                             ":",
                             ":::",
                             "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9",
                             "::1::2",
                             "::12345",
                             "::g",
                             "1:",
                             "::1:",
                             ":1",
                             "::ffff:30.168.1.9000",
                             "fe80::1%",
                             "fe80::1%e-",
                             "1:2:3:4:5:6:7:1.2.3.4",
                             "::8:8:8:8:8:8:8:8:8",
                             "1.2.3.4:80"}) {
        CAPTURE(text);
        CHECK_FALSE(ip_address::parse(text));
    }
    CHECK_FALSE(ip_address::parse(std::string(100000, ':')));
    CHECK_FALSE(ip_address::parse(std::string(100000, '1')));
}

TEST_CASE("a subnet holds the addresses that share its prefix", "[ip_address]") {
    CHECK(within("10.0.0.63", "10.0.0.2/26"));
    CHECK_FALSE(within("10.0.0.64", "10.0.0.2/26"));
    CHECK(within("10.0.0.63", "10.0.0.2/255.255.255.192"));
    CHECK_FALSE(within("10.0.0.200", "10.0.0.2/255.255.255.192"));
    CHECK(within("10.0.0.2", "10.0.0.2"));
    CHECK_FALSE(within("10.0.0.3", "10.0.0.2"));
    CHECK(within("fe80::7", "fe80::/125"));
    CHECK_FALSE(within("fe80::8", "fe80::/125"));
    CHECK(within("fdff::1", "fc00::/7"));
}

TEST_CASE("IPv4 within IPv6 is IPv4 in subnets, too", "[ip_address]") {
    CHECK(within("::ffff:10.0.0.9", "10.0.0.0/8"));
    CHECK(within("10.0.0.1", "::ffff:a00:2/122"));
    CHECK_FALSE(within("10.0.0.200", "::ffff:a00:2/122"));
    CHECK(within("1.2.3.4", "::ffff:0:0/96"));
    CHECK_FALSE(within("1.2.3.4", "::ffff:0:0/95")); // as Express: it does not span IPv4
    CHECK_FALSE(within("1.2.3.4", "::/1"));
    CHECK_FALSE(within("::1", "0.0.0.1/1"));
}

TEST_CASE("a subnet that makes no sense says why", "[ip_address]") {
    CHECK(refused("blargh") == "invalid IP address: blargh");
    CHECK(refused("") == "invalid IP address: ");
    CHECK(refused("10.0.0.1/internet") == "invalid range on address: 10.0.0.1/internet");
    for (const auto* range : {"10.0.0.1/33", "10.0.0.1/0", "10.0.0.1/", "10.0.0.1/-1", "::1/129", "::1/0",
                              "10.0.0.1/255.0.255.0", "10.0.0.1/0.0.0.0", "10.0.0.1/ffc0::", "fe80::/255.0.0.0",
                              "::ffff:a00:2/255.255.255.0", "10.0.0.1/99999999999999999999"}) {
        CAPTURE(range);
        CHECK(refused(range) == "invalid range on address: " + std::string(range));
    }
}

TEST_CASE("four plain numbers are the IPv4 address of a URL", "[ip_address]") {
    CHECK(is_dotted_ipv4("127.0.0.1"));
    CHECK(is_dotted_ipv4("255.255.255.255"));
    CHECK(is_dotted_ipv4("0.0.0.0"));
    for (const auto* text :
         {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.", "a.b.c.d", "0x1.2.3.4", "1.2.3.4 "})
        CHECK_FALSE(is_dotted_ipv4(text));
}
