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
#include <algorithm>
#include <arpa/inet.h>
#include <cmath>
#include <string>

using namespace crema;
using namespace crema::http;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "010.0.0.1, 127.0.0.1 , ::1", "0unknown,,192.168.1.1", "0a, b, c, 10.1.1.1",
        "1::ffff:10.0.0.1", "1fe80::1%eth0", "10xa.012.0.1", "1167772161", "11:2:3:4:5:6:7:8", "11::2::3", "2fe80::/10",
        "210.0.0.0/255.0.0.0", "2::1/129", "2loopback, 10.0.0.1/8", "210.1.2.0/23",
        "300-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "3cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "3ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "4a=1,b=2,a=3", "6QQ==", "6QR", "4rojo=00f067aa0ba902b7,a@b=t61rcWkgMzE", "4a=1, ,b=2\t,a=3",
        "5attachment; filename=\"a\\\"b\"; filename*=UTF-8''%e2%82%ac.txt", "5form-data; name=\"a%22b\"; name=c", "5inline;;x=",
        "6aGVsbG8=", "6aGVsbG8", "6a-_b", "668656c6C", "710mb", "71.5 KB", "79999999999999999999tb"};
    return all;
}

namespace {

// What the C library takes for an address is one, the same; an IPv4 address is one also where IPv6 is written.
void compare_addresses(const std::string& text) {
    unsigned char octets[16];
    const auto got = ip_address::parse(text);
    if (text.find('\0') != text.npos) return;
    fuzz::require(is_dotted_ipv4(text) == (::inet_pton(AF_INET, text.c_str(), octets) == 1), "four numbers");
    if (is_dotted_ipv4(text))
        fuzz::require(got && !got->is_v6() && std::equal(octets, octets + 4, got->octets().begin()), "IPv4");
    if (::inet_pton(AF_INET6, text.c_str(), octets) != 1) { // which knows no zones, no leading zeros, no `::` for nothing
        std::size_t digits = 0, longest = 0, groups = 0;
        for (char c : text) {
            groups += c != ':' && digits == 0;
            longest = std::max(longest, digits = c == ':' ? 0 : digits + 1);
        }
        fuzz::require(!got || text.find(':') == text.npos || text.find_first_of(".%") != text.npos || longest > 4 || groups == 8, "no IPv6");
        return;
    }
    static constexpr unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const bool v4 = std::equal(mapped, mapped + 12, octets);
    fuzz::require(got && got->is_v6() == !v4, "IPv6");
    fuzz::require(std::equal(octets + (v4 ? 12 : 0), octets + 16, got->octets().begin()), "the octets of IPv6");
}

// What is malformed in quotes and escapes is left to the reader; what these functions write, it reads.
void compare_dispositions(std::string_view name) {
    if (!is_utf8(name)) return;
    const auto written = write_content_disposition(name);
    if (!written) return;
    fuzz::require(parse_content_disposition(*written).get("filename") == name, "the name of a file survives");
}

// The lengths of prefixes, bit by bit.
void compare_subnets(std::string_view text) {
    const auto slash = text.find('/');
    const auto net = subnet::parse(text);
    const std::string length(slash == text.npos ? "" : text.substr(slash + 1));
    if (!net || !is_dotted_ipv4(text.substr(0, slash)) || length.empty() || length.size() > 2 ||
        length.find_first_not_of("0123456789") != length.npos)
        return;
    const auto base = ip_address::parse(text.substr(0, slash))->octets();
    const auto bits = std::strtol(length.c_str(), nullptr, 10);
    for (int i = 0; i < 32; ++i) { // one bit is another
        auto o = base;
        o[static_cast<std::size_t>(i / 8)] = static_cast<std::uint8_t>(o[static_cast<std::size_t>(i / 8)] ^ 0x80 >> i % 8);
        char other[16];
        std::snprintf(other, sizeof other, "%d.%d.%d.%d", o[0], o[1], o[2], o[3]);
        fuzz::require(net->contains(*ip_address::parse(other)) == (i >= bits), "a subnet is a prefix");
    }
}

} // namespace

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {":", "::", ".", "ffff", "0x", "0", "255", "256", "%1", "/", "/8", "/128", ",", "127.0.0.1", "-", "00",
        "=", "@", ";", "filename=", "filename*=UTF-8''", "\"", "\\", "%41", "%22", "b", "kb", " ", "1024", "9007199254740992", "\xc3\xa9", "+", "/", "_"};
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
        compare_addresses(std::string(text));
        if (const auto ip = ip_address::parse(text)) {
            require(ip->shares_prefix(*ip, ip->is_v6() ? 128 : 32), "an address is its own");
            if (const auto only = subnet::parse(text)) require(only->contains(*ip), "an address is its subnet");
        }
        break;
    case '2':
        compare_subnets(text);
        if (const auto net = subnet::parse(text)) net->contains(*ip_address::parse("10.0.0.1"));
        (void)proxy_trust::subnets(text);
        break;
    case '3':
        if (const auto p = parse_traceparent(text)) {
            const auto again = parse_traceparent(write_traceparent(*p));
            require(again && again->trace == p->trace && again->span == p->span, "what is written is read");
            const auto field = trim_ows(text);
            require(write_traceparent(*p).substr(2) == std::string(field.substr(2, 53)), "what is read was written");
            require(field.find_first_not_of("0123456789abcdef-") >= 55 && field.substr(0, 2) != "ff", "in small letters");
        }
        break;
    case '4':
        if (const auto s = tracestate::parse(text))
            for (const auto& [name, content] : s->members())
                require(valid_field_value(name) && valid_field_value(content), "members may be sent on");
        if (const auto s = tracestate::parse(text)) {
            const auto again = tracestate::parse(s->text());
            require(again && again->members() == s->members() && s->members().size() <= tracestate::most, "what is written is read");
            for (std::size_t i = 0; i < s->members().size(); ++i)
                for (std::size_t k = 0; k < i; ++k) require(s->members()[i].first != s->members()[k].first, "a key is there once");
            for (const auto& [name, content] : s->members())
                require(text.find(name + "=" + content) != text.npos, "members are those of the field");
        }
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
        compare_dispositions(text);
        parse_content_disposition(text, {.extended = false, .multipart = true});
        break;
    }
    case '6':
        require(*base64_decode(base64_encode(text)) == text, "base64");
        require(*base64url_decode(base64url_encode(text)) == text, "base64url");
        require(*hex_decode(hex_encode(text)) == text, "hex");
        if (const auto octets = base64_decode(text)) require(base64_encode(*octets) == text, "there is one way to write octets");
        if (const auto octets = base64url_decode(text)) require(base64url_encode(*octets) == text, "there is one way to write octets");
        if (const auto octets = hex_decode(text)) require(hex_encode(*octets) == to_lower(text), "there is one way to write octets");
        break;
    default:
        if (const auto size = parse_byte_size(text)) {
            const std::string copy(text);
            char* end = nullptr;
            const auto number = std::strtod(copy.c_str(), &end);
            while (*end == ' ') ++end;
            const auto unit = to_lower(std::string_view(end));
            const auto power = unit.empty() || unit == "b" ? 0 : 1 + static_cast<int>(std::string_view("kmgtp").find(unit[0]));
            const auto wanted = std::ldexp(number, 10 * power);
            require(std::abs(wanted - static_cast<double>(*size)) <= 1 + wanted * 1e-12, "a size is its number");
        }
    }
}
