// Tests of ext/zstd.hpp.
// SPDX-License-Identifier: MIT
#include <crema/ext/zstd.hpp>

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

const std::vector<codec> codings{codecs::zstd};

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

std::string noise(std::size_t size, unsigned letters) {
    std::mt19937 random(size + letters);
    std::string s(size, '\0');
    for (auto& c : s) c = static_cast<char>('a' + random() % letters);
    return s;
}

} // namespace

TEST_CASE("zstd: what was encoded is decoded, whole and in pieces", "[ext][zstd]") {
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

TEST_CASE("zstd: what is flushed can be read at once", "[ext][zstd]") {
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

TEST_CASE("zstd: a bomb stops at the limit", "[ext][zstd]") {
    for (const auto& how : codings) {
        const auto bomb = encode_all(how, std::string(20'000'000, '0'), 9);
        CHECK(bomb.size() < 100'000);
        CHECK(decode_all(how, bomb, 102400).error().code == make_error_code(error::too_large));
        testing::client c(text_with({.codecs = codings})());
        c.post("/").set("Content-Encoding", std::string(how.name)).send(bomb).expect(413, "[entity.too.large] request entity too large");
    }
}

TEST_CASE("zstd: damaged and cut data is refused", "[ext][zstd]") {
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

TEST_CASE("zstd: bodies are taken, forms, octets, text and JSON", "[ext][zstd]") {
    const auto send = [](std::function<app()> setup, const char* text, const char* type, const char* expected) {
        testing::client(setup()).post("/").set("Content-Encoding", "zstd").send(encode_all(codecs::zstd, text), type).expect(200, expected);
    };
    send(json_with({.codecs = codings}), "{\"a\":1}", "application/json", "{\"a\":1}");
    send(text_with({.codecs = codings}), "text", "text/plain", "\"text\"");
    send(form_with({.codecs = codings}), "a=1", "application/x-www-form-urlencoded", "{\"a\":\"1\"}");
    send(raw_with({.codecs = codings}), "\xff", "application/octet-stream", "buf:ff");
}

TEST_CASE("zstd: frames one behind the other are one body", "[ext][zstd]") {
    const auto two = encode_all(codecs::zstd, "one ") + encode_all(codecs::zstd, "two");
    CHECK(decode_all(codecs::zstd, two, 100).value() == "one two");
    CHECK_FALSE(decode_all(codecs::zstd, two + "x", 100));
}

TEST_CASE("zstd: a frame that wants more than 8 MiB of memory is refused", "[ext][zstd]") {
    // A header with a window of 128 MiB (RFC 8878 section 3.1.1.1.2).
    const std::string greedy("\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00", 9);
    CHECK(decode_all(codecs::zstd, greedy, 100).error().code == make_error_code(error::would_exceed_limit));
}
