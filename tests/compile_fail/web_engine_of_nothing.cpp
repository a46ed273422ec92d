// expect: crema: an engine is called as f(const std::string& path, const value& options) and returns std::string or task<std::string>, or as f(const std::string& path, value options, rendered_callback done)
// SPDX-License-Identifier: MIT
#include <crema/web/app.hpp>

int main() {
    crema::app a;
    a.engine("html", [](int) { return 1; });
}
