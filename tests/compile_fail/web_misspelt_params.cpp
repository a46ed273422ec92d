// expect: {"idd"}, crema::route::parameters_are<
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.get<"/users/:id">([](auto& req, auto& res) { res.send(req.template params<"idd">()); });
}
