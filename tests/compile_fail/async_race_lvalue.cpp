// expect: crema: race takes what it awaits: std::move(t) what has a name
// SPDX-License-Identifier: MIT
#include <crema/async/race.hpp>

crema::task<> g();
crema::task<> f() {
    auto t = g();
    co_await crema::race(t, g());
}
