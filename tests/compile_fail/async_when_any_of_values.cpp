// expect: crema: when_any takes awaitables, or one range of them
// SPDX-License-Identifier: MIT
#include <crema/async/when_any.hpp>

crema::task<> f() { co_await crema::when_any(1, 2); }
