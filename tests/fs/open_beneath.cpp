// open_beneath: no name, no link and no `..` leads out of the directory.
// SPDX-License-Identifier: MIT
#include <crema/fs/open_beneath.hpp>

#include "directory.hpp"
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace crema;

namespace {

// A tree with links of every kind.
struct tree {
    test_directory place;
    std::filesystem::path root = place.path() / "root";
    int fd = -1;

    tree() {
        namespace dirs = std::filesystem;
        dirs::create_directories(root / "a/b");
        const auto write = [](const dirs::path& p, const char* text) { std::ofstream(p) << text; };
        write(place.path() / "secret", "secret");
        write(root / "file", "file");
        write(root / "a/b/deep", "deep");
        dirs::create_symlink("a/b", root / "to_dir");
        dirs::create_symlink("../a/b/deep", root / "a/to_deep");
        dirs::create_symlink("../secret", root / "out");
        dirs::create_symlink("../../secret", root / "a/out");
        dirs::create_symlink(place.path() / "secret", root / "absolute");
        dirs::create_symlink(root / "file", root / "absolute_inside");
        dirs::create_symlink("/", root / "slash");
        dirs::create_symlink("loop", root / "loop");
        dirs::create_symlink("nothing", root / "dangling");
        fd = ::open(root.c_str(), O_RDONLY | O_DIRECTORY);
    }
    ~tree() { ::close(fd); }

    std::string read(int opened) {
        if (opened < 0) return "errno " + std::to_string(errno);
        const auto f = fs::file::adopt(opened, "test");
        struct ::stat s;
        ::fstat(opened, &s);
        if (S_ISDIR(s.st_mode)) return "directory";
        char text[64];
        return std::string(text, f.read(0, text, sizeof text));
    }
};

} // namespace

TEST_CASE("both ways open what lies beneath and nothing else", "[open_beneath]") {
    tree t;
    const std::string out = "errno " + std::to_string(EXDEV);
    for (const auto& [path, wanted] : std::vector<std::pair<std::string, std::string>>{
             {"file", "file"}, {"./file", "file"}, {"a/b/deep", "deep"}, {"a//b/./deep", "deep"}, {"a", "directory"},
             {"", "directory"}, {".", "directory"}, {"a/..", "directory"}, {"to_dir", "directory"}, {"to_dir/deep", "deep"},
             {"a/to_deep", "deep"}, {"a/../file", "file"}, {"to_dir/../b/deep", "deep"},
             {"..", out}, {"../root/file", out}, {"a/../../secret", out}, {"out", out}, {"a/out", out}, {"absolute", out},
             {"absolute_inside", out}, {"slash/etc/passwd", out}, {"/etc/passwd", out}, {"a/b/../../../secret", out},
             {"nothing", "errno " + std::to_string(ENOENT)}, {"dangling", "errno " + std::to_string(ENOENT)},
             {"nothing/file", "errno " + std::to_string(ENOENT)}, {"file/x", "errno " + std::to_string(ENOTDIR)},
             {"loop", "errno " + std::to_string(ELOOP)}, {std::string(300, 'x'), "errno " + std::to_string(ENAMETOOLONG)}}) {
        INFO(path);
        CHECK(t.read(fs::detail::open_beneath_by_steps(t.fd, path)) == wanted);
        if (const int fd = fs::detail::open_beneath_by_kernel(t.fd, path.c_str()); fd >= 0 || errno != ENOSYS) CHECK(t.read(fd) == wanted);
    }
}

TEST_CASE("errors carry the whole path", "[open_beneath]") {
    tree t;
    CHECK(fs::open_beneath(t.root, "a/b/deep").path() == t.root / "a/b/deep");
    CHECK(fs::open_beneath(t.root, "a/b/deep").size() == 4);
    try {
        fs::open_beneath(t.root, "a/nothing");
        FAIL("nothing was thrown");
    } catch (const system_error& e) {
        CHECK(e.code() == std::errc::no_such_file_or_directory);
        CHECK_THAT(e.what(), Catch::Matchers::Contains((t.root / "a/nothing").string()));
    }
    CHECK_THROWS_AS(fs::open_beneath(t.root, "/file"), system_error);
    CHECK_THROWS_AS(fs::open_beneath(t.root, std::string_view("file\0x", 6)), system_error);
    CHECK_THROWS_AS(fs::open_beneath(t.root / "file", ""), system_error);
    CHECK_THROWS_AS(fs::open_beneath(t.root / "none", "file"), system_error);
}

TEST_CASE("a pipe without a writer does not block", "[open_beneath]") {
    tree t;
    REQUIRE(::mkfifo((t.root / "pipe").c_str(), 0600) == 0);
    CHECK(fs::open_beneath(t.root, "pipe"));
    CHECK(fs::open_without_waiting(t.root / "pipe"));
    CHECK(fs::open_without_waiting(t.root / "out").size() == 6); // no limits
    CHECK_THROWS_AS(fs::open_without_waiting(t.root / "none"), system_error);
    const int fd = fs::detail::open_beneath_by_steps(t.fd, "pipe");
    CHECK(fd >= 0);
    ::close(fd);
}
