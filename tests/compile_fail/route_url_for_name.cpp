// expect: no_such_parameter<
// SPDX-License-Identifier: MIT
#include <crema/route/url_for.hpp>

int main() { return crema::url_for<"/users/:id">(crema::param<"idd", int>(7)).empty(); }
