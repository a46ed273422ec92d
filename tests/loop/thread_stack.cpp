#include <crema/loop/thread_stack.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/watchdog.hpp>
#include <catch2/catch.hpp>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
#if CREMA_LINUX
#include <pthread.h>
#include <csignal>
#endif

using namespace crema;
using namespace std::chrono_literals;

// ThreadSanitizer delivers signals late: only when the thread calls something it intercepts.
#if defined(__SANITIZE_THREAD__)
#define CREMA_TEST_STACKS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CREMA_TEST_STACKS 0
#endif
#endif
#if !defined(CREMA_TEST_STACKS)
#define CREMA_TEST_STACKS CREMA_LINUX
#endif

#if CREMA_TEST_STACKS
namespace testing_stack {

// Named so that they are found in the text; not inlined, and with something to do after the call.
[[gnu::noinline]] void busy_with_a_spin(std::atomic<bool>& go_on) {
    while (go_on) asm volatile("");
    asm volatile("");
}
[[gnu::noinline]] void calls_the_busy_one(std::atomic<bool>& go_on) {
    busy_with_a_spin(go_on);
    asm volatile("");
}
std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& l : lines) all += l + "\n";
    return all;
}

} // namespace testing_stack
using namespace testing_stack;

TEST_CASE("the stack of a busy thread is seen from another, innermost first, by name", "[loop][thread_stack]") {
    detail::prepare_thread_stacks();
    std::atomic<bool> go_on{true};
    std::thread busy([&] { calls_the_busy_one(go_on); });
    std::string all;
    for (int i = 0; i < 50 && all.find("calls_the_busy_one") == all.npos; ++i) { // it may not have begun
        all = joined(detail::stack_of(busy.native_handle(), 10s));
    }
    go_on = false;
    busy.join();
    INFO(all);
    const auto inner = all.find("testing_stack::busy_with_a_spin"), outer = all.find("testing_stack::calls_the_busy_one");
    REQUIRE(inner != all.npos); // the first, but for what std::atomic calls where nothing is inlined
    REQUIRE(outer != all.npos);
    CHECK(inner < outer);
    CHECK(all.substr(0, inner).find("testing_stack::") == all.npos);
    CHECK(all.find("note_stack") == all.npos); // not the handler itself
    CHECK(all.find("+0x") != all.npos);
}

TEST_CASE("a thread that does not answer in time gives nothing, and may answer later", "[loop][thread_stack]") {
    detail::prepare_thread_stacks();
    std::atomic<int> step{0};
    std::thread deaf([&] {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, nullptr);
        step = 1;
        while (step != 2) std::this_thread::sleep_for(1ms);
        sigemptyset(&all);
        pthread_sigmask(SIG_SETMASK, &all, nullptr);
        step = 3;
        while (step != 4) std::this_thread::sleep_for(1ms);
    });
    while (step != 1) std::this_thread::sleep_for(1ms);
    CHECK(detail::stack_of(deaf.native_handle(), 20ms).empty());
    step = 2; // the signal of the first attempt arrives now
    while (step != 3) std::this_thread::sleep_for(1ms);
    CHECK_FALSE(detail::stack_of(deaf.native_handle(), 10s).empty());
    step = 4;
    deaf.join();
}

TEST_CASE("being looked at changes nothing: errno stays, many times over", "[loop][thread_stack]") {
    detail::prepare_thread_stacks();
    std::atomic<bool> go_on{true}, changed{false};
    std::thread busy([&] {
        errno = 1234;
        while (go_on) {
            std::vector<std::string> memory(3, std::string(100, 'x')); // interrupted within malloc, too
            if (errno != 1234) changed = true;
        }
    });
    int seen = 0;
    for (int i = 0; i < 200; ++i) seen += !detail::stack_of(busy.native_handle(), 10s).empty();
    go_on = false;
    busy.join();
    CHECK(seen == 200);
    CHECK_FALSE(changed);
}

TEST_CASE("the report of a watchdog holds the stack when it was asked for", "[loop][thread_stack]") {
    loop l;
    std::atomic<bool> go_on{true};
    std::vector<std::string> stack;
    bool ended_with_stack = false;
    {
        watchdog_options o;
        o.threshold = 10ms;
        o.stack = true;
        o.on_block = [&](const block_report& r) {
            if (!go_on) {
                ended_with_stack = r.ended && !r.stack.empty();
                return;
            }
            stack = r.stack;
            go_on = false;
        };
        const watchdog dog(std::move(o));
        l.callback([&] { calls_the_busy_one(go_on); });
    }
    const auto all = joined(stack);
    INFO(all);
    CHECK(all.find("testing_stack::calls_the_busy_one") != all.npos);
    CHECK_FALSE(ended_with_stack);
}
#else
TEST_CASE("without stacks there is none", "[loop][thread_stack]") {
    detail::prepare_thread_stacks();
    CHECK(true);
}
#endif
