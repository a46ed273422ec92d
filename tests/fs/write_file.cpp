#include "../loop/run.hpp"
#include "directory.hpp"
#include <crema/fs/read_file.hpp>
#include <crema/fs/write_file.hpp>
#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

using namespace crema;
using testing_loop::run;

TEST_CASE("a file gets a content, in each mode", "[fs][write_file]") {
    test_directory dir;
    const auto path = dir / "a";
    run(fs::write_file(path, "one"));
    CHECK(fs::read_file_now(path) == "one");
    run(fs::write_file(path, "two", {.mode = fs::write_mode::append}));
    CHECK(fs::read_file_now(path) == "onetwo");
    run(fs::write_file(path, ""));
    CHECK(fs::read_file_now(path).empty());
    run(fs::write_file(path, "whole", {.mode = fs::write_mode::replace}));
    CHECK(fs::read_file_now(path) == "whole");
    CHECK_THROWS_AS(run(fs::write_file(path, "x", {.mode = fs::write_mode::create_new})), system_error);
    CHECK(fs::read_file_now(path) == "whole");
}

TEST_CASE("replace keeps permissions and leaves nothing beside the file", "[fs][write_file]") {
    test_directory dir;
    const auto path = dir / "a";
    run(fs::write_file(path, "old", {.permissions = 0600}));
    ::chmod(path.c_str(), 0604);
    run(fs::write_file(path, std::string(1 << 20, 'n'), {.mode = fs::write_mode::replace}));
    struct ::stat s;
    CHECK(::stat(path.c_str(), &s) == 0);
    CHECK((s.st_mode & 07777) == 0604);
    CHECK(s.st_size == 1 << 20);
    CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("what cannot be written is an error with the path, and leaves no rest", "[fs][write_file]") {
    test_directory dir;
    std::filesystem::create_directory(dir / "d");
    std::filesystem::create_directory(dir / "d/x");
    for (const auto mode : {fs::write_mode::truncate, fs::write_mode::append, fs::write_mode::create_new, fs::write_mode::replace})
        for (const auto& path : {dir / "d", dir / "no/such/place"}) {
            try {
                run(fs::write_file(path, "x", {.mode = mode}));
                FAIL("written " << path);
            } catch (const system_error& e) {
                CHECK(e.subject() == path.string());
            }
        }
    CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), std::filesystem::directory_iterator()) == 1);
}
