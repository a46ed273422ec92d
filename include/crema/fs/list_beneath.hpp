// list_beneath: what lies in a directory below another that nothing leads out of.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/fs/stat.hpp>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace crema::fs {

/// Is a file or directory in a directory.
struct directory_entry {
    std::string name{};   ///< octets as the file system has them, without a slash
    file_status status{}; ///< of what a link leads to
};

/// Holds what lies in a directory.
struct directory_list {
    std::vector<directory_entry> entries{}; ///< directories first, each kind in the order of its octets
    bool complete = true;                   ///< false when there are more names than were read
};

/** List the files and directories in a directory beneath another; blocks. For threads of the pool.

    Links are followed as long as they stay beneath. Left out are links that lead out, in circles or nowhere, pipes, sockets and
    devices, and what is removed meanwhile.

    @param root The directory; may be reached by any links.
    @param below What lies beneath it, relative. Empty for the directory itself.
    @param limit Names that are read at most, whatever they are of.
    @throws system_error With the path: ENOTDIR, ENOENT, EXDEV, EACCES …

    @par Complexity
    O(n log n), with a call of the system for each name.
*/
CREMA_DECL directory_list list_beneath(const std::filesystem::path& root, std::string_view below, std::size_t limit);

namespace detail {
// What the name in the open directory is; false when it is nothing to be listed.
CREMA_DECL bool find_status(const std::filesystem::path& root, std::string_view below, int directory, directory_entry& entry);
} // namespace detail

} // namespace crema::fs

#if CREMA_BODIES
#include <crema/fs/open_beneath.hpp>
#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace crema::fs {

CREMA_DECL bool detail::find_status(const std::filesystem::path& root, std::string_view below, int directory,
                                    directory_entry& entry) {
    struct ::stat s;
    if (::fstatat(directory, entry.name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) return false; // removed meanwhile
    if (S_ISLNK(s.st_mode)) {
        try {
            const auto path = below.empty() ? entry.name : std::string(below) + "/" + entry.name;
            entry.status = stat_now(open_beneath(root, path));
        } catch (const std::system_error&) {
            return false;
        }
    } else entry.status = status_of(s);
    return entry.status.is_file() || entry.status.is_directory();
}

CREMA_DECL directory_list list_beneath(const std::filesystem::path& root, std::string_view below, std::size_t limit) {
    const auto opened = open_beneath(root, below);
    const int fd = ::fcntl(opened.descriptor(), F_DUPFD_CLOEXEC, 0);
    if (fd < 0) detail::fail(errno, opened.path());
    struct closes {
        void operator()(::DIR* d) const noexcept { ::closedir(d); }
    };
    const std::unique_ptr<::DIR, closes> in(::fdopendir(fd));
    if (!in) {
        const int error = errno;
        ::close(fd);
        detail::fail(error, opened.path());
    }
    directory_list list;
    for (std::size_t names = 0;;) {
        errno = 0;
        const auto* const found = ::readdir(in.get());
        if (!found && errno != 0) detail::fail(errno, opened.path());
        if (!found) break;
        directory_entry entry{found->d_name};
        if (entry.name == "." || entry.name == "..") continue;
        if (names++ == limit) {
            list.complete = false;
            break;
        }
        if (detail::find_status(root, below, opened.descriptor(), entry)) list.entries.push_back(std::move(entry));
    }
    std::sort(list.entries.begin(), list.entries.end(), [](const auto& a, const auto& b) {
        const bool first = a.status.is_directory();
        return first != b.status.is_directory() ? first : a.name < b.name;
    });
    return list;
}

} // namespace crema::fs
#endif
