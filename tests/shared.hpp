// Reads the vectors that lie beside the project: in the directory that CREMA_SHARED names, or in one above called "shared".
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/value.hpp>
#include <crema/json/parse.hpp>
#include <crema/json/write.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace shared {

/// Returns the content of a file, empty when it is not there.
inline std::string file(const std::string& name) {
    const char* set = std::getenv("CREMA_SHARED");
    std::vector<std::string> places;
    if (set) places.push_back(set);
    for (std::string up = "../"; up.size() < 16; up += "../") places.push_back(up + "shared");
    for (const auto& place : places)
        if (std::ifstream in(place + "/conformance/" + name); in) {
            std::ostringstream text;
            text << in.rdbuf();
            return text.str();
        }
    return {};
}

/// Returns a member of a file of JSON that is an array; empty when the file is not there.
inline crema::value::array_type list(const std::string& name, std::string_view member) {
    const auto text = file(name);
    if (text.empty()) return {};
    auto all = crema::json::parse<crema::value>(text).value();
    auto* items = all.find(member);
    return items && items->is_array() ? std::move(items->as_array()) : crema::value::array_type{};
}

/// Returns the vectors of a library.
inline crema::value::array_type vectors(const std::string& library) { return list("vectors/" + library + ".json", "vectors"); }

/// Returns the recorded tests of a package, with the octets that went over the wire.
inline crema::value::array_type recorded(const std::string& package) { return list("wire/" + package + ".json", "cases"); }

/// Returns a member that is a string, empty when it is none.
inline std::string text(const crema::value& v, std::string_view name) {
    const auto* m = v.find(name);
    return m && m->is_string() ? std::string(m->as_string()) : std::string();
}

} // namespace shared
