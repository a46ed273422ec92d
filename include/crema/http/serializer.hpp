// Serializer: writes the heads of responses, and chunks, into a buffer that grows and is used again.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/copy.hpp>
#include <crema/http/chunked.hpp>
#include <crema/http/status.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace crema::http {

/** Holds octets that wait to be sent: appended at the end, consumed from the front.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class output_buffer {
public:
    output_buffer() noexcept = default;
    output_buffer(output_buffer&& other) noexcept { swap(other); }
    output_buffer& operator=(output_buffer&& other) noexcept {
        output_buffer(std::move(other)).swap(*this);
        return *this;
    }
    /// Exchanges contents and room.
    void swap(output_buffer& other) noexcept {
        std::swap(room_, other.room_);
        std::swap(begin_, other.begin_);
        std::swap(end_, other.end_);
        std::swap(capacity_, other.capacity_);
    }

    /** Make room for `size` more octets behind the contents.

        @return Where they go; tell with `commit` how many were written. Views of the contents end.
        @throws std::bad_alloc
    */
    char* prepare(std::size_t size) {
        if (size > capacity_ - end_) [[unlikely]] grow(size);
        return room_.get() + end_;
    }
    /// Adds octets that were written where `prepare` said.
    void commit(std::size_t size) noexcept { end_ += size; }
    /// Adds a copy of the octets.
    void append(std::string_view octets) {
        if (octets.empty()) return;
        std::memcpy(prepare(octets.size()), octets.data(), octets.size());
        end_ += octets.size();
    }
    /// Removes octets from the front. @param size At most `size()`.
    void consume(std::size_t size) noexcept {
        begin_ += size;
        if (begin_ == end_) begin_ = end_ = 0;
    }
    /// Removes octets from the end, down to a size that was there before.
    void truncate(std::size_t size) noexcept { end_ = begin_ + size; }
    /// Returns the contents; valid until the next change.
    std::string_view view() const noexcept { return {room_.get() + begin_, end_ - begin_}; }
    /// Returns where the contents begin.
    const char* data() const noexcept { return room_.get() + begin_; }
    /// Counts the octets.
    std::size_t size() const noexcept { return end_ - begin_; }
    /// Tells whether there are none.
    bool empty() const noexcept { return begin_ == end_; }
    /// Counts the octets there is room for in all.
    std::size_t capacity() const noexcept { return capacity_; }
    /// Removes all octets; keeps the room.
    void clear() noexcept { begin_ = end_ = 0; }
    /// Removes all octets and gives the room back.
    void release() noexcept {
        room_.reset();
        begin_ = end_ = capacity_ = 0;
    }

private:
    inline void grow(std::size_t size);
    std::unique_ptr<char[]> room_;
    std::size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

/// Tells which Connection field a response gets.
enum class connection_field : std::uint8_t {
    none,       ///< none: HTTP/1.1 goes on by default
    close,      ///< `Connection: close`
    keep_alive, ///< `Connection: keep-alive`, for clients of HTTP/1.0
};

/// Tells how the end of a response body is found.
enum class body_framing : std::uint8_t {
    none,    ///< nothing is said: there is no body, or it ends with the connection
    length,  ///< `Content-Length`
    chunked, ///< `Transfer-Encoding: chunked`
};

/// Describes the parts of a response head.
struct response_head {
    int status = 200;                                  ///< 100 to 999
    std::string_view reason{};                         ///< empty: the standard phrase; must be a valid field value
    std::string_view fields{};                         ///< ready lines, each with CRLF
    std::string_view date_line{};                      ///< `date_cache::line()`, or empty for none
    connection_field connection = connection_field::none; ///< which Connection field
    body_framing framing = body_framing::none;         ///< how the body ends
    std::uint64_t length = 0;                          ///< of the body, for `body_framing::length`
};

/** Write the head of a response, with the empty line at its end.

    The parts are written as they are: the caller has checked them (`valid_field_value`).

    @param out Appended to.
    @param head The parts.
    @param body Octets that follow at once, to spare a second growth; may be empty.
    @throws std::bad_alloc
*/
inline void write_response(output_buffer& out, const response_head& head, std::string_view body = {});

/// Writes a chunk. @param data Its data; nothing is written when empty, since that would end the body.
inline void write_chunk(output_buffer& out, std::string_view data) {
    if (data.empty()) return;
    char* p = out.prepare(data.size() + 20);
    auto n = write_chunk_head(p, data.size());
    std::memcpy(p + n, data.data(), data.size());
    n += data.size();
    p[n] = '\r';
    p[n + 1] = '\n';
    out.commit(n + 2);
}

/// Ends a chunked body. @param trailers Ready lines, each with CRLF; may be empty.
inline void write_last_chunk(output_buffer& out, std::string_view trailers = {}) {
    char* p = put_literal(out.prepare(trailers.size() + 5), "0\r\n");
    put_literal(put_text(p, trailers), "\r\n");
    out.commit(trailers.size() + 5);
}

/** Write a number in decimal digits.

    @param out Room for 20 octets.
    @return Behind the last digit.
*/
inline char* write_decimal(char* out, std::uint64_t value) noexcept {
    char digits[20];
    char* p = digits + 20;
    while (value >= 10) {
        *--p = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    *--p = static_cast<char>('0' + value);
    return put_text(out, {p, static_cast<std::size_t>(digits + 20 - p)});
}

namespace detail {

CREMA_FORCEINLINE void put_response(output_buffer& out, const response_head& head, std::string_view body) {
    constexpr char close[] = "Connection: close\r\n", keep[] = "Connection: keep-alive\r\n",
                   chunked[] = "Transfer-Encoding: chunked\r\n", length[] = "Content-Length: ";
    constexpr std::size_t most = 13 + 2 + sizeof keep + sizeof chunked + sizeof length + 22 + 2 + 64; // 64: the longest phrase
    char* const begin =
        out.prepare(most + head.reason.size() + head.fields.size() + head.date_line.size() + body.size());
    char* p = begin;
    if (head.status == 200 && head.reason.empty()) [[likely]] {
        p = put_literal(p, "HTTP/1.1 200 OK\r\n");
    } else if (const auto line = status_line(head.status); head.reason.empty() && !line.empty()) {
        p = put_text(p, line);
    } else {
        p = put_literal(p, "HTTP/1.1 ");
        p = write_decimal(p, static_cast<unsigned>(head.status));
        *p++ = ' '; // stays also when there is no phrase
        p = put_text(p, head.reason);
        p = put_literal(p, "\r\n");
    }
    p = put_text(p, head.fields);
    p = put_text(p, head.date_line);
    if (head.framing == body_framing::length) {
        p = put_literal(p, length);
        if (head.length < 100) { // both digits are written, one may be overwritten
            const auto n = static_cast<unsigned>(head.length), tens = n / 10;
            p[0] = static_cast<char>('0' + tens);
            p += tens != 0;
            *p++ = static_cast<char>('0' + n % 10);
        } else {
            p = write_decimal(p, head.length);
        }
        p = put_literal(p, "\r\n");
    } else if (head.framing == body_framing::chunked) {
        p = put_literal(p, chunked);
    }
    if (head.connection != connection_field::none) [[unlikely]]
        p = head.connection == connection_field::close ? put_literal(p, close) : put_literal(p, keep);
    p = put_literal(p, "\r\n");
    p = put_text(p, body);
    out.commit(static_cast<std::size_t>(p - begin));
}

} // namespace detail

inline void write_response(output_buffer& out, const response_head& head, std::string_view body) {
    detail::put_response(out, head, body);
}

inline void output_buffer::grow(std::size_t size) {
    const auto used = end_ - begin_;
    if (begin_ != 0 && size <= capacity_ - used && begin_ >= capacity_ / 2) { // move to the front
        std::memmove(room_.get(), room_.get() + begin_, used);
    } else {
        if (size > static_cast<std::size_t>(-1) / 2 - used) throw std::bad_alloc();
        auto wanted = capacity_ < 512 ? std::size_t{1024} : capacity_ * 2;
        if (wanted < used + size) wanted = used + size;
        auto more = std::make_unique_for_overwrite<char[]>(wanted);
        if (used != 0) std::memcpy(more.get(), room_.get() + begin_, used);
        room_ = std::move(more);
        capacity_ = wanted;
    }
    begin_ = 0;
    end_ = used;
}

} // namespace crema::http
