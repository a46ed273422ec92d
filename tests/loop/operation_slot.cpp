#include <crema/loop/operation_slot.hpp>
#include <catch2/catch.hpp>

using namespace crema;

namespace testing_operation_slot {

struct small {
    char octets[100];
};
struct large {
    char octets[1000];
};
bool is_within(const void* p, const detail::operation_slot& slot) {
    const auto* at = static_cast<const std::byte*>(p);
    return at >= slot.memory && at < slot.memory + sizeof slot.memory;
}

} // namespace testing_operation_slot
using namespace testing_operation_slot;

TEST_CASE("an operation lives in its slot, a second one beside it, and the slot is free again after that", "[loop][operation_slot]") {
    detail::operation_slot slot;
    detail::slot_allocator<small> allocator(slot);
    auto* const first = allocator.allocate(1);
    CHECK(is_within(first, slot));
    auto* const second = allocator.allocate(1);
    CHECK_FALSE(is_within(second, slot));
    allocator.deallocate(first, 1);
    auto* const third = allocator.allocate(1);
    CHECK(third == first);
    allocator.deallocate(second, 1); // does not free what the third has
    CHECK(slot.used.load());
    allocator.deallocate(third, 1);
    CHECK_FALSE(slot.used.load());
}

TEST_CASE("what is too large for the slot does not take it", "[loop][operation_slot]") {
    detail::operation_slot slot;
    detail::slot_allocator<large> allocator(slot);
    auto* const p = allocator.allocate(1);
    CHECK_FALSE(is_within(p, slot));
    CHECK_FALSE(slot.used.load());
    allocator.deallocate(p, 1);
    CHECK(detail::slot_allocator<small>(allocator) == detail::slot_allocator<small>(slot)); // rebound: the same slot
}
