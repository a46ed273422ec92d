// Fuzz: reading straight into values against reading from the tape: what the one accepts, the other reads the same.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include "plain_json.hpp"
#include <crema/json/parse.hpp>
#include <crema/json/write.hpp>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace sample {
enum class colour { red, green };
struct place {
    double x, y;
};
struct tree {
    int n;
    std::vector<tree> children;
};
struct all_kinds {
    std::int64_t id;
    std::string name;
    bool active;
    std::optional<std::string> nick;
    std::vector<std::string> tags;
    std::vector<int> numbers;
    std::vector<place> path;
    std::array<int, 2> pair;
    std::tuple<int, std::string> both;
    std::map<std::string, int> counts;
    std::unique_ptr<float> owned;
    colour paint;
    std::uint8_t small;
    char letter;
    std::vector<std::vector<bool>> flags;
};
} // namespace sample

namespace {

template <class T>
void compare(std::string_view text, const crema::json::parse_options& options) {
    T direct{}, tape{};
    if (!crema::detail::parse_directly(text, options, direct)) return;
    crema::detail::parsed_json parsed(text, options);
    crema::json::reader r(options);
    fuzz::require(!parsed.failed(), "what is read directly is JSON");
    fuzz::require(r.read(parsed.root(), tape), "what is read directly fits");
    fuzz::require(crema::json::stringify(direct) == crema::json::stringify(tape), "both ways read the same");
    if (text.size() > 300) return;
    const auto plain = fuzz::plain_json::read(text);
    fuzz::require(plain.has_value(), "what is read directly is JSON to another reader");
    if constexpr (std::is_constructible_v<crema::value, const T&> && !std::is_floating_point_v<T>) // which round
        fuzz::require(*plain == crema::value(direct), "another reader reads the same");
}

// Octets, two by two, as UTF-16 that is all escaped: what has to be read is known.
void escapes(std::string_view input) {
    static constexpr char16_t edges[] = {0x22, 0x5c, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff};
    std::u16string units;
    std::string text = "[\"", wanted;
    for (std::size_t i = 0; i + 1 < input.size(); i += 2) {
        const auto high = static_cast<unsigned char>(input[i]), low = static_cast<unsigned char>(input[i + 1]);
        units += high < 0x60 ? edges[high % std::size(edges)] : static_cast<char16_t>(high << 8 | low);
        char escape[8];
        std::snprintf(escape, sizeof escape, low % 2 == 0 ? "\\u%04x" : "\\u%04X", unsigned{units.back()});
        text += escape;
    }
    text += "\"]";
    fuzz::put_utf16(wanted, units);
    const auto got = crema::json::parse<std::vector<std::string>>(text);
    fuzz::require(got && got->at(0) == wanted, "escapes are what they stand for");
    compare<std::vector<std::string>>(text, {});
    const auto as_name = crema::json::parse<std::map<std::string, int>>("{" + text.substr(1, text.size() - 2) + ":1}");
    fuzz::require(as_name && as_name->begin()->first == wanted, "escapes in names are what they stand for");
}

} // namespace

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        R"(0{"id":-7,"name":"G \"H\"\n\u00e9 é","active":true,"nick":null,"tags":["a","b,]"],"numbers":[1,20,300],"path":[{"x":0.1,"y":-2}],)"
        R"("pair":[1,2],"both":[5,"five"],"counts":{"one":1},"owned":0.5,"paint":"green","small":255,"letter":"z","flags":[[true],[]]})",
        R"(1{"n":1,"children":[{"n":2,"children":[]}]})", R"(2{"x":1.5,"y":2,"other":{"a":[1,"\u0041",null,{}]}})",
        R"(3{ "y" : 12345678901234567 , "x" : -0.000001 })", R"(4["a","\ud83d\ude00"])", "7a\x01\xd8\x3e\xde\x01\xd9\x02", "8{\"\\u0061\":1,\"b\":-2}",
        "9\"\\u006", R"(2{"x":1,"\u0800":"\u07ff\ue000","y":[1]})", "5-123456789012345678", "6-0.0"};
    return all;
}

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {
        "\\u0000", "\\u001f", "\\u007f", "\\u0080", "\\u07FF", "\\u0800", "\\ud7ff", "\\uD800", "\\udbff", "\\uDC00", "\\udfff", "\\ue000", "\\uffff",
        "\\u12", "\\u00g0", "\\u006", "\\n", "\\", "\"", "\xed\xa0\x80", "\xc0\xaf", "\xf0\x9f\x98\x80", "123456789012345678", "1234567890123456789",
        "9007199254740993", "0.000000000000000001", "-0", "00", "1.", ".5", "1e3", "{", "}", "[", "]", ":", ",", " ", "\t", "\"x\":1", "null", "true"};
    return all;
}

void fuzz::check(std::string_view input) {
    if (input.empty()) return;
    exact copy(input.substr(1));
    const std::string_view text(copy.data(), input.size() - 1);
    crema::json::parse_options options;
    switch (input[0]) {
    case '0': return compare<sample::all_kinds>(text, options);
    case '1': options.max_depth = 3; return compare<sample::tree>(text, options);
    case '2': return compare<sample::place>(text, options);
    case '3':
        options.unknown = crema::json::unknown_members::refuse;
        options.missing = crema::json::missing_members::defaults;
        return compare<sample::place>(text, options);
    case '4': return compare<std::vector<std::string>>(text, options);
    case '5': return compare<std::int64_t>(text, options);
    case '7': return escapes(text);
    case '8': return compare<std::map<std::string, int>>(text, options);
    case '9': return compare<std::string>(text, options);
    default: return compare<double>(text, options);
    }
}
