// openssl_jwt: keys that check and sign JSON Web Tokens: HMAC, RSA, ECDSA, EdDSA; from JWK sets and PEM (-lcrypto).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/middleware/jwt.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema::openssl {

/** Holds keys for tokens. Each key is for one algorithm, or for those of its kind; never for what a token merely says.

    | algorithms | keys |
    |---|---|
    | `HS256`, `HS384`, `HS512` | secrets of at least 32, 48, 64 octets |
    | `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512` | RSA of at least 2048 bits |
    | `ES256`, `ES384`, `ES512` | on P-256, P-384, P-521 |
    | `EdDSA` | Ed25519, Ed448 |

    The first key that can, signs; to replace it put a new one in front, and drop the old one when its tokens have
    expired.

    @par Thread Safety
    Safe once it is built.

    @see RFC 7517, RFC 7518, RFC 8037
*/
class jwt_key_set final : public jwt_keys {
public:
    /// @cond
    struct key;
    /// @endcond

    /// Construct without keys.
    jwt_key_set() = default;

    /** Add a secret. Signs and checks.
        @param secret Copied, and wiped at the end.
        @throws system_error(error::bad_value) when it is shorter than the algorithm wants, or that is none of these.
    */
    CREMA_DECL jwt_key_set& add_hmac(std::string_view algorithm, std::string_view secret, std::string_view key_id = {});
    /** Add a key in PEM, private (`BEGIN PRIVATE KEY`: signs and checks) or public (`BEGIN PUBLIC KEY`: checks).
        @throws system_error(error::bad_value) when it is none, too weak, or does not fit the algorithm.
    */
    CREMA_DECL jwt_key_set& add_pem(std::string_view algorithm, std::string_view pem, std::string_view key_id = {});
    /** Add the keys of a JWK set, or one JWK. Of a private JWK the public part is used.

        Keys that are not for signatures, of unknown kinds, or of an unknown algorithm are passed over, as RFC 7517 wants,
        and so are secrets without `alg`. An RSA key without `alg` is for all algorithms of RSA.

        @throws system_error(error::bad_value) when it is no JWK set, or a key in it is malformed or too weak.
    */
    CREMA_DECL jwt_key_set& add_jwks(std::string_view json);

    /// Makes a set of one secret, for HS256. `jwt({.keys = openssl::jwt_key_set::hmac(secret)})`
    CREMA_DECL static std::shared_ptr<const jwt_key_set> hmac(std::string_view secret);
    /// Makes a set from JSON; see `add_jwks`.
    CREMA_DECL static std::shared_ptr<const jwt_key_set> jwks(std::string_view json);

    /// Returns the number of keys.
    std::size_t size() const noexcept { return keys_.size(); }

    /// @cond
    CREMA_DECL bool is_signature(std::string_view algorithm, std::string_view key_id, std::string_view text,
                                 std::string_view signature) const override;
    CREMA_DECL bool knows(std::string_view algorithm) const override;
    CREMA_DECL signed_by signing_key() const override;
    /// @endcond

private:
    CREMA_DECL void add(std::shared_ptr<key> k);
    CREMA_DECL void add_jwk(const value& k);
    std::vector<std::shared_ptr<const key>> keys_;
};

} // namespace crema::openssl

#if CREMA_BODIES
#include <crema/web/app.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/error.hpp>
#include <crema/core/secret.hpp>
#include <crema/json/parse.hpp>
#include <algorithm>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdexcept>
#include <utility>

namespace crema::openssl {
namespace detail {

enum class jwt_family : unsigned char { hmac, rsa, pss, ecdsa, eddsa };
struct jwt_algorithm {
    std::string_view name;
    jwt_family family;
    unsigned bits;          // of the hash
    std::size_t half = 0;   // octets of each number of an ECDSA signature
    const char* curve = nullptr;
};
inline constexpr jwt_algorithm jwt_algorithms[] = {
    {"HS256", jwt_family::hmac, 256},  {"HS384", jwt_family::hmac, 384},
    {"HS512", jwt_family::hmac, 512},  {"RS256", jwt_family::rsa, 256},
    {"RS384", jwt_family::rsa, 384},   {"RS512", jwt_family::rsa, 512},
    {"PS256", jwt_family::pss, 256},   {"PS384", jwt_family::pss, 384},
    {"PS512", jwt_family::pss, 512},   {"ES256", jwt_family::ecdsa, 256, 32, "prime256v1"},
    {"ES384", jwt_family::ecdsa, 384, 48, "secp384r1"}, {"ES512", jwt_family::ecdsa, 512, 66, "secp521r1"},
    {"EdDSA", jwt_family::eddsa, 0},
};
inline const jwt_algorithm* find_jwt_algorithm(std::string_view name) {
    for (const auto& a : jwt_algorithms)
        if (a.name == name) return &a;
    return nullptr;
}

[[noreturn]] inline void bad_jwt_key(std::string_view why) {
    ::ERR_clear_error();
    throw system_error(make_error_code(error::bad_value), "a key for tokens: " + std::string(why)); // never the key
}

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
using pkey_ptr = std::unique_ptr<EVP_PKEY, freed_by<::EVP_PKEY_free>>;
using pkey_context_ptr = std::unique_ptr<EVP_PKEY_CTX, freed_by<::EVP_PKEY_CTX_free>>;
using digest_ptr = std::unique_ptr<EVP_MD_CTX, freed_by<::EVP_MD_CTX_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<::BIO_free>>;
using number_ptr = std::unique_ptr<BIGNUM, freed_by<::BN_free>>;
using ecdsa_ptr = std::unique_ptr<ECDSA_SIG, freed_by<::ECDSA_SIG_free>>;
using params_ptr = std::unique_ptr<OSSL_PARAM, freed_by<::OSSL_PARAM_free>>;
using params_builder_ptr = std::unique_ptr<OSSL_PARAM_BLD, freed_by<::OSSL_PARAM_BLD_free>>;

inline const unsigned char* jwt_octets(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

inline const EVP_MD* jwt_hash(unsigned bits) {
    return bits == 256 ? ::EVP_sha256() : bits == 384 ? ::EVP_sha384() : bits == 512 ? ::EVP_sha512() : nullptr;
}

// What kind of key it is, and whether that is strong enough.
inline bool fits(EVP_PKEY* k, const jwt_algorithm& a) {
    switch (a.family) {
    case jwt_family::hmac: return false;
    case jwt_family::rsa:
    case jwt_family::pss:
        if (::EVP_PKEY_get_base_id(k) != EVP_PKEY_RSA) return false;
        if (::EVP_PKEY_get_bits(k) < 2048) bad_jwt_key("RSA of less than 2048 bits");
        return true;
    case jwt_family::ecdsa: {
        char name[80] = "";
        std::size_t size = 0;
        if (::EVP_PKEY_get_base_id(k) != EVP_PKEY_EC) return false;
        return ::EVP_PKEY_get_group_name(k, name, sizeof name, &size) == 1 && std::string_view(name, size) == a.curve;
    }
    case jwt_family::eddsa:
        return ::EVP_PKEY_get_base_id(k) == EVP_PKEY_ED25519 || ::EVP_PKEY_get_base_id(k) == EVP_PKEY_ED448;
    }
    return false;
}

inline void set_padding(EVP_PKEY_CTX* c, const jwt_algorithm& a) {
    if (a.family != jwt_family::pss) return;
    if (::EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) <= 0 ||
        ::EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) <= 0)
        bad_jwt_key("RSA-PSS");
}

inline std::string jwt_hmac(unsigned bits, std::string_view secret, std::string_view text) {
    std::string mac(bits / 8, '\0');
    unsigned size = 0;
    if (!::HMAC(jwt_hash(bits), secret.data(), static_cast<int>(secret.size()), jwt_octets(text), text.size(),
                reinterpret_cast<unsigned char*>(mac.data()), &size))
        bad_jwt_key("HMAC");
    return mac;
}

inline bool verify_by(EVP_PKEY* k, const jwt_algorithm& a, std::string_view text, std::string signature) {
    if (a.family == jwt_family::ecdsa) { // two numbers in a row; OpenSSL wants them in DER
        if (signature.size() != 2 * a.half) return false;
        const ecdsa_ptr pair(::ECDSA_SIG_new());
        const auto number = [&](std::size_t at) {
            return ::BN_bin2bn(jwt_octets(signature) + at, static_cast<int>(a.half), nullptr);
        };
        if (!pair || !::ECDSA_SIG_set0(pair.get(), number(0), number(a.half))) return false;
        std::string der(2 * a.half + 16, '\0');
        auto* out = reinterpret_cast<unsigned char*>(der.data());
        der.resize(static_cast<std::size_t>(std::max(0, ::i2d_ECDSA_SIG(pair.get(), &out))));
        signature = std::move(der);
    }
    const digest_ptr c(::EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr;
    if (!c || ::EVP_DigestVerifyInit(c.get(), &inner, jwt_hash(a.bits), nullptr, k) <= 0) return false;
    set_padding(inner, a);
    const int right = ::EVP_DigestVerify(c.get(), jwt_octets(signature), signature.size(), jwt_octets(text), text.size());
    ::ERR_clear_error();
    return right == 1;
}

inline std::string sign_by(EVP_PKEY* k, const jwt_algorithm& a, std::string_view text) {
    const digest_ptr c(::EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr;
    std::size_t size = 0;
    if (!c || ::EVP_DigestSignInit(c.get(), &inner, jwt_hash(a.bits), nullptr, k) <= 0) bad_jwt_key("signing");
    set_padding(inner, a);
    if (::EVP_DigestSign(c.get(), nullptr, &size, jwt_octets(text), text.size()) <= 0) bad_jwt_key("signing");
    std::string out(size, '\0');
    auto* const room = reinterpret_cast<unsigned char*>(out.data());
    if (::EVP_DigestSign(c.get(), room, &size, jwt_octets(text), text.size()) <= 0) bad_jwt_key("signing");
    out.resize(size);
    if (a.family != jwt_family::ecdsa) return out;
    const auto* in = jwt_octets(out);
    const ecdsa_ptr pair(::d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(out.size())));
    std::string raw(2 * a.half, '\0');
    auto* to = reinterpret_cast<unsigned char*>(raw.data());
    if (!pair || ::BN_bn2binpad(::ECDSA_SIG_get0_r(pair.get()), to, static_cast<int>(a.half)) < 0 ||
        ::BN_bn2binpad(::ECDSA_SIG_get0_s(pair.get()), to + a.half, static_cast<int>(a.half)) < 0)
        bad_jwt_key("signing");
    return raw;
}

inline std::string jwk_member(const value& k, std::string_view name) {
    const auto* v = k.find(name);
    if (!v || !v->is_string()) bad_jwt_key("a JWK without " + std::string(name));
    auto octets = base64url_decode(v->as_string());
    if (!octets || octets->empty()) bad_jwt_key("a JWK whose " + std::string(name) + " is malformed");
    return std::move(*octets);
}

inline pkey_ptr public_key(const char* kind, OSSL_PARAM_BLD* built) {
    const params_ptr params(::OSSL_PARAM_BLD_to_param(built));
    const pkey_context_ptr c(::EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
    EVP_PKEY* k = nullptr;
    if (!params || !c || ::EVP_PKEY_fromdata_init(c.get()) <= 0 ||
        ::EVP_PKEY_fromdata(c.get(), &k, EVP_PKEY_PUBLIC_KEY, params.get()) <= 0)
        bad_jwt_key("a malformed JWK");
    pkey_ptr owned(k);
    const pkey_context_ptr check(::EVP_PKEY_CTX_new(k, nullptr));
    if (!check || ::EVP_PKEY_public_check(check.get()) <= 0) bad_jwt_key("a JWK that is no valid key");
    return owned;
}

inline pkey_ptr rsa_key(const value& k) {
    const auto n = jwk_member(k, "n"), e = jwk_member(k, "e");
    const number_ptr bn(::BN_bin2bn(jwt_octets(n), static_cast<int>(n.size()), nullptr));
    const number_ptr be(::BN_bin2bn(jwt_octets(e), static_cast<int>(e.size()), nullptr));
    const params_builder_ptr b(::OSSL_PARAM_BLD_new());
    if (!b || !bn || !be || !::OSSL_PARAM_BLD_push_BN(b.get(), OSSL_PKEY_PARAM_RSA_N, bn.get()) ||
        !::OSSL_PARAM_BLD_push_BN(b.get(), OSSL_PKEY_PARAM_RSA_E, be.get()))
        bad_jwt_key("a malformed JWK");
    return public_key("RSA", b.get());
}

inline pkey_ptr ec_key(const value& k, const jwt_algorithm& a) {
    const auto x = jwk_member(k, "x"), y = jwk_member(k, "y");
    if (x.size() != a.half || y.size() != a.half) bad_jwt_key("a JWK whose point is malformed");
    const auto point = "\x04" + x + y;
    const params_builder_ptr b(::OSSL_PARAM_BLD_new());
    if (!b || !::OSSL_PARAM_BLD_push_utf8_string(b.get(), OSSL_PKEY_PARAM_GROUP_NAME, a.curve, 0) ||
        !::OSSL_PARAM_BLD_push_octet_string(b.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()))
        bad_jwt_key("a malformed JWK");
    return public_key("EC", b.get());
}

} // namespace detail

struct jwt_key_set::key {
    std::vector<const detail::jwt_algorithm*> algorithms; // the first one signs
    std::string id, secret;
    detail::pkey_ptr pair;
    bool is_private = false;

    key() = default;
    key(const key&) = delete;
    ~key() { ::OPENSSL_cleanse(secret.data(), secret.size()); }
    const detail::jwt_algorithm* algorithm(std::string_view name) const {
        for (const auto* a : algorithms)
            if (a->name == name) return a;
        return nullptr;
    }
};

CREMA_DECL void jwt_key_set::add(std::shared_ptr<key> k) {
    for (const auto* a : k->algorithms) {
        if (a->family == detail::jwt_family::hmac) {
            if (k->secret.size() * 8 < a->bits) detail::bad_jwt_key("a secret that is shorter than the hash");
        } else if (!k->pair || !detail::fits(k->pair.get(), *a)) {
            detail::bad_jwt_key("one that does not fit " + std::string(a->name));
        }
    }
    keys_.push_back(std::move(k));
}

CREMA_DECL jwt_key_set& jwt_key_set::add_hmac(std::string_view algorithm, std::string_view secret,
                                              std::string_view key_id) {
    const auto* a = detail::find_jwt_algorithm(algorithm);
    if (!a || a->family != detail::jwt_family::hmac) detail::bad_jwt_key("a secret is for HS256, HS384 or HS512");
    auto k = std::make_shared<key>();
    k->algorithms = {a};
    k->id = key_id;
    k->secret = secret;
    k->is_private = true;
    add(std::move(k));
    return *this;
}

CREMA_DECL jwt_key_set& jwt_key_set::add_pem(std::string_view algorithm, std::string_view pem,
                                             std::string_view key_id) {
    const auto* a = detail::find_jwt_algorithm(algorithm);
    if (!a || a->family == detail::jwt_family::hmac) detail::bad_jwt_key("PEM is for RSA, ECDSA and EdDSA");
    auto k = std::make_shared<key>();
    k->algorithms = {a};
    k->id = key_id;
    k->is_private = pem.find("PRIVATE KEY-----") != pem.npos;
    const detail::bio_ptr in(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const auto no_password = [](char*, int, int, void*) { return -1; };
    if (in)
        k->pair.reset(k->is_private ? ::PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr)
                                    : ::PEM_read_bio_PUBKEY(in.get(), nullptr, no_password, nullptr));
    if (!k->pair) detail::bad_jwt_key("PEM that cannot be read");
    add(std::move(k));
    return *this;
}

CREMA_DECL void jwt_key_set::add_jwk(const value& k) {
    const auto text = [&](std::string_view name) {
        const auto* v = k.find(name);
        return v && v->is_string() ? std::string(v->as_string()) : std::string();
    };
    const auto kind = text("kty"), alg = text("alg"), use = text("use"), curve = text("crv");
    if (!use.empty() && use != "sig") return;
    if (const auto* ops = k.find("key_ops"); ops && ops->is_array()) {
        const auto& all = ops->elements();
        const auto verifies = [](const value& v) { return v.is_string() && v.as_string() == "verify"; };
        if (std::none_of(all.begin(), all.end(), verifies)) return;
    }
    const auto* a = detail::find_jwt_algorithm(alg);
    if (!alg.empty() && !a) return;
    using detail::jwt_family;
    auto made = std::make_shared<key>();
    made->id = text("kid");
    const auto family = [&](auto... allowed) { return !a || ((a->family == allowed) || ...); };
    const auto all_of = [&](auto... wanted) {
        if (a) made->algorithms = {a};
        else
            for (const auto& one : detail::jwt_algorithms)
                if (((one.family == wanted) || ...)) made->algorithms.push_back(&one);
    };
    if (kind == "oct") {
        if (!a || a->family != jwt_family::hmac) return;
        made->algorithms = {a};
        made->secret = detail::jwk_member(k, "k");
        made->is_private = true;
    } else if (kind == "RSA") {
        if (!family(jwt_family::rsa, jwt_family::pss)) return;
        all_of(jwt_family::rsa, jwt_family::pss);
        made->pair = detail::rsa_key(k);
    } else if (kind == "EC") {
        const auto* of_curve = detail::find_jwt_algorithm(curve == "P-256" ? "ES256" : curve == "P-384" ? "ES384"
                                                          : curve == "P-521"                            ? "ES512"
                                                                                                        : "");
        if (!of_curve || (a && a != of_curve)) return;
        made->algorithms = {of_curve};
        made->pair = detail::ec_key(k, *of_curve);
    } else if (kind == "OKP" && (curve == "Ed25519" || curve == "Ed448")) {
        if (!family(jwt_family::eddsa)) return;
        all_of(jwt_family::eddsa);
        const auto x = detail::jwk_member(k, "x");
        made->pair.reset(::EVP_PKEY_new_raw_public_key(curve == "Ed448" ? EVP_PKEY_ED448 : EVP_PKEY_ED25519, nullptr,
                                                       detail::jwt_octets(x), x.size()));
        if (!made->pair) detail::bad_jwt_key("a malformed JWK");
    } else {
        return;
    }
    add(std::move(made));
}

CREMA_DECL jwt_key_set& jwt_key_set::add_jwks(std::string_view json) {
    const auto made = crema::json::parse_value(json);
    if (!made || !made->is_object()) detail::bad_jwt_key("no JWK set");
    if (const auto* all = made->find("keys")) {
        if (!all->is_array()) detail::bad_jwt_key("no JWK set");
        for (const auto& k : all->elements()) {
            if (!k.is_object()) detail::bad_jwt_key("no JWK set");
            add_jwk(k);
        }
    } else if (made->find("kty")) {
        add_jwk(*made);
    } else {
        detail::bad_jwt_key("no JWK set");
    }
    return *this;
}

CREMA_DECL std::shared_ptr<const jwt_key_set> jwt_key_set::hmac(std::string_view secret) {
    auto made = std::make_shared<jwt_key_set>();
    made->add_hmac("HS256", secret);
    return made;
}
CREMA_DECL std::shared_ptr<const jwt_key_set> jwt_key_set::jwks(std::string_view json) {
    auto made = std::make_shared<jwt_key_set>();
    made->add_jwks(json);
    return made;
}

CREMA_DECL bool jwt_key_set::knows(std::string_view algorithm) const {
    return std::any_of(keys_.begin(), keys_.end(), [&](const auto& k) { return k->algorithm(algorithm) != nullptr; });
}

CREMA_DECL bool jwt_key_set::is_signature(std::string_view algorithm, std::string_view key_id, std::string_view text,
                                          std::string_view signature) const {
    for (const auto& k : keys_) {
        const auto* a = k->algorithm(algorithm);
        if (!a || (!key_id.empty() && !k->id.empty() && key_id != k->id)) continue;
        if (a->family == detail::jwt_family::hmac ? equal_secrets(signature, detail::jwt_hmac(a->bits, k->secret, text))
                                                  : detail::verify_by(k->pair.get(), *a, text, std::string(signature)))
            return true;
    }
    return false;
}

CREMA_DECL jwt_keys::signed_by jwt_key_set::signing_key() const {
    for (const auto& k : keys_) {
        if (!k->is_private) continue;
        const auto& a = *k->algorithms.front();
        return {std::string(a.name), k->id, [k, &a](std::string_view text) {
                    return a.family == detail::jwt_family::hmac ? detail::jwt_hmac(a.bits, k->secret, text)
                                                                : detail::sign_by(k->pair.get(), a, text);
                }};
    }
    throw std::logic_error("crema: no key of the set can sign");
}

} // namespace crema::openssl
#endif
