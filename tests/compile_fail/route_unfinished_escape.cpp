// expect: a route pattern ends with a backslash
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { return crema::route::typed_pattern<"/users/:id\\">::size() == 1; }
