// expect: when_all takes what it awaits: std::move
#include <crema/async/when_all.hpp>

crema::task<> f(crema::task<int> t) { co_await crema::when_all(t, []() -> crema::task<int> { co_return 1; }()); }
