#include <crema/loop/asio_version.hpp>
#include <catch2/catch.hpp>

TEST_CASE("counted work keeps a context running until it is taken back", "[loop][asio_version]") {
    asio::io_context io;
    CHECK(io.poll() == 0);
    CHECK(io.stopped());
    io.restart();
    crema::detail::work_started(io);
    CHECK(io.poll() == 0);
    CHECK_FALSE(io.stopped());
    crema::detail::work_finished(io);
    CHECK(io.stopped());
}

TEST_CASE("execute_on runs at once inside the context, later outside", "[loop][asio_version]") {
    asio::io_context io;
    int ran = 0;
    crema::detail::execute_on(io.get_executor(), [&] {
        ++ran;
        crema::detail::execute_on(io.get_executor(), [&] { ++ran; });
        CHECK(ran == 2);
    });
    CHECK(ran == 0);
    io.run();
    CHECK(ran == 2);
}
