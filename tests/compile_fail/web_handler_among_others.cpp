// expect: crema: this is no handler: it must be a function or lambda that is callable as (request&, response&), with next& or not, or as (std::exception_ptr, request&, response&, next&)
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.all("/x", [](crema::request&, crema::response& res) { res.end(); }, "not me");
}
