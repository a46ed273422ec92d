// The writer: JSON text piece by piece into a string or another sink, as JSON.stringify spells it.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace crema::json {

class writer;

/// Says how JSON is written.
struct write_options {
    int spaces = 0; ///< indent by so many spaces, at most 10; 0 writes no white space
    std::string_view
        indent{};        ///< indent by this text instead, of which 10 octets count; has to live until all is written
    bool escape = false; ///< write `<`, `>` and `&` as `\u003c`, `\u003e`, `\u0026`, for text inside of HTML
    bool keep_empty = false; ///< write a member that is an empty `std::optional` as null instead of leaving it out
};

/// Is a thing that takes text: `std::string`, or any class with `append(const char*, std::size_t)`.
template <class S>
concept sink = requires(S& s, const char* text, std::size_t size) { s.append(text, size); };

} // namespace crema::json

namespace crema::detail {

template <class T>
void put_json(json::writer& w, const T& v); // in write.hpp

// Octets, numbers and strings, through a small buffer; knows no structure.
class json_text {
public:
    static constexpr std::size_t room = 2048;
    static constexpr std::size_t piece = 128; // of a string

    template <json::sink S>
    json_text(S& sink, const json::write_options& o) noexcept
        : sink_(&sink), append_([](void* s, const char* text, std::size_t n) { static_cast<S*>(s)->append(text, n); }),
          options_(o), plain_(o.spaces <= 0 && o.indent.empty() && !o.escape) {}
    json_text(const json_text&) = delete;
    json_text& operator=(const json_text&) = delete;

    // Neither indented nor escaped for HTML: what is ready-made may be copied.
    bool plain() const noexcept { return plain_; }
    const json::write_options& options() const noexcept { return options_; }

    // Makes room for n octets, at most `room`.
    CREMA_FORCEINLINE void reserve(std::size_t n) {
        if (static_cast<std::size_t>(buffer_ + room - at_) < n) [[unlikely]]
            flush();
    }
    CREMA_FORCEINLINE void put(char c) {
        reserve(1);
        *at_++ = c;
    }
    // Copies n octets, n known at compile time and small.
    CREMA_FORCEINLINE char* copy(const char* text, std::size_t n) {
        reserve(n);
        char* here = at_;
        std::memcpy(here, text, n);
        at_ = here + n;
        return here;
    }
    void text(std::string_view s);
    template <class I>
    CREMA_FORCEINLINE void integer(I i) {
        if (std::is_unsigned_v<I> ? i < I(10) : (i >= I(0) && i < I(10)))
            return put(static_cast<char>('0' + static_cast<int>(i)));
        if constexpr (std::is_signed_v<I>) whole(static_cast<std::int64_t>(i));
        else whole(static_cast<std::uint64_t>(i));
    }
    void whole(std::int64_t i);
    void whole(std::uint64_t i);
    void number(double v);
    void number(float v);
    void string(std::string_view s);
    void string_slowly(std::string_view s);
    void flush();

    // Structure for the readers of white space.
    void open(char c) {
        put(c);
        ++depth_;
    }
    CREMA_FORCEINLINE void separate(bool first) {
        if (!first) put(',');
        if (!plain_) [[unlikely]]
            new_line();
    }
    void close(char c, bool empty) {
        --depth_;
        if (!plain_ && !empty) new_line();
        put(c);
    }
    void colon() {
        put(':');
        if (!plain_ && indented()) put(' ');
    }

private:
    bool indented() const noexcept { return options_.spaces > 0 || !options_.indent.empty(); }
    void new_line();
    template <class F>
    void shortest(F v);
    template <class F>
    bool short_decimal(F v);
    bool copy_clean(char* to, const char* from, std::size_t n) noexcept;
    const char* escape(const char* p, const char* end);
    const char* block(const char* p, const char* stop, const char* end);

    char* at_ = buffer_;
    void* sink_;
    void (*append_)(void*, const char*, std::size_t);
    json::write_options options_;
    unsigned depth_ = 0;
    bool plain_;
    char buffer_[room]; // not initialised
};

} // namespace crema::detail

namespace crema::json {

/** Writes one JSON text, piece by piece. For hooks of your own types and for answers that are made while they are sent.

    It cares for commas and white space. What it cannot care for is yours: each `begin_` has its `end_`, a name comes
    before each member's value, and the last thing is `finish()`.
    @code
    std::string out;
    json::writer w(out);
    w.begin_object();
    w.member("id", 7);
    w.key("tags");
    w.value(tags);
    w.end_object();
    w.finish();                    // {"id":7,"tags":["a","b"]}
    @endcode
    A type of yours is written by a function `void to_json(crema::json::writer&, const T&)` in its namespace, which
    writes exactly one value.

    Text goes to the sink in pieces of up to 2 KiB; nothing is allocated besides what the sink does.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.

    @see RFC 8259; ECMAScript JSON.stringify, whose numbers, escapes and white space these are
*/
class writer : public detail::json_text {
public:
    /// Construct over a sink, which has to live as long. `options.indent` is not copied.
    template <sink S>
    explicit writer(S& s, const write_options& o = {}) noexcept : json_text(s, o) {}

    /// Begins an object.
    void begin_object() { begin('{'); }
    /// Ends it.
    void end_object() { end('}'); }
    /// Begins an array.
    void begin_array() { begin('['); }
    /// Ends it.
    void end_array() { end(']'); }
    /// Writes the name of a member; its value comes next.
    void key(std::string_view name) {
        separate(first_);
        string(name);
        colon();
        ready_ = true;
    }
    /// Writes a value: an element, what belongs to the last name, or the whole text.
    template <class T>
    void value(const T& v) {
        lead();
        detail::put_json(*this, v);
        first_ = false;
    }
    /// Writes a name and its value.
    template <class T>
    void member(std::string_view name, const T& v) {
        key(name);
        value(v);
    }
    /// Writes a value that is JSON already; it is not looked at.
    void raw(std::string_view json) {
        lead();
        text(json);
        first_ = false;
    }
    /// Hands what is still buffered to the sink. @throws what the sink throws
    void finish() { flush(); }

    // Lets a hook write the value that belongs here; null when it writes none.
    template <class F>
    void hooked(F&& write) {
        ready_ = true;
        write();
        if (ready_) raw("null");
    }

private:
    void lead() {
        if (!ready_) separate(first_);
        ready_ = false;
    }
    void begin(char c) {
        lead();
        open(c);
        first_ = true;
    }
    void end(char c) {
        close(c, first_);
        first_ = false;
    }

    bool ready_ = true; // a value may come right here
    bool first_ = true; // nothing was written on this level
};

} // namespace crema::json

#if CREMA_BODIES
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <crema/core/text.hpp>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace crema::detail {

CREMA_NOINLINE CREMA_DECL void json_text::flush() {
    append_(sink_, buffer_, static_cast<std::size_t>(at_ - buffer_));
    at_ = buffer_;
}

CREMA_DECL void json_text::text(std::string_view s) {
    if (s.size() > room / 2) {
        flush();
        append_(sink_, s.data(), s.size());
    } else if (!s.empty()) {
        copy(s.data(), s.size());
    }
}

CREMA_DECL void json_text::new_line() {
    if (!indented()) return;
    put('\n');
    const std::string_view by =
        options_.indent.empty()
            ? std::string_view("          ", static_cast<std::size_t>(std::min(options_.spaces, 10)))
            : options_.indent.substr(0, 10);
    for (unsigned i = 0; i < depth_; ++i) text(by);
}

CREMA_DECL void json_text::whole(std::uint64_t i) {
    reserve(24);
    if (i >= 100) {
        at_ = std::to_chars(at_, at_ + 24, i).ptr;
        return;
    }
    const unsigned u = static_cast<unsigned>(i);
    if (u >= 10) *at_++ = static_cast<char>('0' + u / 10);
    *at_++ = static_cast<char>('0' + u % 10);
}
CREMA_DECL void json_text::whole(std::int64_t i) {
    if (i < 0) put('-');
    whole(i < 0 ? std::uint64_t(0) - static_cast<std::uint64_t>(i) : static_cast<std::uint64_t>(i));
}

// Writes what has few digits behind the point, which is most of what people write: when n / 10^k, two exact numbers
// divided,
// gives v again, and n has no more digits than any decimal survives with, no other decimal that short gives v.
template <class F>
bool json_text::short_decimal(F v) {
    constexpr F powers[] = {F(1e1), F(1e2), F(1e3), F(1e4), F(1e5), F(1e6), F(1e7)}; // exact in float too
    constexpr F most = sizeof(F) == sizeof(double) ? F(1e15) : F(1e6);
    const F positive = std::abs(v);
    if (positive < F(1e-6)) return false; // written with an exponent
    for (std::size_t k = 0; k != std::size(powers); ++k) {
        const F scaled = positive * powers[k];
        if (scaled >= most) return false;
        const auto n = static_cast<std::int64_t>(scaled + F(0.5));
        if (n == 0 || static_cast<F>(n) / powers[k] != positive) continue;
        if (v < 0) put('-');
        constexpr std::int64_t whole_powers[] = {10, 100, 1000, 10000, 100000, 1000000, 10000000};
        whole(n / whole_powers[k]);
        reserve(24);
        auto rest = static_cast<unsigned>(n % whole_powers[k]);
        *at_ = '.';
        for (std::size_t i = k + 1; i > 0; --i, rest /= 10) at_[i] = static_cast<char>('0' + rest % 10);
        at_ += k + 2;
        return true;
    }
    return false;
}

// Number::toString of ECMAScript, except that float keeps to the digits that a float needs.
template <class F>
void json_text::shortest(F v) {
    if (!std::isfinite(v)) {
        copy("null", 4);
        return;
    }
    if (std::abs(v) < F(1e15) && v == static_cast<F>(static_cast<std::int64_t>(v))) {
        integer(static_cast<std::int64_t>(v)); // and -0 is 0
        return;
    }
    if (short_decimal(v)) return;
    char digits[40]; // d.ddde-308
    const char* end = std::to_chars(digits, digits + sizeof digits, v, std::chars_format::scientific).ptr;
    reserve(40);
    char* out = at_;
    char* from = digits;
    if (*from == '-') *out++ = *from++;
    char* mantissa_end = from + 1;
    int k = 1;
    if (*mantissa_end == '.') {
        mantissa_end[0] = from[0]; // the digits in one piece, from the second place
        ++from;
        while (*++mantissa_end != 'e') ++k;
    }
    const char* e = mantissa_end + 1;
    const bool negative = *e == '-';
    int n = 0;
    std::from_chars(e + 1, end, n);
    n = (negative ? -n : n) + 1; // 0.ddd × 10^n
    const auto put_digits = [&](int first, int last) { out = std::copy(from + first, from + last, out); };
    const auto put_zeros = [&](int count) { out = std::fill_n(out, count, '0'); };
    if (k <= n && n <= 21) {
        put_digits(0, k);
        put_zeros(n - k);
    } else if (0 < n && n <= 21) {
        put_digits(0, n);
        *out++ = '.';
        put_digits(n, k);
    } else if (-6 < n && n <= 0) {
        *out++ = '0';
        *out++ = '.';
        put_zeros(-n);
        put_digits(0, k);
    } else {
        put_digits(0, 1);
        if (k > 1) {
            *out++ = '.';
            put_digits(1, k);
        }
        *out++ = 'e';
        *out++ = n > 0 ? '+' : '-';
        out = std::to_chars(out, out + 4, std::abs(n - 1)).ptr;
    }
    at_ = out;
}

CREMA_DECL void json_text::number(double v) { shortest(v); }
CREMA_DECL void json_text::number(float v) { shortest(v); }

// Writes what stands at p and cannot be copied as it is, or a run of it. Six octets for each at most.
CREMA_NOINLINE CREMA_DECL const char* json_text::escape(const char* p, const char* end) {
    const unsigned char c = static_cast<unsigned char>(*p);
    if (c >= 0x80) {
        const std::string_view rest(p, static_cast<std::size_t>(end - p));
        const std::size_t n = utf8_length(rest);
        if (n == 0) {
            std::memcpy(at_, "\xEF\xBF\xBD", 3);
            at_ += 3;
            return p + utf8_broken_length(rest);
        }
        for (std::size_t i = 0; i < n; ++i) *at_++ = *p++;
        return p;
    }
    *at_++ = '\\';
    switch (c) {
    case '"':
    case '\\': *at_++ = static_cast<char>(c); break;
    case '\b': *at_++ = 'b'; break;
    case '\f': *at_++ = 'f'; break;
    case '\n': *at_++ = 'n'; break;
    case '\r': *at_++ = 'r'; break;
    case '\t': *at_++ = 't'; break;
    default:
        std::memcpy(at_, "u00", 3);
        at_[3] = "0123456789abcdef"[c >> 4];
        at_[4] = "0123456789abcdef"[c & 15];
        at_ += 5;
    }
    return p + 1;
}

// Writes what stands from p to stop; there is room for six octets for each and 16 more.
CREMA_DECL const char* json_text::block(const char* p, const char* stop, const char* end) {
    if (options_.escape || std::endian::native != std::endian::little) {
        while (p < stop) {
            const char c = *p;
            const bool html = options_.escape && (c == '<' || c == '>' || c == '&');
            if (html || static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' ||
                static_cast<unsigned char>(c) >= 0x80)
                p = escape(p, end);
            else *at_++ = *p++;
        }
        return p;
    }
#if defined(__SSE2__)
    while (stop - p >= 16) {
        const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(at_), x);
        const __m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20)); // signed: what is 0x80 and above too
        const __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
        const __m128i slash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
        const auto bad = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(low, quote), slash)));
        const int n = bad ? std::countr_zero(bad) : 16;
        p += n;
        at_ += n;
        if (bad) p = escape(p, end);
    }
#endif
    constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    const auto zero_octets = [](std::uint64_t y) { return (y - ones) & ~y & tops; }; // exact up to the first one
    while (p < stop) {
        const auto left = static_cast<std::size_t>(stop - p);
        std::uint64_t x;
        if (left >= 8) {
            std::memcpy(&x, p, 8);
        } else if (left >= 4) {
            std::uint32_t first, last; // they overlap
            std::memcpy(&first, p, 4);
            std::memcpy(&last, p + left - 4, 4);
            x = first | static_cast<std::uint64_t>(last) << (left - 4) * 8 |
                (ones << 5) << left * 8; // and spaces behind
        } else {
            const auto at = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])); };
            x = at(0) | at(left / 2) << (left / 2) * 8 | at(left - 1) << (left - 1) * 8 | (ones << 5) << left * 8;
        }
        std::memcpy(at_, &x, 8);
        const std::uint64_t bad =
            ((x - (ones << 5)) & ~x & tops) | zero_octets(x ^ ones * '"') | zero_octets(x ^ ones * '\\') | (x & tops);
        const std::size_t n =
            bad ? static_cast<std::size_t>(std::countr_zero(bad)) / 8 : std::min<std::size_t>(left, 8);
        p += n;
        at_ += n;
        if (bad) p = escape(p, end);
    }
    return p;
}

// Copies n octets and tells whether all of them may stand in a string as they are.
CREMA_DECL bool json_text::copy_clean(char* to, const char* from, std::size_t n) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    const auto zero_octets = [](std::uint64_t y) { return (y - ones) & ~y & tops; };
    const auto clean = [&](std::uint64_t x) {
        return (((x - (ones << 5)) & ~x & tops) | zero_octets(x ^ ones * '"') | zero_octets(x ^ ones * '\\') |
                (x & tops)) == 0;
    };
    const auto copy = [&]<class W>(W& w, std::size_t i) {
        std::memcpy(&w, from + i, sizeof w);
        std::memcpy(to + i, &w, sizeof w);
    };
#if defined(__SSE2__)
    const auto bad = [](__m128i x) {
        return _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(x, _mm_set1_epi8(0x20)), _mm_cmpeq_epi8(x, _mm_set1_epi8('"'))),
                            _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    };
    if (n >= 16) {
        __m128i x, all = _mm_setzero_si128();
        for (std::size_t i = 0; i + 16 < n; i += 16) {
            copy(x, i);
            all = _mm_or_si128(all, bad(x));
        }
        copy(x, n - 16);
        return _mm_movemask_epi8(_mm_or_si128(all, bad(x))) == 0;
    }
    if (n >= 8) {
        long long first, last; // they overlap
        copy(first, 0);
        copy(last, n - 8);
        return _mm_movemask_epi8(bad(_mm_set_epi64x(last, first))) == 0;
    }
#else
    if (n >= 8) {
        std::uint64_t x;
        bool fine = true;
        for (std::size_t i = 0; i + 8 < n; i += 8) {
            copy(x, i);
            fine &= clean(x);
        }
        copy(x, n - 8);
        return fine & clean(x);
    }
#endif
    if (n >= 4) {
        std::uint32_t first, last;
        copy(first, 0);
        copy(last, n - 4);
        return clean(first | static_cast<std::uint64_t>(last) << 32);
    }
    std::uint64_t x = ones << 5;
    for (std::size_t i = 0; i < n; ++i) x = x << 8 | static_cast<unsigned char>(to[i] = from[i]);
    return clean(x);
}

CREMA_DECL void json_text::string(std::string_view s) {
    static_assert(piece * 6 + 18 <= room);
    if (s.size() <= piece) {
        reserve(s.size() * 6 + 18);
        char* const to = at_ + 1;
        to[-1] = '"';
        if (!options_.escape && copy_clean(to, s.data(), s.size())) [[likely]] {
            to[s.size()] = '"';
            at_ = to + s.size() + 1;
            return;
        }
    }
    string_slowly(s);
}

CREMA_NOINLINE CREMA_DECL void json_text::string_slowly(std::string_view s) {
    const char* p = s.data();
    const char* const end = p + s.size();
    put('"');
    while (p < end) {
        reserve(piece * 6 + 16);
        p = block(p, static_cast<std::size_t>(end - p) > piece ? p + piece : end, end);
    }
    put('"');
}

} // namespace crema::detail
#endif
