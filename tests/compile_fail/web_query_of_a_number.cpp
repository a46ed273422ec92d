// expect: crema: query<T> reads an aggregate, whose members are the parameters of the query
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.get("/", [](crema::query<int>, crema::response& res) { res.end(); });
}
