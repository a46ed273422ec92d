// expect: url_for takes a range of segments for a wildcard
// SPDX-License-Identifier: MIT
#include <crema/route/url_for.hpp>

int main() { return crema::url_for<"/files/*path">("a/b").empty(); }
