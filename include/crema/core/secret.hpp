// secret: comparison in constant time, octets that nobody can guess.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace crema {

/** Tell whether two texts are equal, in a time that depends on their lengths alone.

    For tokens, signatures and whatever else a client must not find out octet by octet.

    @par Complexity
    O(n); at once when the lengths differ.
*/
CREMA_DECL bool equal_secrets(std::string_view a, std::string_view b) noexcept;

/** Return octets from the random generator of the operating system.

    @throws system_error the error of the operating system.

    @par Thread Safety
    Safe.
*/
CREMA_DECL std::string random_octets(std::size_t size);

/// Returns random octets in base64url: 32 of them are 43 characters. @throws system_error as `random_octets`.
CREMA_DECL std::string random_token(std::size_t octets = 32);

/// Returns a random UUID: `"f81d4fae-7dec-41d0-a765-00a0c91e6bf6"`. @throws system_error as `random_octets`. @see RFC 9562 section 5.4
CREMA_DECL std::string random_uuid();

} // namespace crema

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/error.hpp>
#include <cerrno>
#include <sys/random.h>

namespace crema {
namespace detail {

inline void fill_randomly(char* data, std::size_t size) {
    while (size > 0) {
        const auto n = ::getrandom(data, size, 0);
        if (n < 0) {
            if (errno == EINTR) continue;
            throw system_error(std::error_code(errno, std::generic_category()), "random octets");
        }
        data += n;
        size -= static_cast<std::size_t>(n);
    }
}

} // namespace detail

CREMA_DECL bool equal_secrets(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    volatile unsigned char differ = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        differ = static_cast<unsigned char>(differ | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
    return differ == 0;
}

CREMA_DECL std::string random_octets(std::size_t size) {
    std::string octets(size, '\0');
    detail::fill_randomly(octets.data(), size);
    return octets;
}

CREMA_DECL std::string random_token(std::size_t octets) { return base64url_encode(random_octets(octets)); }

CREMA_DECL std::string random_uuid() {
    char octets[16];
    detail::fill_randomly(octets, sizeof octets);
    octets[6] = static_cast<char>((octets[6] & 0x0f) | 0x40);
    octets[8] = static_cast<char>((octets[8] & 0x3f) | 0x80);
    auto text = hex_encode({octets, sizeof octets});
    for (const std::size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
    return text;
}

} // namespace crema
#endif
