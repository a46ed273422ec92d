// expect: crema: all_settled takes what it awaits: std::move(t) what has a name
// SPDX-License-Identifier: MIT
#include <crema/async/all_settled.hpp>

crema::task<> g();
crema::task<> f() {
    auto t = g();
    co_await crema::all_settled(t, g());
}
