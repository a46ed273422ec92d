// The event loop: the order of Node, without a server.
//
//   event_loop        -> 1, 2, 2.5, 3, a line each
#include <crema.hpp>
#include <chrono>
#include <cstdio>
using namespace crema;

task<> greet() {
    std::puts("2");                 // a coroutine runs at once, up to where it first waits
    co_await resume_microtask();    // await null
    std::puts("2.5");
}

int main() {
    std::puts("1");
    set_timeout([] { std::puts("3"); }, std::chrono::milliseconds(0));
    spawn(greet());
    loop::current().run();
}
