// expect: one of ) [ ] ! in a route pattern
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { return crema::route::typed_pattern<"/users[0]/:id">::size() == 1; }
