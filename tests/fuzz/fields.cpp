// Fuzz: the values of Accept, Content-Type, Range, dates, validators and URLs against plain readings of them, in one
// target; the first octet chooses.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/core/text.hpp>
#include <crema/http/date.hpp>
#include <crema/http/fields.hpp>
#include <crema/http/fresh.hpp>
#include <crema/http/media_type.hpp>
#include <crema/http/mime.hpp>
#include <crema/http/negotiate.hpp>
#include <crema/http/range.hpp>
#include <crema/http/type_is.hpp>
#include <crema/http/url.hpp>
#include <crema/http/vary.hpp>
#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

using namespace crema::http;

namespace {

std::vector<std::string> split(std::string_view text, char mark) {
    std::vector<std::string> all(1);
    for (char c : text) {
        if (c == mark) all.emplace_back();
        else all.back() += c;
    }
    for (auto& one : all) {
        while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.pop_back();
        one.erase(0, std::min(one.find_first_not_of(" \t"), one.size()));
    }
    return all;
}

bool all_in(const std::string& text, const char* octets) { return text.find_first_not_of(octets) == text.npos; }

// Of a plain Accept-Charset: with which quality an offer is accepted, by the element that names it, else by `*`.
void compare_charsets(std::string_view text) {
    static constexpr std::string_view offers[] = {"utf-8", "a"};
    double quality[] = {0, 0}, rest = 0;
    bool named[] = {false, false};
    for (const auto& element : split(text, ',')) {
        const auto name = element.substr(0, element.find(';'));
        if (name.empty() || !all_in(name, "ABCDEFabcdef0123456789-tuTU*")) return;
        double q = 1;
        if (name.size() != element.size()) {
            const auto digits = element.substr(name.size());
            if (!digits.starts_with(";q=0.") || digits.size() < 6 || digits.size() > 8 || !all_in(digits.substr(5), "0123456789")) return;
            q = std::strtod(digits.c_str() + 3, nullptr);
        }
        if (name == "*") rest = std::max(rest, q);
        for (int i = 0; i < 2; ++i)
            if (crema::iequals(name, offers[i])) quality[i] = std::max(quality[i], q), named[i] = true;
    }
    for (int i = 0; i < 2; ++i)
        if (!named[i]) quality[i] = rest;
    const auto got = preferred_charsets(text, offers);
    const auto place = [&](std::string_view offer) { return std::find(got.begin(), got.end(), offer) - got.begin(); };
    for (int i = 0; i < 2; ++i)
        fuzz::require((quality[i] > 0) == (place(offers[i]) < static_cast<std::ptrdiff_t>(got.size())), "what is accepted");
    if (quality[0] > quality[1]) fuzz::require(got.front() == "utf-8", "the better is in front");
    if (quality[1] > quality[0]) fuzz::require(got.front() == "a", "the better is in front");
}

// A Range of plain numbers, one after the other.
void compare_ranges(std::uint64_t size, std::string_view text) {
    const auto equals = text.find('=');
    if (equals == text.npos) return;
    std::vector<byte_range> wanted;
    for (const auto& element : split(text.substr(equals + 1), ',')) {
        const auto dash = std::min(element.find('-'), element.size());
        const auto front = element.substr(0, dash), back = element.substr(std::min(dash + 1, element.size()));
        if (element.size() < 2 || dash == element.size() || front.size() > 18 || back.size() > 18 || !all_in(front + back, "0123456789")) return;
        auto first = std::strtoll(front.c_str(), nullptr, 10), last = std::strtoll(back.c_str(), nullptr, 10);
        if (!front.empty() && !back.empty() && last < first) continue;
        const auto end = static_cast<long long>(size) - 1;
        if (front.empty()) first = end + 1 - last, last = end;
        else if (back.empty() || last > end) last = end;
        if (first >= 0 && first <= last) wanted.push_back({static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(last)});
    }
    const auto got = parse_range(size, text);
    fuzz::require(got.state != range_set::kind::malformed && got.ranges == wanted, "ranges are what they say");
}

// A date of the usual form by the C library; 60 seconds are a minute there.
void compare_dates(std::string_view text) {
    std::tm t{};
    const std::string copy(text);
    const char* const end = copy.size() == date_size ? ::strptime(copy.c_str() + 5, "%d %b %Y %H:%M:%S GMT", &t) : nullptr;
    const int second = t.tm_sec; // before timegm puts it right
    const auto when = parse_date(text);
    if (when && text.size() == date_size && text[3] == ',') {
        fuzz::require(end && *end == '\0' && ::timegm(&t) == *when, "the C library reads the same");
        if (second < 60) fuzz::require(format_date(*when).substr(4) == copy.substr(4), "and it is written the same");
    }
}

bool in_if_none_match(std::string_view list, std::string_view tag) {
    if (list == "*") return true;
    for (auto one : split(list, ','))
        if (one == tag || one == "W/" + std::string(tag)) return true;
    return false;
}

} // namespace

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "0text/html;q=0.5, application/*;level=\"1\\\"\", */*;q=.1", "0en-US, *;q=0",
        "0gzip;q=1e-1, identity;q=0,, br;q=",
        "1text/html; charset=\"utf-8\"; a=b;c", "1multipart/form-data; boundary=x", "1a/b+c; =x; d=\"",
        "2bytes=0-4,90-99,5-75, -1", "2bytes=500-", "2items=18446744073709551616-",
        "3Sun, 06 Nov 1994 08:49:37 GMT", "3Sunday, 06-Nov-94 08:49:37 GMT", "3Sun Nov  6 08:49:37 1994",
        "4http://u:p@h.example:80/a/../b?c#d", "4//[::1]:8/./x?", "4../../g;x=1/y", "5Accept, Origin", "5*",
        "6W/\"a\", \"b\"", "6\"b\",\"a\"", "6*", "0utf-8;q=0.5,*;q=0.1,a;q=0", "2bytes=0-0,-5,7-", "3Thu, 29 Feb 2024 23:59:60 GMT", "3Sun, 06 Nov 1994 24:00:00 GMT",
        "4http://a:65536/", 
        "1application/vnd.api+json; charset=\"a\\\"b\"", "1image/svg+xml"};
    return all;
}

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {",", ";q=0", ";q=0.3", "*", "/", "+json", "\"", "\\", "W/", "\"a\"", "0-", "-1", "99", "=", "GMT", "29 Feb",
        "31", "1900", "24:00:00", "../", "/./", "//", "?", "#", "@", "[", ":80", "%41", "http:", ", "};
    return all;
}

void fuzz::check(std::string_view input) {
    if (input.empty()) return;
    const auto text = input.substr(1);
    switch (input[0]) {
    case '0':
        for (auto got : preferred_types(text)) require(text.find(got) != text.npos, "types are views into the field");
        accepts(text, {"html", "json", "text/html;level=1", "image/*"});
        require(preferred_charsets(text).size() <= text.size(), "not more charsets than octets");
        accepts_encoding(text, {"gzip", "br", "identity"});
        accepts_language(text, {"en", "de-CH"});
        compare_charsets(text);
        break;
    case '1': {
        const auto m = parse_media_type(text);
        if (const auto written = format_media_type(m)) {
            const auto again = parse_media_type(*written);
            require(again.type == m.type && again.parameters == m.parameters, "what is written is read");
            require(valid_field_value(*written), "what is written may be sent");
        }
        with_utf8(text);
        require(type_is(text, {}).empty() != is_type_name(crema::to_lower(essence(text))), "a name of a type is one");
        require(crema::iequals(m.type, essence(text)), "the type is in front");
        if (const auto type = crema::to_lower(essence(text)); is_type_name(type)) {
            require(type_is(text, {"a/b", type}) == (type == "a/b" ? "a/b" : type), "a type is what it is");
            require(type_is(text, {"+json"}).empty() != (type.size() > 5 && type.ends_with("+json")), "a suffix is at the end");
            require(type_is(text, {"image/*"}).empty() != type.starts_with("image/"), "a pattern");
        }
        mime_type(text), mime_extension(text), mime_charset(text);
        break;
    }
    case '2':
        for (std::uint64_t size : {0ull, 1ull, 100ull, 1ull << 40})
            for (auto c : {range_combining::off, range_combining::on}) {
                const auto set = parse_range(size, text, c);
                require((set.state == range_set::kind::satisfiable) == !set.ranges.empty(),
                        "there are ranges when satisfiable");
                for (const auto& r : set.ranges)
                    require(r.first <= r.last && r.last < size, "ranges lie in the representation");
                if (c == range_combining::off) compare_ranges(size, text);
                else
                    for (std::size_t i = 1; i < set.ranges.size(); ++i)
                        for (std::size_t k = 0; k < i && i < 20; ++k)
                            require(set.ranges[i].first > set.ranges[k].last + 1 || set.ranges[k].first > set.ranges[i].last + 1, "what touches is one");
            }
        break;
    case '3':
        if (const auto when = parse_date(text))
            require(*parse_date(format_date(*when)) == *when, "what is written is read");
        compare_dates(text);
        is_fresh({.if_none_match = text, .etag = "\"a\""});
        is_fresh({.if_modified_since = text, .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT"});
        break;
    case '4':
        if (const auto url = parse_url(text)) require(url->to_string() == text, "parts make the whole");
        if (const auto url = parse_url(text); url && url->port_text && !url->port_text->empty())
            require(url->port() == std::strtoul(std::string(*url->port_text).c_str(), nullptr, 10), "a port is its number");
        if (const auto whole = resolve_url("http://a/b/c/d;p?q", text)) {
            const auto url = parse_url(*whole);
            require(url.has_value() && url->scheme, "what is resolved is a URL");
            for (const auto& segment : split(url->path, '/')) require(!url->has_authority() || (segment != "." && segment != ".."), "no steps are left");
        }
        break;
    case '6':
        if (text.empty()) break;
        require(is_fresh({.if_none_match = text, .etag = "\"a\""}) == in_if_none_match(text, "\"a\""), "one of a list");
        require(is_fresh({.if_none_match = text, .etag = "W/\"a\""}) == in_if_none_match(text, "\"a\""), "weak or not");
        break;
    default:
        if (const auto all = append_vary("Accept", text)) {
            require(valid_field_value(*all), "names may be sent");
            for (const auto& name : split(text, ',')) require(*all == "*" || crema::list_contains(*all, name), "names are there");
            require(*all == "*" || crema::list_contains(*all, "accept"), "what was there stays");
        }
    }
}
