// expect: patterns hold no regular expressions
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { return crema::route::typed_pattern<"/users/:id(\\d+)">::size() == 1; }
