// Nodes: walking over a tape by hand.
// SPDX-License-Identifier: MIT
#include <crema/json/node.hpp>
#include <crema/json/scan.hpp>
#include <catch2/catch.hpp>

using crema::detail::json_scanner;
using crema::json::node;

TEST_CASE("a node tells its kind and gives its content", "[json]") {
    json_scanner s(R"([null,true,false,-1,18446744073709551615,1.5,"te\u0000xt",[],{}])", 64);
    REQUIRE_FALSE(s.run());
    const auto tape = s.tape();
    const node root(tape, 1);
    REQUIRE(root.is_array());
    CHECK(root.size() == 9);
    CHECK(root.index() == 1);
    std::vector<node> all;
    for (const node& n : root.elements()) all.push_back(n);
    REQUIRE(all.size() == 9);
    CHECK(all[0].is_null());
    CHECK(all[0].type() == node::kind::null);
    CHECK((all[1].is_bool() && all[1].as_bool()));
    CHECK((all[2].is_bool() && !all[2].as_bool()));
    CHECK(all[3].type() == node::kind::integer);
    CHECK(static_cast<std::int64_t>(all[3].whole_bits()) == -1);
    CHECK(all[3].as_double() == -1.0);
    CHECK(all[4].type() == node::kind::natural);
    CHECK(all[4].whole_bits() == 18446744073709551615u);
    CHECK(all[5].type() == node::kind::number);
    CHECK(all[5].as_double() == 1.5);
    CHECK((all[3].is_number() && all[4].is_number() && all[5].is_number() && !all[6].is_number()));
    CHECK(all[6].as_string() == std::string_view("te\0xt", 5));
    CHECK((all[7].is_array() && all[7].size() == 0 && all[7].elements().begin() == all[7].elements().end()));
    CHECK((all[8].is_object() && all[8].members().begin() == all[8].members().end()));
}

TEST_CASE("members are walked over with what lies inside of them skipped", "[json]") {
    json_scanner s(R"({"a":{"x":[1,2,{"y":1.5}]},"b":2,"a":"again","":null})", 64);
    REQUIRE_FALSE(s.run());
    const auto tape = s.tape();
    std::string seen;
    for (const auto& [name, content] : node(tape, 1).members()) {
        seen += std::string(name) + (content.is_object() ? "{}" : content.is_string() ? "\"\"" : content.is_null() ? "null" : "1") + " ";
    }
    CHECK(seen == "a{} b1 a\"\" null ");
}
