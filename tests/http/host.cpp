// Hosts: of Host fields and of targets; the quick look at plain ones agrees with the grammar.
// SPDX-License-Identifier: MIT
#include <crema/http/host.hpp>

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace crema::http;
using namespace std::string_literals;

TEST_CASE("a host is a name or an address, and perhaps a port", "[host]") {
    for (auto h : {"", "a", "a.b:8080", "a:", ":80", "[::1]:80", "[v1.x:y]", "127.0.0.1", "a_b", "%41b", "[fe80::1%25eth0]"}) {
        CAPTURE(h);
        CHECK(valid_host(h));
    }
    for (auto h : {"a b", "a/b", "a@b", "http://a", "a:80:80", "a:port", "[::1", "[]", "[::1]x", "[g::]", "a?b", "a#b", "a\\b",
                   "\"a\"", "a\tb", "%zz", "%4", "a:-1", "a:+1", "::1"}) {
        CAPTURE(h);
        CHECK_FALSE(valid_host(h));
    }
    CHECK_FALSE(valid_host("a\0b"s));
    CHECK_FALSE(valid_host("\xc3\xa4"));
}

TEST_CASE("addresses in brackets are read to the letter", "[host]") {
    for (auto h : {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "1::8", "FFFF:abcd::0",
                   "::1.2.3.4", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2::1.2.3.4", "fe80::1%25eth0.%41", "v1f.a:b"}) {
        CAPTURE(h);
        CHECK(valid_host("["s + h + "]:80"));
    }
    for (auto h : {":", "1", "1:2", ":::", "1:::2", "::1::", "1::2::3", ":1", "1:", "::1:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
                   "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "::g", "1.2.3.4", "::1.2.3", "::1.2.3.256", "::1.2.3.4:5",
                   "1:2:3:4:5:6:7:1.2.3.4", "::01.2.3.4", "::1%", "::1%25", "::1%eth0", "::1%25%4", "::1%25%zz", "%25eth0", "v1",
                   "v.a", "v1.", "vg.a", "v1.a[", "::1]["}) {
        CAPTURE(h);
        CHECK_FALSE(valid_host("["s + h + "]:80"));
    }
}

TEST_CASE("what looks plain is valid", "[host]") {
    std::mt19937 random(1);
    const std::string octets = "aZ09.-_:[%@ /\x80";
    int plain = 0;
    for (int i = 0; i < 200000; ++i) {
        std::string text(random() % 17, ' ');
        for (auto& c : text) c = octets[random() % (i % 2 == 0 ? 7 : octets.size())];
        const auto room = text + "::::::::::::::::"; // what lies behind does not matter
        const std::string_view host(room.data(), text.size());
        if (!detail::plain_host(host, room.data() + room.size())) continue;
        ++plain;
        if (valid_host(host)) continue;
        CAPTURE(text);
        CHECK(valid_host(host));
    }
#if CREMA_SCAN_SSE2
    CHECK(plain > 10000);
#endif
}
