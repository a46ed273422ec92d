// expect: a parameter cannot be converted to this type
// SPDX-License-Identifier: MIT
#include <crema/route/from_text.hpp>

struct thing {};

int main() { return crema::route::from_text<thing>("x").has_value(); }
