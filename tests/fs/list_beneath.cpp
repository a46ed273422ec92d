// list_beneath: what lies in a directory, and nothing that leads out of it.
// SPDX-License-Identifier: MIT
#include <crema/fs/list_beneath.hpp>
#include <crema/fs/open_beneath.hpp>

#include "../web/files.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

using namespace crema;

namespace {

std::string names(const fs::directory_list& list) {
    std::string all;
    for (const auto& e : list.entries) all += e.name + (e.status.is_directory() ? "/ " : " ");
    return all;
}
int error_of(const std::filesystem::path& root, std::string_view below) {
    try {
        fs::list_beneath(root, below, 10);
    } catch (const std::system_error& e) {
        return e.code().value();
    }
    return 0;
}

} // namespace

TEST_CASE("directories come first, each kind in the order of its octets", "[list_beneath]") {
    served_files files;
    for (const auto* name : {"b.txt", "a.txt", "B.txt", "z/x", "y/x", ".hidden", "ö", "with\nline", "\xff"}) files.write(name, "12345");
    const auto list = fs::list_beneath(files.root(), "", 100);
    CHECK(names(list) == "y/ z/ .hidden B.txt a.txt b.txt with\nline ö \xff ");
    CHECK(list.complete);
    CHECK(list.entries[3].status.size == 5);
    CHECK(names(fs::list_beneath(files.root(), "z", 100)) == "x ");
    CHECK(fs::list_beneath(files.root(), "", 9).complete);
    const auto some = fs::list_beneath(files.root(), "", 4);
    CHECK(some.entries.size() == 4);
    CHECK_FALSE(some.complete);
}

TEST_CASE("links that lead out, in circles or nowhere, and pipes are not listed", "[list_beneath]") {
    namespace sfs = std::filesystem;
    served_files files;
    files.write("in/file.txt", "123");
    sfs::create_directory(files.root() / "links");
    const auto link = [&](const sfs::path& to, const char* name) { sfs::create_symlink(to, files.root() / "links" / name); };
    link("../in/file.txt", "file");
    link("../in", "directory");
    link("..", "up");
    link("../..", "out");
    link("/etc/passwd", "absolute");
    link("nowhere", "broken");
    link("loop", "loop");
    link("ping", "pong");
    link("pong", "ping");
    REQUIRE(::mkfifo((files.root() / "links" / "pipe").c_str(), 0600) == 0);
    const auto list = fs::list_beneath(files.root(), "links", 100);
    CHECK(names(list) == "directory/ up/ file ");
    CHECK(list.entries[2].status.size == 3); // of what it leads to
    CHECK(error_of(files.root(), "links/out") == EXDEV);
    CHECK(error_of(files.root(), "..") == EXDEV);
    CHECK(error_of(files.root(), "links/loop") == ELOOP);
    CHECK(error_of(files.root(), "in/file.txt") == ENOTDIR);
    CHECK(error_of(files.root(), "none") == ENOENT);
}

TEST_CASE("what is removed while a directory is read is left out", "[list_beneath]") {
    served_files files;
    files.write("d/a", "1");
    const auto open = fs::open_beneath(files.root(), "d");
    fs::directory_entry entry{"a"}, gone{"gone"};
    CHECK(fs::detail::find_status(files.root(), "d", open.descriptor(), entry));
    CHECK_FALSE(fs::detail::find_status(files.root(), "d", open.descriptor(), gone)); // its name was read before
    std::filesystem::remove_all(files.root() / "d");
    CHECK_FALSE(fs::detail::find_status(files.root(), "d", open.descriptor(), entry));
    CHECK(error_of(files.root(), "d") == ENOENT);
}
