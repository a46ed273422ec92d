// expect: race takes awaitables
#include <crema/async/race.hpp>

crema::task<> f() { co_await crema::race(1, 2); }
