// expect: this type cannot be read from JSON: make it an aggregate, or give it bool from_json(crema::json::reader&, crema::json::node, T&)
// SPDX-License-Identifier: MIT
#include <crema/json/parse.hpp>

class account {
public:
    account() {}

private:
    [[maybe_unused]] int id_ = 0;
};
struct page {
    account owner;
};

int main() {
    return crema::json::parse<page>("{}") ? 0 : 1;
}
