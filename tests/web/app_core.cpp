// app_core: settings go down to mounted apps as changes, which may refuse.
#include <crema/web/app_core.hpp>

#include <crema.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>

using namespace crema;
using detail::app_core;

namespace {

app_core::change to(const char* name, value v) {
    return [name, v = std::move(v)](settings& s) { s.set(name, v); };
}

} // namespace

TEST_CASE("a change that is refused leaves everything as it was", "[app_core]") {
    auto core = std::make_shared<app_core>();
    CHECK_THROWS_AS(core->set("json spaces", to("json spaces", true)), system_error);
    CHECK(core->changes.empty());
    CHECK_FALSE(core->own.contains("json spaces"));
}

TEST_CASE("what is the child's own is not inherited", "[app_core]") {
    auto above = std::make_shared<app_core>(), child = std::make_shared<app_core>();
    above->set("a", to("a", 1));
    above->set("b", to("b", 1));
    child->set("b", to("b", 2));
    above->adopt(*child, value("/child"));
    CHECK(*child->options.get("a") == value(1));
    CHECK(*child->options.get("b") == value(2));
    above->set("a", to("a", 3));
    CHECK(*child->options.get("a") == value(3));
}

TEST_CASE("a child may outlive what it was mounted in, and the other way round", "[app_core]") {
    auto above = std::make_shared<app_core>(), child = std::make_shared<app_core>();
    above->adopt(*child, value("/child"));
    CHECK(child->path() == "/child");
    child.reset();
    above->set("a", to("a", 1));
    child = std::make_shared<app_core>();
    above->adopt(*child, value("/again"));
    above.reset();
    CHECK(child->path() == "");
}

TEST_CASE("how paths are compared is settled by the first layer", "[app_core]") {
    auto core = std::make_shared<app_core>();
    core->set("strict routing", to("strict routing", true));
    CHECK(core->core->strict);
    core->core->begun = true;
    core->set("strict routing", to("strict routing", false));
    CHECK(core->core->strict);
}

TEST_CASE("trust proxy goes down only to an app that has never set it", "[app_core]") {
    auto above = std::make_shared<app_core>(), child = std::make_shared<app_core>(), other = std::make_shared<app_core>();
    above->set("trust proxy", to("trust proxy", true));
    other->set("trust proxy", to("trust proxy", false));
    above->adopt(*child, value("/child"));
    above->adopt(*other, value("/other"));
    CHECK(child->options.trust_proxy.trusts("1.2.3.4", 5));
    CHECK(other->options.trust_proxy.nobody());
}

TEST_CASE("in production views are kept, and that is the app's own", "[app_core]") {
    CHECK_FALSE(std::make_shared<app_core>()->options.get("view cache"));
    ::setenv("NODE_ENV", "production", 1);
    const auto core = std::make_shared<app_core>();
    ::unsetenv("NODE_ENV");
    REQUIRE(core->options.get("view cache"));
    CHECK(*core->options.get("view cache") == value(true));
    CHECK(core->own.contains("view cache"));
}
