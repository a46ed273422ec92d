// expect: crema: offload runs a plain function on a thread; a coroutine belongs to the loop
// SPDX-License-Identifier: MIT
#include <crema/loop/offload.hpp>

crema::task<int> g();
crema::task<> f() { co_await crema::offload([] { return g(); }); }
