// expect: convert
#include <crema/async/task.hpp>
#include <string>

crema::task<int> f() { co_return std::string("text"); }
