// expression: what a path may be matched with instead of a pattern: a regular expression, or anything else.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace crema::route {

/** Matches paths in a way of its own. `ext/pcre2.hpp` makes one of a regular expression.

    @par Thread Safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class expression {
public:
    /// Is a group that took part in a match.
    struct group {
        std::string_view name;  ///< its name, or its number among those without a name, from `"0"`; lives as the expression
        std::string_view value; ///< part of the path, not decoded
    };

    /// Says what came of a match.
    enum class outcome : unsigned char {
        none,     ///< does not match
        matched,  ///< matches
        too_hard, ///< gave up: the path would have taken too long
    };

    /// Receives a match. The views are parts of the path.
    struct found {
        std::size_t begin = 0;     ///< where the match begins
        std::size_t length = 0;    ///< how many octets matched
        std::vector<group> groups; ///< groups that took part, in the order of their numbers
    };

    virtual ~expression() = default;

    /** Match a path.

        @param path As received, not decoded, without the query.
        @param into Receives the match; what was there before is overwritten when it matches.
    */
    virtual outcome match(std::string_view path, found& into) const = 0;

    /// Returns its text, for messages; valid as long as the expression.
    virtual std::string_view source() const noexcept = 0;

protected:
    expression() = default;
    expression(const expression&) = default;
    expression& operator=(const expression&) = default;
};

/// Shares an expression between layers.
using shared_expression = std::shared_ptr<const expression>;

} // namespace crema::route
