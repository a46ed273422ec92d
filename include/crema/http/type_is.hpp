// type_is: whether a body is of one of some types, given as types, patterns or extensions.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace crema::http {

/// Returns the type or pattern that a short form stands for: that of an extension (`"json"`), of `"urlencoded"` and
/// `"multipart"`, of a suffix (`"+json"`: any type with it), or what is a type already; empty for an unknown extension.
CREMA_DECL std::string normalize_type(std::string_view type);

/// Tells whether a type, in small letters and without parameters, matches a pattern, which may have `*` as its first or
/// second half, or `*+suffix` as its second.
CREMA_DECL bool type_matches(std::string_view pattern, std::string_view type) noexcept;

/** Find the first of some types that a Content-Type is of.

    @param content_type The value of the field, with or without parameters; empty when there is none.
    @param types What `normalize_type` understands. None: any valid type will do.
    @return What was found, spelled as in `types`; for patterns and suffixes, and without `types`, the type itself in
    small letters; empty when none fits.
*/
CREMA_DECL std::string type_is(std::string_view content_type, std::span<const std::string_view> types);
/// @copydoc type_is
inline std::string type_is(std::string_view content_type, std::initializer_list<std::string_view> types) {
    return type_is(content_type, std::span<const std::string_view>(types.begin(), types.size()));
}

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <crema/http/media_type.hpp>
#include <crema/http/mime.hpp>

namespace crema::http {

CREMA_DECL std::string normalize_type(std::string_view type) {
    if (type == "urlencoded") return "application/x-www-form-urlencoded";
    if (type == "multipart") return "multipart/*";
    if (type.starts_with('+')) return "*/*" + std::string(type);
    return std::string(type.find('/') == type.npos ? mime_type(type) : type);
}

CREMA_DECL bool type_matches(std::string_view pattern, std::string_view type) noexcept {
    const auto a = pattern.find('/'), b = type.find('/');
    if (a == pattern.npos || b == type.npos || pattern.find('/', a + 1) != pattern.npos ||
        type.find('/', b + 1) != type.npos)
        return false;
    const auto wanted_front = pattern.substr(0, a), wanted = pattern.substr(a + 1), back = type.substr(b + 1);
    if (wanted_front != "*" && wanted_front != type.substr(0, b)) return false;
    if (wanted.starts_with("*+")) return back.ends_with(wanted.substr(1));
    return wanted == "*" || wanted == back;
}

CREMA_DECL std::string type_is(std::string_view content_type, std::span<const std::string_view> types) {
    auto type = to_lower(essence(content_type));
    if (!is_type_name(type)) return {};
    if (types.empty()) return type;
    for (auto wanted : types) {
        if (!type_matches(normalize_type(wanted), type)) continue;
        return wanted.starts_with('+') || wanted.find('*') != wanted.npos ? type : std::string(wanted);
    }
    return {};
}

} // namespace crema::http
#endif
