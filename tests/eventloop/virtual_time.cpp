// Preloaded into node: its main thread lives in a time that passes only when it waits or says that it is busy. What a
// program prints then depends on the rules of its event loop and not on the machine.
//
// CREMA_JITTER=seed makes each look at the clock cost something: usually some microseconds, now and then milliseconds.
#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {

std::int64_t virtual_now = 1'000'000'000'000; // nanoseconds

bool main_thread() {
    static thread_local const bool is = syscall(SYS_gettid) == getpid();
    return is;
}
template <class F>
F* real(F* /*like*/, const char* name) {
    return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}
void look() {
    static std::uint64_t state = [] {
        const char* seed = getenv("CREMA_JITTER");
        return seed ? std::strtoull(seed, nullptr, 10) * 2 + 1 : 0;
    }();
    if (state == 0) return;
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto random = state >> 33;
    virtual_now += random % 40 == 0 ? static_cast<std::int64_t>(random / 40 % 30'000'000)
                                    : static_cast<std::int64_t>(random % 300'000);
}
int wait(int ready, int timeout) {
    if (ready == 0 && timeout > 0) virtual_now += std::int64_t{timeout} * 1'000'000;
    return ready;
}

} // namespace

extern "C" int clock_gettime(clockid_t which, timespec* out) noexcept {
    static const auto next = real(&clock_gettime, "clock_gettime");
    if (which != CLOCK_MONOTONIC && which != CLOCK_MONOTONIC_COARSE) return next(which, out);
    if (!main_thread()) return next(which, out);
    look();
    out->tv_sec = virtual_now / 1'000'000'000;
    out->tv_nsec = virtual_now % 1'000'000'000;
    return 0;
}
extern "C" int epoll_wait(int fd, epoll_event* events, int count, int timeout) {
    static const auto next = real(&epoll_wait, "epoll_wait");
    if (!main_thread() || timeout < 0) return next(fd, events, count, timeout);
    return wait(next(fd, events, count, 0), timeout);
}
extern "C" int epoll_pwait(int fd, epoll_event* events, int count, int timeout, const sigset_t* mask) {
    static const auto next = real(&epoll_pwait, "epoll_pwait");
    if (!main_thread() || timeout < 0) return next(fd, events, count, timeout, mask);
    return wait(next(fd, events, count, 0, mask), timeout);
}
// os.getPriority(n) is how a script says that it was busy for n milliseconds.
extern "C" int getpriority(__priority_which_t, id_t milliseconds) noexcept {
    virtual_now += std::int64_t{milliseconds} * 1'000'000;
    return 0;
}
