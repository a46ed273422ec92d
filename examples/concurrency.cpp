// Concurrency: awaits one after the other, and side by side.
//
//   concurrency       -> one after the other: 100 ms, side by side: 50 ms, the first of two: 20 ms (about)
#include <crema.hpp>
#include <chrono>
#include <cstdio>
#include <string>
using namespace crema;
using namespace std::chrono_literals;

task<std::string> user() {
    co_await sleep(50ms);
    co_return "Ada";
}

task<int> posts() {
    co_await sleep(50ms);
    co_return 3;
}

task<std::string> mirror(std::string name, std::chrono::milliseconds time) {
    co_await sleep(time);
    co_return name;
}

long since(std::chrono::steady_clock::time_point begin) {
    return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count());
}

task<> run() {
    auto begin = std::chrono::steady_clock::now();
    auto name = co_await user();
    auto count = co_await posts();
    std::printf("one after the other: %s has %d posts, %ld ms\n", name.c_str(), count, since(begin));

    begin = std::chrono::steady_clock::now();
    auto [name2, count2] = co_await when_all(user(), posts());
    std::printf("side by side: %s has %d posts, %ld ms\n", name2.c_str(), count2, since(begin));

    begin = std::chrono::steady_clock::now();
    auto first = co_await race(mirror("near", 20ms), mirror("far", 500ms)); // far is cancelled
    std::printf("the first of two: %s, %ld ms\n", first.c_str(), since(begin));

    try {
        co_await with_timeout(mirror("slow", 500ms), 30ms);
    } catch (const timed_out&) {
        std::printf("too slow\n");
    }
}

int main() {
    spawn(run());
    loop::current().run();
}
