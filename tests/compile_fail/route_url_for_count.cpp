// expect: url_for takes a value for each parameter of the pattern
// SPDX-License-Identifier: MIT
#include <crema/route/url_for.hpp>

int main() { return crema::url_for<"/users/:id/:name">(7).empty(); }
