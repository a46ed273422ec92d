// expect: {"idd"}, crema::route::parameters_are<
// SPDX-License-Identifier: MIT
#include <crema.hpp>

int main() {
    crema::router r;
    r.get<"/users/:id">([](crema::request&, crema::response&, crema::next& n) { n(); },
                        [](crema::param<"idd", int>, crema::response& res) { res.end(); });
}
