// expect: the_route_has_no_parameter_of_this_name
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.get<"/users/:id">([](auto& req, auto& res) { res.send(req.params("idd")); });
}
