// Encodings: base64, hexadecimal, percent.
// SPDX-License-Identifier: MIT
#include <crema/core/encode.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::string_view_literals;

TEST_CASE("base64 has the vectors of RFC 4648", "[encode]") {
    const std::pair<std::string_view, std::string_view> vectors[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (auto [plain, coded] : vectors) {
        CHECK(base64_encode(plain) == coded);
        CHECK(base64_decode(coded).value() == plain);
    }
    CHECK(base64_encode("\xfb\xff\xfe"sv) == "+//+");
    CHECK(base64url_encode("\xfb\xff\xfe"sv) == "-__-");
    CHECK(base64url_encode("f") == "Zg");
    CHECK(base64url_decode("Zg").value() == "f");
}

TEST_CASE("base64 round trips every octet", "[encode]") {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    for (std::size_t n = 0; n < 5; ++n) {
        const auto part = all.substr(n);
        CHECK(base64_decode(base64_encode(part)).value() == part);
        CHECK(base64url_decode(base64url_encode(part)).value() == part);
    }
}

TEST_CASE("base64 is decoded strictly", "[encode]") {
    for (auto bad : {"Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm-_", "=Zg=", "===="}) CHECK_FALSE(base64_decode(bad));
    for (auto bad : {"Zg==", "Z", "Zh", "Zm9+"}) CHECK_FALSE(base64url_decode(bad));
    CHECK(base64_decode("Zm!v").error().position == 2);
}

TEST_CASE("hexadecimal is written small and read in both cases", "[encode]") {
    CHECK(hex_encode("\x00\x1f\xab"sv) == "001fab");
    CHECK(hex_decode("001FaB").value() == "\x00\x1f\xab"sv);
    CHECK_FALSE(hex_decode("0"));
    CHECK_FALSE(hex_decode("0g"));
    CHECK(hex_decode("000x").error().position == 3);
}

TEST_CASE("percent_decode does as decodeURIComponent", "[encode]") {
    CHECK(percent_decode("a%20b+c%2Fd").value() == "a b+c/d");
    CHECK(percent_decode("%E2%82%AC%f0%9f%98%80x").value() == "€😀x");
    CHECK(percent_decode("é").value() == "é");
    CHECK(percent_decode("%00").value() == "\0"sv);
    for (auto bad : {"%", "%2", "%zz", "a%2g", "%C3", "%C3x", "%C3%28", "%ED%A0%80", "%C0%AF", "%F5%80%80%80", "%80", "\xff", "%C3\xa9"})
        CHECK_FALSE(percent_decode(bad));
    CHECK(percent_decode("abc%zz").error().position == 3);
}

TEST_CASE("percent_decode_lenient leaves what is no escape", "[encode]") {
    CHECK(percent_decode_lenient("a+%2b%zz%ff%") == "a++%zz\xff%");
    CHECK(percent_decode_lenient("a+b%2B", plus_sign::is_space) == "a b+");
}

TEST_CASE("encode_uri_component escapes what encodeURIComponent escapes", "[encode]") {
    CHECK(encode_uri_component("aZ09-_.!~*'()") == "aZ09-_.!~*'()");
    CHECK(encode_uri_component(" ;/?:@&=+$,#[]%é\n") == "%20%3B%2F%3F%3A%40%26%3D%2B%24%2C%23%5B%5D%25%C3%A9%0A");
}

TEST_CASE("encode_url escapes what may not stand in a URL and leaves escapes", "[encode]") {
    CHECK(encode_url("http://h:80/a%20b?q=[1]|2^3\\#x") == "http://h:80/a%20b?q=[1]|2^3\\#x");
    CHECK(encode_url("/a b<>\"`{}\x7f\n") == "/a%20b%3C%3E%22%60%7B%7D%7F%0A");
    CHECK(encode_url("/snow☃ and é") == "/snow%E2%98%83%20and%20%C3%A9");
    CHECK(encode_url("/%zz%") == "/%25zz%25");
    CHECK(encode_url("/%%20%2g%2") == "/%25%20%252g%252");
    CHECK(encode_url("\xff") == "%EF%BF%BD");
}

TEST_CASE("repair_utf8 replaces each broken piece once", "[encode]") {
    CHECK(repair_utf8("aé€😀") == "aé€😀");
    CHECK(repair_utf8("\xff|\xc3|\xe2\x82|\xf0\x9f\x98|") == "\ufffd|\ufffd|\ufffd|\ufffd|");
    CHECK(repair_utf8("\xc0\xaf") == "\ufffd\ufffd");         // overlong: neither octet begins a character
    CHECK(repair_utf8("\xed\xa0\x80") == "\ufffd\ufffd\ufffd"); // a surrogate
    CHECK(repair_utf8("\xf0\x9f\x98" "a\xe2") == "\ufffd" "a\ufffd");
}
