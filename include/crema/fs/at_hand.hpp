// at_hand: opens and reads files whose names and octets the kernel has in memory, without ever waiting for a disk.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/fs/file.hpp>
#include <crema/fs/stat.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace crema::fs {

/** Open a file or directory for reading if that takes no waiting; for the loop's own thread.

    On Linux the kernel looks the names up among those it has in memory (openat2 with RESOLVE_CACHED). Where it would have to ask
    a disk or a network, nothing is opened: then `open_beneath` or `open_without_waiting` do it, on the pool.

    @param root The directory that nothing may lead out of, as for `open_beneath`; empty when there is none.
    @param below The path below it, or the whole path when there is no root.
    @return The file; nothing when it might have to wait, always so on other systems.
    @throws system_error With the path, as `open_beneath`.
*/
CREMA_DECL std::optional<file> open_at_hand(const std::filesystem::path& root, std::string_view below);

/** Read what is in memory of an open file; for the loop's own thread.

    @return How many octets, fewer than asked for when the rest has to come from a disk; 0 at the end of the file. Nothing when the
    first octet has to, or when it cannot be told: then `file::read`, on the pool.
    @throws system_error With the path.
*/
CREMA_DECL std::optional<std::size_t> read_at_hand(const file& f, std::uint64_t offset, char* into, std::size_t size);

/** Tell whether octets of an open file are in memory; for the loop's own thread. What is may go again: a guess that hardly ever
    fails.

    Linux 6.5 and newer know of each page; older ones are asked for the first and the last octet.
*/
CREMA_DECL bool is_at_hand(const file& f, std::uint64_t offset, std::size_t size) noexcept;

/** Tell the same of a file that is sent again and again: what was found in memory is believed for half a second, as asking
    costs a tenth of sending.

    @param s Its status, which says which file it is.
*/
CREMA_DECL bool is_at_hand(const file& f, const file_status& s, std::uint64_t offset, std::size_t size) noexcept;

} // namespace crema::fs

#if CREMA_BODIES
#include <crema/fs/open_beneath.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <iterator>
#include <string>
#include <sys/uio.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace crema::fs {
namespace detail {

// -1 and errno; EAGAIN when it would have to wait, or cannot be told.
inline int openat_at_hand([[maybe_unused]] int directory, [[maybe_unused]] const char* path,
                          [[maybe_unused]] int flags, [[maybe_unused]] std::uint64_t resolve) noexcept {
#if defined(__linux__) && defined(SYS_openat2)
    static std::atomic<bool> kernel_can{true}; // 5.12 and newer, and no filter of system calls that forbids it
    if (kernel_can.load(std::memory_order_relaxed)) {
        struct {
            std::uint64_t flags, mode, resolve;
        } how{static_cast<std::uint64_t>(flags), 0, resolve | 0x20}; // cached
        const auto fd = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (fd >= 0) return static_cast<int>(fd);
        if (errno != ENOSYS && errno != EINVAL && errno != EPERM) {
            if (errno == EINTR) errno = EAGAIN;
            return -1;
        }
        kernel_can.store(errno == EPERM, std::memory_order_relaxed);
    }
#endif
    errno = EAGAIN;
    return -1;
}

} // namespace detail

CREMA_DECL std::optional<file> open_at_hand(const std::filesystem::path& root, std::string_view below) {
    const auto opened = [&](int fd) -> std::optional<file> {
        if (fd >= 0) return file::adopt(fd, root / below);
        if (errno == EAGAIN) return std::nullopt;
        detail::fail(errno, root / below);
    };
    if (below.find('\0') != below.npos) detail::fail(EINVAL, root);
    const std::string path(below);
    if (root.empty()) return opened(detail::openat_at_hand(AT_FDCWD, path.c_str(), detail::read_without_waiting, 0));
    if (below.starts_with('/')) detail::fail(EXDEV, root);
    const int directory =
        detail::openat_at_hand(AT_FDCWD, root.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY, 0);
    if (directory < 0) return opened(directory);
    const int fd = detail::openat_at_hand(directory, path.empty() ? "." : path.c_str(), detail::read_without_waiting,
                                          0x08 | 0x02); // beneath, and no links of /proc
    const int error = errno;
    ::close(directory);
    errno = error;
    return opened(fd);
}

CREMA_DECL bool is_at_hand([[maybe_unused]] const file& f, [[maybe_unused]] std::uint64_t offset,
                           [[maybe_unused]] std::size_t size) noexcept {
#if defined(__linux__) && defined(RWF_NOWAIT)
    if (size == 0) return true;
    static std::atomic<bool> kernel_can{true};
    if (kernel_can.load(std::memory_order_relaxed)) {
        static constexpr long cachestat = 451; // the same on every architecture
        const std::uint64_t range[2]{offset, size};
        std::uint64_t cached[5]{}; // pages: there, dirty, …
        if (::syscall(cachestat, f.descriptor(), range, cached, 0u) == 0) {
            static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
            return cached[0] >= (offset + size - 1) / page - offset / page + 1;
        }
        if (errno == ENOSYS) kernel_can.store(false, std::memory_order_relaxed);
    }
    const auto has = [&](std::uint64_t at) {
        char c;
        const ::iovec room{&c, 1};
        return ::preadv2(f.descriptor(), &room, 1, static_cast<off_t>(at), RWF_NOWAIT) == 1;
    };
    return has(offset) && has(offset + size - 1);
#else
    return false;
#endif
}

CREMA_DECL bool is_at_hand(const file& f, const file_status& s, std::uint64_t offset, std::size_t size) noexcept {
    struct finding {
        std::uint64_t device, inode, part;
        std::chrono::steady_clock::time_point until;
    };
    static constexpr std::uint64_t part = 2 * 1024 * 1024;
    static thread_local constinit finding findings[64]{};
    if (size == 0 || offset >= s.size) return is_at_hand(f, offset, size);
    const auto now = std::chrono::steady_clock::now();
    for (auto at = offset / part; at <= (offset + size - 1) / part; ++at) {
        auto& known = findings[(s.inode + at) % std::size(findings)];
        if (known.device == s.device && known.inode == s.inode && known.part == at && now < known.until) continue;
        if (!is_at_hand(f, at * part, static_cast<std::size_t>(std::min(part, s.size - std::min(s.size, at * part)))))
            return is_at_hand(f, offset, size); // not all, but perhaps what is wanted
        known = {s.device, s.inode, at, now + std::chrono::milliseconds(500)};
    }
    return true;
}

CREMA_DECL std::optional<std::size_t> read_at_hand(const file& f, std::uint64_t offset, char* into, std::size_t size) {
#if defined(__linux__) && defined(RWF_NOWAIT)
    const ::iovec room{into, size};
    const auto n = ::preadv2(f.descriptor(), &room, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EAGAIN || errno == EINTR || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == ESPIPE)
        return std::nullopt;
    detail::fail(errno, f.path());
#else
    (void)f, (void)offset, (void)into, (void)size;
    return std::nullopt;
#endif
}

} // namespace crema::fs
#endif
