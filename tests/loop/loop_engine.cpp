#include <crema/loop/loop_engine.hpp>
#include <crema/loop/loop.hpp>
#include <asio.hpp>
#include <catch2/catch.hpp>
#include <string>

// The engine is what a loop is made of: seen through a loop on a context that somebody else runs.

using namespace crema;
using namespace std::chrono_literals;

TEST_CASE("run() of a borrowed context runs every phase and returns when nothing is left", "[loop][loop_engine]") {
    asio::io_context io;
    loop l(io);
    std::string order;
    l.set_immediate([&] {
        order += "immediate ";
        l.next_tick([&] { order += "tick "; });
        l.set_timeout([&] { order += "timer "; }, 1ms);
    });
    asio::post(io, [&] { order += "context "; });
    io.run();
    CHECK(order == "context immediate tick timer ");
}

TEST_CASE("a nearer timer replaces the wait for a farther one", "[loop][loop_engine]") {
    asio::io_context io;
    loop l(io);
    std::string order;
    auto far = l.set_timeout([&] { order += "far "; }, 10s);
    l.set_timeout(
        [&] {
            order += "near ";
            far.clear();
        },
        1ms);
    io.run(); // ends long before ten seconds: the context does not count the wait for what was cleared
    CHECK(order == "near ");
}

TEST_CASE("a loop that goes leaves the context to others", "[loop][loop_engine]") {
    asio::io_context io;
    int ran = 0;
    {
        loop l(io);
        l.set_timeout([&] { ran += 100; }, 1ms);
        l.set_immediate([&] { ran += 100; });
    }
    asio::post(io, [&] { ++ran; });
    io.run(); // what the loop had in the queue does nothing
    CHECK(ran == 1);
}
