// What is looked for before a file is sent: names are cleaned as Node does, what leads out or is hidden is refused.
// SPDX-License-Identifier: MIT
#include <crema/web/app.hpp>
#include <crema/web/file_search.hpp>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

using namespace crema;
using namespace std::string_literals;

namespace {

struct directory {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("crema_search_" + std::to_string(std::random_device{}()));
    directory() { std::filesystem::create_directories(path / "docs"); }
    directory(const directory&) = delete;
    ~directory() { std::filesystem::remove_all(path); }
    void write(const char* name, std::string_view text) const { std::ofstream(path / name, std::ios::binary) << text; }
};

detail::file_plan plan_for(const directory& d, std::string path) {
    detail::file_plan plan;
    plan.path = std::move(path);
    plan.rooted = true;
    plan.how.root = d.path;
    return plan;
}

int refused(std::string path, dotfiles hidden = dotfiles::ignore) {
    const directory d;
    auto plan = plan_for(d, std::move(path));
    plan.how.dotfiles = hidden;
    try {
        detail::search_for(plan, false);
        return 0;
    } catch (const http_error& e) {
        return e.status();
    }
}

// What is found, without waiting or on the pool, which is to make no difference.
std::string found(const detail::file_plan& plan, bool on_the_pool, const precompressed* coding = nullptr) {
    auto s = detail::search_for(plan, true);
    if (coding) s.wanted = {coding};
    s.at_hand = !on_the_pool;
    if (on_the_pool || !s.run_at_hand()) s.run();
    if (s.directory) return "a directory";
    if (s.error != 0) return "error " + std::to_string(s.error);
    return (s.coded ? s.coded->coding + ":" : "") + s.front;
}

} // namespace

TEST_CASE("names are cleaned as Node does before a file is looked for", "[file_search]") {
    CHECK(detail::normal_path("") == "");
    CHECK(detail::normal_path("a/b/../c/./d//e/") == "a/c/d/e");
    CHECK(detail::normal_path("/a/../../b") == "/b");
    CHECK(detail::normal_path("a/../../b") == "../b");
    CHECK(detail::normal_path("../../a") == "../../a");
    CHECK(detail::normal_path("...") == "...");
    CHECK(detail::normal_path("/") == "/");
}

TEST_CASE("what leads out, is hidden or is no name is refused before anything is opened", "[file_search]") {
    CHECK(refused("../x") == 403);
    CHECK(refused("a/../../x") == 403);
    CHECK(refused("a\\..\\..\\x") == 403);
    CHECK(refused("/../x") == 403);
    CHECK(refused("a/../x") == 0);
    CHECK(refused("x../y..") == 0);
    CHECK(refused("a\0b"s) == 400);
    CHECK(refused(".git/config") == 404);
    CHECK(refused("a/.b") == 404);
    CHECK(refused("a/.b", dotfiles::deny) == 403);
    CHECK(refused("a/.b", dotfiles::allow) == 0);
}

TEST_CASE("extensions, indexes and codings are tried in order, with the same result on the pool", "[file_search]") {
    const directory d;
    d.write("a.html", "page");
    d.write("docs/index.html", "index");
    d.write("a.html.br", "smaller");
    const std::string html[] = {"txt", "html"}, index[] = {"none.html", "index.html"};
    const precompressed br{"br", ".br"}, gz{"gzip", ".gz"};
    const bool on_the_pool = GENERATE(false, true);
    const auto with = [&](const char* path) {
        auto plan = plan_for(d, path);
        plan.extensions = html;
        plan.index = index;
        return plan;
    };
    CHECK(found(with("a.html"), on_the_pool) == "page");
    CHECK(found(with("a"), on_the_pool) == "page");
    CHECK(found(with("b"), on_the_pool) == "error " + std::to_string(ENOENT));
    CHECK(found(with("docs/"), on_the_pool) == "index");
    CHECK(found(with("docs"), on_the_pool) == "a directory");
    CHECK(found(with("a.html/"), on_the_pool).starts_with("error"));
    CHECK(found(with("a.html"), on_the_pool, &br) == "br:smaller");
    CHECK(found(with("a.html"), on_the_pool, &gz) == "page");
    CHECK(found(with("docs/"), on_the_pool, &br) == "index");
}
