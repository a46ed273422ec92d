// Fuzz: the values of Accept, Content-Type, Range, dates, validators and URLs in one target; its first octet chooses.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
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

using namespace crema::http;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "0text/html;q=0.5, application/*;level=\"1\\\"\", */*;q=.1", "0en-US, *;q=0",
        "0gzip;q=1e-1, identity;q=0,, br;q=",
        "1text/html; charset=\"utf-8\"; a=b;c", "1multipart/form-data; boundary=x", "1a/b+c; =x; d=\"",
        "2bytes=0-4,90-99,5-75, -1", "2bytes=500-", "2items=18446744073709551616-",
        "3Sun, 06 Nov 1994 08:49:37 GMT", "3Sunday, 06-Nov-94 08:49:37 GMT", "3Sun Nov  6 08:49:37 1994",
        "4http://u:p@h.example:80/a/../b?c#d", "4//[::1]:8/./x?", "4../../g;x=1/y", "5Accept, Origin", "5*"};
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
            }
        break;
    case '3':
        if (const auto when = parse_date(text))
            require(*parse_date(format_date(*when)) == *when, "what is written is read");
        is_fresh({.if_none_match = text, .etag = "\"a\""});
        is_fresh({.if_modified_since = text, .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT"});
        break;
    case '4':
        if (const auto url = parse_url(text)) require(url->to_string() == text, "parts make the whole");
        if (const auto whole = resolve_url("http://a/b/c/d;p?q", text))
            require(parse_url(*whole).has_value(), "what is resolved is a URL");
        break;
    default:
        if (const auto all = append_vary("Accept", text)) require(valid_field_value(*all), "names may be sent");
    }
}
