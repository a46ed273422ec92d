// file: an open file with blocking operations, for threads of the pool; its errors carry the path.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/core/error.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

namespace crema::fs {

/// Says how a file is opened for writing.
enum class write_mode : unsigned char {
    truncate,   ///< created, or emptied first
    append,     ///< created, or written to at its end
    create_new, ///< created; it is an error when it exists
    replace,    ///< written beside it under another name, flushed to the disk and put in its place: all or nothing
};

/** Is an open file. All operations block: for threads of the pool (`offload`).

    @par Errors
    Every function throws `system_error` with the path.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class file {
public:
    /// Construct closed.
    file() noexcept = default;
    file(file&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
    file& operator=(file&& other) noexcept {
        std::swap(fd_, other.fd_);
        std::swap(path_, other.path_);
        return *this;
    }
    CREMA_DECL ~file();

    /// Opens a file for reading. A directory is refused.
    CREMA_DECL static file open_read(const std::filesystem::path& path);
    /** Open a file for writing.

        @param mode `replace` is not for single files: see `write_file`.
        @param permissions Of a file that is created, less the process' mask.
    */
    CREMA_DECL static file open_write(const std::filesystem::path& path, write_mode mode, std::uint32_t permissions = 0666);

    /// Takes over a descriptor. @param path For the texts of errors.
    static file adopt(int descriptor, std::filesystem::path path) {
        file f;
        f.fd_ = descriptor;
        f.path_ = std::move(path);
        return f;
    }

    /// Tells whether it is open.
    explicit operator bool() const noexcept { return fd_ >= 0; }
    /// Returns the path it was opened by.
    const std::filesystem::path& path() const noexcept { return path_; }
    /// Returns the descriptor, -1 when closed.
    int descriptor() const noexcept { return fd_; }
    /// Returns the size now, in octets.
    CREMA_DECL std::uint64_t size() const;
    /// Reads up to `size` octets at `offset`. @return How many, 0 at the end only.
    CREMA_DECL std::size_t read(std::uint64_t offset, char* into, std::size_t size) const;
    /// Writes all of it where the last write ended, or at the end for `append`.
    CREMA_DECL void write(std::string_view data);
    /// Waits until the disk has it.
    CREMA_DECL void flush();
    /// Closes it and reports what could not be written.
    CREMA_DECL void close();

private:
    int fd_ = -1;
    std::filesystem::path path_;
};

namespace detail {
// Throws system_error with errno's value and the path.
[[noreturn]] CREMA_DECL void fail(int code, const std::filesystem::path& path);
} // namespace detail

} // namespace crema::fs

#if CREMA_BODIES
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace crema::fs {
namespace detail {

CREMA_DECL void fail(int code, const std::filesystem::path& path) {
    throw system_error(std::error_code(code, std::system_category()), path.string());
}
// One system call moves no more than this.
inline constexpr std::size_t largest_transfer = 1u << 30;

} // namespace detail

CREMA_DECL file::~file() {
    if (fd_ >= 0) ::close(fd_);
}
CREMA_DECL file file::open_read(const std::filesystem::path& path) {
    file f;
    f.path_ = path;
    do f.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    while (f.fd_ < 0 && errno == EINTR);
    if (f.fd_ < 0) detail::fail(errno, path);
    struct ::stat s;
    if (::fstat(f.fd_, &s) != 0) detail::fail(errno, path);
    if (S_ISDIR(s.st_mode)) detail::fail(EISDIR, path);
    return f;
}
CREMA_DECL file file::open_write(const std::filesystem::path& path, write_mode mode, std::uint32_t permissions) {
    const int how = mode == write_mode::append       ? O_APPEND
                    : mode == write_mode::create_new ? O_EXCL
                                                     : O_TRUNC;
    file f;
    f.path_ = path;
    do f.fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | how, static_cast<mode_t>(permissions));
    while (f.fd_ < 0 && errno == EINTR);
    if (f.fd_ < 0) detail::fail(errno, path);
    return f;
}
CREMA_DECL std::uint64_t file::size() const {
    struct ::stat s;
    if (::fstat(fd_, &s) != 0) detail::fail(errno, path_);
    return static_cast<std::uint64_t>(s.st_size);
}
CREMA_DECL std::size_t file::read(std::uint64_t offset, char* into, std::size_t size) const {
    for (;;) {
        auto n = ::pread(fd_, into, std::min(size, detail::largest_transfer), static_cast<off_t>(offset));
        if (n < 0 && errno == ESPIPE) n = ::read(fd_, into, std::min(size, detail::largest_transfer)); // a pipe
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno != EINTR) detail::fail(errno, path_);
    }
}
CREMA_DECL void file::write(std::string_view data) {
    while (!data.empty()) {
        const auto n = ::write(fd_, data.data(), std::min(data.size(), detail::largest_transfer));
        if (n >= 0) data.remove_prefix(static_cast<std::size_t>(n));
        else if (errno != EINTR) detail::fail(errno, path_);
    }
}
CREMA_DECL void file::flush() {
    if (::fsync(fd_) != 0) detail::fail(errno, path_);
}
CREMA_DECL void file::close() {
    const int fd = std::exchange(fd_, -1);
    if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) detail::fail(errno, path_);
}

} // namespace crema::fs
#endif
