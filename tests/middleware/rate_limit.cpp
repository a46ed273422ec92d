// Tests of middleware/rate_limit.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/rate_limit.hpp>

#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>

using namespace crema;
using namespace std::chrono_literals;

namespace {

app with(rate_limit_options options) {
    app a;
    a.set("env", "test");
    a.use(rate_limit(std::move(options)));
    a.get("/", [](request&, response& res) { res.send("hello"); });
    a.get("/free", [](request&, response& res) { res.send("free"); });
    return a;
}

// Asks until it is refused; returns how often it was not.
int run_of(testing::client& c, int most = 1000) {
    int n = 0;
    while (n < most && c.get("/").result().status == 200) ++n;
    return n;
}

} // namespace

TEST_CASE("a client may ask so often in a fixed window", "[middleware][rate_limit]") {
    testing::client c(with({.rule = {rate_algorithm::fixed_window, 3, 60s}}));
    c.get("/").expect(200, "hello").expect("RateLimit-Policy", "\"default\";q=3;w=60").expect("RateLimit", "\"default\";r=2;t=60");
    c.get("/").expect(200).expect("RateLimit", "\"default\";r=1;t=60");
    c.get("/").expect(200).expect("RateLimit", "\"default\";r=0;t=60");
    c.get("/").expect(429).expect("Retry-After", "60").expect("RateLimit", "\"default\";r=0;t=60");
    c.advance(30s);
    c.get("/").expect(429).expect("Retry-After", "30");
    c.advance(30s);
    CHECK(run_of(c) == 3);
}

TEST_CASE("a sliding window does not let twice as many through at its end", "[middleware][rate_limit]") {
    testing::client c(with({.rule = {rate_algorithm::sliding_window, 10, 10s}}));
    CHECK(run_of(c) == 10);
    c.advance(10s);
    CHECK(run_of(c) == 0); // the former window still counts whole
    c.advance(5s);
    CHECK(run_of(c) == 5);
    c.advance(20s);
    CHECK(run_of(c) == 10);
}

TEST_CASE("what Retry-After says is true", "[middleware][rate_limit]") {
    const auto algorithm = GENERATE(rate_algorithm::fixed_window, rate_algorithm::sliding_window, rate_algorithm::token_bucket);
    testing::client c(with({.rule = {algorithm, 7, 60s}}));
    for (int round = 0; round < 5; ++round) {
        run_of(c);
        const auto refused = c.get("/").expect(429).result();
        c.advance(std::chrono::seconds(std::stoi(std::string(refused.header("retry-after").value()))));
        c.get("/").expect(200);
    }
}

TEST_CASE("a bucket fills evenly", "[middleware][rate_limit]") {
    testing::client c(with({.rule = {rate_algorithm::token_bucket, 10, 10s}}));
    CHECK(run_of(c) == 10);
    c.advance(1s);
    CHECK(run_of(c) == 1);
    c.advance(3500ms);
    CHECK(run_of(c) == 3);
    c.advance(1h);
    CHECK(run_of(c) == 10);
}

TEST_CASE("each key is counted by itself, and what is skipped is not", "[middleware][rate_limit]") {
    testing::client c(with({.rule = {.limit = 1}, .key = [](request& req) { return std::string(req.get("x-user").value_or("")); },
                            .skip = [](request& req) { return req.path() == "/free"; }}));
    c.get("/").set("X-User", "ada").expect(200);
    c.get("/").set("X-User", "ada").expect(429);
    c.get("/").set("X-User", "bob").expect(200);
    for (int i = 0; i < 5; ++i) {
        c.get("/free").set("X-User", "ada").expect(200);
        c.get("/").expect(200); // no key
    }
}

TEST_CASE("an address of IPv6 stands for its network", "[middleware][rate_limit]") {
    CHECK(detail::rate_key("2001:db8::1") == detail::rate_key("2001:db8::2"));
    CHECK(detail::rate_key("2001:db8::1") != detail::rate_key("2001:db8:0:1::1"));
    CHECK(detail::rate_key("127.0.0.1") == std::string("\x7f\0\0\1", 4));
    CHECK(detail::rate_key("127.0.0.1:4000") == detail::rate_key("127.0.0.1"));
    CHECK(detail::rate_key("[2001:db8::1]:4000") == detail::rate_key("2001:0DB8::1"));
    CHECK(detail::rate_key("unknown") == "unknown");
    CHECK(detail::rate_key("::ffff:1.2.3.4") != detail::rate_key("::ffff:1.2.3.5"));
}

TEST_CASE("fields of the former draft, or none", "[middleware][rate_limit]") {
    testing::client six(with({.rule = {rate_algorithm::fixed_window, 5, 60s}, .headers = rate_headers::draft6}));
    six.get("/").expect("RateLimit-Limit", "5").expect("RateLimit-Remaining", "4").expect("RateLimit-Reset", "60");
    for (int i = 0; i < 4; ++i) six.get("/").expect(200);
    six.get("/").expect(429).expect("RateLimit-Remaining", "0").expect("RateLimit-Reset", "60").expect("Retry-After", "60");
    testing::client none(with({.headers = rate_headers::none}));
    CHECK_FALSE(none.get("/").result().header("ratelimit-policy"));
}

TEST_CASE("several limits around one handler are told, each by its name", "[middleware][rate_limit]") {
    app a;
    a.set("env", "test");
    a.use(rate_limit({.rule = {rate_algorithm::fixed_window, 5, 60s}, .name = "all"}));
    a.use(rate_limit({.rule = {rate_algorithm::fixed_window, 1, 10s}, .name = "few"}));
    a.get("/", [](request&, response& res) { res.send("ok"); });
    testing::client c(a);
    const auto told = [](const testing::reply& r, const char* name) {
        std::string all;
        for (const auto one : r.headers(name)) all.append(one).append(" ");
        return all;
    };
    const auto first = c.get("/").expect(200).result();
    CHECK(told(first, "RateLimit") == "\"all\";r=4;t=60 \"few\";r=0;t=10 ");
    CHECK(told(first, "RateLimit-Policy") == "\"all\";q=5;w=60 \"few\";q=1;w=10 ");
    const auto second = c.get("/").expect(429).expect("Retry-After", "10").result();
    CHECK(told(second, "RateLimit") == "\"all\";r=3;t=60 \"few\";r=0;t=10 ");
}

TEST_CASE("memory is bounded: who was not seen for longest is forgotten", "[middleware][rate_limit]") {
    memory_rate_store store(100);
    const rate_rule rule{rate_algorithm::fixed_window, 1, 60s};
    const auto now = std::chrono::steady_clock::time_point{} + 1h;
    CHECK(store.take_now("first", rule, now).allowed);
    for (int i = 0; i < 99; ++i) store.take_now("k" + std::to_string(i), rule, now);
    CHECK(store.size() == 100);
    CHECK_FALSE(store.take_now("first", rule, now).allowed); // seen now
    for (int i = 0; i < 99; ++i) store.take_now("n" + std::to_string(i), rule, now);
    CHECK_FALSE(store.take_now("first", rule, now).allowed);
    CHECK(store.take_now("k5", rule, now).allowed);
    CHECK(store.size() == 100);
}

TEST_CASE("a key may be long: what is kept of it is not", "[middleware][rate_limit]") {
    memory_rate_store store(2);
    const rate_rule rule{rate_algorithm::fixed_window, 1, 60s};
    const auto now = std::chrono::steady_clock::time_point{} + 1h;
    const std::string key(100'000, 'x');
    CHECK(store.take_now(key + "a", rule, now).allowed);
    CHECK(store.take_now(key + "b", rule, now).allowed);
    CHECK_FALSE(store.take_now(key + "a", rule, now).allowed);
    CHECK_FALSE(store.take_now(key + "b", rule, now).allowed);
    CHECK(store.take_now(key, rule, now).allowed);
}

TEST_CASE("a store that fails is an error, not a way around", "[middleware][rate_limit]") {
    struct broken final : rate_store {
        task<rate_decision> take(std::string, const rate_rule&, std::chrono::steady_clock::time_point) override {
            throw std::runtime_error("the store is gone");
            co_return rate_decision{};
        }
    };
    testing::client c(with({.store = std::make_shared<broken>()}));
    c.get("/").expect(500);
}

TEST_CASE("rate_limit: wrong options are refused where they are given", "[middleware][rate_limit]") {
    CHECK_THROWS_AS(rate_limit({.rule = {.limit = 0}}), system_error);
    CHECK_THROWS_AS(rate_limit({.rule = {.window = 0ms}}), system_error);
    CHECK_THROWS_AS(rate_limit({.name = "a\"b"}), system_error);
}

TEST_CASE("an address is one client however it is written", "[middleware][rate_limit]") {
    auto a = with({.rule = {rate_algorithm::fixed_window, 3, 60s}});
    a.set("trust proxy", true);
    testing::client c(a);
    int passed = 0;
    for (const auto* from : {"1.2.3.4", "::ffff:1.2.3.4", "1.2.3.4:1", "1.2.3.4:2", "::ffff:102:304"})
        passed += c.get("/").set("X-Forwarded-For", from).result().status == 200;
    CHECK(passed == 3);
    passed = 0;
    for (const auto* from : {"2001:db8::1", "[2001:db8::2]:80", "2001:db8:0:0:1::", "[2001:db8::3]"})
        passed += c.get("/").set("X-Forwarded-For", from).result().status == 200;
    CHECK(passed == 3);
    c.get("/").set("X-Forwarded-For", "5.6.7.8").expect(200);
}
