// expect: this parameter stands in an optional group: take it as std::optional
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { crema::route::typed_pattern<"/users{/:id}">::require<"id", int>(); }
