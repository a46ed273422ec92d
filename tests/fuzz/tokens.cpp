// Fuzz: tokens and credentials, pointers into JSON, character sets and arguments of handlers; the first octet chooses.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include "plain_json.hpp"
#include <crema/core/charset.hpp>
#include <crema/core/encode.hpp>
#include <crema/core/text.hpp>
#include <crema/json/pointer.hpp>
#include <crema/json/write.hpp>
#include <crema/middleware/basic_auth.hpp>
#include <crema/middleware/jwt.hpp>
#include <crema/route/from_text.hpp>
#include <crema/web/app.hpp>
#include <cmath>

using namespace crema;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        R"(0{"alg":"X","typ":"JWT"}|{"iss":"a","aud":["b","c"],"exp":1000100,"nbf":999990,"iat":999990,"sub":"x"})", R"(0{"alg":"X"}|{"aud":"b","iss":"a","exp":2e6})",
        R"(0{"alg":"X","crit":["b64"]}|{"iss":"a","aud":"b","exp":1000100})", R"(0{"alg":"none"}|{"iss":"a","aud":"b","exp":1000100})",
        R"(0{"alg":"X"}|{"iss":"a","aud":"b","exp":999000})", R"(0{"alg":"X"}|{"iss":"a","aud":["c"],"exp":1000100})", R"(0{"alg":"X"}|{"iss":["a"],"aud":"b","exp":"9"})",
        R"(0{"alg":"X"}|{"iss":"a","aud":"b","exp":1000100,"nbf":1000050})",
        "1eyJhbGciOiJYIn0.eyJpc3MiOiJhIiwiYXVkIjoiYiIsImV4cCI6MWU5fQ.QUJD", "1a.b.c", "1..", "1eyJhbGciOiJYIn0.e30.QR", "2ada:pass:word", "2:", "2\xc3\xa9:\xe2\x82\xac",
        "3/a~1b/0/~0", "3", "3/~2", "3//", "4\x3d\xd8\x00\xde", "4\xff\xfe""a\x00", "4\x00\xd8""a\x00", "5-9223372036854775808", "5255", "5-129", "51e3", "50x1", "5+1", "5 1", "5true"};
    return all;
}

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {"\"alg\":\"X\"", "\"exp\":", "\"nbf\":", "\"iat\":", "\"aud\":", "\"iss\":", "\"crit\":1", "\"a\"", "\"b\"", "[", "]", ",", "|", ".", "=",
        "1000031", "999970", "999969", "1e400", "-1", "null", ":", "~0", "~1", "/", "\x00\xd8", "\x00\xdc", "\xff\xdf", "9223372036854775807", "128"};
    return all;
}

namespace {

// Knows one algorithm, and believes every signature; what it was asked is kept.
struct believing final : jwt_keys {
    bool is_signature(std::string_view algorithm, std::string_view, std::string_view text, std::string_view signature) const override {
        fuzz::require(algorithm == "X", "no key is used for another algorithm");
        asked = std::string(text) + "." + base64url_encode(signature);
        return true;
    }
    bool knows(std::string_view algorithm) const override { return algorithm == "X"; }
    signed_by signing_key() const override { return {}; }
    mutable std::string asked;
};

constexpr double now = 1'000'000;

// The rules once more, for issuer a and audience b.
bool may_pass(const value& header, const value& claims) {
    const auto text_is = [](const value* v, std::string_view text) { return v && v->is_string() && v->as_string() == text; };
    if (!header.is_object() || !claims.is_object() || header.find("crit") || !text_is(header.find("alg"), "X")) return false;
    for (auto name : {"exp", "nbf", "iat"})
        if (const auto* v = claims.find(name); v && !v->is_number()) return false;
    if (!claims.find("exp") || claims.find("exp")->as_double() + 30 <= now) return false;
    for (auto name : {"nbf", "iat"})
        if (const auto* v = claims.find(name); v && v->as_double() > now + 30) return false;
    bool ours = text_is(claims.find("aud"), "b");
    if (const auto* aud = claims.find("aud"))
        for (const auto& one : aud->elements()) ours = ours || text_is(&one, "b");
    return ours && text_is(claims.find("iss"), "a") && (!header.find("kid") || header.find("kid")->is_string());
}

void check_token(std::string_view token) {
    const believing keys;
    const jwt_rules rules{.issuers = {"a"}, .audiences = {"b"}};
    const auto got = verify_jwt(token, keys, rules, std::chrono::system_clock::time_point(std::chrono::seconds(1'000'000)));
    const auto first = token.find('.'), last = token.rfind('.');
    bool wanted = false;
    if (first != token.npos && first < last && token.size() <= rules.longest) {
        const auto header = base64url_decode(token.substr(0, first)), claims = base64url_decode(token.substr(first + 1, last - first - 1));
        const auto signature = base64url_decode(token.substr(last + 1));
        if (header && claims && signature) {
            const auto h = fuzz::plain_json::read(*header), c = fuzz::plain_json::read(*claims);
            wanted = h && c && may_pass(*h, *c);
            if (got) fuzz::require(h && c && got->header == *h && got->claims == *c, "the token says what it says");
        }
    }
    fuzz::require(got.has_value() == wanted, "a token passes by its rules");
    if (got) fuzz::require(keys.asked == token, "all of the token was signed");
}

template <class T>
void compare_number(std::string_view text) {
    const auto got = route::from_text<T>(text);
    const std::string copy(text);
    char* end = nullptr;
    errno = 0;
    const auto plain = std::strtoll(copy.c_str(), &end, 10);
    const bool all = !text.empty() && end == copy.c_str() + copy.size() && (is_digit(text[0]) || text[0] == '-');
    const bool fits = all && errno == 0 && std::cmp_greater_equal(plain, std::numeric_limits<T>::min()) && std::cmp_less_equal(plain, std::numeric_limits<T>::max());
    if (all && text.starts_with('-') && plain == 0 && std::is_unsigned_v<T>) return; // -0
    fuzz::require(got.has_value() == fits && (!got || std::cmp_equal(*got, plain)), "a number is what it is");
}

} // namespace

void fuzz::check(std::string_view input) {
    if (input.empty()) return;
    const auto text = input.substr(1);
    switch (input[0]) {
    case '0': {
        const auto bar = std::min(text.find('|'), text.size());
        check_token(base64url_encode(text.substr(0, bar)) + "." + base64url_encode(text.substr(std::min(bar + 1, text.size()))) + ".QUJD");
        break;
    }
    case '1': check_token(text); break;
    case '2': {
        const auto got = detail::basic_credentials("Basic " + base64_encode(text) + " ");
        require(got.has_value() == (text.find(':') != text.npos), "a colon is all it takes");
        if (got) require(got->first + ":" + got->second == text && got->first.find(':') == got->first.npos, "the name ends at the first colon");
        if (const auto raw = detail::basic_credentials("basic " + std::string(text))) require(base64_encode(raw->first + ":" + raw->second) == trim_ows(text), "one way to write it");
        break;
    }
    case '3':
        if (const auto p = json::pointer::parse(text)) {
            require(p->text() == text, "what is read is written");
            value tree = 1; // in which it leads somewhere
            for (auto step = p->steps().rbegin(); step != p->steps().rend(); ++step) {
                auto outer = value::object();
                outer[*step] = std::move(tree);
                tree = std::move(outer);
            }
            require(p->find(tree) && *p->find(tree) == 1, "steps lead where they say");
        } else {
            require(!text.starts_with('/') || text.find('~') != text.npos, "only escapes are malformed");
        }
        break;
    case '4': {
        std::u16string units;
        for (std::size_t i = 0; i + 1 < text.size(); i += 2)
            units += static_cast<char16_t>(static_cast<unsigned char>(text[i]) | static_cast<unsigned char>(text[i + 1]) << 8);
        if (units.starts_with(u'\xfeff')) units.erase(0, 1);
        std::string wanted;
        put_utf16(wanted, units);
        if (text.size() % 2 != 0) wanted += "\xef\xbf\xbd";
        require(to_utf8(text, "utf-16le") == wanted, "UTF-16");
        for (auto name : {"utf-8", "utf-16", "utf-16be", "utf-32", "utf-32be", "latin1", "us-ascii"})
            require(name == std::string_view("utf-8") || is_utf8(to_utf8(text, name)), "what is made is UTF-8");
        (void)is_charset(text), (void)to_utf8("a", text);
        break;
    }
    default:
        if (text.find('\0') != text.npos) break;
        compare_number<std::int64_t>(text);
        compare_number<std::int8_t>(text);
        compare_number<std::uint8_t>(text);
        if (const auto number = route::from_text<double>(text)) require(std::isfinite(*number), "numbers are finite");
    }
}
