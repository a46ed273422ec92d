// Fuzz: cookies that are written are read again.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/core/text.hpp>
#include <crema/http/cookie.hpp>
#include <crema/http/fields.hpp>

using namespace crema::http;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "a=b", "foo=bar; n=%20x%C3%A9; a=\"q r\"", " a \t=\t b ;c;=d;a=e", "a=%zz;b=\"", "=", ";;"};
    return all;
}

void fuzz::check(std::string_view input) {
    const auto all = parse_cookies(input);
    std::string line;
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t k = 0; k < i && i < 20; ++k) require(all[k].first != all[i].first, "names are unique");
        require(find_cookie(input, all[i].first) == all[i].second, "find_cookie agrees");
        const auto written = serialize_cookie(all[i].first, all[i].second, {.path = ""});
        require(written.has_value() == crema::is_token(all[i].first), "tokens are names");
        if (!written) continue;
        require(valid_field_value(*written), "what is written may be sent");
        if (crema::is_utf8(all[i].second))
            require(find_cookie(*written, all[i].first) == all[i].second, "what is written is read");
    }
    const cookie_options options{.domain = std::string(input.substr(0, input.size() / 2)),
                                 .path = std::string(input.substr(input.size() / 2))};
    if (const auto written = serialize_cookie("n", input, options))
        require(valid_field_value(*written), "options may be sent");
}
