// expect: crema: a generator gives objects; for references yield pointers
// SPDX-License-Identifier: MIT
#include <crema/async/generator.hpp>

crema::generator<int&> f();
int main() { return sizeof(f()) != 0; }
