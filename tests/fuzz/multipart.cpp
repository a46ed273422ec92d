// Fuzz: multipart bodies give the same parts in any pieces, those that a plain search finds; what was put in comes out.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/http/multipart.hpp>
#include <vector>

using namespace crema::http;
using state = multipart_parser::state;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n",
        "x\r\n--b \r\nContent-Disposition: form-data; name=a; filename=\"../x%0a\"\r\nContent-Type: a/b\r\n\r\n"
        "\r\n--\r\r\n-\r\n--b--",
        "--b\r\nA: 1\r\nB: 2\r\n\r\nx\r\n--b\r\n\r\n\r\n\r\n--b-",
        "--b--epilogue\r\n--b\r\n",
        "--b\r\ncontent-disposition:form-data;name*=UTF-8''%E2;filename*=x\r\n\r\n\r\n--bb",
    };
    return all;
}

namespace {

struct outcome {
    std::string told; // heads, contents and ends, one after the other
    std::vector<std::string> contents;
    bool done = false;
    bool operator==(const outcome&) const = default;
};

outcome run(std::string_view input, std::size_t step, const multipart_parser_limits& limits) {
    multipart_parser parser("b", limits);
    outcome r;
    for (std::size_t at = 0; at < input.size(); at += step) {
        fuzz::exact piece(input.substr(at, step));
        auto rest = piece.view();
        for (state s; (s = parser.parse(rest)) != state::more;) {
            if (s == state::bad) {
                fuzz::require(parser.error().code && parser.parse(rest) == state::bad, "it stays bad");
                r.told += "!" + parser.error().detail;
                return r;
            }
            if (s == state::head) {
                const auto name = parser.head().filename.value_or("");
                fuzz::require(name.find_first_of("/\\") == name.npos && name != "..", "no name is a path");
                r.told += "<" + parser.head().fields + ">";
                r.contents.emplace_back();
            }
            if (s == state::data) {
                fuzz::require(!parser.data().empty(), "pieces are not empty");
                r.contents.back() += parser.data();
            }
            if (s == state::part) r.told += ".";
            if (s == state::end) r.told += "$";
        }
        fuzz::require(rest.empty(), "all is used before more is needed");
    }
    r.done = parser.done();
    return r;
}

// What a search for the delimiter finds in the whole body: the contents of the parts, as long as it is well-formed.
std::vector<std::string> plain(std::string_view input) {
    std::vector<std::string> all;
    std::string body("\r\n");
    body += input;
    auto at = body.find("\r\n--b");
    while (at != body.npos) {
        auto p = body.find_first_not_of(" \t", at + 5);
        if (p == body.npos || body.compare(p, 2, "\r\n") != 0) break; // the end, or malformed
        p += 2;
        const auto head = body.compare(p, 2, "\r\n") == 0 ? p : body.find("\r\n\r\n", p);
        if (head == body.npos) break;
        const auto begin = head + (head == p ? 2 : 4);
        at = body.find("\r\n--b", begin);
        all.push_back(body.substr(begin, at == body.npos ? at : at - begin));
    }
    return all;
}

} // namespace

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {"\r\n--b\r\n\r\n", "\r\n--b", "\r\n--", "\r\n", "\r", "\r\r\n--b", "--b--", "\r\n-\r\n--b", "A: 1\r\n",
        "\r\n\r\n", "Content-Disposition: form-data; name=\"x\"\r\n", "; filename=\"", "\\\"", "%22"};
    return all;
}

void fuzz::check(std::string_view input) {
    multipart_parser_limits limits;
    if (input.size() % 4 == 1) limits = {.parts = 1, .head = 30, .head_fields = 1};
    const auto whole = run(input, input.size() + 1, limits);
    require(run(input, 1, limits) == whole, "one octet at a time");
    require(run(input, 5, limits) == whole, "pieces of 5");
    for (const auto& content : whole.contents)
        require(content.find("\r\n--b") == content.npos, "no boundary within a part");
    const auto found = plain(input);
    require(whole.contents.size() <= found.size(), "no more parts than a search finds");
    for (std::size_t i = 0; i < whole.contents.size(); ++i) {
        const bool cut = i + 1 == whole.contents.size() && !whole.done; // octets of a delimiter are held back at the end
        require(cut ? found[i].starts_with(whole.contents[i]) && found[i].size() < whole.contents[i].size() + 5
                    : whole.contents[i] == found[i], "parts are what a search finds");
    }

    if (input.find("\r\n--b") != input.npos || input.starts_with("--b")) return;
    const auto back = run("--b\r\nA: b\r\n\r\n" + std::string(input) + "\r\n--b--", 3, {});
    require(back.done && back.contents.size() == 1 && back.contents[0] == input, "what was put in comes out");
}
