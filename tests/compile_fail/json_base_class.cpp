// expect: an aggregate with a base class is not reflected
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>

struct base {
    int id;
};
struct derived : base {
    int more;
};

int main() {
    return static_cast<int>(crema::json::stringify(derived{{1}, 2}).size());
}
