// Fuzz: what proxies and tracers write, addresses, dispositions and codings of octets; the first octet chooses.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/core/byte_size.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <crema/http/content_disposition.hpp>
#include <crema/http/fields.hpp>
#include <crema/http/forwarded.hpp>
#include <crema/http/ip_address.hpp>
#include <crema/http/trace_context.hpp>

using namespace crema;
using namespace crema::http;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "010.0.0.1, 127.0.0.1 , ::1", "0unknown,,192.168.1.1", "0a, b, c, 10.1.1.1",
        "1::ffff:10.0.0.1", "1fe80::1%eth0", "10xa.012.0.1", "1167772161", "11:2:3:4:5:6:7:8", "11::2::3", "2fe80::/10",
        "210.0.0.0/255.0.0.0", "2::1/129", "2loopback, 10.0.0.1/8",
        "300-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "3cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "4rojo=00f067aa0ba902b7,a@b=t61rcWkgMzE", "4a=1, ,b=2\t,a=3",
        "5attachment; filename=\"a\\\"b\"; filename*=UTF-8''%e2%82%ac.txt", "5form-data; name=\"a%22b\"; name=c", "5inline;;x=",
        "6aGVsbG8=", "6aGVsbG8", "6a-_b", "668656c6C", "710mb", "71.5 KB", "79999999999999999999tb"};
    return all;
}

void fuzz::check(std::string_view input) {
    if (input.empty()) return;
    const auto text = input.substr(1);
    switch (input[0]) {
    case '0': {
        static const auto trust = proxy_trust::subnets("loopback, uniquelocal").value();
        const auto all = forwarded_addresses("127.0.0.1", text);
        const auto trusted = forwarded_addresses("127.0.0.1", text, trust);
        require(!trusted.empty() && trusted.size() <= all.size() + 1, "the peer is there");
        for (std::size_t i = 0; i + 1 < trusted.size(); ++i)
            require(trust.trusts(trusted[i], i), "nobody is believed behind who is not trusted");
        require(client_address("127.0.0.1", text, trust) == trusted.back(), "the client is the last");
        require(client_address("9.9.9.9", text, trust) == "9.9.9.9", "a stranger is not believed");
        break;
    }
    case '1':
        if (const auto ip = ip_address::parse(text)) {
            require(ip->shares_prefix(*ip, ip->is_v6() ? 128 : 32), "an address is its own");
            if (const auto only = subnet::parse(text)) require(only->contains(*ip), "an address is its subnet");
        }
        break;
    case '2':
        if (const auto net = subnet::parse(text)) net->contains(*ip_address::parse("10.0.0.1"));
        (void)proxy_trust::subnets(text);
        break;
    case '3':
        if (const auto p = parse_traceparent(text)) {
            const auto again = parse_traceparent(write_traceparent(*p));
            require(again && again->trace == p->trace && again->span == p->span, "what is written is read");
        }
        break;
    case '4':
        if (const auto s = tracestate::parse(text))
            for (const auto& [name, content] : s->members())
                require(valid_field_value(name) && valid_field_value(content), "members may be sent on");
        break;
    case '5': {
        const auto parts = parse_content_disposition(text);
        for (const auto& [name, content] : parts.parameters) require(name == to_lower(name), "names in lower case");
        if (const auto written = format_content_disposition(parts)) {
            require(valid_field_value(*written), "what is written may be sent");
            require(parse_content_disposition(*written).type == to_lower(parts.type), "the type survives");
        }
        if (const auto name = write_content_disposition(text))
            require(valid_field_value(*name), "a name of a file may be sent, whatever it is");
        parse_content_disposition(text, {.extended = false, .multipart = true});
        break;
    }
    case '6':
        require(*base64_decode(base64_encode(text)) == text, "base64");
        require(*base64url_decode(base64url_encode(text)) == text, "base64url");
        require(*hex_decode(hex_encode(text)) == text, "hex");
        (void)base64_decode(text), (void)base64url_decode(text), (void)hex_decode(text);
        break;
    default: (void)parse_byte_size(text);
    }
}
