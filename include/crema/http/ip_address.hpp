// IP addresses and subnets: read from text, compared by prefix.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace crema::http {

/** Holds an IPv4 or IPv6 address. An IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) is one of IPv4.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class ip_address {
public:
    /** Read an address, as those do that proxies write and people configure.

        IPv4 also with octal (`012.0.0.1`) and hexadecimal parts (`0xa.0.0.1`) and as one number (`167772161`), IPv6
        also with a zone (`fe80::1%eth0`), which is ignored.

        @return Nothing when the text is no address.
    */
    CREMA_DECL static std::optional<ip_address> parse(std::string_view text) noexcept;

    /// Tells whether this is one of IPv6.
    bool is_v6() const noexcept { return v6_; }
    /// Returns the octets, the first 4 of which count for IPv4.
    const std::array<std::uint8_t, 16>& octets() const noexcept { return octets_; }
    /// Tells whether the first bits are those of another address of the same kind.
    CREMA_DECL bool shares_prefix(const ip_address& other, unsigned bits) const noexcept;

    friend bool operator==(const ip_address&, const ip_address&) = default;

private:
    std::array<std::uint8_t, 16> octets_{};
    bool v6_ = false;
};

/** Holds an address and how many of its bits a member of the subnet shares.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class subnet {
public:
    /** Read a subnet: an address alone, with a prefix length (`10.0.0.0/8`), or of IPv4 with a mask
        (`10.0.0.0/255.0.0.0`).

        @par Errors
        @li `error::bad_value` with what is wrong: `invalid IP address: blargh` or
        `invalid range on address: 10.0.0.1/33`.
    */
    CREMA_DECL static result<subnet> parse(std::string_view text);

    /// Tells whether the address is in it.
    bool contains(const ip_address& a) const noexcept { return !nothing_ && a.shares_prefix(network_, bits_); }

private:
    ip_address network_;
    unsigned bits_ = 0;
    bool nothing_ = false; // spans more than the IPv4 addresses within IPv6, which nothing counts as
};

/// Tells whether the text is an IPv4 address of four decimal numbers without leading zeros, as it stands in a URL.
CREMA_DECL bool is_dotted_ipv4(std::string_view text) noexcept;

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <string>

namespace crema::http {
namespace detail {

// Reads a number of digits of a base, all of the text; nothing when it has none, a foreign one, or exceeds the most.
inline std::optional<std::uint32_t> read_digits(std::string_view digits, unsigned base, std::uint32_t most) noexcept {
    if (digits.empty()) return std::nullopt;
    std::uint64_t v = 0;
    for (const char c : digits) {
        if (!is_hex(c) || hex_value(c) >= base) return std::nullopt;
        v = v * base + hex_value(c);
        if (v > most) return std::nullopt;
    }
    return static_cast<std::uint32_t>(v);
}

// A part of an IPv4 address, or all of it as one number.
inline std::optional<std::uint32_t> read_ipv4_number(std::string_view part, std::uint32_t most, bool octal) noexcept {
    if (istarts_with(part, "0x")) return read_digits(part.substr(2), 16, most);
    if (octal && part.size() > 1 && part.front() == '0') return read_digits(part.substr(1), 8, most);
    return read_digits(part, 10, most);
}

inline bool read_ipv4(std::string_view text, bool octal, std::uint8_t* to) noexcept {
    for (int i = 0; i < 4; ++i) {
        const auto end = i < 3 ? text.find('.') : text.size();
        if (end == text.npos) return false;
        const auto part = read_ipv4_number(text.substr(0, end), 255, octal);
        if (!part) return false;
        to[i] = static_cast<std::uint8_t>(*part);
        text.remove_prefix(i < 3 ? end + 1 : end);
    }
    return true;
}

inline bool read_ipv6(std::string_view text, std::array<std::uint8_t, 16>& to) noexcept {
    if (const auto zone = text.find('%'); zone != text.npos) {
        const auto name = text.substr(zone + 1);
        if (name.empty()) return false;
        for (const char c : name)
            if (!is_digit(c) && !is_alpha(c)) return false;
        text = text.substr(0, zone);
    }
    std::size_t at = 0, gap = 17; // where `::` stands, beyond the end when it does not
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        const auto end = text.find(':');
        const auto part = text.substr(0, end);
        if (end == text.npos && part.find('.') != part.npos) {
            if (at > 12 || !read_ipv4(part, false, to.data() + at)) return false;
            at += 4;
            break;
        }
        const auto v = read_digits(part, 16, 0xffff);
        if (!v || at > 14) return false;
        to[at++] = static_cast<std::uint8_t>(*v >> 8);
        to[at++] = static_cast<std::uint8_t>(*v & 255);
        if (end == text.npos) break;
        text.remove_prefix(end + 1);
        if (!text.starts_with(':')) {
            if (text.empty()) return false;
            continue;
        }
        if (gap != 17) return false;
        gap = at;
        text.remove_prefix(1);
    }
    if (gap == 17) return at == 16;
    for (std::size_t from = at, end = 16; from > gap;) { // what is behind the gap goes to the end
        to[--end] = to[--from];
        if (end != from) to[from] = 0;
    }
    return true;
}

} // namespace detail

CREMA_DECL std::optional<ip_address> ip_address::parse(std::string_view text) noexcept {
    ip_address a;
    if (text.find(':') == text.npos) {
        if (detail::read_ipv4(text, true, a.octets_.data())) return a;
        const auto number = detail::read_ipv4_number(text, 0xffffffff, true);
        if (!number) return std::nullopt;
        for (unsigned i = 0; i < 4; ++i) a.octets_[i] = static_cast<std::uint8_t>(*number >> (24 - 8 * i) & 255);
        return a;
    }
    if (!detail::read_ipv6(text, a.octets_)) return std::nullopt;
    a.v6_ = true;
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    for (std::size_t i = 0; i < mapped.size(); ++i)
        if (a.octets_[i] != mapped[i]) return a;
    ip_address v4;
    for (std::size_t i = 0; i < 4; ++i) v4.octets_[i] = a.octets_[12 + i];
    return v4;
}

CREMA_DECL bool ip_address::shares_prefix(const ip_address& other, unsigned bits) const noexcept {
    if (v6_ != other.v6_) return false;
    for (std::size_t i = 0; bits > 0; ++i) {
        const unsigned here = bits < 8 ? bits : 8;
        if ((octets_[i] ^ other.octets_[i]) >> (8 - here) != 0) return false;
        bits -= here;
    }
    return true;
}

CREMA_DECL result<subnet> subnet::parse(std::string_view text) {
    const auto slash = text.rfind('/');
    const auto address = text.substr(0, slash);
    const auto ip = ip_address::parse(address);
    if (!ip) return failure{make_error_code(error::bad_value), 0, "invalid IP address: " + std::string(address)};
    subnet s;
    s.network_ = *ip;
    if (slash == text.npos) {
        s.bits_ = ip->is_v6() ? 128 : 32;
        return s;
    }
    const failure wrong{make_error_code(error::bad_value), slash + 1, "invalid range on address: " + std::string(text)};
    const auto range = text.substr(slash + 1);
    const bool as_v6 = address.find(':') != address.npos; // how the length counts
    if (const auto bits = detail::read_digits(range, 10, as_v6 ? 128 : 32)) {
        s.bits_ = *bits;
    } else if (const auto mask = ip_address::parse(range); mask && !as_v6 && !mask->is_v6()) {
        const auto& m = mask->octets();
        const auto all = std::uint32_t{m[0]} << 24 | std::uint32_t{m[1]} << 16 | std::uint32_t{m[2]} << 8 | m[3];
        while (s.bits_ < 32 && (all >> (31 - s.bits_) & 1) != 0) ++s.bits_;
        if (s.bits_ < 32 && all << s.bits_ != 0) return wrong; // ones behind zeros
    }
    if (s.bits_ == 0) return wrong;
    if (as_v6 && !ip->is_v6()) { // IPv4 within IPv6
        s.nothing_ = s.bits_ < 96;
        s.bits_ -= s.nothing_ ? 0 : 96;
    }
    return s;
}

CREMA_DECL bool is_dotted_ipv4(std::string_view text) noexcept {
    for (int i = 0; i < 4; ++i) {
        const auto end = i < 3 ? text.find('.') : text.size();
        if (end == text.npos || end > 3 || (end > 1 && text.front() == '0')) return false;
        if (!detail::read_digits(text.substr(0, end), 10, 255)) return false;
        text.remove_prefix(i < 3 ? end + 1 : end);
    }
    return true;
}

} // namespace crema::http
#endif
