// Negotiation: order, specificity, and what is not accepted.
// SPDX-License-Identifier: MIT
#include <crema/http/negotiate.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace crema::http;
using list = std::vector<std::string_view>;

TEST_CASE("accepts returns the best offer as it was spelled", "[negotiate]") {
    CHECK(accepts("text/*;q=.5, application/json", {"html", "json"}) == "json");
    CHECK(accepts("text/*;q=.5, application/json", {"html"}) == "html");
    CHECK(accepts("text/html", {"text/html;level=1", "HTML"}) == "text/html;level=1");
    CHECK(accepts("image/png", {"html", "json"}).empty());
    CHECK(accepts("text/html;q=0, */*", {"html", "json"}) == "json");
    CHECK(accepts(std::nullopt, {"nope", "json"}) == "nope");
    CHECK(accepts("", {"html"}) == "html");
    CHECK(accepts("*/*", {"nope", "json"}) == "json");
    CHECK(accepts("*/*", {}).empty());
}

TEST_CASE("media types are ordered by quality, specificity, field and offer", "[negotiate]") {
    CHECK(preferred_types("text/plain;q=.8, text/html, a/b;q=0, image/*;q=0.9") ==
          list{"text/html", "image/*", "text/plain"});
    CHECK(preferred_types(std::nullopt) == list{"*/*"});
    CHECK(preferred_types("").empty());
    CHECK(preferred_types("nonsense, /, x/y") == list{"/", "x/y"});
    const list offered{"text/plain", "text/html", "text/html;level=1", "image/png"};
    CHECK(preferred_types("text/*, text/html;level=1;q=0.5, */*;q=0.1", offered) ==
          list{"text/plain", "text/html", "text/html;level=1", "image/png"});
    CHECK(preferred_types("text/html;level=2", offered).empty());
    CHECK(preferred_types("text/html;level=*", offered).size() == 2);
    CHECK(preferred_types("a/b;x=\"1,2\"", list{"a/b;x=\"1,2\""}).size() == 1);
}

TEST_CASE("quality is a number as JavaScript reads it", "[negotiate]") {
    CHECK(preferred_charsets("a;q=0.2x, b;q=abc, c;q=, d;q=-1, e;q=Infinity, f;q=5") == list{"e", "f", "c", "a"});
    CHECK(preferred_charsets("a;q=\"0.5\", b;q=1e-1, c;q=.7") == list{"c", "a", "b"});
}

TEST_CASE("charsets are compared without case", "[negotiate]") {
    CHECK(accepts_charset("UTF-8;q=0.5, iso-8859-1", {"utf-8", "ISO-8859-1"}) == "ISO-8859-1");
    CHECK(accepts_charset("*, utf-8;q=0", {"utf-8", "x"}) == "x");
    CHECK(accepts_charset(std::nullopt, {"x"}) == "x");
    CHECK(accepts_charset("a", {"b"}).empty());
}

TEST_CASE("identity is accepted unless it is excluded", "[negotiate]") {
    CHECK(preferred_encodings("gzip, br;q=0.5") == list{"gzip", "br", "identity"});
    CHECK(preferred_encodings(std::nullopt) == list{"identity"});
    CHECK(accepts_encoding("gzip", {"br", "identity"}) == "identity");
    CHECK(accepts_encoding("gzip, identity;q=0", {"br", "identity"}).empty());
    CHECK(accepts_encoding("gzip, *;q=0", {"identity"}).empty());
    CHECK(accepts_encoding("gzip;q=0.5, br;q=0.5", {"gzip", "br"}) == "gzip");
    CHECK(preferred_offered_encodings("gzip, br", list{"gzip", "br", "zstd"}, list{"br", "gzip"}) ==
          list{"br", "gzip"});
    CHECK(preferred_encodings("deflate, gzip, br", list{"br", "gzip"}) == list{"br", "gzip", "deflate", "identity"});
}

TEST_CASE("languages match by prefix", "[negotiate]") {
    CHECK(accepts_language("en-US, de;q=0.5", {"de", "en"}) == "en");
    CHECK(accepts_language("en", {"en-GB"}) == "en-GB");
    CHECK(accepts_language("fr", {"en", "de"}).empty());
    CHECK(preferred_languages("en;q=0.8, *;q=0.1, fr", list{"de", "en-US", "fr"}) == list{"fr", "en-US", "de"});
}

TEST_CASE("a hostile field costs linear time and memory", "[negotiate]") {
    std::string field;
    for (int i = 0; i < 5000; ++i) field += ",;\"";
    CHECK(preferred_types(field).empty());
    CHECK(preferred_types(std::string(10000, ',')).empty());
    CHECK(preferred_encodings(std::string(10000, ';')) == list{"identity"});
}

// What cost more than in proportion would take minutes, or hours.
TEST_CASE("fields of very many elements, or of very many parameters, are read in proportion", "[negotiate]") {
    constexpr std::size_t elements = 80'000;
    std::string types, words, parameters = "a/b";
    for (std::size_t i = 0; i < elements; ++i) {
        types += "a/" + std::to_string(i) + ";q=0.5,";
        words += "w" + std::to_string(i) + ";q=0.5,";
        parameters += ";p" + std::to_string(i) + "=1";
    }
    CHECK(preferred_types(types).size() == elements);
    CHECK(accepts(types, {"html", "a/79999"}) == "a/79999");
    CHECK(preferred_charsets(words).size() == elements);
    CHECK(accepts_charset(words, {"utf-8"}).empty());
    CHECK(preferred_languages(words).size() == elements);
    CHECK(accepts_language(words, {"en", "w7"}) == "w7");
    CHECK(preferred_encodings(words).size() == elements + 1);
    CHECK(accepts_encoding(words, {"br", "w7"}) == "w7");
    CHECK(preferred_types(parameters).size() == 1);
    CHECK(accepts(parameters, {"a/b"}).empty());
    CHECK(preferred_types("a/b" + std::string(1'000'000, ';')).size() == 1);
    CHECK(preferred_types("a/b;x=\"" + std::string(1'000'000, '\\')).size() <= 1);
}
