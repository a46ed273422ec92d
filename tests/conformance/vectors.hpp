// What the adapter's libraries have in common: inputs as JavaScript had them, results as JSON can carry them.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema.hpp>

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vectors {

using crema::value;

// What JavaScript refuses at run time and C++ by its types, and what the library refuses.
struct refused : std::runtime_error {
    explicit refused(std::string text) : std::runtime_error(text), message(std::move(text)) {}
    std::string message; // whole, where what() ends at a NUL
};
// What has no counterpart: a function, an object with methods.
struct skipped {};

inline bool is_tagged(const value& v, std::string_view tag) {
    const auto* t = v.find("$");
    return t && t->is_string() && t->as_string() == tag;
}
inline bool absent(const value& v) { return v.is_null() || is_tagged(v, "undefined"); }
inline bool truthy(const value& v) {
    if (absent(v) || is_tagged(v, "NaN")) return false;
    if (v.is_bool()) return v.as_bool();
    if (v.is_string()) return !v.as_string().empty();
    return !v.is_number() || v.as_double() != 0;
}
inline const std::string& text(const value& v, const char* message) {
    if (!v.is_string()) throw refused(message);
    return v.as_string();
}
inline std::optional<std::string_view> optional_text(const value& v) {
    if (absent(v)) return std::nullopt;
    return text(v, "a string is wanted");
}
inline std::vector<std::string_view> texts(const value& v) {
    std::vector<std::string_view> all;
    for (const auto& one : v.elements()) all.push_back(text(one, "a string is wanted"));
    return all;
}
inline value list(const std::vector<std::string_view>& all) {
    value out = value::array();
    for (const auto one : all) out.push_back(value(std::string(one)));
    return out;
}
inline value or_false(std::string_view found) { return found.empty() ? value(false) : value(std::string(found)); }
inline value or_undefined(std::string_view found) { return found.empty() ? value() : value(std::string(found)); }

// Returns what a result holds, or throws its message.
template <class T>
T take(crema::result<T> r) {
    if (!r) throw refused(r.error().detail.empty() ? r.error().message() : r.error().detail);
    return std::move(r).value();
}

using function = std::function<value(const value&)>;
using library = std::map<std::string, function, std::less<>>;


} // namespace vectors
