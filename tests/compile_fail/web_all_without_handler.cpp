// expect: crema: a route needs a handler
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.all("/x");
}
