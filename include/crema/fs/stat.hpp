// stat: what the file system knows of a path.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/fs/file.hpp>
#include <crema/loop/offload.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>

namespace crema::fs {

/// Holds what the file system knows of a file.
struct file_status {
    std::filesystem::file_type type = std::filesystem::file_type::none; ///< regular, directory …
    std::uint64_t size = 0;                                             ///< octets; 0 for what is no regular file
    std::chrono::sys_time<std::chrono::nanoseconds> modified{};         ///< last change of the content
    std::uint64_t inode = 0;                                            ///< its number on its device
    std::uint64_t device = 0;                                           ///< number of the device
    std::uint32_t mode = 0;                                             ///< permissions, as in `chmod`

    /// Tells whether it is a regular file.
    bool is_file() const noexcept { return type == std::filesystem::file_type::regular; }
    /// Tells whether it is a directory.
    bool is_directory() const noexcept { return type == std::filesystem::file_type::directory; }
};

/** Ask for the status of a file, on the pool. Symbolic links are followed.

    @param path The path; copied.
    @throws system_error With the path, when there is no such file or it cannot be reached.

    @par Cancellation
    As `offload`.
*/
CREMA_COROUTINE task<file_status> stat(std::filesystem::path path);

/** Ask for the status of a file at once; blocks. For threads of the pool.

    @throws system_error With the path.
*/
CREMA_DECL file_status stat_now(const std::filesystem::path& path);

/** Ask for the status of an open file; hardly ever blocks.

    @throws system_error With the path.
*/
CREMA_DECL file_status stat_now(const file& f);

} // namespace crema::fs

#if CREMA_BODIES
#include <cerrno>
#include <sys/stat.h>

namespace crema::fs {
namespace detail {

inline file_status status_of(const struct ::stat& s) noexcept {
    using std::filesystem::file_type;
    file_status r;
    r.type = S_ISREG(s.st_mode)    ? file_type::regular
             : S_ISDIR(s.st_mode)  ? file_type::directory
             : S_ISCHR(s.st_mode)  ? file_type::character
             : S_ISBLK(s.st_mode)  ? file_type::block
             : S_ISFIFO(s.st_mode) ? file_type::fifo
             : S_ISSOCK(s.st_mode) ? file_type::socket
                                   : file_type::unknown;
    r.size = S_ISREG(s.st_mode) ? static_cast<std::uint64_t>(s.st_size) : 0;
#if defined(__APPLE__)
    const auto& m = s.st_mtimespec;
#else
    const auto& m = s.st_mtim;
#endif
    r.modified = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::seconds(m.tv_sec) +
                                                                 std::chrono::nanoseconds(m.tv_nsec));
    r.inode = s.st_ino;
    r.device = s.st_dev;
    r.mode = s.st_mode & 07777;
    return r;
}

} // namespace detail

CREMA_DECL file_status stat_now(const std::filesystem::path& path) {
    struct ::stat s;
    if (::stat(path.c_str(), &s) != 0) detail::fail(errno, path);
    return detail::status_of(s);
}
CREMA_DECL file_status stat_now(const file& f) {
    struct ::stat s;
    if (::fstat(f.descriptor(), &s) != 0) detail::fail(errno, f.path());
    return detail::status_of(s);
}
CREMA_COROUTINE task<file_status> stat(std::filesystem::path path) {
    co_return co_await offload([&path] { return stat_now(path); });
}

} // namespace crema::fs
#endif
