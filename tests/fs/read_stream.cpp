#include "../loop/run.hpp"
#include "directory.hpp"
#include <crema/fs/read_stream.hpp>
#include <crema/fs/write_file.hpp>
#include <catch2/catch.hpp>

using namespace crema;
using testing_loop::run;

namespace {

task<std::string> all(fs::read_stream& in, std::size_t& pieces) {
    std::string text;
    for (auto piece = co_await in.read(); !piece.empty(); piece = co_await in.read()) {
        text += piece;
        ++pieces;
    }
    auto more = co_await in.read();
    CHECK(more.empty());
    co_return text;
}

} // namespace

TEST_CASE("a file piece by piece", "[fs][read_stream]") {
    test_directory dir;
    std::string text(10000, ' ');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
    fs::write_file_now(dir / "a", text);
    std::size_t pieces = 0;
    fs::read_stream whole(dir / "a", {.piece = 4096});
    CHECK(run(all(whole, pieces)) == text);
    CHECK(pieces == 3);
    CHECK(whole.offset() == 10000);
    fs::read_stream part(dir / "a", {.start = 100, .end = 5000, .piece = 1000});
    CHECK(run(all(part, pieces)) == text.substr(100, 4900));
    fs::read_stream beyond(dir / "a", {.start = 9990, .end = 20000});
    CHECK(run(all(beyond, pieces)) == text.substr(9990));
    fs::read_stream behind(dir / "a", {.start = 20000});
    CHECK(run(all(behind, pieces)).empty());
    fs::read_stream nothing(dir / "a", {.start = 5, .end = 5});
    CHECK(run(all(nothing, pieces)).empty());
}

TEST_CASE("an empty file ends at once", "[fs][read_stream]") {
    test_directory dir;
    fs::write_file_now(dir / "a", "");
    std::size_t pieces = 0;
    fs::read_stream in(dir / "a");
    CHECK(run(all(in, pieces)).empty());
    CHECK(pieces == 0);
}

TEST_CASE("a missing file is found out by open, or by the first read", "[fs][read_stream]") {
    test_directory dir;
    std::size_t pieces = 0;
    fs::read_stream in(dir / "missing");
    try {
        run(in.open());
        FAIL("opened");
    } catch (const system_error& e) {
        CHECK(e.subject() == (dir / "missing").string());
    }
    CHECK_THROWS_AS(run(all(in, pieces)), system_error);
    CHECK(run(all(in, pieces)).empty()); // after an error nothing more comes
}
