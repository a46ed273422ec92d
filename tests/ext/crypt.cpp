// Tests of ext/crypt.hpp.
// SPDX-License-Identifier: MIT
#include <crema/ext/crypt.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace crema;

namespace {

constexpr int cheap = 4;

std::error_code code_of_hash(std::string_view password, int cost) {
    try {
        (void)password::hash(password, cost);
    } catch (const system_error& e) {
        return e.code();
    }
    return {};
}

} // namespace

TEST_CASE("a password is verified against its hash", "[ext][crypt]") {
    const auto stored = password::hash("correct horse", cheap);
    CHECK(stored.size() == 60);
    CHECK(stored.substr(0, 7) == "$2b$04$");
    CHECK(password::verify("correct horse", stored));
    CHECK_FALSE(password::verify("correct horsf", stored));
    CHECK_FALSE(password::verify("correct hors", stored));
    CHECK_FALSE(password::verify("", stored));
}

TEST_CASE("the default cost is 12", "[ext][crypt]") {
    CHECK(password::hash("x").substr(0, 7) == "$2b$12$");
}

TEST_CASE("each hash has its own salt", "[ext][crypt]") {
    CHECK(password::hash("same", cheap) != password::hash("same", cheap));
}

TEST_CASE("a hash made elsewhere is understood", "[ext][crypt]") {
    // Published vectors of the bcrypt test suites.
    CHECK(password::verify("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK(password::verify("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"));
    CHECK_FALSE(password::verify("U*V", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST_CASE("an empty password and one of other scripts are passwords", "[ext][crypt]") {
    CHECK(password::verify("", password::hash("", cheap)));
    const auto stored = password::hash("пароль-密码", cheap);
    CHECK(password::verify("пароль-密码", stored));
    CHECK_FALSE(password::verify("пароль-密", stored));
}

TEST_CASE("72 octets are hashed to the last, 73 are refused", "[ext][crypt]") {
    const std::string longest(72, 'a');
    const auto stored = password::hash(longest, cheap);
    CHECK(password::verify(longest, stored));
    CHECK_FALSE(password::verify(longest.substr(0, 71), stored));
    CHECK(code_of_hash(longest + "b", cheap) == make_error_code(error::too_large));
    CHECK_FALSE(password::verify(longest + "b", stored)); // bcrypt itself would say yes
}

TEST_CASE("a NUL inside of a password is refused", "[ext][crypt]") {
    const std::string_view with_nul("ab\0cd", 5);
    CHECK(code_of_hash(with_nul, cheap) == make_error_code(error::bad_value));
    CHECK_FALSE(password::verify(with_nul, password::hash("ab", cheap))); // crypt itself would say yes
}

TEST_CASE("a cost out of range is refused and named", "[ext][crypt]") {
    for (int cost : {-1, 0, 3, 32}) CHECK(code_of_hash("x", cost) == make_error_code(error::bad_value));
    CHECK_THROWS_WITH(password::hash("x", 3), Catch::Contains("cost 3"));
}

TEST_CASE("what is no bcrypt hash verifies nothing", "[ext][crypt]") {
    const auto good = password::hash("x", cheap);
    auto damaged = good;
    damaged[59] = '!';
    for (const std::string& stored :
         {std::string(), std::string("x"), std::string("*0"), std::string(60, '$'), good.substr(0, 59), good + "x",
          damaged, std::string("$2b$99$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
          std::string("$6$salt$hash"), std::string("$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")})
        CHECK_FALSE(password::verify("x", stored));
}

TEST_CASE("an old hash asks to be made anew", "[ext][crypt]") {
    const auto stored = password::hash("x", 5);
    CHECK_FALSE(password::needs_rehash(stored, 5));
    CHECK_FALSE(password::needs_rehash(stored, 4));
    CHECK(password::needs_rehash(stored, 6));
    CHECK(password::needs_rehash("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", 5));
    CHECK(password::needs_rehash("plain text", 4));
}

TEST_CASE("threads hash side by side", "[ext][crypt]") {
    std::vector<std::string> stored(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < stored.size(); ++i)
        threads.emplace_back([&stored, i] {
            for (int n = 0; n < 20; ++n) stored[i] = password::hash(std::to_string(i), cheap);
        });
    for (auto& t : threads) t.join();
    for (std::size_t i = 0; i < stored.size(); ++i) CHECK(password::verify(std::to_string(i), stored[i]));
}
