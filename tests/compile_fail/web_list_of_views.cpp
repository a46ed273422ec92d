// expect: crema: the segments of a wildcard are texts of their own: take std::vector<std::string>
// SPDX-License-Identifier: MIT
#include <crema/web/path_params.hpp>

int main() { return crema::path_params().as<"path", std::vector<std::string_view>>().empty(); }
