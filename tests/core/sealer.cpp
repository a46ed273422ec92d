// Tests of core/sealer.hpp: what implements it is used through it.
// SPDX-License-Identifier: MIT
#include <crema/core/sealer.hpp>

#include <catch2/catch.hpp>
#include <memory>

namespace {

// Protects nothing; tests of ext/openssl.hpp have a real one.
struct open_sealer final : crema::sealer {
    std::string seal(std::string_view text, std::string_view bound) const override {
        return std::string(bound) + "." + std::string(text);
    }
    std::optional<std::string> open(std::string_view sealed, std::string_view bound) const override {
        const auto front = std::string(bound) + ".";
        if (!sealed.starts_with(front)) return std::nullopt;
        return std::string(sealed.substr(front.size()));
    }
};

} // namespace

TEST_CASE("a sealer is used through its interface, bound to nothing unless said", "[sealer]") {
    const std::unique_ptr<const crema::sealer> s = std::make_unique<open_sealer>();
    CHECK(s->open(s->seal("text")) == "text");
    CHECK(s->open(s->seal("text", "name"), "name") == "text");
    CHECK_FALSE(s->open(s->seal("text", "name"), "other"));
}
