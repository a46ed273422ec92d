// expect: crema::json: an enumeration without a named value from -128 to 255 is not reflected
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>

enum class code { far = 100000 };

template <>
struct crema::json::names<code> {
    static constexpr crema::json::rename list[] = {{"far", "Far"}};
};

int main() { return static_cast<int>(crema::json::stringify(code::far).size()); }
