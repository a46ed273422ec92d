#include <crema/loop/job_queue.hpp>
#include <catch2/catch.hpp>
#include <string>

using crema::detail::job_queue;

TEST_CASE("jobs leave the queue in the order in which they came, however the ring turns", "[loop][job_queue]") {
    job_queue q;
    std::string seen, expected;
    int next = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i <= round; ++i) {
            expected += std::to_string(next) + ' ';
            q.push([&seen, n = next++] { seen += std::to_string(n) + ' '; }, nullptr);
        }
        for (int i = 0; i < round; ++i) q.take().run();
    }
    while (!q.empty()) q.take().run();
    CHECK(seen == expected);
}

TEST_CASE("a job that was taken back is empty, its neighbours are not", "[loop][job_queue]") {
    job_queue q;
    q.push([] {}, nullptr);
    const auto middle = q.push([] {}, nullptr);
    q.push([] {}, nullptr);
    q.revoke(middle);
    q.revoke(99); // was never there
    CHECK(q.take().run);
    CHECK_FALSE(q.take().run);
    CHECK(q.take().run);
    CHECK(q.empty());
    q.revoke(middle); // is gone
}

TEST_CASE("clearing destroys also what is queued by destructors", "[loop][job_queue]") {
    job_queue q;
    int destroyed = 0;
    struct bomb {
        job_queue* q;
        int* count;
        bomb(job_queue* where, int* c) : q(where), count(c) {}
        bomb(bomb&& o) noexcept : q(std::exchange(o.q, nullptr)), count(o.count) {}
        ~bomb() {
            if (!q) return;
            if (++*count < 5) q->push(bomb(q, count), nullptr);
        }
        void operator()() {}
    };
    q.push(bomb(&q, &destroyed), nullptr);
    q.clear();
    CHECK(destroyed == 5);
    CHECK(q.empty());
}
