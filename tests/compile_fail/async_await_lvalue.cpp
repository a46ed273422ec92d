// expect: a task is awaited once and used up: co_await std::move
#include <crema/async/task.hpp>

crema::task<> f(crema::task<int> t) { co_await t; }
