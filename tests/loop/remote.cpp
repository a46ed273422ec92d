#include <crema/loop/remote.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

using namespace crema::detail;

namespace {

struct numbered : remote_job {
    numbered(int t, int n) : remote_job([](remote_job&, bool) {}), thread(t), number(n) {}
    int thread, number;
};

} // namespace

TEST_CASE("only the first job asks for a wake-up; a batch comes out in order", "[loop][remote]") {
    remote_queue q;
    numbered a(0, 1), b(0, 2), c(0, 3);
    CHECK(q.push(a));
    CHECK_FALSE(q.push(b));
    auto* first = q.take_all();
    CHECK(first == &a);
    CHECK(first->next == &b);
    CHECK(first->next->next == nullptr);
    CHECK(q.take_all() == nullptr);
    CHECK(q.push(c));
    CHECK(q.take_all() == &c);
}

TEST_CASE("jobs of many threads all arrive, those of one thread in order", "[loop][remote]") {
    constexpr int threads = 4, each = 5000;
    std::vector<std::unique_ptr<numbered>> jobs;
    for (int t = 0; t < threads; ++t)
        for (int n = 0; n < each; ++n) jobs.push_back(std::make_unique<numbered>(t, n));
    remote_queue q;
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t)
        running.emplace_back([&, t] {
            for (int n = 0; n < each; ++n) q.push(*jobs[static_cast<std::size_t>(t * each + n)]);
        });
    int next[threads] = {}, total = 0;
    while (total < threads * each) {
        for (auto* j = q.take_all(); j;) {
            auto& mine = static_cast<numbered&>(*j);
            j = j->next;
            REQUIRE(mine.number == next[mine.thread]++);
            ++total;
        }
        std::this_thread::yield();
    }
    for (auto& t : running) t.join();
    CHECK(q.take_all() == nullptr);
}

TEST_CASE("an abandoned job is destroyed without being run", "[loop][remote]") {
    auto token = std::make_shared<int>();
    bool ran = false;
    auto* job = new posted_job([token, &ran] { ran = true; });
    job->run(*job, true);
    CHECK_FALSE(ran);
    CHECK(token.use_count() == 1);
}
