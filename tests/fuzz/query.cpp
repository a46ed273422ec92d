// Fuzz: a query that is parsed, written and parsed again is the same.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/core/encode.hpp>
#include <crema/http/query.hpp>

using namespace crema::http;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "a=1&b=2&a=3",      "a+b=%20%C3%A9&c",
        "=x&&%zz=%&%2=%ff", "__proto__=1&a[b]=c&a.d=e",
        "a=b=c&d=%E2%82",   "n1&n2&n3&n4&n5&n6&n7&n8&n9&n10&n11&n12&n13&n14&n15&n16&n17&n18&n1=x&n17=y"};
    return all;
}

void fuzz::check(std::string_view input) {
    const auto once = parse_query(input);
    require(parse_query(stringify_query(once), {.max_pairs = 0}) == once, "parse after stringify");
    for (const auto& [name, content] : once.members()) {
        require(crema::is_utf8(name), "names are UTF-8");
        const auto first = find_query(input, name);
        require(first && *first == (content.is_array() ? content.elements()[0] : content).as_string(),
                "find_query finds the first");
    }
    if (auto decoded = crema::percent_decode(input)) {
        require(crema::is_utf8(*decoded), "decoded text is UTF-8");
        require(*crema::percent_decode(crema::encode_uri_component(*decoded)) == *decoded, "decode after encode");
    }
    const auto url = crema::encode_url(input);
    require(crema::encode_url(url) == url, "encode_url leaves what it made");
    require(crema::is_utf8(crema::repair_utf8(input)), "repaired text is UTF-8");
}
