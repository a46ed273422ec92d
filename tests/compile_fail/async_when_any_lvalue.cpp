// expect: crema: when_any takes what it awaits: std::move(t) what has a name
// SPDX-License-Identifier: MIT
#include <crema/async/when_any.hpp>

crema::task<> g();
crema::task<> f() {
    auto t = g();
    co_await crema::when_any(t, g());
}
