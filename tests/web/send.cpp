// send: names that are taken apart before anything is opened.
// SPDX-License-Identifier: MIT
#include <crema/web/send.hpp>

#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <cerrno>

using namespace crema;
using namespace crema::detail;

TEST_CASE("paths are cleaned as Node does", "[send]") {
    CHECK(normal_path("a//b/./c/../d/") == "a/b/d");
    CHECK(normal_path("./") == "");
    CHECK(normal_path("") == "");
    CHECK(normal_path("a/..") == "");
    CHECK(normal_path("a/../../b") == "../b");
    CHECK(normal_path("../../b") == "../../b");
    CHECK(normal_path("/a/../../b") == "/b");
    CHECK(normal_path("/") == "/");
    CHECK(normal_path("...") == "...");
}

TEST_CASE("a part .. is found between slashes of either kind", "[send]") {
    for (auto path : {"..", "../a", "a/..", "a/../b", "a\\..\\b", "..\\a"}) CHECK(leads_up(path));
    for (auto path : {"", ".", "...", "a..b", "a../b", "a/..b", "do..ts.txt"}) CHECK_FALSE(leads_up(path));
}

TEST_CASE("names that begin with a point are found in every part", "[send]") {
    for (auto path : {".a", "a/.b", ".git/config", "..", "/x/.y/z"}) CHECK(has_dotfile(path));
    for (auto path : {"", "a", "a.b", "a/b.c", "a./b", ".", "a/./b"}) CHECK_FALSE(has_dotfile(path));
}

TEST_CASE("errors of the system become statuses, with their names", "[send]") {
    CHECK(file_error(ENOENT, "/a").status() == 404);
    CHECK(file_error(ENOENT, "/a").type() == "ENOENT");
    CHECK(std::string(file_error(ENOENT, "/a").what()) == "ENOENT: no such file or directory, '/a'");
    CHECK_FALSE(file_error(ENOENT, "/a").expose());
    CHECK(file_error(EXDEV, "/a").status() == 403);
    CHECK(file_error(ELOOP, "/a").status() == 404);
    CHECK(file_error(EIO, "/a").status() == 500);
    CHECK(file_error(EACCES, "/a").status() == 500);
}
