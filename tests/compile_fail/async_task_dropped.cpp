// expect: a task does nothing until it is awaited or spawned
#include <crema/async/task.hpp>

crema::task<> work();
void f() { work(); }
