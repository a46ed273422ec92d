// Offload: heavy work on the pool, while the loop serves others.
//
//   offload [port]
//   curl http://localhost:3000/primes/20000     -> {"below":20000,"count":2262}
//   curl http://localhost:3000/health           -> ok, also while primes are counted
#include <crema.hpp>
#include <cstdio>
#include <cstdlib>
using namespace crema;

struct primes {
    int below;
    int count;
};

primes count_primes(int below) {
    int count = 0;
    for (int n = 2; n < below; ++n) {
        bool prime = true;
        for (int d = 2; d * d <= n && prime; ++d) prime = n % d != 0;
        count += prime;
    }
    return {below, count};
}

int main(int argc, char** argv) {
    app app;

    app.get<"/primes/:below">([](param<"below", int> below, response& res) -> task<> {
        const int n = below;
        if (n > 50'000'000) throw http_error(400, "below must be at most 50000000");
        auto found = co_await offload([n] { return count_primes(n); });
        res.json(found);
    });
    app.get("/health", [](request&, response& res) { res.send("ok"); });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
