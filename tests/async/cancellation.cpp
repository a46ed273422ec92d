#include <crema/async/cancellation.hpp>
#include <catch2/catch.hpp>
#include <memory>
using namespace crema;

namespace {
struct counter : cancel_callback {
    int calls = 0;
    counter() noexcept : cancel_callback([](cancel_callback& c) noexcept { ++static_cast<counter&>(c).calls; }) {}
};
} // namespace

TEST_CASE("cancelling a scope calls what is registered, once", "[cancellation]") {
    cancel_scope s;
    counter a, b;
    a.attach(&s);
    b.attach(&s);
    b.detach();
    s.cancel(cancel_reason::timed_out);
    s.cancel(cancel_reason::shutdown);
    CHECK(a.calls == 1);
    CHECK(b.calls == 0);
    CHECK(s.reason() == cancel_reason::timed_out);
    CHECK_THROWS_AS(s.check(), cancelled);
}

TEST_CASE("cancellation travels down, not up", "[cancellation]") {
    cancel_scope top;
    cancel_scope left(&top), right(&top);
    cancel_scope below(&left);
    left.cancel();
    CHECK(below.is_cancelled());
    CHECK_FALSE(right.is_cancelled());
    CHECK_FALSE(top.is_cancelled());
    top.cancel(cancel_reason::disconnected);
    CHECK(right.reason() == cancel_reason::disconnected);
    CHECK(below.reason() == cancel_reason::requested);
}

TEST_CASE("a scope below one that is cancelled is cancelled from the start", "[cancellation]") {
    cancel_scope top;
    top.cancel(cancel_reason::shutdown);
    cancel_scope late(&top);
    CHECK(late.reason() == cancel_reason::shutdown);
}

TEST_CASE("a scope may be destroyed by what it calls", "[cancellation]") {
    struct destroyer : cancel_callback {
        std::unique_ptr<cancel_scope>* victim;
        explicit destroyer(std::unique_ptr<cancel_scope>& v) noexcept
            : cancel_callback([](cancel_callback& c) noexcept { static_cast<destroyer&>(c).victim->reset(); }), victim(&v) {}
    };
    auto s = std::make_unique<cancel_scope>();
    counter never;
    never.attach(s.get());
    destroyer d(s);
    d.attach(s.get()); // the last one registered is called first
    s->cancel();
    CHECK(s == nullptr);
    CHECK(never.calls == 0);
}

TEST_CASE("a callback may remove another one", "[cancellation]") {
    struct remover : cancel_callback {
        counter* other;
        explicit remover(counter& o) noexcept
            : cancel_callback([](cancel_callback& c) noexcept { static_cast<remover&>(c).other->detach(); }), other(&o) {}
    };
    cancel_scope s;
    counter a;
    a.attach(&s);
    remover r(a);
    r.attach(&s);
    s.cancel();
    CHECK(a.calls == 0);
}

TEST_CASE("stuck reaches the nearest scope that wants to know", "[cancellation]") {
    struct handler : cancel_scope::stuck_handler {
        int calls = 0;
        handler() : stuck_handler{[](stuck_handler& h) noexcept { ++static_cast<handler&>(h).calls; }} {}
    };
    cancel_scope top;
    cancel_scope middle(&top);
    cancel_scope leaf(&middle);
    handler far, near;
    top.on_stuck(&far);
    leaf.stuck();
    CHECK(far.calls == 1);
    middle.on_stuck(&near);
    leaf.stuck();
    CHECK(far.calls == 1);
    CHECK(near.calls == 1);
}

TEST_CASE("a reset scope starts anew", "[cancellation]") {
    cancel_scope top, s(&top);
    top.cancel();
    CHECK(s.is_cancelled());
    s.reset();
    CHECK_FALSE(s.is_cancelled());
}
