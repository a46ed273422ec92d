// write_file: give a file a content.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/fs/file.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace crema::fs {

/// Configures `write_file`.
struct write_file_options {
    write_mode mode = write_mode::truncate; ///< what happens to the file that is there
    std::uint32_t permissions = 0666;       ///< of a file that is created, less the process' mask
};

/** Write a file, on the pool. `co_await fs::write_file("state.json", text, {.mode = fs::write_mode::replace});`

    @param path The path; copied.
    @param content Its octets; moved or copied in.
    @throws system_error With the path.

    @par Cancellation
    As `offload`. One that has begun is finished.
*/
CREMA_COROUTINE task<> write_file(std::filesystem::path path, std::string content, write_file_options options = {});

/** Write a file at once; blocks. For threads of the pool.

    @throws system_error With the path.
*/
CREMA_DECL void write_file_now(const std::filesystem::path& path, std::string_view content,
                               write_file_options options = {});

} // namespace crema::fs

#if CREMA_BODIES
#include <crema/loop/offload.hpp>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

namespace crema::fs {
namespace detail {

// Beside the file, flushed, renamed onto it, and the directory flushed: a crash leaves the old or the new one.
inline void replace_whole(const std::filesystem::path& path, std::string_view content, std::uint32_t permissions) {
    struct ::stat old;
    const bool exists = ::stat(path.c_str(), &old) == 0;
    auto beside = path;
    std::random_device random;
    file f;
    for (int tries = 0;; ++tries) {
        beside = path;
        beside += "." + std::to_string(random()) + ".tmp";
        try {
            f = file::open_write(beside, write_mode::create_new, permissions);
            break;
        } catch (const system_error& e) {
            if (e.code() != std::errc::file_exists || tries > 100) throw system_error(e.code(), path.string());
        }
    }
    try {
        if (exists && ::fchmod(f.descriptor(), old.st_mode & 07777) != 0) fail(errno, path);
        f.write(content);
        f.flush();
        f.close();
        if (::rename(beside.c_str(), path.c_str()) != 0) fail(errno, path);
    } catch (const system_error& e) {
        ::unlink(beside.c_str());
        throw system_error(e.code(), path.string());
    }
    const auto directory = path.parent_path().empty() ? std::filesystem::path(".") : path.parent_path();
    const int d = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d < 0) return; // not ours to read
    ::fsync(d);
    ::close(d);
}

} // namespace detail

CREMA_DECL void write_file_now(const std::filesystem::path& path, std::string_view content, write_file_options options) {
    if (options.mode == write_mode::replace) return detail::replace_whole(path, content, options.permissions);
    auto f = file::open_write(path, options.mode, options.permissions);
    f.write(content);
    f.close();
}
CREMA_COROUTINE task<> write_file(std::filesystem::path path, std::string content, write_file_options options) {
    co_await offload([&] { write_file_now(path, content, options); });
}

} // namespace crema::fs
#endif
