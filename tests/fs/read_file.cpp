#include "../loop/run.hpp"
#include "directory.hpp"
#include <crema/fs/read_file.hpp>
#include <catch2/catch.hpp>
#include <fstream>

using namespace crema;
using testing_loop::run;

TEST_CASE("a whole file, whatever its size and octets", "[fs][read_file]") {
    test_directory dir;
    for (const std::size_t size : {0u, 1u, 4095u, 4096u, 4097u, 1u << 20, (1u << 20) + 1, 3u << 20}) {
        std::string text(size, '\0');
        for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 >> 3);
        std::ofstream(dir / "a", std::ios::binary) << text;
        CHECK(run(fs::read_file(dir / "a")) == text);
    }
}

#if CREMA_LINUX
TEST_CASE("files that do not know their size are read to the end", "[fs][read_file]") {
    const auto status = run(fs::read_file("/proc/self/status"));
    CHECK(status.find("Pid:") != status.npos);
    CHECK(fs::read_file_now("/dev/null").empty());
}
#endif

TEST_CASE("a file beyond the limit is refused", "[fs][read_file]") {
    test_directory dir;
    std::ofstream(dir / "a") << std::string(100, 'x');
    CHECK(run(fs::read_file(dir / "a", {.limit = 100})).size() == 100);
    try {
        run(fs::read_file(dir / "a", {.limit = 99}));
        FAIL("read");
    } catch (const system_error& e) {
        CHECK(e.code() == error::too_large);
        CHECK(e.subject() == (dir / "a").string());
    }
#if CREMA_LINUX
    CHECK_THROWS_AS(fs::read_file_now("/proc/self/status", {.limit = 10}), system_error);
    CHECK_THROWS_AS(fs::read_file_now("/dev/zero", {.limit = 1000000}), system_error);
#endif
}

TEST_CASE("missing files and directories are errors with the path", "[fs][read_file]") {
    test_directory dir;
    for (const auto& path : {dir / "missing", dir.path()}) {
        try {
            run(fs::read_file(path));
            FAIL("read " << path);
        } catch (const system_error& e) {
            CHECK(e.subject() == path.string());
        }
    }
}

TEST_CASE("a cancelled read throws cancelled", "[fs][read_file]") {
    loop l;
    cancel_scope scope;
    scope.cancel();
    CHECK_THROWS_AS(run(l, fs::read_file("/dev/zero"), &scope), cancelled);
#if CREMA_LINUX
    scope.reset();
    l.set_timeout([&] { scope.cancel(); }, 5);
    CHECK_THROWS_AS(run(l, fs::read_file("/dev/zero"), &scope), cancelled); // stops between two pieces
#endif
}
