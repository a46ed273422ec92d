// expect: {"idd"}, crema::route::parameters_are<
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { crema::route::typed_pattern<"/users/:id/posts/:post">::require<"idd">(); }
