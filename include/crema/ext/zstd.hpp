// zstd: the content coding zstd (link with -lzstd).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/codec.hpp>
#include <crema/core/config.hpp>
#include <memory>

namespace crema {
namespace detail {
CREMA_DECL std::unique_ptr<decoder> make_zstd_decoder();
CREMA_DECL std::unique_ptr<encoder> make_zstd_encoder(int level);
} // namespace detail

namespace codecs {

/** Is Zstandard: `body_json({.codecs = {codecs::zstd}})`. Levels 1 to 19, 3 when negative.

    Windows of more than 8 MiB are refused, as RFC 9659 says. Several frames one behind the other are one body.

    @see RFC 8878, RFC 9659
*/
inline constexpr codec zstd{"zstd", &detail::make_zstd_decoder, &detail::make_zstd_encoder};

} // namespace codecs
} // namespace crema

#if CREMA_BODIES
#include <algorithm>
#include <new>
#include <zstd.h>
#include <zstd_errors.h>

namespace crema::detail {

class zstd_decoder final : public decoder {
public:
    zstd_decoder() : s_(::ZSTD_createDCtx()) {
        if (!s_) throw std::bad_alloc();
        ::ZSTD_DCtx_setParameter(s_, ZSTD_d_windowLogMax, 23);
    }
    zstd_decoder(const zstd_decoder&) = delete;
    ~zstd_decoder() override { ::ZSTD_freeDCtx(s_); }

    result<state> decode(std::string_view& in, std::string& out, std::size_t limit) override {
        char room[16384];
        for (;;) {
            if (frame_over_ && in.empty()) return began_ ? state::done : state::more;
            if (out.size() >= limit) return state::full;
            ZSTD_inBuffer from{in.data(), in.size(), 0};
            ZSTD_outBuffer to{room, std::min(sizeof room, limit - out.size()), 0};
            const auto r = ::ZSTD_decompressStream(s_, &to, &from);
            in.remove_prefix(from.pos);
            out.append(room, to.pos);
            if (::ZSTD_isError(r)) {
                const bool window = ::ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge;
                return failure{make_error_code(window ? error::would_exceed_limit : error::bad_syntax), 0, ::ZSTD_getErrorName(r)};
            }
            began_ = true;
            frame_over_ = r == 0;
            if (!frame_over_ && in.empty() && to.pos < to.size) return state::more;
        }
    }

private:
    ZSTD_DCtx* s_;
    bool frame_over_ = true;
    bool began_ = false;
};

class zstd_encoder final : public encoder {
public:
    explicit zstd_encoder(int level) : s_(::ZSTD_createCCtx()) {
        if (!s_) throw std::bad_alloc();
        ::ZSTD_CCtx_setParameter(s_, ZSTD_c_compressionLevel, level < 0 ? 3 : std::min(level, 19));
        ::ZSTD_CCtx_setParameter(s_, ZSTD_c_windowLog, 19); // 512 KiB: memory counts on a server
    }
    zstd_encoder(const zstd_encoder&) = delete;
    ~zstd_encoder() override { ::ZSTD_freeCCtx(s_); }

    void encode(std::string_view in, std::string& out, flush how) override {
        const auto mode = how == flush::none ? ZSTD_e_continue : how == flush::sync ? ZSTD_e_flush : ZSTD_e_end;
        ZSTD_inBuffer from{in.data(), in.size(), 0};
        for (;;) {
            char room[16384];
            ZSTD_outBuffer to{room, sizeof room, 0};
            const auto left = ::ZSTD_compressStream2(s_, &to, &from, mode);
            if (::ZSTD_isError(left)) throw system_error(make_error_code(error::bad_value), ::ZSTD_getErrorName(left));
            out.append(room, to.pos);
            if (from.pos == from.size && (mode == ZSTD_e_continue ? to.pos < to.size : left == 0)) return;
        }
    }
    bool restart() noexcept override { return !::ZSTD_isError(::ZSTD_CCtx_reset(s_, ZSTD_reset_session_only)); }

private:
    ZSTD_CCtx* s_;
};

CREMA_DECL std::unique_ptr<decoder> make_zstd_decoder() { return std::make_unique<zstd_decoder>(); }
CREMA_DECL std::unique_ptr<encoder> make_zstd_encoder(int level) { return std::make_unique<zstd_encoder>(level); }

} // namespace crema::detail
#endif
