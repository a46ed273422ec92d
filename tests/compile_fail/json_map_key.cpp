// expect: the keys of a map have to be text, integers or enumerators to become names of members
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>
#include <map>

int main() {
    return static_cast<int>(crema::json::stringify(std::map<double, int>{}).size());
}
