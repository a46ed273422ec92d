// The careful parser: finds the place and the reason of an error, and reads JSON that the fast parser refuses.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/result.hpp>
#include <crema/json/node.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crema::detail {

/** Parse JSON octet by octet into the same tape that the fast parser makes.

    It stands behind the fast one, which is some ten times faster but says neither where nor why. It also reads
    numbers that fit no 64-bit integer or no double (as JSON.parse does: rounded, or infinite), and replaces an
    escaped surrogate without its other half by U+FFFD.

    @par Thread Safety
    Distinct objects: safe.
*/
class json_scanner {
public:
    /// Construct over a text, which has to live as long. Containers that hold something may nest `max_depth` deep.
    json_scanner(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

    /// Parses; returns why not, if so: `error::bad_syntax` or `error::too_deep`, with the position in octets, and line
    /// and column in the detail.
    std::optional<failure> run();

    /// Returns the tape, valid as long as this object.
    json_tape tape() const noexcept { return {words_.data(), strings_.data()}; }
    /// Returns the offset in the text of the value at a word of the tape.
    std::size_t position_of(std::size_t word) const noexcept;

private:
    struct scope {
        std::size_t word;
        std::size_t count;
    };
    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool ended() const noexcept { return at_ >= text_.size(); }
    void skip_space() noexcept;
    void emit(char mark, std::uint64_t payload, std::size_t position);
    bool value_here();
    bool after_value();
    bool name_here();
    bool open(char c);
    void close(char c);
    bool string_here();
    bool escape_here();
    bool number_here();
    bool literal_here(std::string_view word);
    bool unit_here(unsigned& unit);
    bool fail(error code, std::string what);
    bool unexpected();

    std::string_view text_;
    std::size_t max_depth_;
    std::size_t at_ = 0;
    bool done_ = false;
    std::vector<std::uint64_t> words_;
    std::vector<std::size_t> positions_; // of each word
    std::string strings_;
    std::vector<scope> scopes_;
    std::optional<failure> failure_;
};

} // namespace crema::detail

#if CREMA_BODIES
#include <algorithm>
#include <bit>
#include <charconv>
#include <crema/core/text.hpp>
#include <limits>

namespace crema::detail {

CREMA_DECL std::optional<failure> json_scanner::run() {
    emit('r', 0, 0);
    bool going = value_here();
    while (going && !done_) going = after_value();
    if (going) {
        emit('r', 0, at_);
        words_[0] |= words_.size();
    }
    return failure_;
}

CREMA_DECL std::size_t json_scanner::position_of(std::size_t word) const noexcept {
    return word < positions_.size() ? positions_[word] : 0;
}

CREMA_DECL void json_scanner::skip_space() noexcept {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
        ++at_;
}

CREMA_DECL void json_scanner::emit(char mark, std::uint64_t payload, std::size_t position) {
    words_.push_back(static_cast<std::uint64_t>(static_cast<unsigned char>(mark)) << 56 | payload);
    positions_.push_back(position);
}

CREMA_DECL bool json_scanner::fail(error code, std::string what) {
    std::size_t line = 1, column = 1; // columns in code points
    for (std::size_t i = 0; i < at_; ++i) {
        if (text_[i] == '\n') ++line, column = 1;
        else if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++column;
    }
    what += " at position " + std::to_string(at_) + " (line " + std::to_string(line) + ", column " +
            std::to_string(column) + ")";
    failure_ = failure{make_error_code(code), at_, std::move(what)};
    return false;
}

CREMA_DECL bool json_scanner::unexpected() {
    if (ended()) return fail(error::bad_syntax, "unexpected end of JSON");
    const unsigned char c = static_cast<unsigned char>(text_[at_]);
    if (c > 0x20 && c < 0x7F) return fail(error::bad_syntax, std::string("unexpected '") + static_cast<char>(c) + "'");
    constexpr const char* hex = "0123456789ABCDEF";
    return fail(error::bad_syntax, std::string("unexpected octet 0x") + hex[c >> 4] + hex[c & 15]);
}

CREMA_DECL bool json_scanner::value_here() {
    skip_space();
    switch (peek()) {
    case '{':
    case '[': return open(text_[at_]);
    case '"': return string_here();
    case 't': return literal_here("true");
    case 'f': return literal_here("false");
    case 'n': return literal_here("null");
    case '-': return number_here();
    default: return peek() >= '0' && peek() <= '9' ? number_here() : unexpected();
    }
}

CREMA_DECL bool json_scanner::open(char c) {
    const std::size_t begin = at_;
    scopes_.push_back({words_.size(), 0});
    emit(c, 0, at_++);
    skip_space();
    const char end = c == '{' ? '}' : ']';
    if (peek() == end) {
        close(end);
        return true;
    }
    if (scopes_.size() > max_depth_) {
        at_ = begin;
        return fail(error::too_deep, "nested deeper than " + std::to_string(max_depth_) + " levels");
    }
    scopes_.back().count = 1;
    return c == '{' ? name_here() : value_here();
}

CREMA_DECL void json_scanner::close(char c) {
    const scope s = scopes_.back();
    scopes_.pop_back();
    emit(c, s.word, at_++);
    words_[s.word] |= std::uint64_t(std::min<std::size_t>(s.count, 0xFFFFFF)) << 32 | words_.size();
}

CREMA_DECL bool json_scanner::after_value() {
    skip_space();
    if (scopes_.empty()) {
        done_ = true;
        return ended() || unexpected();
    }
    const bool object = words_[scopes_.back().word] >> 56 == '{';
    if (peek() == ',') {
        ++at_;
        ++scopes_.back().count;
        return object ? name_here() : value_here();
    }
    if (peek() != (object ? '}' : ']')) return unexpected();
    close(peek());
    return true;
}

CREMA_DECL bool json_scanner::name_here() {
    skip_space();
    if (peek() != '"') return unexpected();
    if (!string_here()) return false;
    skip_space();
    if (peek() != ':') return unexpected();
    ++at_;
    return value_here();
}

CREMA_DECL bool json_scanner::literal_here(std::string_view word) {
    const std::size_t begin = at_;
    for (char c : word) {
        if (peek() != c) return unexpected();
        ++at_;
    }
    emit(word[0], 0, begin);
    return true;
}

CREMA_DECL bool json_scanner::string_here() {
    emit('"', strings_.size(), at_++);
    const std::size_t begin = strings_.size();
    strings_.append(sizeof(std::uint32_t), '\0');
    for (;;) {
        if (ended()) return unexpected();
        const unsigned char c = static_cast<unsigned char>(text_[at_]);
        if (c == '"') break;
        if (c == '\\') {
            if (!escape_here()) return false;
        } else if (c < 0x20) {
            constexpr const char* hex = "0123456789ABCDEF";
            return fail(error::bad_syntax,
                        std::string("unescaped control character U+00") + hex[c >> 4] + hex[c & 15] + " in a string");
        } else if (c < 0x80) {
            strings_ += text_[at_++];
        } else {
            const std::size_t n = utf8_length(text_.substr(at_));
            if (n == 0) return fail(error::bad_syntax, "invalid UTF-8");
            strings_.append(text_, at_, n);
            at_ += n;
        }
    }
    ++at_;
    const auto size = static_cast<std::uint32_t>(strings_.size() - begin - sizeof(std::uint32_t));
    std::memcpy(strings_.data() + begin, &size, sizeof size);
    strings_ += '\0';
    return true;
}

CREMA_DECL bool json_scanner::unit_here(unsigned& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
        if (ended() || !is_hex(text_[at_])) return unexpected();
        unit = unit << 4 | hex_value(text_[at_]);
    }
    return true;
}

CREMA_DECL bool json_scanner::escape_here() {
    ++at_;
    switch (const char c = peek()) {
    case '"':
    case '\\':
    case '/': strings_ += c; break;
    case 'b': strings_ += '\b'; break;
    case 'f': strings_ += '\f'; break;
    case 'n': strings_ += '\n'; break;
    case 'r': strings_ += '\r'; break;
    case 't': strings_ += '\t'; break;
    case 'u': {
        ++at_;
        unsigned point = 0;
        if (!unit_here(point)) return false;
        if (point >= 0xD800 && point < 0xDC00 && text_.substr(at_, 2) == "\\u") {
            const std::size_t here = at_;
            at_ += 2;
            unsigned low = 0;
            if (!unit_here(low)) return false;
            if (low >= 0xDC00 && low < 0xE000) point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            else at_ = here; // looked at again, as an escape of its own
        }
        if (point >= 0xD800 && point < 0xE000) point = 0xFFFD;
        const auto put = [&](unsigned octet) { strings_ += static_cast<char>(octet); };
        if (point < 0x80) {
            put(point);
        } else if (point < 0x800) {
            put(0xC0 | point >> 6);
            put(0x80 | (point & 0x3F));
        } else if (point < 0x10000) {
            put(0xE0 | point >> 12);
            put(0x80 | (point >> 6 & 0x3F));
            put(0x80 | (point & 0x3F));
        } else {
            put(0xF0 | point >> 18);
            put(0x80 | (point >> 12 & 0x3F));
            put(0x80 | (point >> 6 & 0x3F));
            put(0x80 | (point & 0x3F));
        }
        return true;
    }
    default: return unexpected();
    }
    ++at_;
    return true;
}

CREMA_DECL bool json_scanner::number_here() {
    const std::size_t begin = at_;
    const auto digits = [&] {
        const std::size_t first = at_;
        while (peek() >= '0' && peek() <= '9') ++at_;
        return at_ != first || unexpected();
    };
    if (peek() == '-') ++at_;
    if (peek() == '0') ++at_; // and no digit may follow
    else if (!digits()) return false;
    bool whole = true;
    if (peek() == '.') {
        whole = false;
        ++at_;
        if (!digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
        whole = false;
        ++at_;
        if (peek() == '+' || peek() == '-') ++at_;
        if (!digits()) return false;
    }
    const char* const first = text_.data() + begin;
    const char* const last = text_.data() + at_;
    const auto emit_number = [&](char mark, std::uint64_t bits) {
        emit(mark, 0, begin);
        words_.push_back(bits);
        positions_.push_back(begin);
        return true;
    };
    std::int64_t i = 0;
    if (whole && std::from_chars(first, last, i).ec == std::errc())
        return emit_number('l', static_cast<std::uint64_t>(i));
    std::uint64_t u = 0;
    if (whole && *first != '-' && std::from_chars(first, last, u).ec == std::errc()) return emit_number('u', u);
    double d = 0;
    if (std::from_chars(first, last, d).ec == std::errc::result_out_of_range) {
        // Too large or too small? The exponent of the first digit that is not 0 tells.
        const char* e = std::find_if(first, last, [](char c) { return c == 'e' || c == 'E'; });
        const char* point = std::find(first, e, '.');
        const char* digit = std::find_if(first, e, [](char c) { return c >= '1' && c <= '9'; });
        long long exponent = 0;
        if (e != last) {
            const char* from = e + 1 + (e[1] == '+');
            constexpr long long most = 1ll << 40; // more than there are digits
            if (std::from_chars(from, last, exponent).ec != std::errc() || exponent > most || exponent < -most)
                exponent = *from == '-' ? -most : most;
        }
        d = exponent + (point - digit) > 0 ? std::numeric_limits<double>::infinity() : 0.0;
        if (*first == '-') d = -d;
    }
    return emit_number('d', std::bit_cast<std::uint64_t>(d));
}

} // namespace crema::detail
#endif
