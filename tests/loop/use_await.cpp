#include "run.hpp"
#include <crema/async/race.hpp>
#include <crema/async/when_all.hpp>
#include <crema/loop/schedule.hpp>
#include <crema/loop/sleep.hpp>
#include <crema/loop/use_await.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <asio/write.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

using namespace crema;
using namespace std::chrono_literals;
using testing_loop::run;

namespace {

struct pair {
    asio::local::stream_protocol::socket a, b;
    explicit pair(loop& l) : a(l.context()), b(l.context()) { asio::local::connect_pair(a, b); }
};

} // namespace

TEST_CASE("an operation of Asio is awaited with use_await", "[loop][use_await]") {
    loop l;
    pair p(l);
    const auto work = [](pair& s) -> task<std::string> {
        const std::string text = "hello";
        const auto written = co_await s.a.async_write_some(asio::buffer(text), use_await);
        CHECK(written == 5);
        char in[16];
        const auto n = co_await s.b.async_read_some(asio::buffer(in), use_await);
        co_return std::string(in, n);
    };
    CHECK(run(l, work(p)) == "hello");
}

TEST_CASE("composed operations too", "[loop][use_await]") {
    loop l;
    pair p(l);
    const auto reads = [](pair& s) -> task<std::size_t> {
        std::string in(300000, ' ');
        co_return co_await asio::async_read(s.b, asio::buffer(in), use_await);
    };
    const auto writes = [](pair& s) -> task<std::size_t> {
        const std::string out(300000, 'x');
        co_return co_await asio::async_write(s.a, asio::buffer(out), use_await);
    };
    const auto both = [&](auto first, auto second) -> task<std::size_t> {
        auto [r, w] = co_await when_all(first(p), second(p));
        co_return r + w;
    };
    CHECK(run(l, both(reads, writes)) == 600000);
}

TEST_CASE("an error is thrown, or given with use_await_tuple", "[loop][use_await]") {
    loop l;
    pair p(l);
    p.a.close();
    const auto thrown = [](pair& s) -> task<> {
        char in[1];
        co_await s.b.async_read_some(asio::buffer(in), use_await);
    };
    try {
        run(l, thrown(p));
        FAIL("read from a closed peer");
    } catch (const crema::system_error& e) {
        CHECK(e.code() == asio::error::eof);
    }
    const auto given = [](pair& s) -> task<asio::error_code> {
        char in[1];
        auto [ec, n] = co_await s.b.async_read_some(asio::buffer(in), use_await_tuple);
        CHECK(n == 0);
        co_return ec;
    };
    CHECK(run(l, given(p)) == asio::error::eof);
}

TEST_CASE("cancellation ends the operation, by its slot", "[loop][use_await]") {
    loop l;
    pair p(l);
    cancel_scope scope;
    const auto reads = [](pair& s) -> task<> {
        char in[1];
        co_await s.b.async_read_some(asio::buffer(in), use_await);
    };
    l.set_timeout([&] { scope.cancel(); }, 5);
    CHECK_THROWS_AS(run(l, reads(p), &scope), cancelled);
    CHECK_THROWS_AS(run(l, reads(p), &scope), cancelled); // before it begins
    const auto race_it = [](auto read, pair& s) -> task<> { co_await race(read(s), sleep(5ms)); };
    run(l, race_it(reads, p));
    CHECK_FALSE(l.run_once());
}

TEST_CASE("a coroutine destroyed while it waits: the operation ends by itself", "[loop][use_await]") {
    bool resumed = false;
    {
        loop l;
        const auto waits = [](loop& where, bool& r) -> task<> {
            asio::steady_timer t(where.context(), 1h);
            co_await t.async_wait(use_await);
            r = true;
        };
        {
            auto t = [](task<> inner) -> task<> { co_await std::move(inner); }(waits(l, resumed));
            struct root {
                struct promise_type {
                    environment env_;
                    environment* env() { return &env_; }
                    root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
                    std::suspend_never initial_suspend() { return {}; }
                    std::suspend_always final_suspend() noexcept { return {}; }
                    void return_void() {}
                    void unhandled_exception() { std::terminate(); }
                };
                std::coroutine_handle<promise_type> handle;
            };
            auto r = [](task<> inner) -> root { co_await std::move(inner); }(std::move(t));
            l.run_once();
            r.handle.destroy();
        }
        l.run(); // ends: nothing waits
        l.callback([&] { spawn(waits(l, resumed)); }); // goes with the loop
    }
    CHECK_FALSE(resumed);
}

TEST_CASE("an operation of another context comes back to the loop", "[loop][use_await]") {
    loop l;
    asio::thread_pool elsewhere(1);
    const auto here = std::this_thread::get_id();
    const auto work = [](asio::thread_pool& pool, std::thread::id me) -> task<> {
        asio::steady_timer t(pool, 2ms);
        co_await t.async_wait(use_await);
        CHECK(std::this_thread::get_id() == me);
        co_await asio::post(pool, use_await);
        CHECK(std::this_thread::get_id() == me);
    };
    l.hold();
    bool done = false;
    l.callback([&] {
        spawn([](auto w, asio::thread_pool& pool, std::thread::id me, loop& where, bool& d) -> task<> {
            co_await w(pool, me);
            d = true;
            where.release();
        }(work, elsewhere, here, l, done));
    });
    l.run();
    CHECK(done);
}

TEST_CASE("ticks run between two completions", "[loop][use_await]") {
    loop l;
    std::string seen;
    const auto one = [](loop& where, std::string& s, char c) -> task<> {
        co_await asio::post(where.context(), use_await);
        s += c;
        next_tick([&s] { s += 't'; });
    };
    l.callback([&] {
        spawn(one(l, seen, 'a'));
        spawn(one(l, seen, 'b'));
    });
    l.run();
    CHECK(seen == "atbt");
}
