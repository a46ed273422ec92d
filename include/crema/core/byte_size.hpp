// byte_size: a number of octets, given as a number or as a text such as "100kb".
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crema {

/** Parse a number of octets: digits, perhaps a fraction, perhaps one of `b`, `kb`, `mb`, `gb`, `tb`, `pb` in either case,
    perhaps spaces between. A `kb` is 1024 octets; fractions of an octet are cut off.

    @return Nothing when the text is something else, negative, or too large.
*/
CREMA_DECL std::optional<std::uint64_t> parse_byte_size(std::string_view text);

/** Is a number of octets in options: `{.limit = 102400}` or `{.limit = "100kb"}`.

    @par Thread Safety
    Distinct objects: safe.
*/
class byte_size {
public:
    /** Construct from a number.
        @throws system_error(error::bad_value) when it is negative.
    */
    template <std::integral T>
        requires(!std::same_as<T, bool> && !std::same_as<T, char>)
    byte_size(T octets) : octets_(static_cast<std::uint64_t>(octets)) {
        if constexpr (std::signed_integral<T>)
            if (octets < 0) refuse(std::to_string(octets));
    }
    /** Construct from a text; see `parse_byte_size`.
        @throws system_error(error::bad_value) when it is something else.
    */
    byte_size(std::string_view text) {
        const auto octets = parse_byte_size(text);
        if (!octets) refuse(text);
        octets_ = *octets;
    }
    /// @copydoc byte_size(std::string_view)
    byte_size(const char* text) : byte_size(std::string_view(text)) {}
    /// Nothing is no size.
    byte_size(std::nullptr_t) = delete;

    /// Returns the number.
    std::uint64_t octets() const noexcept { return octets_; }
    /// Compares the numbers.
    friend auto operator<=>(byte_size, byte_size) = default;

private:
    [[noreturn]] CREMA_DECL static void refuse(std::string_view text);
    std::uint64_t octets_ = 0;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/core/text.hpp>

namespace crema {

CREMA_DECL std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
    constexpr double too_many = 9007199254740992.0; // 2^53: beyond, a double does not count single octets
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    double size = 0;
    std::size_t i = 0;
    while (i < text.size() && is_digit(text[i])) size = size * 10 + (text[i++] - '0');
    if (i < text.size() && text[i] == '.') {
        if (i + 1 == text.size() || !is_digit(text[i + 1])) return std::nullopt;
        double unit = 1;
        for (++i; i < text.size() && is_digit(text[i]); ++i) size += (text[i] - '0') * (unit /= 10);
    }
    auto unit = text.substr(i);
    while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
    if (unit.size() == 2 && to_lower(unit[1]) == 'b') {
        constexpr std::string_view prefixes = "kmgtp";
        const auto power = prefixes.find(to_lower(unit[0]));
        if (power == prefixes.npos) return std::nullopt;
        for (std::size_t n = 0; n <= power; ++n) size *= 1024;
    } else if (!unit.empty() && !iequals(unit, "b")) {
        return std::nullopt;
    }
    if (size >= too_many) return std::nullopt;
    return static_cast<std::uint64_t>(size);
}

CREMA_DECL void byte_size::refuse(std::string_view text) {
    throw system_error(make_error_code(error::bad_value),
                       "a size of \"" + std::string(text) + "\" (wanted: a number, or a text such as \"100kb\")");
}

} // namespace crema
#endif
