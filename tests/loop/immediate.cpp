#include <crema/loop/loop.hpp>
#include <crema/loop/schedule.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

using namespace crema;

TEST_CASE("an immediate set by an immediate waits for the next turn", "[loop][immediate]") {
    loop l;
    std::string seen;
    l.set_immediate([&] {
        seen += '1';
        l.set_immediate([&] { seen += '3'; });
    });
    l.set_immediate([&] { seen += '2'; });
    CHECK(l.run_once());
    CHECK(seen == "12");
    CHECK_FALSE(l.run_once());
    CHECK(seen == "123");
}

TEST_CASE("an immediate can be cleared until it runs, also by one before it and by a tick between", "[loop][immediate]") {
    loop l;
    std::string seen;
    immediate b, c;
    auto a = l.set_immediate([&] {
        seen += 'a';
        b.clear();
        l.next_tick([&] { c.clear(); });
    });
    b = l.set_immediate([&] { seen += 'b'; });
    c = l.set_immediate([&] { seen += 'c'; });
    l.set_immediate([&] { seen += 'd'; });
    auto none = l.set_immediate([&] { seen += 'x'; });
    clear_immediate(none);
    clear_immediate(none);
    clear_immediate(immediate());
    CHECK(a.active());
    l.run();
    CHECK(seen == "ad");
    CHECK_FALSE(a.active());
    a.clear();
}

TEST_CASE("an unref'd immediate does not keep the loop alive", "[loop][immediate]") {
    loop l;
    int n = 0;
    auto i = l.set_immediate([&] { ++n; });
    CHECK(i.has_ref());
    i.unref();
    CHECK_FALSE(i.has_ref());
    l.run();
    CHECK(n == 0);
    i.ref();
    l.run();
    CHECK(n == 1);
    CHECK_FALSE(i.has_ref());
}

TEST_CASE("the function of an immediate is destroyed with it", "[loop][immediate]") {
    auto token = std::make_shared<int>();
    {
        loop l;
        l.set_immediate([token] {});
        CHECK(token.use_count() == 2);
        l.run();
        CHECK(token.use_count() == 1);
        auto kept = l.set_immediate([token] {});
        kept.clear();
        kept = {};
        CHECK(token.use_count() == 1);
        l.set_immediate([token] {});
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("a loop_immediate is a member: it can be taken back and started again", "[loop][immediate]") {
    loop l;
    struct noted : loop_immediate {
        noted() : loop_immediate([](loop_immediate& i) { ++static_cast<noted&>(i).count; }) {}
        int count = 0;
    } n;
    n.start(l.immediates());
    n.start(l.immediates());
    n.cancel();
    l.run();
    CHECK(n.count == 0);
    n.start(l.immediates());
    l.run();
    CHECK(n.count == 1);
    {
        noted gone;
        gone.start(l.immediates());
    }
    CHECK_FALSE(l.run_once());
}
