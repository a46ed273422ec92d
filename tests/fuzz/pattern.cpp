// Fuzz: patterns of routes and paths against them: nothing is read outside, the index over many finds what each alone
// says. Pattern, LF, path.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/route/matcher.hpp>
#include <crema/route/pattern.hpp>
#include <crema/route/url_for.hpp>
#include <vector>

using namespace crema;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "/users/:id\n/users/12", "/files/*path\n/files/a/b/c", "/:a{/:b}{/:c}\n/1/2/3", "/a{.:ext}\n/a.txt", "/:a-:b-:c\n/1-2-3-4-5",
        "/*a/x/*b\n/1/x/2/x/3", "{/:l}/*\n/x", "/\\:a\n/:a", "/:\"quoted name\"\n/%zz%41", "/{a{b{c}}}\n/abc", "/%C3%A9/:x\n/\xc3\xa9/%ff", "/:a(.*)\n/",
        "/*a-*b-*c-*d-*e\n/-----------------------------------x"};
    return all;
}

namespace {

// The pattern among others in an index: each of them is found that matches by itself, in order, with the same captures.
void compare_with_index(const route::pattern& one, std::string_view path, const route::pattern_options& options) {
    static constexpr std::string_view others[] = {"/", "/users/:id", "/users/me", "/a{/:b}", "/*all", "/1/2/3", "/a:x/b"};
    std::vector<route::pattern> all;
    for (auto text : others) {
        if (all.size() % 3 == 1) all.push_back(one);
        all.push_back(route::pattern::parse(text, options).value());
    }
    route::matcher index;
    for (const auto& p : all) index.add(p);
    route::path_match found, alone;
    route::matcher::search s(index, path, route::all_methods);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].match(path, alone)) continue;
        fuzz::require(s.next(found) == i, "the index finds what matches, in order");
        fuzz::require(found.length() == alone.length() && found.size() == alone.size(), "the index matches the same");
        for (std::size_t k = 0; k < found.size(); ++k)
            fuzz::require(found[k].name == alone[k].name && found[k].value == alone[k].value, "the index captures the same");
    }
    fuzz::require(s.next(found) == route::matcher::npos, "the index finds nothing else");
}

} // namespace

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {"/", ":a", "*b", "{", "}", "{/:c}", "\\", "/users/", "/a", "%2F", "%41", "\n/", "me", ":\"", "\"", ".", "-", "(", "//"};
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
        if (path.size() < 200) compare_with_index(*made, path, options);
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
