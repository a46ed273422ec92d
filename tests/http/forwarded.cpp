// forwarded: the addresses of a request behind proxies, and who is believed.
// SPDX-License-Identifier: MIT
#include <crema/http/forwarded.hpp>
#include <shared.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace crema::http;
using list = std::vector<std::string_view>;

TEST_CASE("addresses are listed from the closest on", "[forwarded]") {
    CHECK(forwarded_addresses("127.0.0.1", "") == list{"127.0.0.1"});
    CHECK(forwarded_addresses("127.0.0.1", "10.0.0.2, 10.0.0.1") == list{"127.0.0.1", "10.0.0.1", "10.0.0.2"});
    CHECK(forwarded_addresses("127.0.0.1", " 10.0.0.2 ,  , 10.0.0.1,") == list{"127.0.0.1", "10.0.0.1", "10.0.0.2"});
    CHECK(forwarded_addresses("127.0.0.1", "a b,\tc") == list{"127.0.0.1", "\tc", "a b"});
    CHECK(forwarded_addresses("p", ",,,") == list{"p"});
}

TEST_CASE("nobody is trusted unless one says so", "[forwarded]") {
    const proxy_trust nobody;
    CHECK(nobody.nobody());
    CHECK_FALSE(nobody.trusts("127.0.0.1", 0));
    CHECK(client_address("127.0.0.1", "1.2.3.4", nobody) == "127.0.0.1");
    CHECK(forwarded_addresses("127.0.0.1", "1.2.3.4", nobody) == list{"127.0.0.1"});
}

TEST_CASE("everybody may be trusted", "[forwarded]") {
    CHECK(client_address("127.0.0.1", "1.2.3.4, 10.0.0.1", proxy_trust::everybody()) == "1.2.3.4");
    CHECK(client_address("127.0.0.1", "", proxy_trust::everybody()) == "127.0.0.1");
}

TEST_CASE("the first hops may be trusted", "[forwarded]") {
    CHECK(client_address("10.0.0.9", "a, b, c", proxy_trust::first(1)) == "c");
    CHECK(client_address("10.0.0.9", "a, b, c", proxy_trust::first(2)) == "b");
    CHECK(client_address("10.0.0.9", "a, b, c", proxy_trust::first(9)) == "a");
    CHECK(proxy_trust::first(0).nobody());
}

TEST_CASE("subnets and their names may be trusted", "[forwarded]") {
    const auto trust = proxy_trust::subnets("loopback, 10.0.0.0/8").value();
    CHECK_FALSE(trust.nobody());
    CHECK(trust.trusts("127.9.9.9", 0));
    CHECK(trust.trusts("::1", 5));
    CHECK(trust.trusts("::ffff:10.1.2.3", 0));
    CHECK_FALSE(trust.trusts("11.0.0.1", 0));
    CHECK_FALSE(trust.trusts("localhost", 0));
    CHECK(client_address("127.0.0.1", "9.9.9.9, 1.2.3.4, 10.0.0.2", trust) == "1.2.3.4");
    CHECK(client_address("127.0.0.1", "1.2.3.4, unknown, 10.0.0.2", trust) == "unknown");
    const list names{"linklocal", "uniquelocal"};
    const auto others = proxy_trust::subnets(names).value();
    for (const auto* in : {"169.254.1.1", "fe80::1", "10.9.9.9", "172.31.0.1", "192.168.7.7", "fd00::1"})
        CHECK(others.trusts(in, 0));
    for (const auto* out : {"127.0.0.1", "172.32.0.1", "::1", "2001:db8::1"}) CHECK_FALSE(others.trusts(out, 0));
    CHECK(proxy_trust::subnets(list{}).value().nobody());
}

TEST_CASE("a function may decide", "[forwarded]") {
    std::string asked;
    const auto trust = proxy_trust::by([&](std::string_view address, std::size_t hop) {
        asked += std::string(address) + "@" + std::to_string(hop) + " ";
        return hop < 2;
    });
    CHECK(client_address("10.0.0.9", "a, b, c, d", trust) == "c");
    CHECK(asked == "10.0.0.9@0 d@1 c@2 ");
}

TEST_CASE("a list that cannot be read says what is wrong", "[forwarded]") {
    CHECK(proxy_trust::subnets("loopback, blargh").error().message() == "invalid IP address: blargh");
    CHECK(proxy_trust::subnets("10.0.0.1/6000").error().message() == "invalid range on address: 10.0.0.1/6000");
    CHECK(proxy_trust::subnets("").error().message() == "invalid IP address: ");
    CHECK(proxy_trust::subnets("Loopback").error().message() == "invalid IP address: Loopback");
}

TEST_CASE("a hostile list is walked once", "[forwarded]") {
    std::string many;
    for (int i = 0; i < 100000; ++i) many += "10.0.0.1,";
    CHECK(client_address("10.0.0.1", "1.2.3.4," + many, proxy_trust::subnets("10.0.0.1").value()) == "1.2.3.4");
    CHECK(forwarded_addresses("p", std::string(1000000, ',')).size() == 1);
    CHECK(client_address("p", std::string(1000000, ' '), proxy_trust::everybody()) == "p");
}

// The value of the setting, as the vectors write it.
static crema::result<proxy_trust> trust_of(const crema::value& v) {
    if (!v.is_array()) {
        const std::string_view one[] = {v.as_string()};
        return proxy_trust::subnets(one);
    }
    list texts;
    for (const auto& e : v.elements()) texts.push_back(e.as_string());
    return proxy_trust::subnets(texts);
}

TEST_CASE("the answers are those of proxy-addr and forwarded", "[forwarded][vectors]") {
    for (const auto& v : shared::vectors("forwarded")) {
        if (!v["result"].is_array()) continue; // there is always a request
        const auto xff = shared::text(v, "xff");
        crema::value got = crema::value::array();
        for (auto a : forwarded_addresses(v["remote"].as_string(), xff)) got.push_back(a);
        CAPTURE(xff);
        CHECK(got == v["result"]);
    }
    for (const auto& v : shared::vectors("proxy-addr")) {
        const auto& setting = v["trust"];
        INFO(crema::json::stringify(v));
        if (setting.is_number() || !v["remote"].is_string() || (setting.is_object() && v["fn"].as_string() != "all")) {
            if (v["fn"].as_string() != "compile" || !setting.is_string())
                continue; // what a type or a function rules out
        }
        const auto xff = shared::text(v, "xff"), remote = shared::text(v, "remote");
        const auto trust = setting.is_object() ? crema::result(proxy_trust::everybody()) : trust_of(setting);
        if (v.contains("error")) {
            REQUIRE_FALSE(trust);
            CHECK(trust.error().message() == v["error"]["message"].as_string());
        } else if (v["fn"].as_string() == "all") {
            crema::value got = crema::value::array();
            for (auto a : forwarded_addresses(remote, xff, trust.value())) got.push_back(a);
            CHECK(got == v["result"]);
        } else {
            CHECK(client_address(remote, xff, trust.value()) == v["result"].as_string());
        }
    }
}
