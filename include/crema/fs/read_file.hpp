// read_file: the whole content of a file.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/fs/file.hpp>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>

namespace crema::fs {

/// Configures `read_file`.
struct read_file_options {
    std::size_t limit = std::numeric_limits<std::size_t>::max(); ///< a larger file is an error, in octets
};

/** Read a whole file, on the pool. `auto text = co_await fs::read_file("config.json");`

    @param path The path; copied.
    @return Its octets, as they are.
    @throws system_error With the path; `error::too_large` beyond the limit.

    @par Cancellation
    As `offload`; between pieces of a mebibyte while it reads.
*/
CREMA_COROUTINE task<std::string> read_file(std::filesystem::path path, read_file_options options = {});

/** Read a whole file at once; blocks. For threads of the pool.

    @throws system_error With the path; `error::too_large` beyond the limit.
*/
CREMA_DECL std::string read_file_now(const std::filesystem::path& path, read_file_options options = {});

} // namespace crema::fs

#if CREMA_BODIES
#include <crema/loop/offload.hpp>
#include <algorithm>
#include <cstdint>
#include <stop_token>

namespace crema::fs {
namespace detail {

inline std::string read_all(const std::filesystem::path& path, read_file_options options, const std::stop_token& stop) {
    constexpr std::size_t piece = 1u << 20;
    const auto f = file::open_read(path);
    const auto expected = f.size(); // 0 for pipes and the files of /proc
    if (expected > options.limit) throw system_error(make_error_code(error::too_large), path.string());
    std::string all;
    std::size_t have = 0;
    for (;;) {
        // one octet more than expected, to find the end without growing
        const auto want = have < expected ? static_cast<std::size_t>(expected) - have + 1 : std::max<std::size_t>(have, 4096);
        all.resize(have + std::min(want, piece));
        const auto n = f.read(have, all.data() + have, all.size() - have);
        have += n;
        if (have > options.limit) throw system_error(make_error_code(error::too_large), path.string());
        if (n == 0 || stop.stop_requested()) break;
    }
    all.resize(have);
    return all;
}

} // namespace detail

CREMA_DECL std::string read_file_now(const std::filesystem::path& path, read_file_options options) {
    return detail::read_all(path, options, {});
}
CREMA_COROUTINE task<std::string> read_file(std::filesystem::path path, read_file_options options) {
    co_return co_await offload([&](std::stop_token stop) { return detail::read_all(path, options, stop); });
}

} // namespace crema::fs
#endif
