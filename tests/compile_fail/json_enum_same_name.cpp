// expect: crema::json: two enumerators have the same name in JSON
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>

enum class color { red, green };

template <>
struct crema::json::names<color> {
    static constexpr crema::json::rename list[] = {{"red", "green"}};
};

int main() { return static_cast<int>(crema::json::stringify(color::red).size()); }
