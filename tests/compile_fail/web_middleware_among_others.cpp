// expect: crema: app.use() requires a middleware function
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.use([](crema::request&, crema::response&, crema::next& next) { next(); }, "not me");
}
