#include "../loop/run.hpp"
#include "directory.hpp"
#include <crema/fs/read_file.hpp>
#include <crema/fs/write_stream.hpp>
#include <catch2/catch.hpp>

using namespace crema;
using testing_loop::run;

TEST_CASE("a file written piece by piece, small ones gathered", "[fs][write_stream]") {
    test_directory dir;
    const auto path = dir / "a";
    const auto work = [](fs::write_stream& out, std::string& expected) -> task<> {
        for (int i = 0; i < 2000; ++i) {
            const auto piece = std::to_string(i) + (i % 500 == 0 ? std::string(3000, 'x') : " ");
            expected += piece;
            co_await out.write(piece);
        }
        co_await out.finish();
    };
    fs::write_stream out(path, {.buffer = 1000});
    std::string expected;
    run(work(out, expected));
    CHECK(fs::read_file_now(path) == expected);
    CHECK(out.written() == expected.size());
    const auto again = [](fs::write_stream& o) -> task<> { co_await o.write("more"); };
    try {
        run(again(out));
        FAIL("written after finish");
    } catch (const system_error& e) {
        CHECK(e.code() == error::closed);
    }
}

TEST_CASE("nothing written, yet finished: an empty file; not finished: nothing touched", "[fs][write_stream]") {
    test_directory dir;
    fs::write_stream out(dir / "a");
    run(out.finish());
    CHECK(fs::read_file_now(dir / "a").empty());
    {
        fs::write_stream never(dir / "b");
        const auto small = [](fs::write_stream& o) -> task<> { co_await o.write("x"); };
        run(small(never));
    }
    CHECK_FALSE(std::filesystem::exists(dir / "b"));
}

TEST_CASE("errors carry the path and end the stream", "[fs][write_stream]") {
    test_directory dir;
    const auto path = dir / "no/such/place";
    fs::write_stream out(path, {.buffer = 0});
    const auto write = [](fs::write_stream& o) -> task<> { co_await o.write("x"); };
    try {
        run(write(out));
        FAIL("written");
    } catch (const system_error& e) {
        CHECK(e.subject() == path.string());
    }
    CHECK_THROWS_AS(run(out.finish()), system_error);
}
