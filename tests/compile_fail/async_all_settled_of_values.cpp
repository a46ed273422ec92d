// expect: crema: all_settled takes awaitables, or one range of them
// SPDX-License-Identifier: MIT
#include <crema/async/all_settled.hpp>

crema::task<> f() { co_await crema::all_settled(1, 2); }
