// expect: two members have the same name in JSON
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>

struct user {
    int id, other;
    static constexpr crema::json::rename json_names[] = {{"other", "id"}};
};

int main() {
    return static_cast<int>(crema::json::stringify(user{}).size());
}
