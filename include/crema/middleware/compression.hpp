// compression: answers in the coding that the client likes best, as the package compression.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/byte_size.hpp>
#include <crema/core/codec.hpp>
#include <crema/core/config.hpp>
#include <crema/web/body_coding.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crema {

/// Is a coding that `compression` may use, and how hard it tries: `codecs::gzip`, or `{codecs::br, 6}`.
struct compression_codec {
    /// Construct. @param level That of the library; negative means a good one for answers made on the fly.
    compression_codec(const codec& c, int l = -1) : coding(c), level(l) {}
    codec coding; ///< from `ext/`
    int level;    ///< see above
};

/** Options of `compression`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct compression_options {
    /// The codings, the preferred first; the client's preference counts more.
    std::vector<compression_codec> codecs{};
    /// Bodies that are shorter stay as they are. Those of unknown length are compressed.
    byte_size threshold = 1024;
    /// Tells which answers are worth it, once their fields are set; `compression_filter` when empty.
    std::function<bool(request& req, response& res)> filter{};
    /// What clients get that send no Accept-Encoding; `"identity"` for no coding.
    std::string enforce_encoding = "identity";
    /// Pieces up to this are compressed on the loop, larger ones on the pool.
    byte_size on_loop = 32 * 1024;
};

/// Tells whether the Content-Type of an answer is of a kind that becomes smaller; what `compression` asks by default.
CREMA_DECL bool compression_filter(const request& req, const response& res);

/** Is the middleware that `compression` makes. A copy may be registered many times.

    @par Thread Safety
    Safe, when the filter is.
*/
class compression_handler {
public:
    /// @cond
    CREMA_DECL explicit compression_handler(compression_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond

private:
    struct prepared;
    std::shared_ptr<const prepared> options_;
};

/** Make a middleware that compresses answers: `compression({.codecs = {codecs::zstd, codecs::br, codecs::gzip}})`.

    Works for all that answers: `send`, `json`, `write`, `send_file`, static files. Pieces that are streamed come out when the
    coding likes, at `response::flush`, and, of `text/event-stream`, at once. Left alone is what is short, has a
    Content-Encoding, a Content-Range or a digest, says `Cache-Control: no-transform`, or has no body. `Vary` is set even so
    where another client might get another coding; a strong ETag becomes a weak one.

    @throws std::invalid_argument without codecs.

    @see RFC 9110 sections 8.4 and 12.5.3
*/
inline compression_handler compression(compression_options options) { return compression_handler(std::move(options)); }

} // namespace crema

#if CREMA_BODIES
#include <crema/async/spawn.hpp>
#include <crema/core/text.hpp>
#include <crema/http/mime.hpp>
#include <crema/http/negotiate.hpp>
#include <crema/http/status.hpp>
#include <crema/loop/offload.hpp>
#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace crema {
namespace detail {

// Encoders that have memory already.
class spare_encoders {
public:
    static std::unique_ptr<encoder> take(const compression_codec& c) {
        auto& all = of_thread();
        for (auto& e : all)
            if (e.make == c.coding.make_encoder && e.level == c.level) {
                auto found = std::move(e.ready);
                std::swap(e, all.back());
                all.pop_back();
                return found;
            }
        return c.coding.make_encoder(c.level);
    }
    static void give(const compression_codec& c, std::unique_ptr<encoder> e) {
        auto& all = of_thread();
        if (all.size() < 8 && e->restart()) all.push_back({c.coding.make_encoder, c.level, std::move(e)});
    }

private:
    struct spare {
        std::unique_ptr<encoder> (*make)(int level);
        int level;
        std::unique_ptr<encoder> ready;
    };
    static std::vector<spare>& of_thread() {
        static thread_local std::vector<spare> all;
        return all;
    }
};

// Compresses one body: small pieces at once, large ones on the pool, in order.
class compressor final : public body_coder {
public:
    compressor(const compression_codec& how, std::size_t on_loop, bool live)
        : how_(how), on_loop_(on_loop), live_(live), encoder_(spare_encoders::take(how)) {}

    CREMA_DECL void respond(exchange& x, int status, std::string_view fields, std::string_view body) override;
    CREMA_DECL void begin(exchange& x, int status, std::string_view fields) override;
    CREMA_DECL void write(exchange& x, std::string_view piece) override;
    CREMA_DECL void flush(exchange& x) override;
    CREMA_DECL void end(exchange& x, std::string_view last, std::string_view trailers) override;

private:
    using mode = encoder::flush;
    static constexpr std::size_t slice = 128 * 1024; // of one job of the pool

    CREMA_DECL std::string& encode(exchange& x, std::string_view piece, mode flush);
    CREMA_DECL void work(exchange& x);
    CREMA_COROUTINE static task<> pump(compressor& c, exchange& x);

    const compression_codec& how_; // of the middleware, which outlives the exchange
    const std::size_t on_loop_;
    const bool live_; // flush whenever something is written
    std::unique_ptr<encoder> encoder_;
    // while the pool works
    bool busy_ = false;
    bool ended_ = false;
    bool flush_ = false;
    std::string waiting_, trailers_;
};

// Answers HEAD where GET would be compressed: the length is not known.
class compressor_of_nothing final : public body_coder {
public:
    void respond(exchange& x, int status, std::string_view fields, std::string_view) override {
        x.begin(status, {}, fields, std::nullopt);
        x.end();
    }
    void begin(exchange& x, int status, std::string_view fields) override { x.begin(status, {}, fields, std::nullopt); }
    void write(exchange&, std::string_view) override {}
    void flush(exchange&) override {}
    void end(exchange& x, std::string_view, std::string_view) override { x.end(); }
};

// Encodes on the loop. What is returned is valid until the next call on this thread.
CREMA_DECL std::string& compressor::encode(exchange& x, std::string_view piece, mode flush) {
    static thread_local std::string out;
    out.clear();
    try {
        encoder_->encode(piece, out, flush);
    } catch (...) {
        x.abort(); // the client sees that it is not whole
        throw;
    }
    if (flush == mode::end) spare_encoders::give(how_, std::move(encoder_));
    return out;
}

CREMA_DECL void compressor::respond(exchange& x, int status, std::string_view fields, std::string_view body) {
    if (body.size() <= on_loop_) return x.respond(status, {}, fields, encode(x, body, mode::end));
    x.begin(status, {}, fields, std::nullopt);
    ended_ = true;
    waiting_ = body;
    work(x);
}

CREMA_DECL void compressor::begin(exchange& x, int status, std::string_view fields) {
    x.begin(status, {}, fields, std::nullopt);
}

CREMA_DECL void compressor::write(exchange& x, std::string_view piece) {
    if (x.ended() || piece.empty()) return; // nobody is there
    if (busy_ || piece.size() > on_loop_) {
        waiting_ += piece;
        flush_ = flush_ || live_;
        if (!busy_) work(x);
    } else if (const auto& out = encode(x, piece, live_ ? mode::sync : mode::none); !out.empty()) {
        x.write_now(out);
    }
}

CREMA_DECL void compressor::flush(exchange& x) {
    if (x.ended()) return;
    if (busy_) flush_ = true;
    else x.write_now(encode(x, {}, mode::sync));
}

CREMA_DECL void compressor::end(exchange& x, std::string_view last, std::string_view trailers) {
    if (x.ended()) return;
    if (busy_ || last.size() > on_loop_) {
        waiting_ += last;
        trailers_ = trailers;
        ended_ = true;
        if (!busy_) work(x);
        return;
    }
    x.write_now(encode(x, last, mode::end));
    x.end(trailers);
}

// Lets the pool work until nothing waits.
CREMA_DECL void compressor::work(exchange& x) {
    busy_ = true;
    x.hold_writers();
    x.retain();
    spawn(pump(*this, x), &x.scope());
}

CREMA_COROUTINE task<> compressor::pump(compressor& c, exchange& x) {
    std::exception_ptr error;
    try {
        std::string in, out;
        for (std::size_t at = 0;;) {
            if (at == in.size()) {
                in.clear();
                at = 0;
                in.swap(c.waiting_);
            }
            const auto piece = std::string_view(in).substr(at, slice);
            at += piece.size();
            const bool all = at == in.size() && c.waiting_.empty();
            const bool end = all && c.ended_;
            const auto flush = end ? mode::end : all && std::exchange(c.flush_, false) ? mode::sync : mode::none;
            out.clear();
            bool full = false;
            try {
                co_await offload([&c, &out, piece, flush] { c.encoder_->encode(piece, out, flush); });
            } catch (const system_error& e) {
                if (e.code() != error::queue_full) throw;
                full = true;
            }
            if (full) c.encoder_->encode(piece, out, flush); // a slice on the loop is better than no answer
            if (!out.empty()) {
                if (c.ended_ && !end) { // nobody writes any more: wait here for room
                    x.writers_may_go();
                    co_await x.room();
                }
                x.write_now(out);
            }
            if (end) {
                spare_encoders::give(c.how_, std::move(c.encoder_));
                x.end(c.trailers_);
                break;
            }
            if (at == in.size() && c.waiting_.empty() && !c.ended_ && !c.flush_) {
                c.busy_ = false;
                x.writers_may_go();
                break;
            }
        }
    } catch (const cancelled&) {
        // nobody is there to be answered
    } catch (...) {
        error = std::current_exception();
        x.abort();
    }
    x.release(); // may end the exchange and the compressor
    if (error) std::rethrow_exception(error);
}

} // namespace detail

struct compression_handler::prepared final : body_coding {
    compression_options given;
    std::vector<std::string_view> names; // of the codings, in order of preference

    CREMA_DECL std::unique_ptr<body_coder> begin(response& res, std::optional<std::uint64_t> length) const override;
    const compression_codec* choose(const request& req) const;
};

CREMA_DECL bool compression_filter(const request&, const response& res) {
    return http::is_compressible(res.get("Content-Type").value_or(""));
}

CREMA_DECL compression_handler::compression_handler(compression_options options) {
    if (options.codecs.empty())
        throw std::invalid_argument("crema: compression needs codecs: compression({.codecs = {codecs::gzip}}), of ext/zlib.hpp");
    auto p = std::make_shared<prepared>();
    p->given = std::move(options);
    for (const auto& c : p->given.codecs) p->names.push_back(c.coding.name);
    options_ = std::move(p);
}

CREMA_DECL void compression_handler::operator()(request&, response& res, next& next) const {
    res.code_body(*options_);
    next();
}

CREMA_DECL const compression_codec* compression_handler::prepared::choose(const request& req) const {
    const auto accepted = req.get("Accept-Encoding").value_or("");
    std::string_view name;
    if (accepted.empty()) name = given.enforce_encoding;
    else {
        auto offers = names;
        offers.push_back("identity");
        name = http::accepts_encoding(accepted, offers, names);
    }
    for (const auto& c : given.codecs)
        if (c.coding.name == name) return &c;
    return nullptr;
}

CREMA_DECL std::unique_ptr<body_coder> compression_handler::prepared::begin(response& res, std::optional<std::uint64_t> length) const {
    auto& req = res.req();
    const bool unknown = res.status_code() == 304 && !res.get("Content-Type"); // what has changed is nothing but this
    if (!unknown && !(given.filter ? given.filter(req, res) : compression_filter(req, res))) return nullptr;
    if (list_contains(res.get("Cache-Control").value_or(""), "no-transform")) return nullptr;
    res.vary("Accept-Encoding");
    const bool not_modified = res.status_code() == 304;
    if ((http::has_no_body(res.status_code()) && !not_modified) || res.status_code() == 205 || res.status_code() == 206) return nullptr;
    if (!unknown && length && *length < given.threshold.octets()) return nullptr;
    if (!iequals(res.get("Content-Encoding").value_or("identity"), "identity")) return nullptr;
    for (const auto name : {"Content-Range", "Content-Digest", "Repr-Digest", "Digest", "Content-MD5"})
        if (res.get(name)) return nullptr;
    const auto* const how = choose(req);
    if (!how) return nullptr;
    if (const auto tag = res.get("ETag"); tag && !tag->starts_with("W/")) {
        auto weak = "W/" + std::string(*tag);
        // A 304 has the validator of the 200 (RFC 9110 section 15.4.5). Where nothing tells how long that was, the client does.
        if (!unknown || req.get("If-None-Match").value_or("").find(weak) != std::string_view::npos) res.set("ETag", weak);
    }
    if (not_modified) return nullptr;
    res.remove("Accept-Ranges"); // ranges would be those of other octets
    if (req.head().method() == http::method::head) return std::make_unique<detail::compressor_of_nothing>();
    res.set("Content-Encoding", how->coding.name);
    const bool live = istarts_with(res.get("Content-Type").value_or(""), "text/event-stream");
    return std::make_unique<detail::compressor>(*how, static_cast<std::size_t>(given.on_loop.octets()), live);
}

} // namespace crema
#endif
