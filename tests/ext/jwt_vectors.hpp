// Tokens and keys that Node.js has made, for the tests of ext/openssl_jwt.hpp. All of them say the same.
// SPDX-License-Identifier: MIT
#pragma once
#include <string_view>

namespace vectors {

struct token {
    std::string_view algorithm, key_id, text;
};
inline constexpr token tokens[] = {
    {"RS256", "rsa",
     "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWI"
     "iOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDM"
     "2MDAsImFkbWluIjp0cnVlfQ.aOx2gvOhEkZ_uEuquFc-N9DAuWkzE1v16s4MYRaamSQ99LU-FtNVjJZMJpig_dngogxaV95jfvGA"
     "UV4EQLlEpZo-QtVdoIiaXurujgTjhBO1bNSo6wNKfzhyAAXySSno0Vj0sWDXqufNSN7fqdHpSiCr5o_iwirNzTmv9TiXfAt2ndVj"
     "0yhIILsZPsiB4-9hT-RhnX6WvgvIywawPuUO3X6paciR1rCItQvZaLpBeDLZ3XRwphrkePQQAewovXHEG0Na_ATPXxBBPqSEOMiO"
     "TPM9UyYnA8Bt9UdrPSTNoOSlTXQMMDXREt_kYifYWP3DTTmeU0DPAHz7RlH-2jndew"},
    {"PS256", "rsa",
     "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWI"
     "iOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDM"
     "2MDAsImFkbWluIjp0cnVlfQ.QegtBZnYLA0JSwinrme9m3j2HI__7paD0z3VES3oYxYJnfEJrT2PlZazxZW4UC8HABoWp28xjuAB"
     "mVO_RYF9vFMWKjfnFP7B95jbN8ODDJYYZ0UZlIak-ofdTA7UuNKRVmG7Xw9GGxqhuElc0e-5g-xk08-y7oV_5F1Ee62u63oFnfm2"
     "XG25b89IPVT2ZMt7p0_uBMZSV1l_sBSaZj3y3oW-VXsSrrXBJH_4jZ1w2SR_UkDlGOKfx1v0_gJQCznzw7HWLMrK1e4TwZYKSwni"
     "wA92AXK8PGqnZ167Wqg4kOKQ6Ek_SOvposu79L3RnpICpQCyHOsdvnNEnQrDGGrnAw"},
    {"RS384", "rsa",
     "eyJhbGciOiJSUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWI"
     "iOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDM"
     "2MDAsImFkbWluIjp0cnVlfQ.jKrCBUZjHvRgHyDSlCMPi7bOlisOsIRe4IOhPPlxWlxyFOOrZoCwR31RvTI_ImcElT9vGCi9J2N4"
     "_Odp2yWbvNlUCUpPfrwMu6kWc3bYWSWLnRLVasVXLuZLlHAO_sgw4xdcYTlrK0qSFGnMjta532V4mPJlBKBLtiLOd-wYhcY0Zjqr"
     "XQNE_V9OpxP11pD9zYVKr50FgEd4DW4LDghnx8lYhbKaSnH4T3h7YJrN1QcOPFQ6dYhU6cJ3IN-fdzktV5rGfxpRp_pWt6npvpUa"
     "kfxDlOjsxAoPNsc6QJGzvvo48_7L1cCsrM4T_8HI-K8aJySOknD553HZo6EmaPn21g"},
    {"PS384", "rsa",
     "eyJhbGciOiJQUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWI"
     "iOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDM"
     "2MDAsImFkbWluIjp0cnVlfQ.KZJEFnd6Pbz2reb1RMB53rhMht0xCIl3v7noQyJKpEqUzdfyBf8hBw0rKeOgUyxOg2zTX02o6kE4"
     "2ym1ZOonvype0dnJaXgBLaYNTvS-QQOKL7Ie6nevFsx7aioSDKQzSk4kF4FnSh43pKMX0zVZSPm35G5tsfzkCtDBWqSOoksXCu35"
     "ejt8zrDjdtukTrV4PRtvV7P86_Y-LHwGVhZ1s5gP4HRX40lZUK4utsmnzH2LHfgjodJHy4jQ0j9jWEeMqQWmXEVyEVZdWWoxTUZS"
     "9XF9bY4O3CqjoqChODcZ5b1Po36cuDKWC0EzA1U3ftKyW7h_GNFgcU-VVRY1knAOiw"},
    {"RS512", "rsa",
     "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWI"
     "iOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDM"
     "2MDAsImFkbWluIjp0cnVlfQ.d6BqYMclKY2WJNSbc0A-2YU2WsOFMLU_hRQcZ_gW5_4tfbLCMU-1mriswRKX2lxzOxC1Id471K-K"
     "Iwgl3H1LG2VzB9VUmPp4t7qdS3DOjU6FSEPdErTqCCv4YnaJeEbIhsYa7NkwImveYvF-m_mTbZRlDkoNtLq1ydnJYAa6OT7L8Qem"
     "EPCLPKK6XhuZiCQ7AD3Oat1axQZsqwxr9YXhOBSamJhR-bSOBReii7qoKxceNhsr9ykgNiC-2YgK8i66wbbMTxVUCBJEE6BleAmM"
     "a1J0slDVnNpGZdy_McNaWjKnjYMbKnewz60D7IDOZGto0d1sTRGObuHXzh8y_Dd2Ow"},
    {"PS512", "rsa",
     "eyJhbGciOiJQUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWI"
     "iOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDM"
     "2MDAsImFkbWluIjp0cnVlfQ.L-i3PjhAzTPJqtsq3lAwVEreIWqSxOxdxci6xSBzDk5TrG2deTghH15N91U-MQySBT55wLnlPtxO"
     "k-sRIxFblUqnSAR87Cc7Xp_Po-tIyda2-DDMpaKYyOOPTx-qgfJVoFHLabznve4OUZiP7dlFpoQuXYqqcp6KBw0jNIh_luViatXH"
     "ITswFuTDhjgPnMFny4z0ZZ6hFtO-pohhU1QoApvhajqotNG4zogM2ONpLGoh6n5uf_tN4npIwgOGho6qGj1nkrGHHWfi89IJDXYo"
     "2tgx1KFmRANuob9q0zzwHbZiR9cPo8WKfKLritkAM5W5LbsfGyAaiaRwY0pWV2dm4g"},
    {"ES256", "ec256",
     "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImVjMjU2In0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJz"
     "dWIiOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAw"
     "MDM2MDAsImFkbWluIjp0cnVlfQ.vLsCRHkWWe54O3KMgDJNSB1ws4nizRfZXfZrZFR-4gadEwVVu24ogdoWW_6-AAXX5VziMbQgr"
     "MRluVbqHjbjCA"},
    {"ES384", "ec384",
     "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImVjMzg0In0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJz"
     "dWIiOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAw"
     "MDM2MDAsImFkbWluIjp0cnVlfQ.UbPAKsKCMkRbKk7TqAJSd1cCLvVorx2xbrIWFcbN72UkFmivC1DS6kR9IJnHD69dHYlkFbchS"
     "0CMjb_va9RZtuv9f_4i5kj7xYZLsaMRXK2mbL0Xi1nDg0Y3eL-VEpyd"},
    {"ES512", "ec512",
     "eyJhbGciOiJFUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6ImVjNTEyIn0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJz"
     "dWIiOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAw"
     "MDM2MDAsImFkbWluIjp0cnVlfQ.AdJZcG9UcpeoktKfQBxZVN3lPfduMjkanYTKEt3mZwVB1LkdgVBh3poqY-zr5bVDt_T37U7Mx"
     "ozmQOj2nxnMW67aAGaFJjLeO2XF-yLRw5jkPQw24fEg3S-h_3C6d3JPe9IdAP5Sj_gqryWyQE19Yur6kZuBQfdEMVEcxo8vTLubP"
     "QEm"},
    {"EdDSA", "ed25519",
     "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImVkMjU1MTkifQ.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiL"
     "CJzdWIiOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4M"
     "DAwMDM2MDAsImFkbWluIjp0cnVlfQ.EG3xJQf-2T9PIB7y1JObaOlo-whLjNnwlFp8mp5Wy_YAkavNlSVkuebUpQiyY0SiYpxRRr"
     "KXbQT3cLDuhZOrCQ"},
    {"EdDSA", "ed448",
     "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImVkNDQ4In0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJz"
     "dWIiOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAw"
     "MDM2MDAsImFkbWluIjp0cnVlfQ.VxIkQg5v2hbVlFk1MmFip1eTqSaMCboL-gNQ4nWL1ecoVXHZIfcI44AKe0zv_8gVCA7qh_bT1"
     "bcAOyMRUKZb37DJmJ7-iQCw0UyJYuy5g6r7vuck3rZqVnO-W1q_J7PYL1cHrTkhTkVQLGKkcQGXxDYA"},
    {"HS256", "hs256",
     "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImhzMjU2In0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJz"
     "dWIiOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAw"
     "MDM2MDAsImFkbWluIjp0cnVlfQ.gN_k9Xgh4yiGWsdMw55uyQNLRf0K-zmRpZXLK8IXndI"},
    {"HS384", "hs384",
     "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImhzMzg0In0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJz"
     "dWIiOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAw"
     "MDM2MDAsImFkbWluIjp0cnVlfQ.wNPScgOveOZddXnhKxdSOaLScUbvlxnIgpTR4xmYB560Sfqa7QvqLnRG-zNT9FD-"},
    {"HS512", "hs512",
     "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCIsImtpZCI6ImhzNTEyIn0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJz"
     "dWIiOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAw"
     "MDM2MDAsImFkbWluIjp0cnVlfQ.8ANVgaWdHBDR0QlX7jg40EEF4zfTqMHJaDmW84oe78c6gRjuu_GbAUqZO3eSgRy4QE28hekAJ"
     "spTaKe4bJvpbw"},
};

// Signed by HMAC with the text of the public RSA key as the secret.
inline constexpr std::string_view confused =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWI"
    "iOiJhZGEiLCJhdWQiOlsiYXBpIiwid2ViIl0sImlhdCI6MTgwMDAwMDAwMCwibmJmIjoxODAwMDAwMDAwLCJleHAiOjE4MDAwMDM"
    "2MDAsImFkbWluIjp0cnVlfQ.XtnfZDE1l1LLHbMA_ADLpsuwxyBj4R_5_k9aFjEiIfM";

inline constexpr std::string_view rsa_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArALg9PtU6O6WuQyUSsIo\n"
    "De6RHeWGTMY2kN74T4G4D53/JtRZOHpUBTC7/BYyeBl0ou/fg0ZEDjb3+bE60YSE\n"
    "Lko0J3FZrrmZW/nCVXRhw/MpCNDqp1TZTCHh4ovTh4ak9N7PbI+HntHmj51UBZ2j\n"
    "YxVap4HFkqdXy5VdwaAG/sCAMSBDmi3JQ+ojsYronWnOsbUVIM4kLRk+4/zReufu\n"
    "xPF9Qym000ZfVhFyZAXCbLY1HXnPh5fOSdXem698PKGJGgI4iMWidX8hnYuPwYd+\n"
    "stK61c3d7lyAu1XobE4TqPgrcPwc7jsF9KgBS4nByUnYBYXsf7PKePt+6Ri/QePt\n"
    "cQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

inline constexpr std::string_view jwks =
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"rALg9PtU6O6WuQyUSsIoDe6RHeWGTMY2kN74T4G4D53_JtRZOHpUBTC7_BYyeBl0ou_fg0ZED"
    "jb3-bE60YSELko0J3FZrrmZW_nCVXRhw_MpCNDqp1TZTCHh4ovTh4ak9N7PbI-HntHmj51UBZ2jYxVap4HFkqdXy5VdwaAG_sCAM"
    "SBDmi3JQ-ojsYronWnOsbUVIM4kLRk-4_zReufuxPF9Qym000ZfVhFyZAXCbLY1HXnPh5fOSdXem698PKGJGgI4iMWidX8hnYuPw"
    "Yd-stK61c3d7lyAu1XobE4TqPgrcPwc7jsF9KgBS4nByUnYBYXsf7PKePt-6Ri_QePtcQ\",\"e\":\"AQAB\",\"kid\":\"rsa\",\"use\":"
    "\"sig\"},{\"kty\":\"EC\",\"x\":\"qVAJ7srSmKsoxdifKSGfFVmCf_e8nIJ0acvwCoAMdf8\",\"y\":\"aUH5I76r_mvgbKNs_x1pF8uuwv"
    "095TGw-xk0DlDNQSo\",\"crv\":\"P-256\",\"kid\":\"ec256\"},{\"kty\":\"EC\",\"x\":\"Rv_Siz4RVJRW6pRFotlodgJJ7CcieT8inFR"
    "iiAyVsRUvxqHzj2OpLEhUoYJ39wp2\",\"y\":\"RVs90qUb9QNZ8HAR5YCBo9QdE1ukegYXxlHlpkK9NOnWUB4MrqZWXezw3KE8zXju"
    "\",\"crv\":\"P-384\",\"kid\":\"ec384\"},{\"kty\":\"EC\",\"x\":\"AbQdkdpKDulIQ6tujYjhsOkznXuLqc2nIOVrZiTrL29rsmdd8dSj"
    "4JQHdveW-GU0Hp0vIEacv-quXsUQvXKnZLlt\",\"y\":\"AYqVoaagbY_D7wjvujm1wJGwK1jkZdYxyzAz61Zljnl3PZT78glU0rVkx"
    "bfns8mFp1K6FtLieotCE2tnKVPC5YgA\",\"crv\":\"P-521\",\"kid\":\"ec512\"},{\"crv\":\"Ed25519\",\"x\":\"8helRKtI1fWlj-8E"
    "j1uG1-apZhWK3m9Ynm-m2m0nTQk\",\"kty\":\"OKP\",\"kid\":\"ed25519\",\"alg\":\"EdDSA\"},{\"crv\":\"Ed448\",\"x\":\"_GVDsF3s"
    "cUDzFqXZRK0HpS-mWkm7DIQ4QUy1CbXTOMKJhgkPErLBt7pfWmaX7IfrWDIu_gBHZ00A\",\"kty\":\"OKP\",\"kid\":\"ed448\",\"alg"
    "\":\"EdDSA\"},{\"kty\":\"oct\",\"k\":\"c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3N"
    "zc3Nzc3Nzc3Nzcw\",\"alg\":\"HS256\",\"kid\":\"hs256\"},{\"kty\":\"oct\",\"k\":\"c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
    "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzcw\",\"alg\":\"HS384\",\"kid\":\"hs384\"},{\"kty\":\"oct\",\"k\":\"c"
    "3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzcw\",\"alg\":\"HS512\""
    ",\"kid\":\"hs512\"}]}";

inline constexpr std::string_view small_rsa = // 1024 bits
    "{\"kty\":\"RSA\",\"n\":\"sdeoHOX6M21UNw8Uu21-wxvSr8pgqS_44h4NVpOmFj8STV0BwiQd_pt2xcx1_6r-xKG97vyqQZXhRhxP6Q"
    "y5NxVG_BJInSXRQXEgCjUWc-J971g7cm3Vow3cUqeQPb-Gj124D46jrBkq8x_PZ3DEXYCRjDzbDTRnkdBGq7P0j18\",\"e\":\"AQAB"
    "\"}";

inline constexpr std::string_view small_rsa_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCx16gc5fozbVQ3DxS7bX7DG9Kv\n"
    "ymCpL/jiHg1Wk6YWPxJNXQHCJB3+m3bFzHX/qv7Eob3u/KpBleFGHE/pDLk3FUb8\n"
    "EkidJdFBcSAKNRZz4n3vWDtybdWjDdxSp5A9v4aPXbgPjqOsGSrzH89ncMRdgJGM\n"
    "PNsNNGeR0Ears/SPXwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

} // namespace vectors
