// arena: memory that is handed out by moving a pointer and given back all at once.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace crema {

/** Hands out memory in constant time; all of it ends with `reset()` or with the arena.

    Memory comes from blocks of at least `block_size` octets. The first block is allocated at the first use and
    kept by `reset()`, so that an arena that is used again allocates nothing in steady state. Destructors are not run.

    @par Thread Safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class arena {
public:
    /// Construct empty. @param block_size Octets of a block.
    explicit arena(std::size_t block_size = 4096 - 2 * sizeof(void*)) noexcept : block_size_(block_size) {}
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    ~arena() { release(); }

    /** Allocate memory.

        @param size Octets; may be 0.
        @param align A power of two.
        @return Memory that is valid until `reset()`; never null.
        @throws std::bad_alloc
    */
    void* allocate(std::size_t size, std::size_t align = alignof(std::max_align_t)) {
        auto at = (reinterpret_cast<std::uintptr_t>(next_) + align - 1) & ~(static_cast<std::uintptr_t>(align) - 1);
        if (next_ == nullptr || at > reinterpret_cast<std::uintptr_t>(end_) ||
            size > reinterpret_cast<std::uintptr_t>(end_) - at) [[unlikely]]
            return allocate_block(size, align);
        auto* p = next_ + (at - reinterpret_cast<std::uintptr_t>(next_));
        next_ = p + size;
        return p;
    }

    /// Copies a text; the view is valid until `reset()`.
    std::string_view copy(std::string_view text) {
        if (text.empty()) return {};
        auto* p = static_cast<char*>(allocate(text.size(), 1));
        std::memcpy(p, text.data(), text.size());
        return {p, text.size()};
    }

    /// Constructs an object that needs no destructor; valid until `reset()`.
    template <class T, class... Args>
        requires std::is_trivially_destructible_v<T>
    T* make(Args&&... args) {
        return ::new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
    }

    /// Returns default-initialised room for `n` objects that need no destructor; valid until `reset()`.
    template <class T>
        requires(std::is_trivially_destructible_v<T> && std::is_trivially_default_constructible_v<T>)
    T* make_array(std::size_t n) {
        if (n > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_alloc();
        return static_cast<T*>(allocate(n * sizeof(T), alignof(T)));
    }

    /// Ends everything that was handed out; keeps the first block.
    void reset() noexcept {
        if (first_ == nullptr) return;
        if (first_->next != nullptr) [[unlikely]] free_after_first();
        next_ = reinterpret_cast<char*>(first_ + 1);
        end_ = next_ + first_->size;
    }

    /// Ends everything that was handed out and gives all memory back.
    void release() noexcept {
        if (first_ == nullptr) return;
        free_after_first();
        ::operator delete(first_);
        first_ = last_ = nullptr;
        next_ = end_ = nullptr;
    }

private:
    struct alignas(std::max_align_t) block {
        block* next;
        std::size_t size;
    };

    CREMA_NOINLINE void* allocate_block(std::size_t size, std::size_t align) {
        if (size > static_cast<std::size_t>(-1) / 2) throw std::bad_alloc();
        const auto wanted = size + align > block_size_ ? size + align : block_size_;
        auto* b = ::new (::operator new(sizeof(block) + wanted)) block{nullptr, wanted};
        if (last_) last_->next = b;
        else first_ = b;
        last_ = b;
        next_ = reinterpret_cast<char*>(b + 1);
        end_ = next_ + wanted;
        return allocate(size, align);
    }
    void free_after_first() noexcept {
        for (auto* b = first_->next; b;) {
            auto* next = b->next;
            ::operator delete(b);
            b = next;
        }
        first_->next = nullptr;
        last_ = first_;
    }

    block* first_ = nullptr;
    block* last_ = nullptr;
    char* next_ = nullptr;
    char* end_ = nullptr;
    std::size_t block_size_;
};

} // namespace crema
