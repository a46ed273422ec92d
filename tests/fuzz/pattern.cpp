// Fuzz: patterns of routes and paths against them: nothing is read outside, the work is bounded. Pattern, LF, path.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/route/matcher.hpp>
#include <crema/route/pattern.hpp>

using namespace crema;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "/users/:id\n/users/12", "/files/*path\n/files/a/b/c", "/:a{/:b}{/:c}\n/1/2/3", "/a{.:ext}\n/a.txt", "/:a-:b-:c\n/1-2-3-4-5",
        "/*a/x/*b\n/1/x/2/x/3", "{/:l}/*\n/x", "/\\:a\n/:a", "/:\"quoted name\"\n/%zz%41", "/{a{b{c}}}\n/abc", "/%C3%A9/:x\n/\xc3\xa9/%ff", "/:a(.*)\n/",
        "/*a-*b-*c-*d-*e\n/-----------------------------------x"};
    return all;
}

void fuzz::check(std::string_view input) {
    const auto at = std::min(input.find('\n'), input.size());
    const auto source = input.substr(0, at), path = input.substr(std::min(at + 1, input.size()));
    if (source.size() > 200) return;
    for (const bool end : {true, false}) {
        route::pattern_options options;
        options.end = end;
        const auto made = route::pattern::parse(source, options);
        if (!made) continue;
        route::path_match found;
        if (!made->match(path, found)) continue;
        require(found.length() <= path.size() && (!end || found.length() == path.size()), "a match lies in the path");
        require(found.size() <= made->names().size(), "captures have names");
        for (std::size_t i = 0; i < found.size(); ++i) {
            const auto v = found[i].value;
            require(v.empty() || (v.data() >= path.data() && v.data() + v.size() <= path.data() + path.size()), "captures lie in the path");
            (void)route::decode_capture(v);
        }
    }
}
