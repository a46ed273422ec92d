// expect: json::names lists an identifier that is no enumerator of the type
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>

enum class color { red };

template <>
struct crema::json::names<color> {
    static constexpr crema::json::rename list[] = {{"read", "Red"}};
};

int main() {
    return static_cast<int>(crema::json::stringify(color::red).size());
}
