// expect: crema::json: the keys of a map have to be text that is owned, integers or enumerators to be read
// SPDX-License-Identifier: MIT
#include <crema/json/parse.hpp>
#include <map>

int main() { return crema::json::parse<std::map<double, int>>("{}").has_value(); }
