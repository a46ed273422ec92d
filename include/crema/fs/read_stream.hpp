// read_stream: a file piece by piece.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/fs/file.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string_view>

namespace crema::fs {

/// Configures a `read_stream`.
struct read_stream_options {
    std::uint64_t start = 0;                                           ///< offset of the first octet
    std::uint64_t end = std::numeric_limits<std::uint64_t>::max();     ///< offset behind the last octet
    std::size_t piece = 64 * 1024;                                     ///< largest piece, in octets
};

/** Reads a file piece by piece, on the pool.

    @code
    fs::read_stream in(path);
    for (auto piece = co_await in.read(); !piece.empty(); piece = co_await in.read()) co_await res.write(piece);
    @endcode

    @par Thread Safety
    Only on one loop.
*/
class read_stream {
public:
    /// Construct; the file is opened by the first `read` or `open`.
    explicit read_stream(std::filesystem::path path, read_stream_options options = {})
        : path_(std::move(path)), options_(options), at_(options.start) {}
    read_stream(read_stream&&) noexcept = default;
    read_stream& operator=(read_stream&&) noexcept = default;

    /** Open the file, to find out whether it can be read. Does nothing when it is open.

        @throws system_error With the path.
    */
    CREMA_COROUTINE task<> open();

    /** Read the next piece.

        @return The octets, empty at the end; valid until the next call or the end of the stream.
        @throws system_error With the path. After an error, as after the end, nothing more comes.

        @par Cancellation
        As `offload`. Calls must not overlap, and the stream lives until the call has ended.
    */
    CREMA_COROUTINE task<std::string_view> read();

    /// Returns the path.
    const std::filesystem::path& path() const noexcept { return path_; }
    /// Returns the offset of the next octet.
    std::uint64_t offset() const noexcept { return at_; }

private:
    std::filesystem::path path_;
    read_stream_options options_;
    std::uint64_t at_;
    file file_;
    std::unique_ptr<char[]> buffer_;
    bool ended_ = false;
};

} // namespace crema::fs

#if CREMA_BODIES
#include <crema/loop/offload.hpp>
#include <algorithm>

namespace crema::fs {

CREMA_COROUTINE task<> read_stream::open() {
    if (file_ || ended_) co_return;
    co_await offload([this] { file_ = file::open_read(path_); });
}
CREMA_COROUTINE task<std::string_view> read_stream::read() {
    const auto left = options_.end > at_ ? options_.end - at_ : 0;
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left, std::max<std::size_t>(options_.piece, 1)));
    if (ended_ || want == 0) {
        ended_ = true;
        file_ = {};
        co_return std::string_view();
    }
    if (!buffer_) buffer_ = std::make_unique<char[]>(std::max<std::size_t>(options_.piece, 1));
    ended_ = true; // until it has gone well
    const auto n = co_await offload([this, want] {
        if (!file_) file_ = file::open_read(path_);
        return file_.read(at_, buffer_.get(), want);
    });
    ended_ = n == 0;
    if (ended_) file_ = {};
    at_ += n;
    co_return std::string_view(buffer_.get(), n);
}

} // namespace crema::fs
#endif
