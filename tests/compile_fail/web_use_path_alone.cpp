// expect: crema: app.use() requires a middleware function: a handler, a router or an app, behind a path or without one
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.use("/x");
}
