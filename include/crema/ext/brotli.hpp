// brotli: the content coding br (link with -lbrotlienc -lbrotlidec).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/codec.hpp>
#include <crema/core/config.hpp>
#include <memory>

namespace crema {
namespace detail {
CREMA_DECL std::unique_ptr<decoder> make_brotli_decoder();
CREMA_DECL std::unique_ptr<encoder> make_brotli_encoder(int level);
} // namespace detail

namespace codecs {

/** Is Brotli: `body_json({.codecs = {codecs::br}})`. Levels 0 to 11, 4 when negative: higher ones are slow.
    @see RFC 7932
*/
inline constexpr codec br{"br", &detail::make_brotli_decoder, &detail::make_brotli_encoder};

} // namespace codecs
} // namespace crema

#if CREMA_BODIES
#include <algorithm>
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <cstdint>
#include <new>

namespace crema::detail {

class brotli_decoder final : public decoder {
public:
    brotli_decoder() : s_(::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
        if (!s_) throw std::bad_alloc();
    }
    brotli_decoder(const brotli_decoder&) = delete;
    ~brotli_decoder() override { ::BrotliDecoderDestroyInstance(s_); }

    result<state> decode(std::string_view& in, std::string& out, std::size_t limit) override {
        std::uint8_t room[16384];
        while (!::BrotliDecoderIsFinished(s_)) {
            if (out.size() >= limit) return state::full;
            auto* from = reinterpret_cast<const std::uint8_t*>(in.data());
            auto left = in.size();
            auto* to = room;
            auto space = std::min(sizeof room, limit - out.size());
            const auto wanted = space;
            const auto r = ::BrotliDecoderDecompressStream(s_, &left, &from, &space, &to, nullptr);
            in.remove_prefix(in.size() - left);
            out.append(reinterpret_cast<char*>(room), wanted - space);
            if (r == BROTLI_DECODER_RESULT_ERROR)
                return failure{make_error_code(error::bad_syntax), 0,
                               ::BrotliDecoderErrorString(::BrotliDecoderGetErrorCode(s_))};
            if (r == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) return state::more;
        }
        return state::done;
    }

private:
    BrotliDecoderState* s_;
};

class brotli_encoder final : public encoder {
public:
    explicit brotli_encoder(int level) : s_(::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
        if (!s_) throw std::bad_alloc();
        ::BrotliEncoderSetParameter(s_, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level < 0 ? 4 : std::min(level, 11)));
        ::BrotliEncoderSetParameter(s_, BROTLI_PARAM_LGWIN, 19); // 512 KiB: memory counts on a server
    }
    brotli_encoder(const brotli_encoder&) = delete;
    ~brotli_encoder() override { ::BrotliEncoderDestroyInstance(s_); }

    void encode(std::string_view in, std::string& out, flush how) override {
        const auto operation = how == flush::none   ? BROTLI_OPERATION_PROCESS
                               : how == flush::sync ? BROTLI_OPERATION_FLUSH
                                                    : BROTLI_OPERATION_FINISH;
        auto* from = reinterpret_cast<const std::uint8_t*>(in.data());
        auto left = in.size();
        for (;;) { // what was taken makes room for more
            std::size_t space = 0;
            if (!::BrotliEncoderCompressStream(s_, operation, &left, &from, &space, nullptr, nullptr))
                throw system_error(make_error_code(error::bad_value), "brotli");
            std::size_t size = 0;
            if (const auto* made = ::BrotliEncoderTakeOutput(s_, &size); size != 0)
                out.append(reinterpret_cast<const char*>(made), size);
            else if (left == 0)
                return;
        }
    }

private:
    BrotliEncoderState* s_;
};

CREMA_DECL std::unique_ptr<decoder> make_brotli_decoder() { return std::make_unique<brotli_decoder>(); }
CREMA_DECL std::unique_ptr<encoder> make_brotli_encoder(int level) { return std::make_unique<brotli_encoder>(level); }

} // namespace crema::detail
#endif
