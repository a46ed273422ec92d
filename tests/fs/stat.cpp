#include "../loop/run.hpp"
#include "directory.hpp"
#include <crema/fs/stat.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <sys/stat.h>

using namespace crema;
using testing_loop::run;

TEST_CASE("stat tells kind, size, time and permissions", "[fs][stat]") {
    test_directory dir;
    std::ofstream(dir / "a") << "12345";
    ::chmod((dir / "a").c_str(), 0640);
    const auto a = run(fs::stat(dir / "a"));
    CHECK(a.is_file());
    CHECK_FALSE(a.is_directory());
    CHECK(a.size == 5);
    CHECK(a.mode == 0640);
    const auto age = std::chrono::system_clock::now() - a.modified;
    CHECK(age < std::chrono::minutes(5));
    CHECK(age > -std::chrono::minutes(5));
    const auto d = run(fs::stat(dir.path()));
    CHECK(d.is_directory());
    CHECK(d.size == 0);
    CHECK(d.device == a.device);
    CHECK(d.inode != a.inode);
    std::filesystem::create_symlink("a", dir / "link");
    CHECK(run(fs::stat(dir / "link")).inode == a.inode);
}

TEST_CASE("stat of what is not there names it", "[fs][stat]") {
    test_directory dir;
    try {
        run(fs::stat(dir / "missing"));
        FAIL("found");
    } catch (const system_error& e) {
        CHECK(e.code() == std::errc::no_such_file_or_directory);
        CHECK(e.subject() == (dir / "missing").string());
    }
    std::ofstream(dir / "a") << "x";
    CHECK_THROWS_AS(fs::stat_now(dir / "a/b"), system_error);
}
