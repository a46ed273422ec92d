// secret: comparison in constant time, octets that nobody can guess, hashes that nobody can choose.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/hash128.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace crema {

/** Tell whether a text is the secret, in as many steps as it has octets: not whether it is alike, nor how long the secret is, makes them
    more or fewer.

    For passwords, tokens, signatures and whatever else a client must not find out octet by octet.

    @param given What came from outside.
    @param secret What it has to be.

    @par Complexity
    O(n) in the length of `given`
*/
CREMA_DECL bool equal_secrets(std::string_view given, std::string_view secret) noexcept;

/** Return 128 bits that stand for the octets: of SHA-1, under a random key of this process.

    Other than with `hash128`, nobody outside can make texts whose hashes are equal, or fall into one bucket of a table. Another
    one in each run.

    @throws system_error as `random_octets`, when it is called first.

    @par Complexity
    O(n)

    @par Thread Safety
    Safe.
*/
CREMA_DECL hash128_value private_hash(std::string_view octets);

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
#include <crema/core/sha1.hpp>
#include <cerrno>
#include <cstring>
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

CREMA_DECL bool equal_secrets(std::string_view given, std::string_view secret) noexcept {
    volatile unsigned differ = given.size() != secret.size();
    const char none = 0;
    const char* const from = secret.empty() ? &none : secret.data();
    const std::size_t size = secret.empty() ? 1 : secret.size();
    for (std::size_t i = 0, at = 0; i < given.size(); ++i) { // as many steps as are given, whatever the secret is
        differ = differ | static_cast<unsigned>(static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(from[at]));
        at = at + 1 == size ? 0 : at + 1;
    }
    return differ == 0;
}

CREMA_DECL hash128_value private_hash(std::string_view octets) {
    static const sha1 keyed = [] { // has taken one block in: the key
        sha1 s;
        s.update(random_octets(64));
        return s;
    }();
    auto s = keyed;
    s.update(octets);
    const auto digest = s.finish();
    hash128_value h;
    std::memcpy(&h.low, digest.data(), sizeof h.low);
    std::memcpy(&h.high, digest.data() + sizeof h.low, sizeof h.high);
    return h;
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
