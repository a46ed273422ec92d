// Ways to count requests, a store of one's own, policies that only report, names that clients may give.
//
//   limits [port]
//   curl -i http://localhost:3000/fixed                                -> RateLimit-Remaining: 1
//   curl -i http://localhost:3000/fixed                                -> RateLimit-Remaining: 0
//   curl -i http://localhost:3000/fixed                                -> 429 with Retry-After, until the hour is over
//   curl -i http://localhost:3000/sliding                              -> RateLimit-Policy: "sliding";q=2;w=3600
//   curl -i http://localhost:3000/own                                  -> RateLimit: "own";r=2;t=60
//   curl http://localhost:3000/counted                                 -> 1 request was counted by the store
//   curl -i http://localhost:3000/page                                 -> Content-Security-Policy-Report-Only: default-src 'self'
//   curl -i -H 'X-Request-Id: from-the-proxy' http://localhost:3000/named    -> X-Request-Id: from-the-proxy
#include <crema.hpp>
#include <crema/middleware/rate_limit.hpp>
#include <crema/middleware/request_id.hpp>
#include <crema/middleware/security_headers.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
using namespace crema;
using namespace std::chrono_literals;

// As one would ask a database that several processes share. Here: so many for ever.
class shared_counts final : public rate_store {
public:
    task<rate_decision> take(std::string key, const rate_rule& rule, std::chrono::steady_clock::time_point) override {
        const auto n = ++counts_[key];
        ++all_;
        rate_decision d;
        d.allowed = n <= rule.limit;
        d.remaining = d.allowed ? rule.limit - n : 0;
        d.reset = d.retry_after = rule.window;
        co_return d;
    }
    int all() const { return all_; }

private:
    std::map<std::string, std::uint32_t> counts_;
    int all_ = 0;
};

int main(int argc, char** argv) {
    app app;
    const auto store = std::make_shared<shared_counts>();

    // Cheapest; around the end of a window twice as many may come. Fields as many clients know them.
    app.use("/fixed", rate_limit({.rule = {.algorithm = rate_algorithm::fixed_window, .limit = 2, .window = 1h}, .name = "fixed",
                                  .headers = rate_headers::draft6}));
    // Of the last window so much as still counts.
    app.use("/sliding", rate_limit({.rule = {.algorithm = rate_algorithm::sliding_window, .limit = 2, .window = 1h}, .name = "sliding"}));
    app.use("/own", rate_limit({.rule = {.limit = 3}, .name = "own", .store = store}));

    // What would be refused is reported by the browser, and done all the same: to try a policy.
    app.use("/page", security_headers({.content_security_policy = {{"default-src", {"'self'"}}}, .report_only = true}));
    // Names that a proxy in front has given, which no stranger can reach us without.
    app.use("/named", request_id({.trust_client = true}));

    app.get("/counted", [store](request&, response& res) {
        res.send(std::to_string(store->all()) + (store->all() == 1 ? " request was" : " requests were") + " counted by the store");
    });
    app.use([](request&, response& res) { res.send("ok"); });

    return app.listen(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 3000), [](auto& server) {
        std::printf("http://localhost:%d\n", server.port());
        std::fflush(stdout);
    });
}
