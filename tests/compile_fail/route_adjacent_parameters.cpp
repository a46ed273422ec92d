// expect: have no text between them
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { return crema::route::typed_pattern<"/:from:to">::size() == 2; }
