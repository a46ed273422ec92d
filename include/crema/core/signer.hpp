// signer: signs texts and checks signatures; ext/openssl.hpp has one.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace crema {

/** Signs texts with a secret, and checks signatures with this and former secrets.

    @par Thread Safety
    Implementations are safe.
*/
class signer {
public:
    virtual ~signer() = default;
    /// Returns the signature of a text by the newest secret, in characters that may stand in a cookie.
    virtual std::string signature(std::string_view text) const = 0;
    /// Tells, in constant time, whether a signature is of this text by any of the secrets.
    virtual bool is_signature(std::string_view text, std::string_view signature) const = 0;

    /// Returns the text, a full stop and its signature, as the library cookie-signature does.
    CREMA_DECL std::string sign(std::string_view text) const;
    /// Returns the text in front of the last full stop when what is behind is its signature; a view of the argument.
    CREMA_DECL std::optional<std::string_view> unsign(std::string_view signed_text) const;
};

} // namespace crema

#if CREMA_BODIES
namespace crema {

CREMA_DECL std::string signer::sign(std::string_view text) const {
    return std::string(text).append(".").append(signature(text));
}

CREMA_DECL std::optional<std::string_view> signer::unsign(std::string_view signed_text) const {
    const auto dot = signed_text.rfind('.');
    if (dot == signed_text.npos) return std::nullopt;
    const auto text = signed_text.substr(0, dot);
    if (!is_signature(text, signed_text.substr(dot + 1))) return std::nullopt;
    return text;
}

} // namespace crema
#endif
