// Recycled memory: per-thread free lists for coroutine frames and operations, so that steady state allocates nothing.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <new>

namespace crema {

/** Allocate memory from the free lists of this thread.

    Sizes up to 2 KiB are rounded up to a class of 64 octets and kept for reuse, at most 128 a class; larger
    ones go to `operator new`, as all do under AddressSanitizer, which would not see through reuse. Memory may be freed on another thread than the one that allocated it.

    @param size Octets wanted.
    @return Memory aligned for every standard type.
    @throws std::bad_alloc

    @par Complexity
    Constant.

    @par Thread Safety
    Safe.
*/
CREMA_FORCEINLINE void* recycle_allocate(std::size_t size);

/** Give back what `recycle_allocate` returned.

    @param memory What was returned; not null.
    @param size The size that was asked for.
*/
CREMA_FORCEINLINE void recycle_free(void* memory, std::size_t size) noexcept;

/// A standard allocator over `recycle_allocate`.
template <class T>
struct recycling_allocator {
    using value_type = T; ///< what it allocates

    recycling_allocator() = default;
    /// Converts from an allocator of another type.
    template <class U>
    recycling_allocator(const recycling_allocator<U>&) noexcept {}

    /// Allocates room for `n` objects.
    T* allocate(std::size_t n) { return static_cast<T*>(recycle_allocate(n * sizeof(T))); }
    /// Gives it back.
    void deallocate(T* p, std::size_t n) noexcept { recycle_free(p, n * sizeof(T)); }
    /// All are equal.
    friend bool operator==(recycling_allocator, recycling_allocator) noexcept { return true; }
};

namespace detail {

// One list a size class. The state is trivially destructible so that frames freed by the destructors of
// other thread-local objects still find it; `recycle_reaper` empties it when the thread ends.
struct recycle_bins {
    static constexpr std::size_t step = 64;
    static constexpr std::size_t classes = 32;
    static constexpr unsigned keep = 128;
    struct node {
        node* next;
    };
    node* head[classes];
    unsigned room[classes]; // how many more are kept; 0 before the first is, and after the thread's end
    bool armed;
};

inline thread_local constinit recycle_bins bins{};

struct recycle_reaper {
    ~recycle_reaper() {
        for (auto& room : bins.room) room = 0;
        for (auto& head : bins.head)
            while (head) {
                auto* next = head->next;
                ::operator delete(head);
                head = next;
            }
    }
};

// Frees where there is no room. The first time it makes room, and sees to it that the thread cleans up.
CREMA_DECL void recycle_free_slowly(void* memory, std::size_t size_class) noexcept;
// Not inline: g++ 12 would warn of the frame of a coroutine that it deletes through the address of the promise.
CREMA_NOINLINE inline void plain_free(void* memory) noexcept { ::operator delete(memory); }

} // namespace detail

CREMA_FORCEINLINE void* recycle_allocate(std::size_t size) {
    if constexpr (sanitize_address) return ::operator new(size);
    using bins = detail::recycle_bins;
    const std::size_t c = (size + bins::step - 1) / bins::step - (size != 0);
    if (c >= bins::classes) [[unlikely]] return ::operator new(size);
    auto& b = detail::bins;
    if (auto* n = b.head[c]) [[likely]] {
        b.head[c] = n->next;
        ++b.room[c];
        return n;
    }
    return ::operator new((c + 1) * bins::step);
}

CREMA_FORCEINLINE void recycle_free(void* memory, std::size_t size) noexcept {
    if constexpr (sanitize_address) return detail::plain_free(memory);
    using bins = detail::recycle_bins;
    const std::size_t c = (size + bins::step - 1) / bins::step - (size != 0);
    auto& b = detail::bins;
    if (c >= bins::classes || b.room[c] == 0) [[unlikely]] return detail::recycle_free_slowly(memory, c);
    auto* n = static_cast<bins::node*>(memory);
    n->next = b.head[c];
    b.head[c] = n;
    --b.room[c];
}

} // namespace crema

#if CREMA_BODIES
namespace crema::detail {

CREMA_DECL void recycle_free_slowly(void* memory, std::size_t size_class) noexcept {
    if (size_class < recycle_bins::classes && !bins.armed) {
        static thread_local recycle_reaper reaper;
        (void)&reaper;
        bins.armed = true;
        for (auto& room : bins.room) room = recycle_bins::keep;
        auto* n = static_cast<recycle_bins::node*>(memory);
        n->next = nullptr;
        bins.head[size_class] = n;
        --bins.room[size_class];
        return;
    }
    ::operator delete(memory);
}

} // namespace crema::detail
#endif
