// expect: one or more segments are a wildcard, as in /*name
// SPDX-License-Identifier: MIT
#include <crema/route/typed.hpp>

int main() { return crema::route::typed_pattern<"/files/:path+">::size() == 1; }
