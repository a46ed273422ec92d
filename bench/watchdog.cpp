// What the watchdog costs when nothing blocks.
//
//     bench_watchdog                              prints: instructions and time for each callback, with and without;
//                                                 what its thread does while the loop works and while it waits
//     bench_watchdog callbacks COUNT with|without runs that many callbacks, for a profiler that counts instructions
// SPDX-License-Identifier: MIT
#include <crema/loop/loop.hpp>
#include <crema/loop/watchdog.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
using namespace crema;

namespace {

using clock_type = std::chrono::steady_clock;

// A callback as any event of the loop is one: labelled, watched, its exceptions caught, its microtasks run.
long callbacks(long count, bool with) {
    loop l;
    std::optional<watchdog> dog;
    if (with) dog.emplace();
    const auto& label = make_label("handler", "/", std::source_location::current());
    long sum = 0;
    for (long i = 0; i < count; ++i) l.callback(&label, [&sum] { ++sum; });
    return sum;
}

double nanoseconds(bool with) {
    constexpr long count = 3'000'000;
    const auto begin = clock_type::now();
    if (callbacks(count, with) != count) std::abort();
    return std::chrono::duration<double, std::nano>(clock_type::now() - begin).count() / count;
}

// Instructions of a run of this program as callgrind counts them; 0 when it is not there.
double counted(const char* self, long count, const char* with) {
    const auto command = "valgrind --tool=callgrind --callgrind-out-file=/dev/null '" + std::string(self) + "' callbacks " +
                         std::to_string(count) + " " + with + " 2>&1";
    FILE* const pipe = ::popen(command.c_str(), "r");
    if (!pipe) return 0;
    double found = 0;
    char line[512];
    while (std::fgets(line, sizeof line, pipe))
        if (const auto at = std::string_view(line).find("Collected : "); at != std::string_view::npos)
            found = std::atof(line + at + 12);
    ::pclose(pipe);
    return found;
}
// For one callback: the slope between two counts, so that starting and ending cost nothing.
double instructions(const char* self, const char* with) {
    const double few = counted(self, 200'000, with), many = counted(self, 1'200'000, with);
    return few > 0 && many > 0 ? (many - few) / 1e6 : 0;
}

// What the watchdog's thread has done so far.
struct work {
    long wakeups = 0;
    double cpu_ms = 0;
};
work of_the_thread() {
    work w;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name, line;
        std::ifstream(thread.path() / "comm") >> name;
        if (name != "crema-watchdog") continue;
        std::ifstream status(thread.path() / "status");
        while (std::getline(status, line))
            if (line.rfind("voluntary_ctxt_switches:", 0) == 0) w.wakeups = std::atol(line.c_str() + 24);
        double ns = 0;
        std::ifstream(thread.path() / "schedstat") >> ns;
        w.cpu_ms = ns / 1e6;
    }
    return w;
}
template <class F>
void print_thread(const char* what, F&& during) {
    const auto before = of_the_thread();
    const auto begin = clock_type::now();
    during();
    const auto after = of_the_thread();
    const double seconds = std::chrono::duration<double>(clock_type::now() - begin).count();
    std::printf("its thread while %-28s %6.1f wake-ups and %.3f ms of CPU a second\n", what,
                static_cast<double>(after.wakeups - before.wakeups) / seconds, (after.cpu_ms - before.cpu_ms) / seconds);
}

} // namespace

int main(int argc, char** argv) {
    using namespace std::chrono_literals;
    if (argc == 4 && std::string_view(argv[1]) == "callbacks") {
        std::printf("%ld\n", callbacks(std::atol(argv[2]), std::string_view(argv[3]) == "with"));
        return 0;
    }
    if (argc != 1) {
        std::fprintf(stderr, "usage: %s [callbacks COUNT with|without]\n", argv[0]);
        return 2;
    }
    const double without = instructions(argv[0], "without"), with = instructions(argv[0], "with");
    if (with > 0) std::printf("%-45s %6.1f instructions, with a watchdog %.1f\n", "one callback", without, with);
    else std::printf("valgrind is not installed: instructions are not counted\n");

    double best_without = 1e9, best_with = 1e9;
    for (int i = 0; i < 7; ++i) { // in turn, so that both meet the same disturbances
        best_without = std::min(best_without, nanoseconds(false));
        best_with = std::min(best_with, nanoseconds(true));
    }
    std::printf("%-45s %6.1f ns, with a watchdog %.1f\n", "one callback", best_without, best_with);

    loop l;
    const watchdog dog;
    print_thread("the loop is busy:", [&] {
        const auto until = clock_type::now() + 2s;
        while (clock_type::now() < until)
            for (int i = 0; i < 1000; ++i) l.callback([] { asm volatile(""); });
    });
    std::this_thread::sleep_for(200ms);
    print_thread("the loop waits:", [] { std::this_thread::sleep_for(2s); });
    print_thread("a timer fires every second:", [&] {
        int left = 3;
        auto timer = l.set_interval([&] {
            if (--left == 0) l.stop();
        }, 1s);
        l.run();
    });
}
