// What coroutines cost: nested awaits of ready tasks, awaits in a row, combinators.
//
//     bench_async                        prints times
//     bench_async nested DEPTH ROUNDS    awaits a chain of DEPTH tasks ROUNDS times, for a profiler that counts
//                                        instructions: the difference of two depths, divided by rounds and levels,
//                                        is what one further nested co_await costs
//     bench_async row COUNT ROUNDS       awaits COUNT tasks one after the other
//     bench_async when_all COUNT ROUNDS  awaits COUNT ready tasks side by side
// SPDX-License-Identifier: MIT
#include <crema/async/spawn.hpp>
#include <crema/async/task.hpp>
#include <crema/async/when_all.hpp>
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

using measured = task<> (*)(int, int, long&);

long run(measured f, int n, int rounds) {
    long sum = 0;
    spawn(f(n, rounds, sum));
    return sum;
}

void print(const char* what, measured f, int n, int rounds) {
    run(f, n, 1); // warm
    auto best = std::chrono::nanoseconds::max();
    for (int attempt = 0; attempt < 5; ++attempt) {
        const auto begin = std::chrono::steady_clock::now();
        const long sum = run(f, n, rounds);
        const auto time = std::chrono::steady_clock::now() - begin;
        if (sum != static_cast<long>(n) * rounds) std::abort();
        if (time < best) best = time;
    }
    std::printf("%-34s %8.1f ns each\n", what, static_cast<double>(best.count()) / n / rounds);
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 4) {
        const std::string_view mode = argv[1];
        const measured f = mode == "nested" ? nested : mode == "row" ? row : mode == "when_all" ? side_by_side : nullptr;
        if (f) {
            std::printf("%ld\n", run(f, std::atoi(argv[2]), std::atoi(argv[3])));
            return 0;
        }
    }
    if (argc != 1) {
        std::fprintf(stderr, "usage: %s [nested|row|when_all COUNT ROUNDS]\n", argv[0]);
        return 2;
    }
    print("nested co_await, 50 deep", nested, 50, 20000);
    print("co_await of ready tasks in a row", row, 100, 10000);
    print("when_all of 10 000 ready tasks", side_by_side, 10000, 100);
}
