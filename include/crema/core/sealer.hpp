// sealer: encrypts texts that nobody else may read or change; ext/openssl.hpp has one.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace crema {

/** Encrypts texts with a key, and decrypts those of this and former keys.

    @par Thread Safety
    Implementations are safe.
*/
class sealer {
public:
    virtual ~sealer() = default;
    /** Encrypt a text, in characters that may stand in a cookie.
        @param bound What must be the same when it is opened, as the name of the cookie; not part of the result.
    */
    virtual std::string seal(std::string_view text, std::string_view bound = {}) const = 0;
    /// Decrypts; nothing when it was tampered with, is bound to something else, or no key fits.
    virtual std::optional<std::string> open(std::string_view sealed, std::string_view bound = {}) const = 0;
};

} // namespace crema
