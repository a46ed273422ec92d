// census: counts the connections of a server, of all its threads, in all and by address.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace crema::detail {

/* Asked when a connection comes and told when it goes, never on the way of a request. Shared by the threads of a server.
   Safe on any thread. */
class census {
public:
    enum class verdict : unsigned char { counted, full, address_full };

    // Counts a connection unless there are too many, in all or of that address; 0 is nobody's address.
    CREMA_DECL verdict enter(std::uint64_t address, std::size_t most, std::size_t most_of_address);
    // A connection that was counted has gone.
    CREMA_DECL void leave(std::uint64_t address) noexcept;

private:
    std::mutex guard_;
    std::size_t all_ = 0;
    std::unordered_map<std::uint64_t, std::size_t> of_;
};

/* Lets this process have as many descriptors open as it may, as Node does; returns how many that are. */
CREMA_DECL std::size_t raise_descriptor_limit() noexcept;

} // namespace crema::detail

#if CREMA_BODIES
#include <limits>
#include <sys/resource.h>

namespace crema::detail {

CREMA_DECL census::verdict census::enter(std::uint64_t address, std::size_t most, std::size_t most_of_address) {
    const std::lock_guard lock(guard_);
    if (all_ >= most) return verdict::full;
    if (address != 0) {
        auto& n = of_[address];
        if (n >= most_of_address) {
            if (n == 0) of_.erase(address);
            return verdict::address_full;
        }
        ++n;
    }
    ++all_;
    return verdict::counted;
}

CREMA_DECL void census::leave(std::uint64_t address) noexcept {
    const std::lock_guard lock(guard_);
    --all_;
    if (address == 0) return;
    if (const auto at = of_.find(address); at != of_.end() && --at->second == 0) of_.erase(at);
}

CREMA_DECL std::size_t raise_descriptor_limit() noexcept {
    rlimit now{};
    if (::getrlimit(RLIMIT_NOFILE, &now) != 0) return std::numeric_limits<std::size_t>::max();
    if (now.rlim_cur < now.rlim_max) {
        auto more = now;
        more.rlim_cur = now.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &more) == 0) now = more;
    }
    return now.rlim_cur == RLIM_INFINITY ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(now.rlim_cur);
}

} // namespace crema::detail
#endif
