// What coroutines cost: nested awaits of ready tasks, the same of asio::awaitable, awaits in a row, combinators.
//
//     bench_async                        prints times
//     bench_async nested DEPTH ROUNDS    awaits a chain of DEPTH tasks ROUNDS times, for a profiler that counts
//                                        instructions: the difference of two depths, divided by rounds and levels,
//                                        is what one further nested co_await costs
//     bench_async asio DEPTH ROUNDS      the same with asio::awaitable
//     bench_async row COUNT ROUNDS       awaits COUNT tasks one after the other
//     bench_async when_all COUNT ROUNDS  awaits COUNT ready tasks side by side
// SPDX-License-Identifier: MIT
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/async/when_all.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/sleep.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>
using namespace crema;

namespace {

task<int> level(int n) {
    if (n == 0) co_return 0;
    co_return 1 + co_await level(n - 1);
}
task<int> ready(int n) { co_return n; }

task<> nested(int depth, int rounds, long& sum) {
    for (int i = 0; i < rounds; ++i) sum += co_await level(depth);
}
task<> row(int count, int rounds, long& sum) {
    for (int i = 0; i < rounds; ++i)
        for (int k = 0; k < count; ++k) sum += co_await ready(1);
}
task<> side_by_side(int count, int rounds, long& sum) {
    for (int i = 0; i < rounds; ++i) {
        std::vector<task<int>> all;
        all.reserve(static_cast<std::size_t>(count));
        for (int k = 0; k < count; ++k) all.push_back(ready(1));
        for (const int n : co_await when_all(std::move(all))) sum += n;
    }
}

// In Asio's usual form: coroutines over any executor.
asio::awaitable<int> asio_level(int n) {
    if (n == 0) co_return 0;
    co_return 1 + co_await asio_level(n - 1);
}
asio::awaitable<void> asio_nested(int depth, int rounds, long& sum) {
    for (int i = 0; i < rounds; ++i) sum += co_await asio_level(depth);
}

task<> two_waits(double& milliseconds) {
    using namespace std::chrono_literals;
    const auto begin = std::chrono::steady_clock::now();
    co_await when_all(sleep(50ms), sleep(50ms));
    milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

using measured = long (*)(int, int);

template <task<> (*F)(int, int, long&)>
long run(int n, int rounds) {
    long sum = 0;
    spawn(F(n, rounds, sum));
    return sum;
}
long run_asio(int n, int rounds) {
    long sum = 0;
    asio::io_context context;
    asio::co_spawn(context, asio_nested(n, rounds, sum), asio::detached);
    context.run();
    return sum;
}

double print(const char* what, measured f, int n, int rounds) {
    f(n, 1); // warm
    auto best = std::chrono::nanoseconds::max();
    for (int attempt = 0; attempt < 5; ++attempt) {
        const auto begin = std::chrono::steady_clock::now();
        const long sum = f(n, rounds);
        const auto time = std::chrono::steady_clock::now() - begin;
        if (sum != static_cast<long>(n) * rounds) std::abort();
        if (time < best) best = time;
    }
    const double each = static_cast<double>(best.count()) / n / rounds;
    std::printf("%-46s %8.1f ns each\n", what, each);
    return each;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 4) {
        const std::string_view mode = argv[1];
        const measured f = mode == "nested"     ? run<nested>
                           : mode == "asio"     ? run_asio
                           : mode == "row"      ? run<row>
                           : mode == "when_all" ? run<side_by_side>
                                                : nullptr;
        if (f) {
            std::printf("%ld\n", f(std::atoi(argv[2]), std::atoi(argv[3])));
            return 0;
        }
    }
    if (argc != 1) {
        std::fprintf(stderr, "usage: %s [nested|asio|row|when_all COUNT ROUNDS]\n", argv[0]);
        return 2;
    }
    const double own = print("nested co_await of a task, 50 deep", run<nested>, 50, 20000);
    const double foreign = print("nested co_await of an asio::awaitable, 50 deep", run_asio, 50, 20000);
    std::printf("%-46s %8.1f times a task's\n", "  that is", foreign / own);
    print("co_await of ready tasks in a row", run<row>, 100, 10000);
    print("when_all of 10 000 ready tasks", run<side_by_side>, 10000, 100);
    double milliseconds = 0;
    spawn(two_waits(milliseconds));
    loop::current().run();
    std::printf("%-46s %8.1f ms\n", "when_all of two awaits of 50 ms", milliseconds);
}
