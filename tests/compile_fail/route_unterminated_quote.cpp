// expect: a quoted name in a route pattern does not end
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { return crema::route::typed_pattern<"/users/:\"id">::size() == 1; }
