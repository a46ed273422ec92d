// expect: a wildcard is written *name
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { return crema::route::typed_pattern<"/files/*">::size() == 1; }
