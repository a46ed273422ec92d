// Nested queries: structure in names, limits, and what is done beyond them.
// SPDX-License-Identifier: MIT
#include <crema/http/nested_query.hpp>
#include <shared.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;
using crema::value;

namespace {

value parse(std::string_view query, const nested_query_options& options = {}) {
    return parse_nested_query(query, options).value();
}
std::string text(std::string_view query, const nested_query_options& options = {}) {
    return crema::json::stringify(parse(query, options));
}
std::string refused(std::string_view query, const nested_query_options& options) {
    const auto r = parse_nested_query(query, options);
    return r ? "not refused" : r.error().message();
}

} // namespace

TEST_CASE("brackets nest", "[nested_query]") {
    CHECK(text("a=b") == R"({"a":"b"})");
    CHECK(text("a[b]=c&a[d][e]=f") == R"({"a":{"b":"c","d":{"e":"f"}}})");
    CHECK(text("a%5Bb%5d=c") == R"({"a":{"b":"c"}})");
    CHECK(text("a[>%3D]=23") == R"({"a":{">=":"23"}})");
    CHECK(text("a") == R"({"a":""})");
    CHECK(text("") == "{}");
    CHECK(text("&&=x&[]=") == R"({"0":""})");
}

TEST_CASE("arrays have brackets, indexes, or come of repetition", "[nested_query]") {
    CHECK(text("a[]=b&a[]=c") == R"({"a":["b","c"]})");
    CHECK(text("a[1]=c&a[0]=b") == R"({"a":["b","c"]})");
    CHECK(text("a=b&a=c&a[]=d") == R"({"a":["b","c","d"]})");
    CHECK(text("a[7]=x&a[2]=y") == R"({"a":["y","x"]})");
    CHECK(text("a[][b]=1&a[][b]=2") == R"({"a":[{"b":["1","2"]}]})");
    CHECK(text("a[0][b]=1&a[1][b]=2") == R"({"a":[{"b":"1"},{"b":"2"}]})");
    CHECK(text("a[01]=x") == R"({"a":{"01":"x"}})");
    CHECK(text("a[]=b,c", {.comma = true}) == R"({"a":[["b","c"]]})");
    CHECK(text("a[]=", {.allow_empty_arrays = true}) == R"({"a":[]})");
    CHECK(text("a[2]=b", {.allow_sparse = true}) == R"({"a":[null,null,"b"]})");
    CHECK(text("a[0]=b&a[]=c", {.arrays = false}) == R"({"a":{"0":["b","c"]}})");
}

TEST_CASE("an array and an object in one place are an object", "[nested_query]") {
    CHECK(text("a[0]=b&a[x]=c") == R"({"a":{"0":"b","x":"c"}})");
    CHECK(text("a[b]=c&a=d") == R"({"a":[{"b":"c"},"d"]})");
    CHECK(text("a=d&a[b]=c") == R"({"a":["d",{"b":"c"}]})");
    CHECK(text("a[b]=c&a=d", {.keep_conflicts = false}) == R"({"a":{"b":"c","d":true}})");
    CHECK(text("a[b]=c&a=__proto__", {.keep_conflicts = false}) == R"({"a":{"b":"c"}})");
    CHECK(text("b=1&2=x&1=y") == R"({"1":"y","2":"x","b":"1"})"); // numbers first, as in JavaScript
}

TEST_CASE("depth is limited", "[nested_query]") {
    CHECK(text("a[b][c][d][e][f][g][h]=i") == R"({"a":{"b":{"c":{"d":{"e":{"f":{"[g][h]":"i"}}}}}}})");
    CHECK(text("a[b][c]=d", {.depth = 1}) == R"({"a":{"b":{"[c]":"d"}}})");
    CHECK(text("a[b]=c", {.depth = 0}) == R"({"a[b]":"c"})");
    CHECK(refused("a[b][c]=d", {.depth = 1, .strict_depth = true}) ==
          "Input depth exceeded depth option of 1 and strictDepth is true");
    CHECK(parse_nested_query("a[b][c]=d", {.depth = 1, .strict_depth = true}).error().code == crema::error::too_deep);
}

TEST_CASE("arrays are limited", "[nested_query]") {
    CHECK(text("a[20]=x") == R"({"a":{"20":"x"}})");
    CHECK(text("a[19]=x") == R"({"a":["x"]})");
    CHECK(text("a[]=1&a[]=2&a[]=3", {.max_elements = 2}) == R"({"a":{"0":"1","1":"2","2":"3"}})");
    CHECK(refused("a[]=1&a[]=2&a[]=3", {.max_elements = 2, .refuse_beyond = true}) ==
          "Array limit exceeded. Only 2 elements allowed in an array.");
    CHECK(refused("a[9]=1", {.max_elements = 1, .refuse_beyond = true}) ==
          "Array limit exceeded. Only 1 element allowed in an array.");
}

TEST_CASE("pairs are limited", "[nested_query]") {
    CHECK(text("a=1&b=2&c=3", {.max_pairs = 2}) == R"({"a":"1","b":"2"})");
    CHECK(refused("a=1&b=2", {.max_pairs = 1, .refuse_beyond = true}) ==
          "Parameter limit exceeded. Only 1 parameter allowed.");
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "n" + std::to_string(i) + "=1&";
    CHECK(parse(many).size() == 1000);
    CHECK(parse(many, {.max_pairs = 0}).size() == 2000);
}

TEST_CASE("names of prototypes harm nobody", "[nested_query]") {
    CHECK(text("__proto__[a]=b&a[__proto__][c]=d&a[__proto__]=e&__proto__=f") == R"({"a":{}})");
    CHECK(text("toString=1&a[constructor][prototype]=2") ==
          R"({"toString":"1","a":{"constructor":{"prototype":"2"}}})");
    CHECK(text("toString=1&a[hasOwnProperty]=2&b=3", {.inherited_names = false}) == R"({"b":"3"})");
}

TEST_CASE("malformed escapes, brackets and octets are kept or replaced", "[nested_query]") {
    CHECK(text("a=%zz+x") == R"({"a":"%zz x"})");
    CHECK(text("a[b=c") == R"({"a":{"[b":"c"}})");
    CHECK(text("a]b=c&[=1&]=2&[[]=3") == R"({"a]b":"c","[":"1","]":"2","[[]":"3"})");
    CHECK(parse("a=\xff")["a"] == value("\ufffd"));
    CHECK(parse("a=%ff")["a"] == value("%ff"));
}

TEST_CASE("other charsets, null and dots on demand", "[nested_query]") {
    CHECK(parse("%A2=%BD", {.charset = query_charset::iso_8859_1}) == value{{"¢", "½"}});
    CHECK(parse("utf8=%26%2310003%3B&a=%f8", {.charset_sentinel = true}) == value{{"a", "ø"}});
    CHECK(parse("utf8=%E2%9C%93&a=%C3%B8", {.charset_sentinel = true, .charset = query_charset::iso_8859_1}) ==
          value{{"a", "ø"}});
    CHECK(parse("a=%26%239786%3B%26%23;", {.numeric_entities = true, .charset = query_charset::iso_8859_1}) ==
          value{{"a", "☺&#;"}});
    CHECK(text("a&b=", {.null_values = true}) == R"({"a":null,"b":""})");
    CHECK(text("a.b.c=1&d[e.f]=2", {.allow_dots = true}) == R"({"a":{"b":{"c":"1"}},"d":{"e.f":"2"}})");
    CHECK(text("?a=1", {.ignore_question_mark = true}) == R"({"a":"1"})");
    CHECK(text("a=1;b=2", {.separator = ";"}) == R"({"a":"1","b":"2"})");
    CHECK(text("a=1&a=2", {.duplicates = query_duplicates::first}) == R"({"a":"1"})");
    CHECK(text("a=1&a=2", {.duplicates = query_duplicates::last}) == R"({"a":"2"})");
}

TEST_CASE("a hostile query costs little more than its length", "[nested_query]") {
    const auto size = [](const std::string& q, const nested_query_options& o) {
        return parse_nested_query(q, o)->size();
    };
    nested_query_options all{.max_pairs = 0, .depth = 100000, .max_elements = 100000};
    std::string brackets, elements, members, far, opened(40000, '['), mixed, sames;
    for (int i = 0; i < 4000; ++i) {
        brackets += "[a]";
        elements += "a[]=1&";
        members += "a[n" + std::to_string(i) + "]=1&";
        far += "a" + std::to_string(i) + "[99999]=1&";
        mixed += "a[" + std::to_string(i) + "]=1&a=x&a[b]=2&";
        sames += "[]=&=&a[" + std::to_string(i * 7) + "][]=1&";
    }
    CHECK(size("a" + brackets + "=1", all) == 1);
    CHECK(size(elements, all) == 1);
    CHECK(size(members, all) == 1);
    CHECK(size(far, all) == 4000);
    CHECK(size(opened + "=1", all) == 1);
    CHECK(size(mixed, all) == 1);
    CHECK(size(sames, all) == 4001);
    CHECK(size(std::string(100000, '&'), all) == 0);
}

namespace {

// A value of the vectors; what JSON lacks is null, or not to be had.
std::optional<value> plain(const value& v) {
    if (v.is_array()) {
        auto out = value::array();
        for (const auto& e : v.elements()) {
            auto p = plain(e);
            if (!p) return std::nullopt;
            out.push_back(std::move(*p));
        }
        return out;
    }
    if (!v.is_object()) return v;
    if (const auto* what = v.find("$")) {
        if (what->as_string() == "undefined") return value();
        return std::nullopt;
    }
    auto out = value::object();
    for (const auto& [name, content] : v.members()) {
        auto p = plain(content);
        if (!p) return std::nullopt;
        out[name] = std::move(*p);
    }
    return out;
}

// The options of a vector; nothing when they are of a type that does not compile here.
std::optional<nested_query_options> options_of(const value& v) {
    nested_query_options o;
    o.inherited_names = false;
    for (const auto& [name, content] : v.members()) {
        const auto infinite = content.is_object() && content["$"] == value("Infinity");
        if (name == "delimiter") {
            if (!content.is_string()) continue;
            o.separator = content.as_string();
        } else if (name == "parameterLimit") {
            o.max_pairs = infinite ? 0 : static_cast<std::size_t>(content.as_int64());
        } else if (name == "depth") {
            o.depth = content.is_bool() ? 0 : static_cast<std::size_t>(content.as_int64());
        } else if (name == "arrayLimit") {
            o.max_elements = static_cast<std::ptrdiff_t>(content.as_int64());
        } else if (name == "charset") {
            if (content != value("utf-8") && content != value("iso-8859-1")) return std::nullopt;
            o.charset = content == value("utf-8") ? query_charset::utf_8 : query_charset::iso_8859_1;
        } else if (name == "duplicates") {
            if (content == value("first")) o.duplicates = query_duplicates::first;
            else if (content == value("last")) o.duplicates = query_duplicates::last;
            else if (content != value("combine")) return std::nullopt;
        } else {
            if (!content.is_bool()) return std::nullopt;
            const bool on = content.as_bool();
            if (name == "throwOnLimitExceeded") o.refuse_beyond = on;
            else if (name == "strictDepth") o.strict_depth = on;
            else if (name == "allowPrototypes") o.inherited_names = o.inherited_names || on;
            else if (name == "plainObjects") o.inherited_names = o.inherited_names || on;
            else if (name == "allowDots") o.allow_dots = on;
            else if (name == "decodeDotInKeys") {
                o.decode_dots = on;
                if (!v.contains("allowDots")) o.allow_dots = on;
            } else if (name == "allowEmptyArrays") o.allow_empty_arrays = on;
            else if (name == "allowSparse") o.allow_sparse = on;
            else if (name == "parseArrays") o.arrays = on;
            else if (name == "comma") o.comma = on;
            else if (name == "strictNullHandling") o.null_values = on;
            else if (name == "strictMerge") o.keep_conflicts = on;
            else if (name == "charsetSentinel") o.charset_sentinel = on;
            else if (name == "interpretNumericEntities") o.numeric_entities = on;
            else if (name == "ignoreQueryPrefix") o.ignore_question_mark = on;
            else return std::nullopt;
        }
    }
    return o;
}

} // namespace

TEST_CASE("the trees are those of qs", "[nested_query][vectors]") {
    const auto all = shared::vectors("qs");
    std::size_t checked = 0;
    for (const auto& v : all) {
        if (v["fn"] != value("parse") || !v["input"].is_string()) continue;
        if (v["options"]["delimiter"].is_object()) continue; // a regular expression
        const auto options = options_of(v["options"]);
        if (!options) continue;
        INFO(crema::json::stringify(v));
        const auto got = parse_nested_query(v["input"].as_string(), *options);
        ++checked;
        if (v.contains("error")) {
            REQUIRE_FALSE(got);
            CHECK(got.error().message() == v["error"]["message"].as_string());
        } else if (const auto expected = plain(v["result"])) {
            CHECK(crema::json::stringify(*got) == crema::json::stringify(*expected));
        }
    }
    CHECK((all.empty() || checked > 300));
}

TEST_CASE("the trees are those of Express", "[nested_query][vectors]") {
    for (const auto& v : shared::vectors("express-query")) {
        INFO(v["query"].as_string());
        CHECK(parse(v["query"].as_string()) == plain(v["extended"]));
    }
}
