// expect first: crema: use<"/path">() is not there, as middleware has no typed parameters: write app.use("/path", ...)
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.use<"/x/:id">([](crema::request&, crema::response&, crema::next&) {});
}
