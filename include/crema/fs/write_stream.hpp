// write_stream: a file written piece by piece.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/fs/file.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace crema::fs {

/// Configures a `write_stream`.
struct write_stream_options {
    write_mode mode = write_mode::truncate; ///< what happens to the file that is there; not `replace`
    std::uint32_t permissions = 0666;       ///< of a file that is created, less the process' mask
    std::size_t buffer = 64 * 1024;         ///< this many octets are gathered before they are written
};

/** Writes a file piece by piece, on the pool.

    @code
    fs::write_stream out(path);
    co_await out.write(piece);
    co_await out.finish();
    @endcode

    What was not finished may be missing in the file.

    @par Thread Safety
    Only on one loop.
*/
class write_stream {
public:
    /// Construct; the file is opened by the first octet that is written, or by `finish`.
    explicit write_stream(std::filesystem::path path, write_stream_options options = {})
        : path_(std::move(path)), options_(options) {}
    write_stream(write_stream&&) noexcept = default;
    write_stream& operator=(write_stream&&) noexcept = default;

    /** Write octets. Goes on inline while they fit into the buffer.

        @param piece Must stay valid until the call has ended.
        @throws system_error With the path; `error::closed` after `finish` or an error.

        @par Cancellation
        As `offload`; what was written so far is unknown then. Calls must not overlap.
    */
    CREMA_COROUTINE task<> write(std::string_view piece);

    /** Write what is left and close the file. Once.

        @throws system_error With the path.
    */
    CREMA_COROUTINE task<> finish();

    /// Returns the path.
    const std::filesystem::path& path() const noexcept { return path_; }
    /// Returns how many octets were given to `write`.
    std::uint64_t written() const noexcept { return written_; }

private:
    void require() const {
        if (closed_) throw system_error(make_error_code(error::closed), path_.string());
    }
    void open_now() {
        if (!file_) file_ = file::open_write(path_, options_.mode, options_.permissions);
    }

    std::filesystem::path path_;
    write_stream_options options_;
    file file_;
    std::string buffer_;
    std::uint64_t written_ = 0;
    bool closed_ = false;
};

} // namespace crema::fs

#if CREMA_BODIES
#include <crema/loop/offload.hpp>

namespace crema::fs {

CREMA_COROUTINE task<> write_stream::write(std::string_view piece) {
    require();
    written_ += piece.size();
    if (buffer_.size() + piece.size() < options_.buffer) {
        buffer_ += piece;
        co_return;
    }
    closed_ = true; // until it has gone well
    co_await offload([this, piece] {
        open_now();
        file_.write(buffer_);
        file_.write(piece);
    });
    buffer_.clear();
    closed_ = false;
}
CREMA_COROUTINE task<> write_stream::finish() {
    require();
    closed_ = true;
    co_await offload([this] {
        open_now();
        file_.write(buffer_);
        file_.close();
    });
    buffer_ = {};
}

} // namespace crema::fs
#endif
