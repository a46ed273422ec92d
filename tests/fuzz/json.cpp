// Fuzz: JSON is read as another reader reads it, written again it is the same, and both readers of a type agree.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include "plain_json.hpp"
#include <crema/json/parse.hpp>
#include <crema/json/write.hpp>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

using namespace crema;

namespace {

// As both readers of aggregates see it: the one that needs no tape, and the one behind it.
struct inner {
    std::vector<std::int64_t> numbers;
    std::optional<std::string> word;
};
struct outer {
    std::string name;
    double size;
    bool on;
    inner part;
    std::uint8_t small;
};

} // namespace

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        R"({"name":"a\u00e9\ud83d\ude00\n","size":-1.5e3,"on":true,"part":{"numbers":[1,-2,9223372036854775807],"word":null},"small":255})",
        R"({"part":{"word":"x","numbers":[]},"on":false,"size":0,"name":"","small":0,"more":[{},[[]],"\""]})",
        R"( {"name" : "\\\/\b\f" , "size" : 1e-7, "on":true, "part":{"numbers":[ 0 ]}, "small":1,"name":"twice"} )",
        R"([1,2.5,-0,0.1,1e308,18446744073709551615,true,false,null,"",{"":{"a":[[[[]]]]}}])",
        "[\"\xc3\xa9\",\"\\ud800\",\"\x01\"]", "{\"a\":1,}", "nul", "\"", "1 2", "[[[[[[[[[[[[[[[[[[[[[[[[",
        "\xef\xbb\xbf{}", "-", "[1e999]", "0.1e-9223372036854775808", "123456789012345678901234567890"};
    return all;
}

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {
        "\\u0000", "\\u001f", "\\u007f", "\\u0080", "\\u07FF", "\\u0800", "\\ud7ff", "\\uD800", "\\udbff", "\\uDC00", "\\udfff", "\\ue000",
        "\\ufffe", "\\ud83d\\ude00", "\\ud800\\ud800\\udc00", "\\u12", "\\u00g0", "\\", "\"", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf",
        "\xf0\x9f\x98\x80", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e400", "e-9223372036854775808", "e9223372036854775807", "-0", "0.1e-7", "{", "[", ":", ","};
    return all;
}

void fuzz::check(std::string_view input) {
    const auto tree = json::parse_value(input);
    if (input.size() < 300) { // less deep than allowed
        const auto plain = plain_json::read(input);
        require(tree.has_value() == plain.has_value(), "another reader says, too, whether it is JSON");
        require(!tree || *tree == *plain, "another reader reads the same");
    }
    if (tree) {
        const auto written = json::stringify(*tree);
        const auto again = json::parse_value(written);
        require(again.has_value(), "what is written is read");
        require(json::stringify(*again) == written, "what is read is written the same");
        require(json::parse_value(json::stringify(*tree, {.spaces = 2})) == again, "blanks mean nothing");
    }
    const auto made = json::parse<outer>(input);
    require(tree || !made, "what is no JSON fits no type");
    if (!made) return;
    if (!std::isfinite(made->size)) return; // is written as null
    const auto text = json::stringify(*made);
    const auto copy = json::parse<outer>(text);
    require(copy && json::stringify(*copy) == text, "an aggregate survives");
    // With white space the same text takes the other way through the reader.
    const auto spaced = json::parse<outer>(json::stringify(*tree, {.spaces = 1}));
    require(spaced && json::stringify(*spaced) == text, "both readers agree");
}
