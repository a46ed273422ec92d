// expect first: crema: route<"/path">() is not there: register each method by itself, app.get<"/path">(...), or take app.route("/path")
// SPDX-License-Identifier: MIT
#include <crema/web/router.hpp>

int main() {
    crema::router r;
    r.route<"/x/:id">();
}
