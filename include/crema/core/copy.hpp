// copy: copies and compares short texts without a call.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace crema {

namespace detail {

CREMA_NOINLINE inline char* put_long_text(char* to, std::string_view text) noexcept {
    std::memcpy(to, text.data(), text.size());
    return to + text.size();
}

} // namespace detail

/** Copy octets of which there are mostly few: names and values of fields, short bodies.

    @param to Room for as many; does not overlap what is copied.
    @param text May be empty.
    @return Behind the last octet that was written.
*/
CREMA_FORCEINLINE char* put_text(char* to, std::string_view text) noexcept {
    const char* from = text.data();
    const std::size_t n = text.size();
    const auto move = [&]<class Word>(Word w, std::size_t at) {
        std::memcpy(&w, from + at, sizeof w);
        std::memcpy(to + at, &w, sizeof w);
    };
    struct pair {
        std::uint64_t low, high;
    };
    if (n >= 16) {
        if (n > 64) [[unlikely]] return detail::put_long_text(to, text);
        for (std::size_t at = 0; at < n - 16; at += 16) move(pair{}, at);
        move(pair{}, n - 16); // together with some of those in front
    } else if (n >= 8) {
        move(std::uint64_t{}, 0);
        move(std::uint64_t{}, n - 8);
    } else if (n >= 4) {
        move(std::uint32_t{}, 0);
        move(std::uint32_t{}, n - 4);
    } else if (n != 0) {
        to[0] = from[0];
        to[n / 2] = from[n / 2];
        to[n - 1] = from[n - 1];
    }
    return to + n;
}

/// Copies a literal, whose size is known to the compiler. @return Behind the last octet that was written.
template <std::size_t N>
CREMA_FORCEINLINE char* put_literal(char* to, const char (&text)[N]) noexcept {
    std::memcpy(to, text, N - 1);
    return to + (N - 1);
}

/// Tells whether two texts are the same, octet by octet.
CREMA_FORCEINLINE bool same_text(std::string_view a, std::string_view b) noexcept {
    const std::size_t n = a.size();
    if (n != b.size()) return false;
    const auto equal = [&]<class Word>(Word x, std::size_t at) {
        Word y;
        std::memcpy(&x, a.data() + at, sizeof x);
        std::memcpy(&y, b.data() + at, sizeof y);
        return x == y;
    };
    if (n > 16) return std::memcmp(a.data(), b.data(), n) == 0;
    if (n >= 8) return equal(std::uint64_t{}, 0) && equal(std::uint64_t{}, n - 8);
    if (n >= 4) return equal(std::uint32_t{}, 0) && equal(std::uint32_t{}, n - 4);
    return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}

/// Tells whether a text is this literal, octet by octet.
template <std::size_t N>
CREMA_FORCEINLINE bool is_literal(std::string_view text, const char (&literal)[N]) noexcept {
    return text.size() == N - 1 && std::memcmp(text.data(), literal, N - 1) == 0;
}
/// Tells whether a text ends with this literal, octet by octet.
template <std::size_t N>
CREMA_FORCEINLINE bool ends_with_literal(std::string_view text, const char (&literal)[N]) noexcept {
    return text.size() >= N - 1 && std::memcmp(text.data() + text.size() - (N - 1), literal, N - 1) == 0;
}

} // namespace crema
