// qs, querystring, express-query.
// SPDX-License-Identifier: MIT
#pragma once
#include "vectors.hpp"

#include <crema/core/encode.hpp>
#include <crema/http/nested_query.hpp>
#include <crema/http/nested_query_text.hpp>
#include <crema/http/query.hpp>
#include <crema/testing/client.hpp>
#if __has_include(<crema/middleware/body_urlencoded.hpp>)
#include <crema/middleware/body_urlencoded.hpp>
#endif
#include <limits>

namespace vectors {

namespace http = crema::http;

inline value parse_qs(const value& q) {
    const value& o = q["options"];
    http::nested_query_options out;
    out.inherited_names = false;
    std::string separator;
    const auto flag = [&](const char* name, bool& into) {
        const value& v = o[name];
        if (is_tagged(v, "undefined") || !o.contains(name)) return;
        if (!v.is_bool())
            throw refused(std::string("`") + name + (&into == &out.refuse_beyond ? "` option must be a boolean"
                                                     : "` option can only be `true` or `false`, when provided"));
        into = v.as_bool();
    };
    const auto loose_flag = [&](const char* name, bool& into) {
        if (const value& v = o[name]; v.is_bool()) into = v.as_bool();
    };
    const auto count = [&](const char* name, std::size_t& into, std::size_t infinite) {
        if (const value& v = o[name]; v.is_integer()) into = static_cast<std::size_t>(v.as_int64());
        else if (is_tagged(v, "Infinity")) into = infinite;
        else if (v.is_bool() && !v.as_bool()) into = 0;
    };
    flag("decodeDotInKeys", out.decode_dots);
    flag("allowEmptyArrays", out.allow_empty_arrays);
    flag("throwOnLimitExceeded", out.refuse_beyond);
    loose_flag("strictNullHandling", out.null_values);
    loose_flag("comma", out.comma);
    loose_flag("allowDots", out.allow_dots);
    if (out.decode_dots && !o.contains("allowDots")) out.allow_dots = true;
    loose_flag("allowPrototypes", out.inherited_names);
    if (truthy(o["plainObjects"])) out.inherited_names = true;
    loose_flag("allowSparse", out.allow_sparse);
    loose_flag("parseArrays", out.arrays);
    loose_flag("ignoreQueryPrefix", out.ignore_question_mark);
    loose_flag("strictMerge", out.keep_conflicts);
    loose_flag("charsetSentinel", out.charset_sentinel);
    loose_flag("interpretNumericEntities", out.numeric_entities);
    loose_flag("strictDepth", out.strict_depth);
    count("depth", out.depth, 512);
    count("parameterLimit", out.max_pairs, 0);
    if (const value& v = o["arrayLimit"]; v.is_integer()) out.max_elements = static_cast<std::ptrdiff_t>(v.as_int64());
    if (o.contains("decoder") && !absent(o["decoder"])) throw refused("Decoder has to be a function.");
    if (const value& v = o["delimiter"]; v.is_string()) out.separator = v.as_string();
    else if (is_tagged(v, "regexp")) throw skipped();
    if (const value& v = o["charset"]; !absent(v)) {
        if (v != value("utf-8") && v != value("iso-8859-1"))
            throw refused("The charset option must be either utf-8, iso-8859-1, or undefined");
        if (v == value("iso-8859-1")) out.charset = http::query_charset::iso_8859_1;
    }
    if (o.contains("duplicates") && !is_tagged(o["duplicates"], "undefined")) {
        const value& v = o["duplicates"];
        if (v == value("first")) out.duplicates = http::query_duplicates::first;
        else if (v == value("last")) out.duplicates = http::query_duplicates::last;
        else if (v != value("combine")) throw refused("The duplicates option must be either combine, first, or last");
    }
    const value& in = q["input"];
    if (absent(in)) return value::object();
    if (!in.is_string()) throw skipped(); // an object that was parsed before
    return take(http::parse_nested_query(in.as_string(), out));
}

inline bool holds_null(const value& v) {
    if (v.is_null()) return true;
    for (const auto& one : v.elements())
        if (holds_null(one)) return true;
    for (const auto& [name, one] : v.members())
        if (holds_null(one)) return true;
    return false;
}

// What JavaScript has and a tree has not; what is not defined in a list becomes null and sets `holes`.
inline bool drop_undefined(value& v, bool& holes) {
    if (is_tagged(v, "undefined")) return false;
    if (is_tagged(v, "bigint")) v = value(v["v"]);
    else if (is_tagged(v, "bytes")) v = value(take(crema::base64_decode(v["b64"].as_string())));
    else if (v.is_object() && v.contains("$")) throw skipped();
    if (v.is_array())
        for (auto& one : v.as_array())
            if (!drop_undefined(one, holes)) one = nullptr, holes = true;
    if (v.is_object()) std::erase_if(v.as_object(), [&](auto& m) { return !drop_undefined(m.second, holes); });
    return true;
}

inline value stringify_qs(const value& q) {
    const value& o = q["options"];
    http::nested_query_text_options out;
    const auto given = [&](const char* name) { return o.contains(name) && !is_tagged(o[name], "undefined"); };
    const auto strict = [&](const char* name, bool& into) {
        if (given(name) && !o[name].is_bool())
            throw refused("`" + std::string(name) + "` option can only be `true` or `false`, when provided");
        into = truthy(o[name]);
    };
    strict("allowEmptyArrays", out.empty_arrays);
    strict("encodeDotInKeys", out.escape_dots);
    if (!absent(o["encoder"])) throw refused("Encoder has to be a function.");
    if (given("charset") && o["charset"] != value("utf-8") && o["charset"] != value("iso-8859-1"))
        throw refused("The charset option must be either utf-8, iso-8859-1, or undefined");
    if (o["charset"] == value("iso-8859-1")) out.charset = http::query_charset::iso_8859_1;
    if (given("format") && o["format"] != value("RFC1738") && o["format"] != value("RFC3986"))
        throw refused("Unknown format option provided.");
    out.plus_for_space = o["format"] == value("RFC1738");
    if (o["filter"].is_array()) throw skipped(); // a choice of names: the caller's
    const value& arrays = o["arrayFormat"];
    if (arrays == value("brackets")) out.arrays = http::query_arrays::brackets;
    else if (arrays == value("repeat")) out.arrays = http::query_arrays::repeat;
    else if (arrays == value("comma")) out.arrays = http::query_arrays::comma;
    else if (arrays != value("indices") && o.contains("indices") && !truthy(o["indices"])) out.arrays = http::query_arrays::repeat;
    if (o.contains("commaRoundTrip") && !o["commaRoundTrip"].is_bool())
        throw refused("`commaRoundTrip` must be a boolean, or absent");
    out.comma_round_trip = truthy(o["commaRoundTrip"]);
    out.dots = given("allowDots") ? truthy(o["allowDots"]) : out.escape_dots;
    if (o["encodeValuesOnly"] == value(true)) out.escapes = http::query_escapes::values;
    if (o["encode"] == value(false)) out.escapes = http::query_escapes::none;
    out.null_without_equals = o["strictNullHandling"] == value(true);
    out.skip_null = o["skipNulls"] == value(true);
    out.charset_sentinel = o["charsetSentinel"] == value(true);
    out.question_mark = o["addQueryPrefix"] == value(true);
    if (o["delimiter"].is_string()) out.separator = o["delimiter"].as_string();
    if (o["depth"].is_integer()) out.depth = static_cast<std::size_t>(o["depth"].as_int64());
    value tree = q["object"];
    const bool nulls = holds_null(tree);
    bool holes = false;
    if (!drop_undefined(tree, holes)) return "";
    if (holes && nulls) throw skipped(); // told apart by JavaScript only
    if (holes) out.skip_null = true;
    return take(http::stringify_nested_query(tree, out));
}

inline std::string joined_text(const value& v) {
    if (v.is_string()) return v.as_string();
    if (v.is_number() || v.is_bool()) return crema::json::stringify(v);
    if (v.is_array()) {
        std::string all;
        for (std::size_t i = 0; i < v.size(); ++i) all += (i ? "," : "") + joined_text(v.at(i));
        return all;
    }
    return v.is_object() ? "[object Object]" : "";
}

inline value post_form(const value& q, bool extended) {
#if __has_include(<crema/middleware/body_urlencoded.hpp>)
    crema::app app;
    app.set("env", "test");
    app.use(crema::body_urlencoded({.extended = extended}));
    app.post("/", [](crema::request& req, crema::response& res) { res.json(req.body()); });
    crema::testing::client c(app);
    const auto r = c.post("/").send(q["input"].as_string(), "application/x-www-form-urlencoded").result();
    value out = value::object({{"status", r.status}});
    if (r.status == 200) out["value"] = r.json();
    return out;
#else
    static_cast<void>(q), static_cast<void>(extended);
    throw skipped();
#endif
}

inline void add_queries(std::map<std::string, library, std::less<>>& all) {
    all["qs"]["parse"] = parse_qs;
    all["qs"]["stringify"] = stringify_qs;
    auto& s = all["querystring"];
    const auto options_of = [](const value& args, std::size_t from) {
        http::query_options o;
        if (args[from].is_string() && !args[from].as_string().empty()) o.separator = args[from].as_string();
        if (args[from + 1].is_string() && !args[from + 1].as_string().empty()) o.equals = args[from + 1].as_string();
        if (const value& most = args[from + 2]["maxKeys"]; most.is_integer()) o.max_pairs = static_cast<std::size_t>(most.as_int64());
        return o;
    };
    s["parse"] = [=](const value& q) {
        const value& in = q["args"][0];
        if (!in.is_string()) return value::object();
        std::string separator, equals; // an array counts as its text
        auto o = options_of(q["args"], 1);
        if (q["args"][1].is_array() && !(separator = joined_text(q["args"][1])).empty()) o.separator = separator;
        if (q["args"][2].is_array()) {
            equals = joined_text(q["args"][2]);
            if (equals.empty()) throw skipped(); // nothing in front of the value: undocumented
            o.equals = equals;
        }
        value found = http::parse_query(in.as_string(), o);
        found.erase("__proto__"); // which the vectors' encoding loses
        return found;
    };
    s["stringify"] = [=](const value& q) {
        const value& in = q["args"][0];
        value object = value::object();
        if (in.is_array())
            for (std::size_t i = 0; i < in.size(); ++i) object[std::to_string(i)] = in.at(i);
        else if (in.is_object() && !in.contains("$")) object = in;
        const auto number = [](auto& self, value& v) -> void { // what JSON lacks
            if (is_tagged(v, "bigint")) v = v["v"];
            else if (v.is_object() && v.contains("$")) v = nullptr;
            else if (v.is_array())
                for (auto& one : v.as_array()) self(self, one);
        };
        for (auto& [name, v] : object.as_object()) number(number, v);
        return value(http::stringify_query(object, options_of(q["args"], 1)));
    };
    s["escape"] = [](const value& q) {
        const value& v = q["args"][0];
        if (is_tagged(v, "symbol")) throw refused("Cannot convert a Symbol value to a string");
        if (v.contains("toString")) throw refused("Cannot convert object to primitive value");
        return value(crema::encode_uri_component(is_tagged(v, "undefined") ? "undefined" : v.is_null() ? "null" : joined_text(v)));
    };
    s["unescape"] = [](const value& q) { return value(crema::percent_decode_lenient(joined_text(q["args"][0]))); };

    auto& x = all["express-query"];
    x["simple"] = [](const value& q) { return http::parse_query(q["input"].as_string()); };
    x["extended"] = [](const value& q) { return take(http::parse_nested_query(q["input"].as_string())); };
    x["bodySimple"] = [](const value& q) { return post_form(q, false); };
    x["bodyExtended"] = [](const value& q) { return post_form(q, true); };
}

} // namespace vectors
