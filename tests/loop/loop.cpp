#include <crema/loop/loop.hpp>
#include <crema/loop/offload.hpp>
#include <crema/loop/schedule.hpp>
#include <crema/loop/sleep.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#if CREMA_LINUX
#include <csignal>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

// Stands before the one of the C library: counts.
static std::atomic<long> epoll_waits{0};
extern "C" int epoll_wait(int fd, epoll_event* events, int size, int timeout) {
    ++epoll_waits;
    return static_cast<int>(syscall(SYS_epoll_pwait, fd, events, size, timeout, nullptr, 0));
}
#endif

using namespace crema;
using namespace std::chrono_literals;

TEST_CASE("a loop without work ends at once", "[loop]") {
    loop l;
    CHECK(l.run() == 0);
    CHECK_FALSE(l.run_once());
}

TEST_CASE("the readme's order: 1, 2, 2.5, 3", "[loop]") {
    loop l;
    std::string seen;
    set_timeout([&] { seen += " 3"; }, 0);
    next_tick([&] { seen += " 2"; });
    queue_microtask([&] { seen += " 2.5"; });
    seen += "1";
    l.run();
    CHECK(seen == "1 2 2.5 3");
}

TEST_CASE("current is the loop that runs, else the one made last, else one of the thread", "[loop]") {
    std::thread([] {
        loop& own = loop::current();
        CHECK(&loop::current() == &own);
        loop a;
        CHECK(&loop::current() == &a);
        {
            loop b;
            CHECK(&loop::current() == &b);
            a.callback([&] { CHECK(&loop::current() == &a); });
            a.set_immediate([&] { CHECK(&loop::current() == &a); });
            a.run();
            CHECK(&loop::current() == &b);
        }
        CHECK(&loop::current() == &a);
    }).join();
}

TEST_CASE("posts from other threads run on the loop, in order, and keep it alive", "[loop]") {
    loop l;
    const auto here = std::this_thread::get_id();
    std::vector<int> seen;
    l.hold();
    std::thread other([&] {
        for (int i = 0; i < 1000; ++i)
            l.post([&, i] {
                CHECK(std::this_thread::get_id() == here);
                seen.push_back(i);
            });
        l.post([&] { l.release(); });
    });
    l.run();
    other.join();
    CHECK(seen.size() == 1000);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    l.post([&] { seen.clear(); });
    l.run();
    CHECK(seen.empty());
}

TEST_CASE("each post is a callback of its own: ticks run between", "[loop]") {
    loop l;
    std::string seen;
    l.post([&] {
        seen += 'a';
        next_tick([&] { seen += 't'; });
    });
    l.post([&] { seen += 'b'; });
    l.run();
    CHECK(seen == "atb");
}

TEST_CASE("an exception in any callback reaches on_error and nothing else is lost", "[loop]") {
    loop l;
    std::vector<std::string> errors;
    l.on_error([&](std::exception_ptr e) {
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& x) {
            errors.push_back(x.what());
        }
    });
    int ran = 0;
    const auto throws = [](const char* what) { return [what] { throw std::runtime_error(what); }; };
    l.post(throws("post"));
    l.post([&] { ++ran; });
    l.next_tick(throws("tick"));
    l.next_tick([&] { ++ran; });
    l.queue_microtask(throws("microtask"));
    l.queue_microtask([&] { ++ran; });
    l.set_timeout(throws("timer"), 1);
    l.set_timeout([&] { ++ran; }, 1);
    l.set_immediate(throws("immediate"));
    l.set_immediate([&] { ++ran; });
    l.defer_close([&] { ++ran; });
    l.defer_close(throws("close"));
    asio::post(l.context(), throws("raw handler"));
    asio::post(l.context(), [&] { ++ran; });
    l.callback([&] { l.callback(throws("nested")); });
    l.run();
    std::sort(errors.begin(), errors.end());
    CHECK(errors == std::vector<std::string>{"close", "immediate", "microtask", "nested", "post", "raw handler", "tick", "timer"});
    CHECK(ran == 7);
}

TEST_CASE("what nobody observed is reported after the microtasks", "[loop]") {
    loop l;
    std::string seen;
    l.on_error([&](std::exception_ptr) { seen += 'e'; });
    l.callback([&] {
        l.report_unobserved(std::make_exception_ptr(1));
        l.queue_microtask([&] {
            seen += 'm';
            l.report_unobserved(std::make_exception_ptr(2));
        });
        l.next_tick([&] { seen += 't'; });
    });
    CHECK(seen == "tmee");
}

TEST_CASE("stop ends run after the running callback, run goes on where it was", "[loop]") {
    loop l;
    std::string seen;
    for (char c = 'a'; c < 'e'; ++c)
        l.set_immediate([&, c] {
            seen += c;
            if (c == 'b') l.stop();
        });
    l.set_timeout([&] { seen += 't'; }, 1);
    l.set_timeout([&] { l.stop(); }, 1);
    l.set_timeout([&] { seen += 'u'; }, 1);
    l.run();
    CHECK(seen == "ab");
    l.run();
    CHECK(seen == "abcdt");
    l.run();
    CHECK(seen == "abcdtu");

    loop other;
    other.hold();
    std::thread t([&] { other.stop(); });
    other.run();
    t.join();
    other.release();
}

TEST_CASE("exit calls the functions of on_exit, drops what waits and gives its code", "[loop]") {
    loop l;
    std::string seen;
    l.on_exit([&] { seen += 'x'; });
    l.on_exit([&] {
        seen += 'y';
        l.next_tick([&] { seen += '!'; });
    });
    l.set_timeout([&] {
        l.exit(3);
        l.exit(4);
        l.queue_microtask([&] { seen += '!'; });
    }, 1);
    l.set_timeout([&] { seen += '!'; }, 1);
    l.set_immediate([&] { l.set_timeout([&] { seen += '!'; }, 50); });
    CHECK(l.run() == 3);
    CHECK(seen == "xy");
    CHECK(l.run() == 0);
    CHECK(seen == "xy");
    l.exit(7); // before run
    l.set_immediate([&] { seen += '!'; });
    CHECK(l.run() == 7);
    CHECK(seen == "xy");
}

TEST_CASE("before_exit comes whenever nothing is left, exit at the end", "[loop]") {
    loop l;
    std::string seen;
    l.on_before_exit([&] {
        seen += 'b';
        if (seen.size() < 4) l.set_immediate([&] { seen += 'i'; });
    });
    l.on_exit([&] { seen += 'x'; });
    l.run();
    CHECK(seen == "bibibx");
}

TEST_CASE("hold keeps the loop alive until release", "[loop]") {
    loop l;
    l.hold();
    CHECK(l.run_once());
    l.hold();
    l.release();
    CHECK(l.run_once());
    l.release();
    CHECK_FALSE(l.run_once());
}

TEST_CASE("operations of Asio keep the loop alive", "[loop]") {
    loop l;
    bool done = false;
    asio::steady_timer t(l.context(), 5ms);
    t.async_wait([&](asio::error_code) { done = true; });
    l.run();
    CHECK(done);
}

TEST_CASE("a borrowed context: run drives it", "[loop]") {
    asio::io_context io;
    manual_clock clock(loop_clock::when_idle::jump);
    std::string seen;
    {
        loop l(io);
        l.clock(&clock);
        CHECK(&l.context() == &io);
        asio::post(io, [&] { seen += 'p'; });
        l.set_timeout([&] { seen += 't'; }, 1);
        l.set_immediate([&] { seen += 'i'; });
        l.run();
        CHECK(seen == "pit");
        l.set_timeout([&] { seen += '!'; }, 1); // goes with the loop
        l.post([&] { seen += '!'; });
    }
    io.restart();
    io.run();
    CHECK(seen == "pit");
}

TEST_CASE("a borrowed context driven by io_context::run: everything but before_exit", "[loop]") {
    asio::io_context io;
    loop l(io);
    std::string seen;
    l.next_tick([&] { seen += 'n'; });
    l.set_immediate([&] { seen += 'i'; });
    l.set_timeout([&] {
        seen += 't';
        l.queue_microtask([&] { seen += 'm'; });
        l.set_immediate([&] { seen += 'j'; });
    }, 200);
    l.set_timeout([&] { seen += '!'; }, 10000).unref();
    spawn([](std::string& s) -> task<> {
        s += 'c';
        co_await sleep(400ms);
        s += co_await offload([] { return 'o'; });
    }(seen));
    io.run();
    CHECK(seen == "cnitmjo");
}

#if CREMA_LINUX
TEST_CASE("a turn costs at most two epoll_wait, a callback of the poll phase none of its own", "[loop]") {
    loop l;
    const auto count = [&](auto&& start) {
        start();
        const long before = epoll_waits;
        l.run();
        return epoll_waits - before;
    };
    count([&] { l.set_timeout([] {}, 1); }); // opens the descriptors
    CHECK(count([&] {
        for (int i = 0; i < 1000; ++i) l.set_immediate([] {});
    }) <= 2);
    CHECK(count([&] {
        for (int i = 0; i < 1000; ++i) l.post([&] { l.queue_microtask([] {}); });
    }) <= 2);
    CHECK(count([&] {
        for (int i = 0; i < 1000; ++i) l.set_timeout([] {}, 1);
        std::this_thread::sleep_for(3ms);
    }) <= 2);
    CHECK(count([&] { l.set_timeout([] {}, 1); }) <= 3); // and the wake-up that ended the run before
    int turns = 0;
    struct again {
        loop& l;
        int& turns;
        void operator()() const {
            if (++turns < 100) l.set_immediate(*this);
        }
    };
    CHECK(count([&] { l.set_immediate(again{l, turns}); }) <= 200);
    CHECK(turns == 100);
}

TEST_CASE("a hundred results of the pool that wait together cost one turn", "[loop]") {
    loop l;
    int resumed = 0;
    for (int i = 0; i < 100; ++i)
        spawn([](int& n) -> task<> {
            co_await offload([] {});
            ++n;
        }(resumed));
    while (offload_pool::shared().waiting() > 0) std::this_thread::yield();
    std::this_thread::sleep_for(20ms);
    const long before = epoll_waits;
    l.run();
    CHECK(resumed == 100);
    CHECK(epoll_waits - before <= 2);
}

TEST_CASE("SIGPIPE does not end the process", "[loop]") {
    loop l;
    std::raise(SIGPIPE);
    CHECK(true);
}
#endif

TEST_CASE("now is one time for the whole callback", "[loop]") {
    loop l;
    l.callback([&] {
        const auto first = l.now();
        std::this_thread::sleep_for(2ms);
        CHECK(l.now() == first);
    });
    const auto outside = l.now();
    std::this_thread::sleep_for(2ms);
    CHECK(l.now() > outside);
}

TEST_CASE("a loop that runs cannot be run again", "[loop]") {
    loop l;
    l.callback([&] {});
    l.set_immediate([&] {
        CHECK_THROWS_AS(l.run(), std::logic_error);
        CHECK_THROWS_AS(l.run_once(), std::logic_error);
    });
    l.run();
}

TEST_CASE("what waits is destroyed with the loop, and may use it while it goes", "[loop]") {
    auto token = std::make_shared<int>();
    {
        loop l;
        struct user {
            std::shared_ptr<int> token;
            loop* l;
            user(std::shared_ptr<int> t, loop& where) : token(std::move(t)), l(&where) {}
            user(user&& o) noexcept : token(std::move(o.token)), l(std::exchange(o.l, nullptr)) {}
            ~user() {
                if (l) l->set_timeout([t = token] {}, 1);
            }
            void operator()() {}
        };
        l.post(user(token, l));
        l.set_immediate(user(token, l));
        l.next_tick(user(token, l));
        l.defer_close(user(token, l));
        l.set_timeout(user(token, l), 1);
        asio::post(l.context(), user(token, l));
        spawn([](std::shared_ptr<int>) -> task<> { co_await sleep(1h); }(token));
    }
    CHECK(token.use_count() == 1);
}
