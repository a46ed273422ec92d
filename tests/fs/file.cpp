#include "directory.hpp"
#include <crema/fs/file.hpp>
#include <catch2/catch.hpp>

using namespace crema;
using fs::file, fs::write_mode;

TEST_CASE("a file is written and read back at any offset", "[fs][file]") {
    test_directory dir;
    auto out = file::open_write(dir / "a", write_mode::truncate);
    out.write("hello ");
    out.write("world");
    out.flush();
    out.close();
    out.close(); // does nothing
    const auto in = file::open_read(dir / "a");
    CHECK(in.size() == 11);
    char text[16];
    CHECK(std::string_view(text, in.read(6, text, sizeof text)) == "world");
    CHECK(in.read(11, text, sizeof text) == 0);
    CHECK(in.read(1000, text, sizeof text) == 0);
}

TEST_CASE("modes: truncate, append, create_new", "[fs][file]") {
    test_directory dir;
    file::open_write(dir / "a", write_mode::truncate).write("one");
    file::open_write(dir / "a", write_mode::append).write("two");
    CHECK(file::open_read(dir / "a").size() == 6);
    file::open_write(dir / "a", write_mode::truncate).write("3");
    CHECK(file::open_read(dir / "a").size() == 1);
    try {
        file::open_write(dir / "a", write_mode::create_new);
        FAIL("it exists");
    } catch (const system_error& e) {
        CHECK(e.code() == std::errc::file_exists);
        CHECK(e.subject() == (dir / "a").string());
    }
}

TEST_CASE("errors carry the path", "[fs][file]") {
    test_directory dir;
    const auto fails = [](auto&& open, const std::filesystem::path& path, std::errc code) {
        try {
            open(path);
            FAIL("opened " << path);
        } catch (const system_error& e) {
            CHECK(e.code() == code);
            CHECK(std::string(e.what()).find(path.string()) == 0);
        }
    };
    const auto read = [](const auto& p) { file::open_read(p); };
    const auto write = [](const auto& p) { file::open_write(p, write_mode::truncate); };
    fails(read, dir / "missing", std::errc::no_such_file_or_directory);
    fails(read, dir.path(), std::errc::is_a_directory);
    fails(write, dir.path(), std::errc::is_a_directory);
    fails(write, dir / "no/such/place", std::errc::no_such_file_or_directory);
    fails(read, std::filesystem::path(std::string(300, 'x')), std::errc::filename_too_long);
}

#if CREMA_LINUX
TEST_CASE("a full disk is an error", "[fs][file]") {
    auto full = file::open_write("/dev/full", write_mode::append);
    CHECK_THROWS_AS(full.write("x"), system_error);
}
#endif
