// Fuzz: reading straight into values against reading from the tape: what the one accepts, the other reads the same.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
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
}

} // namespace

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        R"(0{"id":-7,"name":"G \"H\"\n\u00e9 é","active":true,"nick":null,"tags":["a","b,]"],"numbers":[1,20,300],"path":[{"x":0.1,"y":-2}],)"
        R"("pair":[1,2],"both":[5,"five"],"counts":{"one":1},"owned":0.5,"paint":"green","small":255,"letter":"z","flags":[[true],[]]})",
        R"(1{"n":1,"children":[{"n":2,"children":[]}]})", R"(2{"x":1.5,"y":2,"other":{"a":[1,"\u0041",null,{}]}})",
        R"(3{ "y" : 12345678901234567 , "x" : -0.000001 })", R"(4["a","\ud83d\ude00"])", "5-123456789012345678", "6-0.0"};
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
    default: return compare<double>(text, options);
    }
}
