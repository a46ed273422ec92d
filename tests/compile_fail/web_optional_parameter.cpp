// expect: crema: this parameter stands in an optional group: take it as std::optional
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.get<"/users{/:id}">([](crema::param<"id", int>, crema::response& res) { res.end(); });
}
