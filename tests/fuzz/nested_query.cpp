// Fuzz: queries with brackets stay within their limits and touch no prototype.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/http/nested_query.hpp>

using namespace crema;
using namespace crema::http;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "a[b]=c&a[]=d&a[e][f]=g", "a[0]=b&a[1]=c&a[20]=d&a[21]=e", "a[b][c][d][e][f][g][h]=i", "__proto__[a]=b&a[__proto__]=c&toString=1",
        "a=b&a[c]=d&a=e", "a[]=&a[]&[]=x&[a]=y", "a%5Bb%5D=c&a[%]=%zz&a[[b]]=c", "a.b=c&a%2Eb=d", "a=b,c&a=d;e", "utf8=%26%2310003%3B&a=%F8",
        "a[18446744073709551616]=1&a[01]=2&a[-1]=3", "?a=b&&=&=x", "a[]=0&a[]=1&a[]=2&a[]=3&a[]=4&a[]=5&a[]=6&a[]=7&a[]=8&a[]=9&a[]=10&a[]=11&a[]=12"};
    return all;
}

namespace {

std::size_t depth(const value& v) {
    std::size_t most = 0;
    if (v.is_object())
        for (const auto& [name, content] : v.members()) {
            fuzz::require(name != "__proto__", "no prototype");
            most = std::max(most, depth(content) + 1);
        }
    if (v.is_array()) {
        for (const auto& e : v.elements()) most = std::max(most, depth(e) + 1);
    }
    return most;
}

} // namespace

void fuzz::check(std::string_view input) {
    const auto tree = parse_nested_query(input);
    require(tree.has_value(), "nothing is refused unless asked");
    require(depth(*tree) <= 9, "depth is limited");
    nested_query_options all;
    all.inherited_names = false;
    all.allow_dots = all.decode_dots = all.allow_empty_arrays = all.allow_sparse = all.comma = all.null_values = true;
    all.charset_sentinel = all.numeric_entities = all.ignore_question_mark = true;
    if (const auto other = parse_nested_query(input, all)) depth(*other);
    nested_query_options few;
    few.max_pairs = 3;
    few.depth = 1;
    few.max_elements = 2;
    few.refuse_beyond = few.strict_depth = true;
    if (const auto small = parse_nested_query(input, few)) require(depth(*small) <= 5, "depth is limited");
}
