// expect: what is parsed into has to be default constructible and movable
// SPDX-License-Identifier: MIT
#include <crema/json/parse.hpp>

struct message {
    int& elsewhere;
};

int main() {
    return crema::json::parse<message>("{}") ? 0 : 1;
}
