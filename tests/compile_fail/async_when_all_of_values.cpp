// expect: crema: when_all takes awaitables, or one range of them
// SPDX-License-Identifier: MIT
#include <crema/async/when_all.hpp>

crema::task<> f() { co_await crema::when_all(1, 2); }
