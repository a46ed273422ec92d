// query_tree: growing, merging and leaving holes.
// SPDX-License-Identifier: MIT
#include <crema/http/query_tree.hpp>

#include <catch2/catch.hpp>

using namespace crema::http::detail;
using crema::value;
using node = query_node;

namespace {

node::pointer list(std::initializer_list<const char*> texts) {
    auto n = node::make(node::kind::array);
    for (const auto* t : texts) n->push(node::text(t));
    return n;
}
node::pointer object(std::string_view name, node::pointer content) {
    auto n = node::make(node::kind::object);
    n->put(name, std::move(content));
    return n;
}
value tree(node::pointer n) { return std::move(*n).to_value(node::holes::closed); }

} // namespace

TEST_CASE("holes of an array are closed or become null", "[query_tree]") {
    auto n = node::make(node::kind::array);
    n->put(1000000, node::text("b"));
    n->put(2, node::text("a"));
    CHECK(n->length() == 1000001);
    CHECK(n->count() == 2);
    CHECK(tree(std::move(n)) == value::array({"a", "b"}));
    auto few = node::make(node::kind::array);
    few->put(1, node::text("x"));
    CHECK(std::move(*few).to_value(node::holes::kept) == value::array({nullptr, "x"}));
}

TEST_CASE("combining opens arrays", "[query_tree]") {
    const query_tree_rules rules;
    CHECK(tree(node::combine(nullptr, node::text("a"), rules)) == value::array({"a"}));
    CHECK(tree(node::combine(node::text("a"), list({"b", "c"}), rules)) == value::array({"a", "b", "c"}));
    auto full = node::combine(list({"a"}), node::text("b"), {.max_elements = 1});
    CHECK(full->overflows());
    CHECK(tree(node::combine(std::move(full), list({"c", "d"}), {.max_elements = 1})) ==
          value{{"0", "a"}, {"1", "b"}, {"2", "c"}, {"3", "d"}});
    CHECK_THROWS_AS(node::combine(list({"a"}), node::text("b"), {.max_elements = 1, .refuse = true}),
                    query_limit_exceeded);
}

TEST_CASE("merging keeps what both have", "[query_tree]") {
    const query_tree_rules rules;
    CHECK(tree(node::merge(object("a", node::text("1")), object("b", node::text("2")), rules)) ==
          value{{"a", "1"}, {"b", "2"}});
    CHECK(tree(node::merge(object("a", node::text("1")), object("a", node::text("2")), rules)) ==
          value{{"a", {"1", "2"}}});
    CHECK(tree(node::merge(object("a", node::text("1")), nullptr, rules)) == value{{"a", "1"}});
    CHECK(tree(node::merge(list({"x"}), object("a", node::text("1")), rules)) == value{{"0", "x"}, {"a", "1"}});
    CHECK(tree(node::merge(node::text("x"), list({"y"}), rules)) == value::array({"x", "y"}));
    auto conflict = node::merge(object("a", node::text("1")), node::text("t"), rules);
    CHECK(tree(std::move(conflict)) == value::array({value{{"a", "1"}}, "t"}));
}

TEST_CASE("many members are found quickly", "[query_tree]") {
    auto n = node::make(node::kind::object);
    for (int i = 0; i < 100; ++i) n->put("n" + std::to_string(i), node::text(std::to_string(i)));
    REQUIRE(n->find("n99"));
    CHECK(n->find("n99")->text() == "99");
    CHECK(n->find("n0")->text() == "0");
    CHECK_FALSE(n->find("n100"));
}

TEST_CASE("numbers are in front, in their order", "[query_tree]") {
    value::object_type members;
    for (const auto* name : {"b", "10", "2", "a", "01", "4294967295"}) members.emplace_back(name, nullptr);
    order_query_members(members);
    std::string names;
    for (const auto& m : members) names += m.first + " ";
    CHECK(names == "2 10 b a 01 4294967295 ");
    CHECK(query_index("0") == 0u);
    CHECK_FALSE(query_index("00"));
    CHECK_FALSE(query_index("-1"));
    CHECK_FALSE(query_index(""));
    CHECK_FALSE(query_index("9999999999999999"));
}
