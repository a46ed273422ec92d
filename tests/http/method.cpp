// Methods: text and integer.
// SPDX-License-Identifier: MIT
#include <crema/http/method.hpp>

#include <catch2/catch.hpp>

using namespace crema::http;

TEST_CASE("every method has a text that leads back to it", "[method]") {
    for (std::size_t i = 1; i < method_count; ++i) {
        const auto m = static_cast<method>(i);
        CHECK(to_method(to_string(m)) == m);
        CHECK(to_string(m).data()[to_string(m).size()] == '\0');
    }
    CHECK(to_string(method::del) == "DELETE");
    CHECK(to_string(method::m_search) == "M-SEARCH");
    CHECK(to_string(method::unsubscribe) == "UNSUBSCRIBE");
}

TEST_CASE("methods are compared with case, others are unknown", "[method]") {
    for (auto text : {"get", "Get", "GETX", "GE", "", " GET"}) CHECK(to_method(text) == method::unknown);
    CHECK(to_string(method::unknown).empty());
}

TEST_CASE("safe and idempotent methods are those of RFC 9110", "[method]") {
    CHECK(is_safe(method::head));
    CHECK_FALSE(is_safe(method::del));
    CHECK(is_idempotent(method::put));
    CHECK(is_idempotent(method::options));
    CHECK_FALSE(is_idempotent(method::post));
    CHECK_FALSE(is_idempotent(method::patch));
}
