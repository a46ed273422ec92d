// Passwords: hash and verify with bcrypt, through libxcrypt (link with -lcrypt).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <cstddef>
#include <string>
#include <string_view>

/// Holds what an application does with passwords.
namespace crema::password {

/// Is the most octets that bcrypt looks at; longer passwords are refused instead of cut.
inline constexpr std::size_t max_size = 72;

/** Hash a password with bcrypt and a fresh random salt.

    Slow on purpose, about 0.2 s at cost 12, and it blocks: a handler writes
    `auto stored = co_await offload([&] { return password::hash(form.password); });`

    @param password At most 72 octets, none of them NUL.
    @param cost The logarithm of the work, 4 to 31. One more takes twice as long.
    @return 60 octets that begin with `$2b$`: what `verify` wants.

    @throws system_error `error::too_large` for more than 72 octets (what bcrypt would silently cut), `error::bad_value`
    for a NUL in the password or a cost out of range, the error of the operating system when it gives no random octets.

    @par Thread Safety
    Safe.

    @see crypt(5)
*/
CREMA_DECL std::string hash(std::string_view password, int cost = 12);

/** Tell whether a password is the one that was hashed.

    As slow as the hash was; blocks: see `hash`. The comparison takes the same time for every wrong password.

    @param password What was typed. More than 72 octets or a NUL are never right, since they cannot have been hashed.
    @param stored What `hash` returned; also `$2a$` and `$2y$` from elsewhere.
    @return False for a wrong password, and for a `stored` that is no bcrypt hash.

    @throws std::bad_alloc

    @par Thread Safety
    Safe.
*/
CREMA_DECL bool verify(std::string_view password, std::string_view stored);

/** Tell whether a stored hash should be made anew at the next login: it is no `$2b$` hash or its cost is lower.

    @param stored What `hash` returned.
    @param cost What is wanted today.

    @par Thread Safety
    Safe.
*/
CREMA_DECL bool needs_rehash(std::string_view stored, int cost = 12) noexcept;

} // namespace crema::password

#if CREMA_BODIES
#include <crema/core/secret.hpp>
#include <cerrno>
#include <crypt.h>
#include <memory>
#include <string.h>

namespace crema::detail {

// The password with a NUL behind it, as crypt wants it, and its large scratch memory; both are wiped.
struct bcrypt_secret {
    crypt_data scratch{};
    char phrase[password::max_size + 1]{};

    explicit bcrypt_secret(std::string_view password) noexcept { password.copy(phrase, sizeof phrase - 1); }
    bcrypt_secret(const bcrypt_secret&) = delete;
    bcrypt_secret& operator=(const bcrypt_secret&) = delete;
    ~bcrypt_secret() {
        ::explicit_bzero(phrase, sizeof phrase);
        ::explicit_bzero(&scratch, sizeof scratch);
    }
    // Null when the setting is malformed.
    const char* crypt(const char* setting) noexcept {
        return ::crypt_rn(phrase, setting, &scratch, static_cast<int>(sizeof scratch));
    }
};

inline bool is_bcrypt(std::string_view s) noexcept {
    auto digit = [&](std::size_t i) { return s[i] >= '0' && s[i] <= '9'; };
    return s.size() == 60 && s.substr(0, 2) == "$2" && (s[2] == 'a' || s[2] == 'b' || s[2] == 'y') && s[3] == '$' &&
           digit(4) && digit(5) && s[6] == '$' && s.find('\0') == s.npos;
}

} // namespace crema::detail

namespace crema::password {

CREMA_DECL std::string hash(std::string_view password, int cost) {
    if (password.size() > max_size)
        throw system_error(make_error_code(error::too_large),
                           "password of more than 72 octets (bcrypt would ignore the rest)");
    if (password.find('\0') != password.npos)
        throw system_error(make_error_code(error::bad_value),
                           "password with a NUL character (bcrypt would ignore what follows)");
    if (cost < 4 || cost > 31)
        throw system_error(make_error_code(error::bad_value),
                           "bcrypt cost " + std::to_string(cost) + ", which must be 4 to 31");
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    // No random octets given: it takes them from the operating system.
    if (!::crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost), nullptr, 0, setting, sizeof setting))
        throw system_error(std::error_code(errno, std::generic_category()), "salt for a password");
    const auto s = std::make_unique<crema::detail::bcrypt_secret>(password); // more than 32 KiB: not on the stack
    const char* done = s->crypt(setting);
    if (!done) throw system_error(std::error_code(errno, std::generic_category()), "hash of a password");
    return done;
}

CREMA_DECL bool verify(std::string_view password, std::string_view stored) {
    if (password.size() > max_size || password.find('\0') != password.npos || !crema::detail::is_bcrypt(stored))
        return false;
    const std::string setting(stored); // crypt wants a NUL behind it
    const auto s = std::make_unique<crema::detail::bcrypt_secret>(password);
    const char* again = s->crypt(setting.c_str());
    return again && equal_secrets(again, stored);
}

CREMA_DECL bool needs_rehash(std::string_view stored, int cost) noexcept {
    return !crema::detail::is_bcrypt(stored) || stored[2] != 'b' || (stored[4] - '0') * 10 + (stored[5] - '0') < cost;
}

} // namespace crema::password
#endif
