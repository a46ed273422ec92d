// zlib: the content codings gzip and deflate (link with -lz).
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/codec.hpp>
#include <crema/core/config.hpp>
#include <memory>

namespace crema {
namespace detail {
CREMA_DECL std::unique_ptr<decoder> make_gzip_decoder();
CREMA_DECL std::unique_ptr<decoder> make_deflate_decoder();
CREMA_DECL std::unique_ptr<encoder> make_gzip_encoder(int level);
CREMA_DECL std::unique_ptr<encoder> make_deflate_encoder(int level);
} // namespace detail

/// Holds the content codings.
namespace codecs {

/** Is gzip: `body_json({.codecs = {codecs::gzip}})`. Levels 0 to 9, 6 when negative.

    Several members one behind the other are one body; octets behind the last are ignored.

    @see RFC 1952
*/
inline constexpr codec gzip{"gzip", &detail::make_gzip_decoder, &detail::make_gzip_encoder};

/** Is deflate, which means the format of zlib. Levels as of `gzip`.
    @see RFC 1950
*/
inline constexpr codec deflate{"deflate", &detail::make_deflate_decoder, &detail::make_deflate_encoder};

} // namespace codecs
} // namespace crema

#if CREMA_BODIES
#include <algorithm>
#include <limits>
#include <new>
#include <zlib.h>

namespace crema::detail {

constexpr int gzip_window = 15 + 16; // of the library: the largest window, the format of gzip
constexpr int zlib_window = 15;

class zlib_decoder final : public decoder {
public:
    explicit zlib_decoder(int window) : gzip_(window == gzip_window) {
        if (::inflateInit2(&z_, window) != Z_OK) throw std::bad_alloc();
    }
    zlib_decoder(const zlib_decoder&) = delete;
    ~zlib_decoder() override { ::inflateEnd(&z_); }

    result<state> decode(std::string_view& in, std::string& out, std::size_t limit) override {
        Bytef room[16384];
        for (;;) {
            if (done_) {
                // Another member may follow.
                if (!gzip_ || in.empty() || in.front() != '\x1f') return state::done;
                ::inflateReset(&z_);
                done_ = false;
            }
            if (out.size() >= limit) return state::full;
            z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
            const auto offered = std::min<std::size_t>(in.size(), std::numeric_limits<uInt>::max());
            z_.avail_in = static_cast<uInt>(offered);
            z_.next_out = room;
            z_.avail_out = static_cast<uInt>(std::min(sizeof room, limit - out.size()));
            const auto wanted = z_.avail_out;
            const int r = ::inflate(&z_, Z_NO_FLUSH);
            in.remove_prefix(offered - z_.avail_in);
            out.append(reinterpret_cast<char*>(room), wanted - z_.avail_out);
            if (r == Z_STREAM_END) {
                done_ = true;
                continue;
            }
            if (r == Z_MEM_ERROR) throw std::bad_alloc();
            if (r == Z_NEED_DICT) return failure{make_error_code(error::bad_syntax), 0, "missing dictionary"};
            if (r != Z_OK && r != Z_BUF_ERROR)
                return failure{make_error_code(error::bad_syntax), 0, z_.msg ? z_.msg : "damaged data"};
            if (in.empty() && z_.avail_out != 0) return state::more;
        }
    }

private:
    z_stream z_{};
    bool gzip_;
    bool done_ = false;
};

class zlib_encoder final : public encoder {
public:
    zlib_encoder(int window, int level) {
        const int wanted = level < 0 ? Z_DEFAULT_COMPRESSION : std::min(level, 9);
        if (::deflateInit2(&z_, wanted, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
    }
    zlib_encoder(const zlib_encoder&) = delete;
    ~zlib_encoder() override { ::deflateEnd(&z_); }

    void encode(std::string_view in, std::string& out, flush how) override {
        constexpr std::size_t most = std::numeric_limits<uInt>::max() / 4;
        do {
            const auto piece = in.substr(0, most);
            in.remove_prefix(piece.size());
            const int mode = !in.empty() || how == flush::none ? Z_NO_FLUSH : how == flush::sync ? Z_SYNC_FLUSH : Z_FINISH;
            z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
            z_.avail_in = static_cast<uInt>(piece.size());
            do {
                Bytef room[16384];
                z_.next_out = room;
                z_.avail_out = sizeof room;
                ::deflate(&z_, mode);
                out.append(reinterpret_cast<char*>(room), sizeof room - z_.avail_out);
            } while (z_.avail_out == 0);
        } while (!in.empty());
    }
    bool restart() noexcept override { return ::deflateReset(&z_) == Z_OK; }

private:
    z_stream z_{};
};

CREMA_DECL std::unique_ptr<decoder> make_gzip_decoder() { return std::make_unique<zlib_decoder>(gzip_window); }
CREMA_DECL std::unique_ptr<decoder> make_deflate_decoder() { return std::make_unique<zlib_decoder>(zlib_window); }
CREMA_DECL std::unique_ptr<encoder> make_gzip_encoder(int level) { return std::make_unique<zlib_encoder>(gzip_window, level); }
CREMA_DECL std::unique_ptr<encoder> make_deflate_encoder(int level) { return std::make_unique<zlib_encoder>(zlib_window, level); }

} // namespace crema::detail
#endif
