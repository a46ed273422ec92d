// expect: crema: a handler cannot take an argument of this type; it may take request&, response&, next&, param<"name", T>, query<T>, body<T>, in any order
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.get("/", [](int, crema::response& res) { res.end(); });
}
