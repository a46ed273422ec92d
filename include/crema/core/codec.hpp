// codec: a content coding (gzip, br, ...), as one that knows it provides it.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace crema {

/** Undoes a content coding, piece by piece.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class decoder {
public:
    /// Tells why `decode` returned.
    enum class state : unsigned char {
        more, ///< all of the input was used; the coded data goes on
        full, ///< the output is as long as was allowed; there may be more of it
        done, ///< the coded data has ended
    };
    virtual ~decoder() = default;
    /** Decode.

        @param in What is used is taken from its front.
        @param out What comes out is added here.
        @param limit The length of `out` at which to stop.

        @par Errors
        @li `error::bad_syntax` the data is damaged; the detail says how.
        @li `error::would_exceed_limit` it asks for more memory than is given.
    */
    virtual result<state> decode(std::string_view& in, std::string& out, std::size_t limit) = 0;
};

/** Applies a content coding, piece by piece.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class encoder {
public:
    /// Tells what is to come out.
    enum class flush : unsigned char {
        none, ///< what the coding likes
        sync, ///< all that went in can be decoded from what came out
        end,  ///< and the coded data ends
    };
    virtual ~encoder() = default;
    /** Encode all of a piece; what comes out is added to `out`.
        @throws system_error when the library fails.
    */
    virtual void encode(std::string_view in, std::string& out, flush how) = 0;
    /// Begins anew for another body, with the memory that it has; false when the library cannot.
    virtual bool restart() noexcept { return false; }
};

/** Names a content coding and makes what applies and undoes it. A value; headers in `ext/` define some:
    `codecs::gzip`, `codecs::deflate`, `codecs::br`, `codecs::zstd`.

    @par Thread Safety
    Safe.

    @see RFC 9110 section 8.4.1
*/
struct codec {
    std::string_view name;                        ///< as in Content-Encoding, small letters; must live as long as the program
    std::unique_ptr<decoder> (*make_decoder)();   ///< one for each body
    /// One for each body. The level is that of the library; negative means a good one for answers made on the fly.
    std::unique_ptr<encoder> (*make_encoder)(int level);
};

/** Decode a whole text.

    @param limit Octets that may come out.

    @par Errors
    @li `error::too_large` more would come out.
    @li `error::end_of_stream` the data ends too early.
    @li those of `decoder::decode`.

    Octets behind the end of the coded data are ignored.
*/
CREMA_DECL result<std::string> decode_all(const codec& how, std::string_view text, std::size_t limit);

/// Encodes a whole text. @throws system_error when the library fails.
CREMA_DECL std::string encode_all(const codec& how, std::string_view text, int level = -1);

} // namespace crema

#if CREMA_BODIES

namespace crema {

CREMA_DECL result<std::string> decode_all(const codec& how, std::string_view text, std::size_t limit) {
    const auto d = how.make_decoder();
    std::string out;
    if (limit == static_cast<std::size_t>(-1)) --limit;
    const auto r = d->decode(text, out, limit + 1);
    if (!r) return r.error();
    if (out.size() > limit)
        return failure{make_error_code(error::too_large), limit, "more than " + std::to_string(limit) + " octets"};
    if (*r != decoder::state::done) return failure{make_error_code(error::end_of_stream), 0, "unexpected end of file"};
    return out;
}

CREMA_DECL std::string encode_all(const codec& how, std::string_view text, int level) {
    std::string out;
    how.make_encoder(level)->encode(text, out, encoder::flush::end);
    return out;
}

} // namespace crema
#endif
