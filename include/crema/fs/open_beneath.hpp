// open_beneath: opens a file below a directory that no link and no `..` leads out of.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/fs/file.hpp>
#include <filesystem>
#include <string_view>

namespace crema::fs {

/** Open a file or directory for reading that lies beneath another directory; blocks. For threads of the pool.

    Links are followed as long as they stay beneath; `..`, absolute links and links that lead out are errors. On Linux the
    kernel watches over that (openat2), elsewhere each step of the way is looked at; what others rename meanwhile cannot lead out
    in either case. A pipe or a device is opened without waiting for its other end.

    @param root The directory; may be reached by any links.
    @param below What lies beneath it, relative. Empty for the directory itself.
    @throws system_error With the path: EXDEV when it would lead out of the directory, ENOENT, EACCES …
*/
CREMA_DECL file open_beneath(const std::filesystem::path& root, std::string_view below);

/** Open a file or directory for reading; blocks. For threads of the pool.

    A pipe or a device is opened without waiting for its other end.

    @throws system_error With the path.
*/
CREMA_DECL file open_without_waiting(const std::filesystem::path& path);

namespace detail {
// The two ways; -1 and errno when they fail. Descriptor of the directory, path below it.
CREMA_DECL int open_beneath_by_kernel(int root, const char* below) noexcept;
CREMA_DECL int open_beneath_by_steps(int root, std::string_view below);
} // namespace detail

} // namespace crema::fs

#if CREMA_BODIES
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>
#include <vector>

namespace crema::fs {
namespace detail {

inline constexpr int read_without_waiting = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

CREMA_DECL int open_beneath_by_kernel([[maybe_unused]] int root, [[maybe_unused]] const char* below) noexcept {
#if defined(__linux__) && defined(SYS_openat2)
    struct {
        std::uint64_t flags = static_cast<std::uint64_t>(read_without_waiting), mode = 0;
        std::uint64_t resolve = 0x08 | 0x02; // beneath, and no links of /proc
    } how;
    for (int tries = 0;; ++tries) {
        const auto fd = ::syscall(SYS_openat2, root, *below ? below : ".", &how, sizeof how);
        if (fd >= 0) return static_cast<int>(fd);
        if (errno != EINTR && (errno != EAGAIN || tries == 100)) return -1; // EAGAIN: something was renamed meanwhile
    }
#else
    errno = ENOSYS;
    return -1;
#endif
}

// A walk with the directories it has entered, so that `..` is one of these and never asked of the file system.
CREMA_DECL int open_beneath_by_steps(int root, std::string_view below) {
    struct stack {
        std::vector<int> open;
        int last = -1;
        ~stack() {
            const int error = errno;
            for (const int fd : open) ::close(fd);
            errno = error;
        }
    } way;
    std::vector<std::string> todo; // the next one last
    const auto push = [&](std::string_view path) {
        for (auto end = path.size();;) {
            const auto slash = path.rfind('/', end == 0 ? 0 : end - 1);
            const auto at = end == 0 || slash == path.npos ? 0 : slash + 1;
            if (const auto part = path.substr(at, end - at); !part.empty() && part != ".") todo.emplace_back(part);
            if (at == 0) return;
            end = at - 1;
        }
    };
    const auto fail = [](int why) {
        errno = why;
        return -1;
    };
    if (below.starts_with('/')) return fail(EXDEV);
    push(below);
    for (int links = 0; !todo.empty();) {
        const auto name = std::move(todo.back());
        todo.pop_back();
        const int here = way.open.empty() ? root : way.open.back();
        if (name == "..") {
            if (way.open.empty()) return fail(EXDEV);
            ::close(here);
            way.open.pop_back();
            continue;
        }
        int fd = -1;
        const int how = todo.empty() ? read_without_waiting : O_RDONLY | O_CLOEXEC | O_DIRECTORY;
        do fd = ::openat(here, name.c_str(), how | O_NOFOLLOW);
        while (fd < 0 && errno == EINTR);
        if (fd >= 0) {
            if (todo.empty()) return fd;
            way.open.push_back(fd);
            continue;
        }
        const int why = errno;
        char target[4096];
        const auto size = ::readlinkat(here, name.c_str(), target, sizeof target);
        if (size < 0) return fail(why); // no link
        if (size == sizeof target) return fail(ENAMETOOLONG);
        if (++links > 40) return fail(ELOOP);
        if (size > 0 && target[0] == '/') return fail(EXDEV);
        push({target, static_cast<std::size_t>(size)});
    }
    return ::openat(way.open.empty() ? root : way.open.back(), ".", read_without_waiting);
}

} // namespace detail

CREMA_DECL file open_without_waiting(const std::filesystem::path& path) {
    int fd = -1;
    do fd = ::open(path.c_str(), detail::read_without_waiting);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) detail::fail(errno, path);
    return file::adopt(fd, path);
}

CREMA_DECL file open_beneath(const std::filesystem::path& root, std::string_view below) {
    static std::atomic<bool> kernel_can{true};
    const auto whole = [&] { return root / below; };
    if (below.find('\0') != below.npos) detail::fail(EINVAL, root);
    if (below.starts_with('/')) detail::fail(EXDEV, root);
    int directory = -1;
    do directory = ::open(root.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    while (directory < 0 && errno == EINTR);
    if (directory < 0) detail::fail(errno, root);
    const file closes = file::adopt(directory, root);
    int fd = -1;
    if (kernel_can.load(std::memory_order_relaxed)) {
        fd = detail::open_beneath_by_kernel(directory, std::string(below).c_str());
        if (fd < 0 && (errno == ENOSYS || errno == EPERM)) kernel_can.store(errno == EPERM, std::memory_order_relaxed);
        else if (fd < 0) detail::fail(errno, whole());
    }
    if (fd < 0) fd = detail::open_beneath_by_steps(directory, below);
    if (fd < 0) detail::fail(errno, whole());
    return file::adopt(fd, whole());
}

} // namespace crema::fs
#endif
