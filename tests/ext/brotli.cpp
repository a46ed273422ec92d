// Tests of ext/brotli.hpp.
// SPDX-License-Identifier: MIT
#include <crema/ext/brotli.hpp>

#include <crema/async/context.hpp>
#include <crema/core/encode.hpp>
#include <crema/middleware/body_json.hpp>
#include <crema/middleware/body_raw.hpp>
#include <crema/middleware/body_text.hpp>
#include <crema/middleware/body_urlencoded.hpp>
#include <middleware/wire.hpp>

#include <functional>
#include <random>

using namespace crema;

namespace {

const std::vector<codec> codings{codecs::br};

std::function<app()> json_with(body_json_options options) {
    return [options] { return wire::around(body_json(options)); };
}
std::function<app()> text_with(body_text_options options) {
    return [options] { return wire::around(body_text(options)); };
}
std::function<app()> form_with(body_urlencoded_options options) {
    return [options] { return wire::around(body_urlencoded(options)); };
}
std::function<app()> raw_with(body_raw_options options) {
    return [options] {
        return wire::around(body_raw(options), {}, [](app& a) {
            a.use([](request& req, response& res) { res.end("buf:" + hex_encode(req.body().as_string())); });
        });
    };
}

const std::vector<wire::exchange> recorded{
    {"encoding / should support brotli encoding", json_with({.codecs = codings}), "POST / HTTP/1.1",
     "Content-Encoding: br\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
     "12\r\n\x8b\x06\x80{\"name\":\"\xe8\xae\xba\"}\x03\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
    {"encoding / should support brotli encoding", raw_with({.codecs = codings}), "POST / HTTP/1.1",
     "Content-Encoding: br\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n",
     "c\r\n\x8b\x03\x80name=\xe8\xae\xba\x03\r\n0\r\n\r\n", "200 OK", "",
     "buf:6e616d653de8aeba"},
    {"encoding / should support brotli encoding", text_with({.codecs = codings}), "POST / HTTP/1.1",
     "Content-Encoding: br\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
     "f\r\n\x0b\x05\x80name is \xe8\xae\xba\x03\r\n0\r\n\r\n", "200 OK", "",
     "\"name is \xe8\xae\xba\""},
    {"encoding / should support brotli encoding", form_with({.codecs = codings}), "POST / HTTP/1.1",
     "Content-Encoding: br\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n",
     "c\r\n\x8b\x03\x80name=\xe8\xae\xba\x03\r\n0\r\n\r\n", "200 OK", "",
     "{\"name\":\"\xe8\xae\xba\"}"},
};

std::string noise(std::size_t size, unsigned letters) {
    std::mt19937 random(size + letters);
    std::string s(size, '\0');
    for (auto& c : s) c = static_cast<char>('a' + random() % letters);
    return s;
}

} // namespace

TEST_CASE("brotli: what was encoded is decoded, whole and in pieces", "[ext][brotli]") {
    for (const auto& how : codings)
        for (const auto& text : {std::string(), std::string("a"), std::string(100'000, 'x'), noise(50'000, 3), noise(70'000, 26)})
            for (const int level : {-1, 1, 9}) {
                const auto coded = encode_all(how, text, level);
                CHECK(decode_all(how, coded, text.size()).value() == text);
                // One octet at a time, and a few octets out at a time.
                if (text.size() > 60'000) continue;
                const auto d = how.make_decoder();
                std::string out;
                auto state = decoder::state::more;
                for (std::size_t i = 0; i < coded.size(); ++i) {
                    auto piece = std::string_view(coded).substr(i, 1);
                    do state = d->decode(piece, out, out.size() + 1000).value();
                    while (state == decoder::state::full);
                }
                CHECK(state == decoder::state::done);
                CHECK(out == text);
            }
}

TEST_CASE("brotli: large pieces behind each other are coded to their end", "[ext][brotli]") {
    std::minstd_rand random(1);
    std::string text(1'000'000, ' ');
    for (auto& c : text) c = static_cast<char>('a' + random() % 16);
    const auto e = codecs::br.make_encoder(-1);
    std::string out;
    constexpr std::size_t piece = 128 * 1024;
    for (std::size_t at = 0; at < text.size(); at += piece)
        e->encode(std::string_view(text).substr(at, piece), out, at + piece < text.size() ? encoder::flush::none : encoder::flush::end);
    CHECK(decode_all(codecs::br, out, text.size()).value() == text);
}

TEST_CASE("brotli: what is flushed can be read at once", "[ext][brotli]") {
    for (const auto& how : codings) {
        const auto e = how.make_encoder(-1);
        const auto d = how.make_decoder();
        std::string out;
        for (const char* piece : {"one ", "two ", "", "three"}) {
            std::string coded;
            e->encode(piece, coded, encoder::flush::sync);
            std::string_view in = coded;
            const auto before = out.size();
            CHECK(d->decode(in, out, 1000).value() == decoder::state::more);
            CHECK(out.substr(before) == piece);
        }
        std::string end;
        e->encode("", end, encoder::flush::end);
        std::string_view in = end;
        CHECK(d->decode(in, out, 1000).value() == decoder::state::done);
        CHECK(out == "one two three");
    }
}

TEST_CASE("brotli: a bomb stops at the limit", "[ext][brotli]") {
    for (const auto& how : codings) {
        const auto bomb = encode_all(how, std::string(20'000'000, '0'), 9);
        CHECK(bomb.size() < 100'000);
        CHECK(decode_all(how, bomb, 102400).error().code == make_error_code(error::too_large));
        testing::client c(text_with({.codecs = codings})());
        c.post("/").set("Content-Encoding", std::string(how.name)).send(bomb).expect(413, "[entity.too.large] request entity too large");
    }
}

TEST_CASE("brotli: damaged and cut data is refused", "[ext][brotli]") {
    const auto text = noise(3000, 7);
    for (const auto& how : codings) {
        const auto coded = encode_all(how, text);
        for (std::size_t n = 0; n < coded.size(); n += 17) CHECK_FALSE(decode_all(how, coded.substr(0, n), 10'000));
        for (std::size_t i = 0; i < coded.size(); i += 13) {
            auto bad = coded;
            bad[i] = static_cast<char>(bad[i] ^ 0x55);
            (void)decode_all(how, bad, 10'000); // not every change is seen by every coding; none may crash
        }
        CHECK(decode_all(how, "this is nothing of the kind, surely", 10'000).error().code == make_error_code(error::bad_syntax));
    }
}

// Recorded from Express' parsers; the type of an error that its zlib reports is undefined there.
TEST_CASE("brotli: coded bodies are answered as Express answers them", "[ext][brotli]") { wire::check_all(recorded); }
