// The index over layers: finds every layer that matches, in order of registration, and hardly any other.
// SPDX-License-Identifier: MIT
#include <crema/route/matcher.hpp>

#include <catch2/catch.hpp>
#include <random>

using namespace crema::route;
using indices = std::vector<matcher::index>;

namespace {

const layer_options mounted{.is = layer_options::kind::mount};

pattern route(std::string_view source) { return pattern::layer(source).value(); }
pattern mount(std::string_view source) { return pattern::layer(source, mounted).value(); }

indices found(const matcher& m, std::string_view path, method_mask methods = all_methods, matcher::index from = 0) {
    indices out;
    path_match match;
    matcher::search s(m, path, methods, from);
    for (auto i = s.next(match); i != matcher::npos; i = s.next(match)) out.push_back(i);
    return out;
}

std::size_t candidates(const matcher& m, std::string_view path) {
    std::size_t n = 0;
    matcher::search s(m, path);
    while (s.next_candidate() != matcher::npos) ++n;
    return n;
}

} // namespace

TEST_CASE("order of registration decides, whatever the kind of pattern", "[route][matcher]") {
    matcher m;
    m.add(mount("/"));          // 0
    m.add(route("/users/:id")); // 1
    m.add(route("/users/me"));  // 2
    m.add(mount("/users"));     // 3
    m.add(route("/*all"));      // 4
    m.add(route("{/:a}/me"));   // 5
    m.add_any();                // 6
    CHECK(found(m, "/users/me") == indices{0, 1, 2, 3, 4, 5, 6});
    CHECK(found(m, "/users/7") == indices{0, 1, 3, 4, 6});
    CHECK(found(m, "/users/7/x") == indices{0, 3, 4, 6});
    CHECK(found(m, "/users") == indices{0, 3, 4, 6});
    CHECK(found(m, "/USERS/ME/") == indices{0, 1, 2, 3, 4, 5, 6});
    CHECK(found(m, "/me") == indices{0, 4, 5, 6});
    CHECK(found(m, "") == indices{0, 6});
    CHECK(found(m, "*") == indices{0, 6});
    CHECK(m.size() == 7);
}

TEST_CASE("a search may begin anywhere", "[route][matcher]") {
    matcher m;
    for (int i = 0; i < 5; ++i) m.add(mount("/a"));
    CHECK(found(m, "/a/b", all_methods, 3) == indices{3, 4});
    CHECK(found(m, "/a/b", all_methods, 5).empty());
    CHECK(found(m, "/b").empty());
}

TEST_CASE("layers without the method are passed over", "[route][matcher]") {
    constexpr method_mask get = 1, post = 2;
    matcher m;
    m.add(route("/a"), get);
    m.add(route("/a"), post);
    m.add(mount("/"));
    m.add(route("/a"), get | post);
    CHECK(found(m, "/a", get) == indices{0, 2, 3});
    CHECK(found(m, "/a", post) == indices{1, 2, 3});
    CHECK(found(m, "/a", 4) == indices{2});
    CHECK(m.methods(1) == post);
    m.set_methods(1, get);
    CHECK(found(m, "/a", get) == indices{0, 1, 2, 3});
}

TEST_CASE("patterns which share beginnings fork where they differ", "[route][matcher]") {
    matcher m;
    for (const char* const s :
         {"/abc", "/abd", "/ab", "/a", "/abcde", "/b", "/", "/ABC/x", "/:p/x", "/abc/:q", "/abc-:q", "/ab:q"})
        m.add(route(s));
    CHECK(found(m, "/abc") == indices{0, 11});
    CHECK(found(m, "/abd") == indices{1, 11});
    CHECK(found(m, "/ab") == indices{2});
    CHECK(found(m, "/a") == indices{3});
    CHECK(found(m, "/abcde") == indices{4, 11});
    CHECK(found(m, "/b/") == indices{5});
    CHECK(found(m, "//") == indices{6});
    CHECK(found(m, "/abc/x") == indices{7, 8, 9});
    CHECK(found(m, "/zzz/x") == indices{8});
    CHECK(found(m, "/abc-9") == indices{10, 11});
}

TEST_CASE("parts of segments and other delimiters are left to the pattern", "[route][matcher]") {
    matcher m;
    m.add(route("/:from-:to/x"));
    m.add(route("/:file.json"));
    m.add(route("/:a/*rest"));
    m.add(route("/:a-*rest/x"));
    m.add(pattern::parse(":host.org", {.delimiter = "."}).value());
    m.add(pattern::parse("/:a/b", {.end = false, .delimiter = "-"}).value());
    CHECK(found(m, "/1-2/x") == indices{0, 2, 3});
    CHECK(found(m, "/1-2/3/x") == indices{2, 3});
    CHECK(found(m, "/a.json") == indices{1});
    CHECK(found(m, "/a/b/c") == indices{2});
    CHECK(found(m, "/c/a/b-x") == indices{2, 5});
    CHECK(found(m, "a.org") == indices{4});
}

TEST_CASE("how much of the path a layer takes is known without asking its pattern", "[route][matcher]") {
    matcher m;
    m.add(mount("/"));
    m.add(mount("/api"));
    m.add(route("/api/x"));
    m.add(pattern::parse("", {.end = false}).value());
    m.add(pattern::parse("").value());
    const auto lengths = [&](std::string_view path) {
        indices out;
        path_match match;
        matcher::search s(m, path);
        for (auto i = s.next(match); i != matcher::npos; i = s.next(match)) {
            CHECK(match.empty());
            out.push_back(static_cast<matcher::index>(match.length()));
        }
        return out;
    };
    CHECK(lengths("/api") == indices{0, 4, 0});
    CHECK(lengths("/api/") == indices{0, 5, 0});
    CHECK(lengths("/api/x") == indices{0, 4, 6, 0});
    CHECK(lengths("/API/X/") == indices{0, 4, 7, 0});
    CHECK(lengths("/") == indices{0, 1, 1});
    CHECK(lengths("") == indices{0, 0, 0});
    CHECK(lengths("x") == indices{0});
}

TEST_CASE("layers that are added during a search are found by it", "[route][matcher]") {
    matcher m;
    m.add(mount("/"));
    matcher::search s(m, "/a/b");
    path_match match;
    CHECK(s.next(match) == 0);
    for (int i = 0; i < 100; ++i) m.add(route("/a/" + std::to_string(i)));
    m.add(route("/a/b"));
    CHECK(s.next(match) == 101);
    CHECK(s.next(match) == matcher::npos);
    m.add(mount("/"));
    CHECK(s.next(match) == 102);
    CHECK(s.path() == "/a/b");
}

TEST_CASE("more forks along a path than a search has room for are kept all the same", "[route][matcher]") {
    matcher m;
    std::string source, path;
    for (int i = 0; i < 40; ++i) {
        source += "/a";
        m.add(mount(source));
        m.add(route(source + "/:p"));
    }
    CHECK(found(m, source).size() == 41);
    std::string deep = source + "/z/z";
    CHECK(found(m, deep).size() == 40);
}

TEST_CASE("a layer with many ways to match comes up once", "[route][matcher]") {
    matcher m;
    for (int i = 0; i < 30; ++i) m.add(route("{/:a}{/:b}{/:c}{/*d}"));
    indices all(30);
    for (matcher::index i = 0; i < 30; ++i) all[i] = i;
    for (const char* const path : {"/", "/1", "/1/2", "/1/2/3", "/1/2/3/4/5"}) CHECK(found(m, path) == all);
}

TEST_CASE("among a thousand routes only those that match come up", "[route][matcher]") {
    matcher m;
    for (int i = 0; i < 1000; ++i) {
        const auto n = std::to_string(i);
        switch (i % 4) {
        case 0: m.add(route("/api/v1/things" + n)); break;
        case 1: m.add(route("/api/v1/things/:id/part" + n)); break;
        case 2: m.add(route("/t" + n + "/:id")); break;
        default: m.add(mount("/:tenant/area" + n)); break;
        }
    }
    for (matcher::index i = 0; i < 1000; ++i) {
        const auto n = std::to_string(i);
        const std::string path = i % 4 == 0   ? "/api/v1/things" + n
                                 : i % 4 == 1 ? "/api/v1/things/x/part" + n
                                 : i % 4 == 2 ? "/t" + n + "/x"
                                              : "/acme/area" + n + "/x";
        REQUIRE(found(m, path) == indices{i});
        REQUIRE(candidates(m, path) <= 2);
    }
    CHECK(found(m, "/api/v1/things").empty());
    CHECK(found(m, "/api/v1/things1000").empty());
}

TEST_CASE("what a walk over all layers finds, the index finds, in the same order", "[route][matcher]") {
    std::mt19937 random(20240229);
    const auto any = [&](const auto&... choices) -> std::string {
        const std::string all[] = {choices...};
        return all[random() % sizeof...(choices)];
    };
    const auto text = [&] { return any("/", "/", "/a", "/b", "a", "b", "-", "/A", "/ab", ".", "/a/b", "\xC3\xA9"); };
    const auto make = [&](auto& self, int depth) -> std::string {
        std::string s;
        for (auto n = 1 + random() % 4; n > 0; --n) switch (random() % 8) {
            case 0:
            case 1: s += any(":x", ":y"); break;
            case 2: s += any("*w", "*v"); break;
            case 3:
                if (depth < 2) s += "{" + self(self, depth + 1) + "}";
                break;
            default: s += text();
            }
        return s;
    };
    std::size_t matches = 0, offered = 0;
    for (int round = 0; round < 60; ++round) {
        matcher m;
        std::vector<pattern> layers;
        while (layers.size() < 40) {
            const bool is_mount = random() % 3 == 0;
            const std::string source = "/" + make(make, 0);
            auto p =
                random() % 12
                    ? pattern::layer(source, {.is = is_mount ? layer_options::kind::mount : layer_options::kind::route,
                                              .sensitive = random() % 3 == 0,
                                              .strict = random() % 3 == 0})
                    : pattern::parse(source, {.end = !is_mount, .delimiter = random() % 2 ? "." : "a"});
            if (!p) continue;
            m.add(*p);
            layers.push_back(*p);
        }
        for (int i = 0; i < 200; ++i) {
            std::string path = random() % 20 ? "/" : "";
            for (auto n = random() % 6; n > 0; --n) path += text();
            path_match match;
            std::vector<std::string> wanted, got;
            const auto shown = [&](matcher::index l) {
                std::string out = std::to_string(l) + " " + std::string(match.path());
                for (std::size_t c = 0; c < match.size(); ++c) (out += " ") += match[c].value;
                return out;
            };
            for (matcher::index l = 0; l < layers.size(); ++l)
                if (layers[l].match(path, match)) wanted.push_back(shown(l));
            matcher::search search(m, path);
            for (auto l = search.next(match); l != matcher::npos; l = search.next(match)) got.push_back(shown(l));
            INFO(path);
            REQUIRE(got == wanted);
            matches += wanted.size();
            offered += candidates(m, path);
        }
    }
    CHECK(matches > 10000);
    CHECK(offered < 3 * matches);
}
