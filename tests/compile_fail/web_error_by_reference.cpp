// expect: crema: an error handler that is a coroutine takes the error by value, or as std::exception_ptr
// SPDX-License-Identifier: MIT
#include <crema.hpp>

int main() {
    crema::app a;
    a.use([](const crema::http_error&, crema::request&, crema::response&, crema::next&) -> crema::task<> { co_return; });
}
