// expression: anything can decide whether a path matches.
#include <crema/route/expression.hpp>

#include <catch2/catch.hpp>

using namespace crema::route;

namespace {

// Matches "/even/…" where the rest has an even length.
struct even final : expression {
    outcome match(std::string_view path, found& into) const override {
        if (!path.starts_with("/even/")) return outcome::none;
        if (path.size() > 100) return outcome::too_hard;
        if (path.size() % 2) return outcome::none;
        into.begin = 0;
        into.length = path.size();
        into.groups.assign(1, {"rest", path.substr(6)});
        return outcome::matched;
    }
    std::string_view source() const noexcept override { return "even"; }
};

} // namespace

TEST_CASE("an expression gives where it matched and its groups, and may give up", "[route][expression]") {
    const shared_expression e = std::make_shared<even>();
    expression::found found;
    CHECK(e->match("/odd/ab", found) == expression::outcome::none);
    CHECK(e->match("/even/abc", found) == expression::outcome::none);
    REQUIRE(e->match("/even/ab", found) == expression::outcome::matched);
    CHECK(found.length == 8);
    REQUIRE(found.groups.size() == 1);
    CHECK(found.groups[0].name == "rest");
    CHECK(found.groups[0].value == "ab");
    CHECK(e->match("/even/" + std::string(100, 'x'), found) == expression::outcome::too_hard);
    CHECK(e->source() == "even");
}
