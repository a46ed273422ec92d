// Fuzz: chunked bodies give the same result in any pieces; what is encoded is decoded.
// SPDX-License-Identifier: MIT
#include "fuzz.hpp"
#include <crema/http/serializer.hpp>

using namespace crema::http;

std::span<const std::string_view> fuzz::seeds() {
    static constexpr std::string_view all[] = {
        "5\r\nhello\r\n0\r\n\r\n",
        "5;a=b;c=\"d\\\"e\"\r\nhello\r\n6 ; x\r\n world\r\n000\r\nX-T: 1\r\nY: \r\n\r\nrest",
        "A\r\n0123456789\r\n1\r\n\n\r\n0;last\r\n\r\n",
        "0000000000000001\r\nx\r\n0\r\nContent-Length: 3\r\n\r\n",
        "ffffffffffffffff\r\nx",
    };
    return all;
}

namespace {

struct outcome {
    parse_state state = parse_state::need_more;
    std::string data, trailers;
    std::size_t consumed = 0;
    int status = 0;
    bool operator==(const outcome&) const = default;
};

outcome run(std::string_view input, std::size_t step, const chunk_limits& limits) {
    chunked_decoder decoder(limits);
    outcome r;
    while (r.state == parse_state::need_more && r.consumed < input.size()) {
        fuzz::exact part(input.substr(r.consumed, step));
        const auto got = decoder.decode(part.data(), part.size());
        fuzz::require(got.produced <= got.consumed && got.consumed <= part.size(), "data is not more than the input");
        fuzz::require(got.state != parse_state::need_more || got.consumed == part.size(),
                      "all is consumed before more is needed");
        r.data.append(part.data(), got.produced);
        r.consumed += got.consumed;
        r.state = got.state;
    }
    if (r.state == parse_state::bad) {
        r = {parse_state::bad, {}, {}, 0, decoder.status()};
    } else {
        r.trailers = decoder.trailers();
    }
    return r;
}

// What a body that was accepted is, read as a whole: sizes by strtoull, lines by their ends.
std::string plain(std::string_view text) {
    std::string all;
    for (;;) {
        const auto line = text.substr(0, text.find("\r\n"));
        text.remove_prefix(line.size() + 2);
        const auto size = std::strtoull(std::string(line).c_str(), nullptr, 16);
        if (size == 0) return all;
        all += text.substr(0, size);
        fuzz::require(text.substr(size, 2) == "\r\n", "a line end is behind a chunk");
        text.remove_prefix(size + 2);
    }
}

} // namespace

std::span<const std::string_view> fuzz::words() {
    static constexpr std::string_view all[] = {"\r\n", "\r", "\n", "0\r\n\r\n", "1\r\nx\r\n", ";", ";a=\"\\\"\"", "0x1\r\n", "+1\r\n", "-1\r\n", " ",
        "00000000000000001\r\n", "20000000000000\r\n", "Content-Length: 1\r\n", "Transfer-Encoding: x\r\n", "X: y\r\n", " z\r\n", "\xff", "g"};
    return all;
}

void fuzz::check(std::string_view input) {
    chunk_limits limits;
    if (input.size() % 4 == 1) limits = {8, 12};
    const auto whole = run(input, input.size() + 1, limits);
    require(run(input, 1, limits) == whole, "one octet at a time");
    require(run(input, 5, limits) == whole, "pieces of 5");
    if (whole.state == parse_state::done) {
        require(plain(input) == whole.data, "chunks have their sizes");
        require(input.substr(0, whole.consumed).ends_with("\r\n\r\n") && whole.consumed >= whole.trailers.size() + 5 &&
                    (whole.trailers.empty() || whole.trailers.ends_with("\r\n")), "it ends in an empty line");
    }

    output_buffer out;
    for (std::size_t at = 0, n = 1; at < input.size(); at += n, n = n * 2 % 37 + 1)
        write_chunk(out, input.substr(at, n));
    write_last_chunk(out);
    const auto back = run(out.view(), 11, {});
    require(back.state == parse_state::done && back.data == input && back.consumed == out.size(),
            "what is encoded is decoded");
}
