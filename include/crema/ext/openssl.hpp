// openssl: signs with HMAC, encrypts cookies, both with keys that are rotated (link with -lcrypto).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/sealer.hpp>
#include <crema/core/signer.hpp>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Holds what OpenSSL does.
namespace crema::openssl {

/** Make a signer: HMAC with SHA-256, in base64 without padding. Compatible with the library cookie-signature.

    @param secrets Copied, and wiped at the end. The first signs; signatures by any of them count: put a new one in front, and
    drop the old one when what it signed has expired. Each should be at least 32 random octets.

    @throws system_error(error::bad_value) when there is none, or one is empty.

    @see RFC 2104
*/
CREMA_DECL std::shared_ptr<const signer> hmac_signer(std::span<const std::string_view> secrets);
/// @copydoc hmac_signer(std::span<const std::string_view>)
inline std::shared_ptr<const signer> hmac_signer(std::initializer_list<std::string_view> secrets) {
    return hmac_signer(std::span<const std::string_view>(secrets.begin(), secrets.size()));
}
/// @copydoc hmac_signer(std::span<const std::string_view>)
inline std::shared_ptr<const signer> hmac_signer(std::string_view secret) { return hmac_signer({secret}); }

/** Return the HMAC with SHA-256 of a text: 32 octets.
    @throws system_error when the library fails.
*/
CREMA_DECL std::string hmac_sha256(std::string_view key, std::string_view text);

/** Encrypts texts so that only who has the key can read or change them: AES-256-GCM, in base64url.

    @par Thread Safety
    Safe.
*/
class sealer final : public crema::sealer {
public:
    /** Construct with secrets, of any length; keys are derived from them by HKDF. The first encrypts, all decrypt.
        @throws system_error(error::bad_value) when there is none, or one has less than 16 octets.
    */
    CREMA_DECL explicit sealer(std::initializer_list<std::string_view> secrets);
    /** Encrypt a text.
        @param bound What must be the same when it is opened, as the name of the cookie; not part of the result.
    */
    CREMA_DECL std::string seal(std::string_view text, std::string_view bound = {}) const override;
    /// Decrypts; nothing when it was tampered with, is bound to something else, or no key fits.
    CREMA_DECL std::optional<std::string> open(std::string_view sealed, std::string_view bound = {}) const override;

private:
    struct keys;
    std::shared_ptr<const keys> keys_;
};

/// Makes a `sealer`, as `sealed_cookies` wants one. @throws system_error as its constructor.
inline std::shared_ptr<const crema::sealer> make_sealer(std::initializer_list<std::string_view> secrets) {
    return std::make_shared<const sealer>(secrets);
}

} // namespace crema::openssl

#if CREMA_BODIES
#include <crema/core/encode.hpp>
#include <crema/core/error.hpp>
#include <crema/core/secret.hpp>
#include <array>
#include <atomic>
#include <list>
#include <new>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <vector>

namespace crema::openssl {
namespace detail {

[[noreturn]] inline void fail(const char* what) {
    char text[256];
    ::ERR_error_string_n(::ERR_get_error(), text, sizeof text);
    throw system_error(make_error_code(error::bad_value), std::string(what) + ": " + text);
}

// A key of HMAC with SHA-256. What OpenSSL makes of it is kept and used again, by one thread at a time.
class hmac_key {
public:
    explicit hmac_key(std::string_view secret) : model_(make(secret)) {}
    hmac_key(const hmac_key&) = delete;
    ~hmac_key() {
        ::EVP_MAC_CTX_free(spare_.load(std::memory_order_relaxed));
        ::EVP_MAC_CTX_free(model_);
    }
    void operator()(std::string_view text, unsigned char (&mac)[32]) const {
        auto* c = spare_.exchange(nullptr, std::memory_order_acquire);
        if (!c && !(c = ::EVP_MAC_CTX_dup(model_))) throw std::bad_alloc();
        std::size_t size = 0;
        const bool done = ::EVP_MAC_init(c, nullptr, 0, nullptr) &&
                          ::EVP_MAC_update(c, reinterpret_cast<const unsigned char*>(text.data()), text.size()) &&
                          ::EVP_MAC_final(c, mac, &size, sizeof mac) && size == sizeof mac;
        EVP_MAC_CTX* none = nullptr;
        if (!done || !spare_.compare_exchange_strong(none, c, std::memory_order_release, std::memory_order_relaxed))
            ::EVP_MAC_CTX_free(c);
        if (!done) fail("HMAC");
    }

private:
    static EVP_MAC_CTX* make(std::string_view secret) {
        auto* const algorithm = ::EVP_MAC_fetch(nullptr, "HMAC", nullptr);
        auto* const c = algorithm ? ::EVP_MAC_CTX_new(algorithm) : nullptr;
        ::EVP_MAC_free(algorithm); // counted
        char hash[] = "SHA256";
        const OSSL_PARAM params[] = {::OSSL_PARAM_construct_utf8_string("digest", hash, 0),
                                     ::OSSL_PARAM_construct_end()};
        if (!c || !::EVP_MAC_init(c, reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), params)) {
            ::EVP_MAC_CTX_free(c);
            fail("HMAC");
        }
        return c;
    }
    EVP_MAC_CTX* model_;
    mutable std::atomic<EVP_MAC_CTX*> spare_{nullptr};
};

class hmac final : public signer {
public:
    explicit hmac(std::span<const std::string_view> secrets) {
        if (secrets.empty()) throw system_error(make_error_code(error::bad_value), "a signer without a secret");
        for (const auto s : secrets) {
            if (s.empty()) throw system_error(make_error_code(error::bad_value), "an empty secret");
            keys_.emplace_back(s);
        }
    }
    std::string signature(std::string_view text) const override { return by(keys_.front(), text); }
    bool is_signature(std::string_view text, std::string_view s) const override {
        bool any = false; // all of them are tried: the time does not tell which one it was
        for (const auto& key : keys_) any |= equal_secrets(s, by(key, text));
        return any;
    }

private:
    static std::string by(const hmac_key& key, std::string_view text) {
        unsigned char mac[32];
        key(text, mac);
        auto all = base64_encode({reinterpret_cast<const char*>(mac), sizeof mac});
        while (all.ends_with('=')) all.pop_back();
        return all;
    }
    std::list<hmac_key> keys_;
};

using cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&::EVP_CIPHER_CTX_free)>;
inline cipher make_cipher() {
    cipher c(::EVP_CIPHER_CTX_new(), &::EVP_CIPHER_CTX_free);
    if (!c) throw std::bad_alloc();
    return c;
}

constexpr std::size_t nonce_size = 12, tag_size = 16;
inline const unsigned char* octets(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
inline unsigned char* octets(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }

} // namespace detail

CREMA_DECL std::shared_ptr<const signer> hmac_signer(std::span<const std::string_view> secrets) {
    return std::make_shared<const detail::hmac>(secrets);
}

CREMA_DECL std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::string mac(32, '\0');
    unsigned size = 0;
    if (!::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), detail::octets(text), text.size(),
                detail::octets(mac), &size))
        detail::fail("HMAC");
    return mac;
}

struct sealer::keys {
    std::vector<std::array<unsigned char, 32>> all;
    ~keys() {
        for (auto& k : all) ::OPENSSL_cleanse(k.data(), k.size());
    }
};

CREMA_DECL sealer::sealer(std::initializer_list<std::string_view> secrets) {
    auto made = std::make_shared<keys>();
    for (const auto secret : secrets) {
        if (secret.size() < 16) throw system_error(make_error_code(error::bad_value), "a secret of less than 16 octets");
        // HKDF (RFC 5869) for one block of SHA-256, without a salt.
        auto extracted = hmac_sha256(std::string(32, '\0'), secret);
        auto key = hmac_sha256(extracted, "crema sealer AES-256-GCM\x01");
        std::copy(key.begin(), key.end(), made->all.emplace_back().begin());
        ::OPENSSL_cleanse(extracted.data(), extracted.size());
        ::OPENSSL_cleanse(key.data(), key.size());
    }
    if (made->all.empty()) throw system_error(make_error_code(error::bad_value), "a sealer without a secret");
    keys_ = std::move(made);
}

CREMA_DECL std::string sealer::seal(std::string_view text, std::string_view bound) const {
    using namespace detail;
    const auto c = make_cipher();
    auto out = random_octets(nonce_size);
    out.resize(nonce_size + text.size() + tag_size);
    int n = 0;
    const auto body = octets(out) + nonce_size;
    if (!::EVP_EncryptInit_ex(c.get(), ::EVP_aes_256_gcm(), nullptr, keys_->all.front().data(), octets(out)) ||
        !::EVP_EncryptUpdate(c.get(), nullptr, &n, octets(bound), static_cast<int>(bound.size())) ||
        !::EVP_EncryptUpdate(c.get(), body, &n, octets(text), static_cast<int>(text.size())) ||
        !::EVP_EncryptFinal_ex(c.get(), body + n, &n) ||
        !::EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, tag_size, body + text.size()))
        fail("AES-256-GCM");
    return base64url_encode(out);
}

CREMA_DECL std::optional<std::string> sealer::open(std::string_view sealed, std::string_view bound) const {
    using namespace detail;
    auto raw = base64url_decode(sealed);
    if (!raw || raw->size() < nonce_size + tag_size) return std::nullopt;
    auto& all = *raw;
    const auto size = all.size() - nonce_size - tag_size;
    for (const auto& key : keys_->all) {
        const auto c = make_cipher();
        std::string text(size, '\0');
        int n = 0;
        if (::EVP_DecryptInit_ex(c.get(), ::EVP_aes_256_gcm(), nullptr, key.data(), octets(all)) &&
            ::EVP_DecryptUpdate(c.get(), nullptr, &n, octets(bound), static_cast<int>(bound.size())) &&
            ::EVP_DecryptUpdate(c.get(), octets(text), &n, octets(all) + nonce_size, static_cast<int>(size)) &&
            ::EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, tag_size, octets(all) + nonce_size + size) &&
            ::EVP_DecryptFinal_ex(c.get(), octets(text) + n, &n) > 0)
            return text;
        ::ERR_clear_error();
    }
    return std::nullopt;
}

} // namespace crema::openssl
#endif
