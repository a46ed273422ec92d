// operation_slot: the memory of the operation that a loop has in Asio's queue again and again.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/recycle.hpp>
#include <atomic>
#include <cstddef>

namespace crema::detail {

// Memory for one operation of Asio at a time; a second one comes from the free lists.
struct operation_slot {
    alignas(std::max_align_t) std::byte memory[192];
    std::atomic<bool> used{false};
};
template <class T>
struct slot_allocator {
    using value_type = T;
    operation_slot* slot;

    explicit slot_allocator(operation_slot& s) noexcept : slot(&s) {}
    template <class U>
    slot_allocator(const slot_allocator<U>& other) noexcept : slot(other.slot) {}
    T* allocate(std::size_t n) {
        if (n * sizeof(T) <= sizeof slot->memory && !slot->used.exchange(true, std::memory_order_acquire))
            return reinterpret_cast<T*>(slot->memory);
        return static_cast<T*>(recycle_allocate(n * sizeof(T)));
    }
    void deallocate(T* p, std::size_t n) noexcept {
        if (reinterpret_cast<std::byte*>(p) == slot->memory) slot->used.store(false, std::memory_order_release);
        else recycle_free(p, n * sizeof(T));
    }
    friend bool operator==(const slot_allocator& a, const slot_allocator& b) noexcept { return a.slot == b.slot; }
};

} // namespace crema::detail
