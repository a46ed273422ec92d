// Range: which parts of a representation a request asks for, and Content-Range (RFC 9110 section 14).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace crema::http {

/// Names octets `first` to `last`, both included.
struct byte_range {
    std::uint64_t first; ///< offset of the first
    std::uint64_t last;  ///< offset of the last; not below `first`
    /// Counts the octets.
    std::uint64_t size() const noexcept { return last - first + 1; }
    friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// Holds what a Range field says.
struct range_set {
    /// Tells what came out.
    enum class kind : std::uint8_t {
        satisfiable,   ///< there are ranges
        unsatisfiable, ///< well-formed, but no range lies within the representation: 416
        malformed,     ///< to be ignored
    };
    kind state = kind::malformed;     ///< what came out
    std::string_view unit{};          ///< what is in front of the `=`, a view into the field
    std::vector<byte_range> ranges{}; ///< in the order asked for
};

/// Tells whether ranges that overlap or touch become one.
enum class range_combining : bool { off, on };

/** Parse a Range field.

    Ends beyond the representation are cut; ranges outside of it are dropped.

    @param size Octets of the representation.
    @param header The value of the field; the result holds a view into it.

    @par Complexity
    Linear in the length of the field; combining sorts.

    @see RFC 9110 section 14.2
*/
CREMA_DECL range_set parse_range(std::uint64_t size, std::string_view header,
                                 range_combining combining = range_combining::off);

/// Returns a Content-Range value: `bytes 0-4/10`.
CREMA_DECL std::string content_range(const byte_range& range, std::uint64_t size, std::string_view unit = "bytes");
/// Returns the Content-Range value of a 416 answer: `bytes */10`.
CREMA_DECL std::string content_range_unsatisfied(std::uint64_t size, std::string_view unit = "bytes");

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <algorithm>
#include <limits>
#include <optional>

namespace crema::http {
namespace detail {

// Reads digits; numbers that do not fit become the largest, which lies outside of every representation.
inline std::optional<std::uint64_t> read_position(std::string_view digits) noexcept {
    if (digits.empty() || !all_of_class(digits, octet_class::digit)) return std::nullopt;
    std::uint64_t v = 0;
    for (char c : digits) {
        const auto d = static_cast<unsigned>(c - '0');
        if (v > (std::numeric_limits<std::uint64_t>::max() - d) / 10) return std::numeric_limits<std::uint64_t>::max();
        v = v * 10 + d;
    }
    return v;
}

inline void combine_ranges(std::vector<byte_range>& ranges) {
    struct numbered {
        byte_range range;
        std::size_t number;
    };
    std::vector<numbered> ordered;
    for (const auto& r : ranges) ordered.push_back({r, ordered.size()});
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const auto& a, const auto& b) { return a.range.first < b.range.first; });
    std::size_t kept = 0;
    for (std::size_t i = 1; i < ordered.size(); ++i) {
        auto& current = ordered[kept];
        const auto& next = ordered[i];
        if (next.range.first > current.range.last && next.range.first - current.range.last > 1) {
            ordered[++kept] = next;
        } else if (next.range.last > current.range.last) {
            current.range.last = next.range.last;
            current.number = std::min(current.number, next.number);
        }
    }
    ordered.resize(kept + 1);
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    ranges.clear();
    for (const auto& n : ordered) ranges.push_back(n.range);
}

} // namespace detail

CREMA_DECL range_set parse_range(std::uint64_t size, std::string_view header, range_combining combining) {
    range_set set;
    const auto equals = header.find('=');
    if (equals == std::string_view::npos) return set;
    for (auto item : comma_list(header.substr(equals + 1))) {
        const auto dash = item.find('-');
        if (dash == std::string_view::npos) return {};
        const auto front = trim_ows(item.substr(0, dash)), back = trim_ows(item.substr(dash + 1));
        auto first = detail::read_position(front), last = detail::read_position(back);
        if ((!first && !front.empty()) || (!last && !back.empty()) || (!first && !last)) return {};
        if (!first) { // the last octets
            if (*last > size || *last == 0) continue;
            set.ranges.push_back({size - *last, size - 1});
        } else if (*first < size && (!last || *last >= *first)) {
            set.ranges.push_back({*first, last && *last < size ? *last : size - 1});
        }
    }
    set.unit = header.substr(0, equals);
    set.state = set.ranges.empty() ? range_set::kind::unsatisfiable : range_set::kind::satisfiable;
    if (combining == range_combining::on && !set.ranges.empty()) detail::combine_ranges(set.ranges);
    return set;
}

CREMA_DECL std::string content_range(const byte_range& range, std::uint64_t size, std::string_view unit) {
    return std::string(unit) + ' ' + std::to_string(range.first) + '-' + std::to_string(range.last) + '/' +
           std::to_string(size);
}

CREMA_DECL std::string content_range_unsatisfied(std::uint64_t size, std::string_view unit) {
    return std::string(unit) + " */" + std::to_string(size);
}

} // namespace crema::http
#endif
