// expect: a view would dangle, since the parsed text does not outlive parsing: use std::string
// SPDX-License-Identifier: MIT
#include <crema/json/parse.hpp>

struct message {
    std::string_view text;
};

int main() {
    return crema::json::parse<message>("{}") ? 0 : 1;
}
