// expect: this cannot be awaited in a task: it has neither await_ready
#include <crema/async/task.hpp>

crema::task<> f() { co_await 42; }
