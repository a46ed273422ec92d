// channel: values from coroutine to coroutine.
#include <crema/async/channel.hpp>
#include <crema/async/race.hpp>
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <vector>
using namespace crema;

namespace {
task<> sends(channel<int>& c, int from, int to, std::vector<int>* sent = nullptr) {
    for (int i = from; i <= to; ++i) {
        co_await c.send(i);
        if (sent) sent->push_back(i);
    }
}
task<> receives(channel<int>& c, std::vector<int>& log) {
    while (auto n = co_await c.receive()) log.push_back(*n);
    log.push_back(-1);
}
} // namespace

TEST_CASE("what is sent is received, in order, until the channel is closed and empty", "[channel]") {
    for (const std::size_t capacity : {0u, 1u, 3u, 100u}) {
        channel<int> c(capacity);
        std::vector<int> log;
        spawn(sends(c, 1, 5));
        spawn(receives(c, log));
        spawn(sends(c, 6, 7));
        CHECK(log == std::vector{1, 2, 3, 4, 5, 6, 7});
        c.close();
        CHECK(log.back() == -1);
    }
}

TEST_CASE("who sends faster than others receive waits", "[channel]") {
    channel<int> c(2);
    std::vector<int> sent;
    spawn(sends(c, 1, 5, &sent));
    CHECK(sent == std::vector{1, 2});
    CHECK(c.size() == 2);
    CHECK(c.try_receive() == 1);
    CHECK(sent == std::vector{1, 2, 3});
    std::vector<int> log;
    spawn(receives(c, log));
    CHECK(log == std::vector{2, 3, 4, 5});
    CHECK(sent.size() == 5);
    c.close();
}

TEST_CASE("without a buffer a sender waits until its value is received", "[channel]") {
    channel<int> c(0);
    std::vector<int> sent;
    CHECK_FALSE(c.try_send(1));
    CHECK_FALSE(c.try_receive());
    spawn(sends(c, 1, 2, &sent));
    CHECK(sent.empty());
    CHECK(c.try_receive() == 1);
    CHECK(sent == std::vector{1});
    CHECK(c.try_receive() == 2);
    CHECK_FALSE(c.try_receive());
}

TEST_CASE("a closed channel takes nothing; senders that wait fail, what lies in it is received", "[channel]") {
    channel<int> c(1);
    std::optional<std::error_code> failed;
    spawn([](channel<int>& to, std::optional<std::error_code>& f) -> task<> {
        co_await to.send(1);
        try {
            co_await to.send(2);
        } catch (const system_error& e) {
            f = e.code();
        }
    }(c, failed));
    c.close();
    CHECK(failed == make_error_code(error::closed));
    CHECK_FALSE(c.try_send(3));
    std::vector<int> log;
    spawn(receives(c, log));
    CHECK(log == std::vector{1, -1});
    CHECK_THROWS_AS(spawn(sends(c, 4, 4)), system_error);
}

TEST_CASE("a receiver that is cancelled takes nothing with it", "[channel]") {
    channel<int> c(1);
    std::vector<int> log;
    cancel_scope scope;
    spawn(receives(c, log), &scope);
    scope.cancel();
    CHECK(c.try_send(1));
    CHECK(log.empty());
    CHECK(c.try_receive() == 1);
}

TEST_CASE("a sender that is cancelled drops its value", "[channel]") {
    channel<std::unique_ptr<int>> c(1);
    cancel_scope scope;
    CHECK(c.try_send(std::make_unique<int>(1)));
    spawn([](channel<std::unique_ptr<int>>& to) -> task<> { co_await to.send(std::make_unique<int>(2)); }(c), &scope);
    scope.cancel();
    CHECK(**c.try_receive() == 1);
    CHECK_FALSE(c.try_receive());
}

TEST_CASE("a value whose receiver is destroyed before it goes on goes to the next", "[channel]") {
    channel<int> c(1);
    std::vector<int> victims, log;
    environment env;
    std::optional<task<>> victim;
    channel<int> other(1);
    spawn([](channel<int>& first, channel<int>& second, std::optional<task<>>& v) -> task<> {
        co_await first.receive();
        second.try_send(7); // given to the victim, who runs when this one waits
        v.reset();
    }(other, c, victim));
    victim = receives(c, victims);
    detail::task_access::start(
        *victim, &env, [](void*) {}, nullptr);
    CHECK(other.try_send(1));
    CHECK(victims.empty());
    CHECK(c.try_receive() == 7);
}

TEST_CASE("the receive that loses a race loses no value", "[channel]") {
    channel<int> a(1), b(1);
    std::optional<int> got;
    spawn([](channel<int>& x, channel<int>& y, std::optional<int>& g) -> task<> {
        g = co_await race(x.receive(), y.receive());
    }(a, b, got));
    CHECK(a.try_send(1));
    CHECK(got == 1);
    CHECK(b.try_send(2));
    CHECK(b.try_receive() == 2);
}
