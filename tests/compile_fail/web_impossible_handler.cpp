// expect: crema: this cannot be a handler: it must be callable as (request&, response&), with next& or not, as (std::exception_ptr, request&, response&, next&), or take any of request&, response&, next&, param<"name", T>, query<T>, body<T>
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.get<"/users/:id">([](auto&, auto&, auto&, auto&, auto&) {});
}
