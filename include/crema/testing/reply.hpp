// reply: what came back for a request of the test client.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/text.hpp>
#include <crema/core/value.hpp>
#include <crema/json/parse.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crema::testing {

/// Says how an answer differs from what was expected, or why there is none; test frameworks print it.
class failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/** Is a whole response, as it came over the wire.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
struct reply {
    int status = 0;     ///< status code
    std::string reason; ///< reason phrase
    std::vector<std::pair<std::string, std::string>> fields; ///< header fields in order, names as they came
    std::string body;                ///< body without its framing
    std::vector<int> informational;  ///< statuses of the 1xx responses before it
    bool keep_alive = true;          ///< the connection may be used again

    /// Returns the first field of a name, case ignored.
    CREMA_DECL std::optional<std::string_view> header(std::string_view name) const noexcept;
    /// Returns all fields of a name, case ignored.
    CREMA_DECL std::vector<std::string_view> headers(std::string_view name) const;

    /** Return the body as JSON.
        @throws failure when it is none, or does not fit `T`.
    */
    template <class T = value>
    T json() const {
        auto parsed = crema::json::parse<T>(body);
        if (!parsed) throw failure("the body is no such JSON: " + parsed.error().message() + "\n" + body);
        return std::move(parsed).value();
    }
};

} // namespace crema::testing

#if CREMA_BODIES
namespace crema::testing {

CREMA_DECL std::optional<std::string_view> reply::header(std::string_view name) const noexcept {
    for (const auto& [n, v] : fields)
        if (iequals(n, name)) return v;
    return std::nullopt;
}

CREMA_DECL std::vector<std::string_view> reply::headers(std::string_view name) const {
    std::vector<std::string_view> all;
    for (const auto& [n, v] : fields)
        if (iequals(n, name)) all.push_back(v);
    return all;
}

} // namespace crema::testing
#endif
