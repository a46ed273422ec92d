// expect: crema::json: an aggregate with arrays of more than 4095 elements is not reflected
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>

struct samples {
    int all[5000];
};

int main() { return static_cast<int>(crema::json::stringify(samples{}).size()); }
