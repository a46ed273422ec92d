// chunked_decoder: takes the chunks of a request body apart, strictly, from octets that may arrive in any pieces.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/http/request_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace crema::http {

/// Bounds what a chunked body may cost beside its data. Sizes in octets.
struct chunk_limits {
    std::size_t extensions = 16 * 1024; ///< chunk extensions that no octets of data pay for, else 413
    std::size_t trailers = 8 * 1024;    ///< all trailer lines, else 431
};

/** Decodes one chunked body after the other.

    Refused is everything that two implementations could read differently: sizes with signs, prefixes, spaces, more
    than 16 digits or above 2^53-1, lines that end in a bare LF, malformed extensions, trailers that are no
    fields or that would change the framing (Content-Length, Transfer-Encoding, Host).

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see RFC 9112 section 7.1
*/
class chunked_decoder {
public:
    /// Construct. @param limits Copied.
    explicit chunked_decoder(const chunk_limits& limits = {}) noexcept : limits_(limits) {}

    /// Tells what one step found.
    struct piece {
        parse_state state;     ///< `need_more`, also when there is data; `done` at the end of the body; `bad`
        std::string_view data; ///< a view into the input, empty when the input holds no further data
        std::size_t consumed;  ///< octets of the input that are used up
    };

    /** Decode up to and with the next piece of data.

        @param data Octets of the body that were not consumed yet.
        @param size How many.
        @return A piece. While its state is `need_more` and not all is consumed, call again with the rest.
    */
    CREMA_DECL piece next(const char* data, std::size_t size);

    /// Tells what `decode` did.
    struct outcome {
        parse_state state;    ///< `need_more`, `done` or `bad`
        std::size_t produced; ///< octets of data, which are now at the front of the buffer
        std::size_t consumed; ///< octets of the input that are used up: all of them unless the body ended before
    };

    /** Decode in place as much as there is, so that the data of all chunks become one view.

        @param data Octets of the body that were not consumed yet; overwritten.
        @param size How many.
    */
    CREMA_DECL outcome decode(char* data, std::size_t size);

    /// Begins another body.
    void reset() noexcept {
        left_ = 0;
        extension_octets_ = 0;
        digits_ = 0;
        step_ = step::size;
        trailers_.clear();
        line_ = 0;
    }

    /// Returns the trailer lines received, each as `name: value` with CRLF; complete after `done`; valid until `reset`.
    std::string_view trailers() const noexcept { return trailers_; }
    /// Returns the status to answer, after `bad`: 400, 413 or 431.
    int status() const noexcept { return status_; }
    /// Returns what is wrong, in a few words that live forever, after `bad`.
    std::string_view reason() const noexcept { return reason_; }

private:
    enum class step : std::uint8_t {
        size,
        size_space,
        extension,
        extension_name,
        name_space,
        equals,
        extension_value,
        quoted,
        quoted_pair,
        after_value,
        line_lf,
        data,
        data_cr,
        data_lf,
        trailer_begin,
        trailer_name,
        trailer_value,
        trailer_lf,
        last_lf,
        done
    };
    CREMA_COLD parse_state fail(int status, const char* reason) noexcept {
        status_ = status;
        reason_ = reason;
        return parse_state::bad;
    }
    parse_state control(const char*& p, const char* end);
    parse_state size_line(char c);
    parse_state trailer(char c);

    chunk_limits limits_;
    const char* reason_ = "";
    std::uint64_t left_ = 0; // of the size while it is read, of the data then
    std::size_t extension_octets_ = 0;
    std::size_t line_ = 0; // where the trailer line begins that is read
    std::string trailers_;
    std::uint16_t status_ = 0;
    std::uint8_t digits_ = 0;
    step step_ = step::size;
};

/** Write the head of a chunk: its size and a line end.

    @param out Room for 18 octets.
    @param size Octets of data; not 0.
    @return How many octets were written. Data and another line end follow.
*/
inline std::size_t write_chunk_head(char* out, std::uint64_t size) noexcept {
    char digits[16];
    std::size_t n = 0;
    do {
        digits[n++] = "0123456789abcdef"[size & 15];
        size >>= 4;
    } while (size != 0);
    for (std::size_t i = 0; i < n; ++i) out[i] = digits[n - 1 - i];
    out[n] = '\r';
    out[n + 1] = '\n';
    return n + 2;
}

/// Ends a chunked body that has no trailers.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

} // namespace crema::http

#if CREMA_BODIES
#include <crema/core/text.hpp>
#include <cstring>

namespace crema::http {

CREMA_DECL parse_state chunked_decoder::size_line(char c) {
    // After the size: BWS only in front of an extension, extensions as tokens or quoted strings.
    auto extend = [&](step s) {
        step_ = s;
        return ++extension_octets_ > limits_.extensions ? fail(413, "chunk extensions too large")
                                                        : parse_state::need_more;
    };
    auto line_end = [&] {
        step_ = step::line_lf;
        return parse_state::need_more;
    };
    const bool token = has_class(c, octet_class::token);
    switch (step_) {
    case step::size:
        if (is_hex(c)) {
            if (++digits_ > 16) return fail(400, "chunk size has too many digits");
            left_ = left_ << 4 | hex_value(c);
            return parse_state::need_more;
        }
        if (digits_ == 0) return fail(400, "invalid chunk size");
        if (left_ > detail::max_body_length) return fail(400, "chunk size too large");
        if (c == '\r') return line_end();
        if (c == ';') return extend(step::extension);
        if (is_ows(c)) return extend(step::size_space);
        return fail(400, "invalid chunk size");
    case step::size_space:
        if (is_ows(c)) return extend(step::size_space);
        if (c == ';') return extend(step::extension);
        return fail(400, "space after the chunk size");
    case step::extension:
        if (is_ows(c)) return extend(step::extension);
        if (token) return extend(step::extension_name);
        break;
    case step::extension_name:
        if (token) return extend(step::extension_name);
        if (c == '=') return extend(step::equals);
        if (c == ';') return extend(step::extension);
        if (is_ows(c)) return extend(step::name_space);
        if (c == '\r') return line_end();
        break;
    case step::name_space:
        if (is_ows(c)) return extend(step::name_space);
        if (c == '=') return extend(step::equals);
        if (c == ';') return extend(step::extension);
        break;
    case step::equals:
        if (is_ows(c)) return extend(step::equals);
        if (c == '"') return extend(step::quoted);
        if (token) return extend(step::extension_value);
        break;
    case step::extension_value:
        if (token) return extend(step::extension_value);
        if (c == ';') return extend(step::extension);
        if (is_ows(c)) return extend(step::size_space);
        if (c == '\r') return line_end();
        break;
    case step::quoted:
        if (c == '"') return extend(step::after_value);
        if (c == '\\') return extend(step::quoted_pair);
        if (has_class(c, octet_class::field_value)) return extend(step::quoted);
        break;
    case step::quoted_pair:
        if (has_class(c, octet_class::field_value)) return extend(step::quoted);
        break;
    case step::after_value:
        if (c == ';') return extend(step::extension);
        if (is_ows(c)) return extend(step::size_space);
        if (c == '\r') return line_end();
        break;
    default: break;
    }
    return fail(400, "malformed chunk extension");
}

CREMA_DECL parse_state chunked_decoder::trailer(char c) {
    auto keep = [&](step s) {
        step_ = s;
        if (trailers_.size() >= limits_.trailers) return fail(431, "trailers too large");
        trailers_ += c;
        return parse_state::need_more;
    };
    switch (step_) {
    case step::trailer_begin:
        if (c == '\r') {
            step_ = step::last_lf;
            return parse_state::need_more;
        }
        line_ = trailers_.size();
        if (has_class(c, octet_class::token)) return keep(step::trailer_name);
        break;
    case step::trailer_name: {
        if (has_class(c, octet_class::token)) return keep(step::trailer_name);
        if (c != ':') break;
        const auto id = to_field(std::string_view(trailers_).substr(line_));
        if (id == field::content_length || id == field::transfer_encoding || id == field::host)
            return fail(400, "trailer field that is not allowed there");
        return keep(step::trailer_value);
    }
    case step::trailer_value:
        if (c == '\r') return keep(step::trailer_lf);
        if (has_class(c, octet_class::field_value)) return keep(step::trailer_value);
        break;
    case step::trailer_lf:
        if (c == '\n') return keep(step::trailer_begin);
        break;
    default: // last_lf
        if (c != '\n') break;
        step_ = step::done;
        return parse_state::done;
    }
    return fail(400, "malformed trailer");
}

// Reads everything that is no data. Stops in front of data, at the end of the body, and when it is wrong.
CREMA_DECL parse_state chunked_decoder::control(const char*& p, const char* end) {
    while (p != end) {
        const char c = *p++;
        auto s = parse_state::need_more;
        switch (step_) {
        case step::line_lf:
            if (c != '\n') return fail(400, "bare CR in a chunk line");
            step_ = left_ == 0 ? step::trailer_begin : step::data;
            if (extension_octets_ != 0) [[unlikely]]
                extension_octets_ -= left_ < extension_octets_ ? static_cast<std::size_t>(left_) : extension_octets_;
            if (left_ != 0) return s;
            break;
        case step::data: --p; return s;
        case step::data_cr:
            if (c != '\r') return fail(400, "chunk data is not followed by a line end");
            step_ = step::data_lf;
            break;
        case step::data_lf:
            if (c != '\n') return fail(400, "chunk data is not followed by a line end");
            step_ = step::size;
            digits_ = 0;
            break;
        case step::trailer_begin:
        case step::trailer_name:
        case step::trailer_value:
        case step::trailer_lf:
        case step::last_lf: s = trailer(c); break;
        case step::done: --p; return parse_state::done;
        default: s = size_line(c); break;
        }
        if (s != parse_state::need_more) return s;
    }
    return step_ == step::done ? parse_state::done : parse_state::need_more;
}

CREMA_DECL chunked_decoder::piece chunked_decoder::next(const char* data, std::size_t size) {
    const char *p = data, *end = data + size;
    if (step_ != step::data) {
        const auto s = control(p, end);
        if (s != parse_state::need_more || step_ != step::data) return {s, {}, static_cast<std::size_t>(p - data)};
    }
    const auto there = static_cast<std::size_t>(end - p);
    const auto n = there < left_ ? there : static_cast<std::size_t>(left_);
    left_ -= n;
    if (left_ == 0) step_ = step::data_cr;
    return {parse_state::need_more, {p, n}, static_cast<std::size_t>(p - data) + n};
}

CREMA_DECL chunked_decoder::outcome chunked_decoder::decode(char* data, std::size_t size) {
    outcome r{parse_state::need_more, 0, 0};
    while (r.state == parse_state::need_more && r.consumed < size) {
        const auto got = next(data + r.consumed, size - r.consumed);
        if (!got.data.empty() && got.data.data() != data + r.produced)
            std::memmove(data + r.produced, got.data.data(), got.data.size());
        r.produced += got.data.size();
        r.consumed += got.consumed;
        r.state = got.state;
    }
    return r;
}

} // namespace crema::http
#endif
