// expect: this type cannot be written as JSON: make it an aggregate, or give it void to_json(crema::json::writer&, const T&)
// SPDX-License-Identifier: MIT
#include <crema/json/write.hpp>

class account {
public:
    explicit account(int id) : id_(id) {}

private:
    [[maybe_unused]] int id_;
};

int main() {
    return static_cast<int>(crema::json::stringify(account(7)).size());
}
