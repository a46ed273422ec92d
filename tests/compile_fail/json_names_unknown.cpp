// expect: json::names lists an identifier that is no member of the type
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>

struct user {
    int class_;
    static constexpr crema::json::rename json_names[] = {{"klass_", "class"}};
};

int main() {
    return static_cast<int>(crema::json::stringify(user{}).size());
}
