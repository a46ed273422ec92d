// How paths are matched: alternatives in order, captures longest first, and never much work.
// SPDX-License-Identifier: MIT
#include <crema/route/program.hpp>

#include <catch2/catch.hpp>

using namespace crema::route;
using namespace crema::route::detail;

namespace {

program compiled(std::string_view source, bool sensitive = false) {
    program p;
    p.delimiter = p.chars = "/";
    p.sensitive = sensitive;
    token_list list;
    std::uint32_t combinations = 0;
    REQUIRE_FALSE(parse_pattern(source, list));
    REQUIRE_FALSE(extend_program(p, list, combinations));
    return p;
}

} // namespace

TEST_CASE("letters are folded eight at a time", "[route][program]") {
    for (int c = 0; c < 256; ++c) {
        char octets[8];
        std::memset(octets, c, 8);
        const std::uint64_t v = fold64(load64(octets));
        std::memcpy(octets, &v, 8);
        const int small = c >= 'A' && c <= 'Z' ? c + 32 : c;
        for (const char o : octets) REQUIRE(static_cast<unsigned char>(o) == small);
    }
    CHECK(fold64(0x5A415B407A617B60u) == 0x7A615B407A617B60u);
}

TEST_CASE("texts of every length are compared, every octet of them", "[route][program]") {
    const std::string text = "abcdefghijklmnopqrstuvwxyz";
    for (std::size_t n = 0; n <= text.size(); ++n) {
        std::string path = text.substr(0, n);
        CHECK(same_text<false>(path.data(), text.data(), n));
        for (std::size_t i = 0; i < n; ++i) {
            const char was = path[i];
            path[i] = static_cast<char>(was - 32);
            CHECK_FALSE(same_text<false>(path.data(), text.data(), n));
            CHECK(same_text<true>(path.data(), text.data(), n));
            path[i] = '0';
            CHECK_FALSE(same_text<true>(path.data(), text.data(), n));
            path[i] = was;
        }
    }
}

TEST_CASE("delimiters are found at every place", "[route][program]") {
    for (std::size_t n = 0; n < 20; ++n)
        for (std::size_t at = 0; at <= n; ++at) {
            std::string s(n, '\xAF'); // '/' with the highest bit
            if (at < n) s[at] = '/';
            CHECK(find_octet(s.data(), s.data() + n, '/') == s.data() + at);
        }
}

TEST_CASE("each way to take the groups is a sequence, those that take first", "[route][program]") {
    CHECK(compiled("/a").sequences.size() == 1);
    CHECK(compiled("/a{/b}{/c}").sequences.size() == 4);
    CHECK(compiled("/a{/b{/c}}").sequences.size() == 3);
    const auto p = compiled("{/b}/c");
    CHECK(p.text_of(p.steps[p.sequences[0].first].text) == "/b/c");
    CHECK(p.text_of(p.steps[p.sequences[1].first].text) == "/c");
}

TEST_CASE("plain parameters take the cheap way and are not tried shorter", "[route][program]") {
    const auto p = compiled("/users/:id/posts/:post");
    REQUIRE(p.steps.size() == 4);
    for (const int i : {1, 3}) {
        CHECK(p.steps[static_cast<unsigned>(i)].kind == step_kind::segment);
        CHECK(p.steps[static_cast<unsigned>(i)].only_longest);
    }
    CHECK_FALSE(compiled("/:a-:b").steps[1].only_longest);
    CHECK(compiled("/*a").steps[1].kind == step_kind::rest);
}

TEST_CASE("hostile paths cost work in proportion to their length", "[route][program]") {
    const auto work = [](std::string_view source, std::size_t length, auto fill) {
        const auto p = compiled(source);
        std::string path = "/";
        while (path.size() < length) path += fill;
        path += "!/"; // fits nothing
        captured slots[64];
        runner r(p, path, slots);
        r.match();
        return r.work();
    };
    const char* const patterns[] = {
        "/:a-:b",
        "/:a-:b-:c-:d-:e",
        "/*a-*b-*c-*d",
        "/x{-:a}{-:b}{-:c}{-:d}{-:e}{-:f}",
        "/*a/*b/*c/*d/x",
        "/:a.*b.:c.*d.:e",
        "/x/*a/y/*b/z/*c/y/w",
        "/{*a-}{*b-}{*c-}{*d-}",
        "/*a/:b/*c/:d/*e/:f/end",
        "/*a-:b-*c-:d/x",
        "/:a/b/*c/b/:d/*e/b",
        "/*a-x-*b-x-*c-y",
    };
    for (const char* const source : patterns)
        for (const char* const fill : {"-", "a-", "-a", "/", "a/", "/b", "x-", ".a.", "/y/", "-x"}) {
            INFO(source << " on " << fill);
            const auto small = work(source, 500, fill), large = work(source, 8000, fill);
            CHECK(large <= 16 * small + 64 * 200);
            CHECK(large <= 8000u * 64 * 8);
        }
}

TEST_CASE("many ways back are tried once each and still find the first match in order", "[route][program]") {
    // (the greedy first pass gives up on these)
    const auto p = compiled("/*a/*b/*c/*d/end");
    std::string path;
    for (int i = 0; i < 300; ++i) path += "/s";
    path += "/end";
    captured slots[8];
    runner r(p, path, slots);
    REQUIRE(r.match());
    CHECK(r.length() == path.size());
    CHECK(slots[3].end == path.size() - 4);
    CHECK(slots[0].begin == 1);
}
