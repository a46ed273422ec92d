// Tests of middleware/metrics.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/metrics.hpp>

#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <thread>

using namespace crema;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

app service(metrics_handler m) {
    app a;
    a.use(m);
    router users;
    users.get("/:id", [](request&, response& res) { res.end("user"); });
    a.use("/users", users);
    a.get("/slow", [](request&, response& res) -> task<> {
        co_await sleep(1h);
        res.end();
    });
    a.get("/bad", [](request&, response&) { throw http_error(503, "no"); });
    a.all("/any", [](request&, response& res) { res.end(); });
    return a;
}

std::string page(testing::client& c, const char* accept = nullptr) {
    auto call = c.get("/metrics");
    if (accept) call.set("Accept", accept);
    return call.result().body;
}

// The value of a sample.
std::string value_of(const std::string& text, const std::string& sample) {
    const auto at = text.find("\n" + sample + " ");
    if (at == text.npos) return "none";
    const auto from = at + sample.size() + 2;
    return text.substr(from, text.find('\n', from) - from);
}

} // namespace

TEST_CASE("durations are counted by method, pattern of the route and status", "[middleware][metrics]") {
    testing::client c(service(metrics()));
    c.get("/users/1").expect(200);
    c.get("/users/2?x=1").expect(200);
    c.get("/nowhere").expect(404);
    c.get("/elsewhere").expect(404);
    c.get("/bad").expect(503);
    c.request("BREW", "/any").expect(200);
    const auto text = page(c);
    CHECK(value_of(text, R"(http_request_duration_seconds_count{method="GET",route="/users/:id",status="200"})") == "2");
    CHECK(value_of(text, R"(http_request_duration_seconds_bucket{method="GET",route="/users/:id",status="200",le="+Inf"})") == "2");
    CHECK(value_of(text, R"(http_request_duration_seconds_bucket{method="GET",route="/users/:id",status="200",le="10"})") == "2");
    CHECK(value_of(text, R"(http_response_body_bytes_total{method="GET",route="/users/:id",status="200"})") == "8");
    CHECK(value_of(text, R"(http_request_duration_seconds_count{method="GET",route="",status="404"})") == "2");
    CHECK(value_of(text, R"(http_request_duration_seconds_count{method="GET",route="/bad",status="503"})") == "1");
    CHECK(value_of(text, R"(http_request_duration_seconds_count{method="_OTHER",route="/any",status="200"})") == "1");
    CHECK(text.find("nowhere") == text.npos); // nothing that a client chooses is a label
    CHECK(text.find("/metrics") == text.npos);
}

TEST_CASE("what runs now, and what was never answered", "[middleware][metrics]") {
    testing::client c(service(metrics()));
    auto slow = c.get("/slow").start();
    auto left = c.get("/slow").start();
    c.run();
    auto text = page(c);
    CHECK(value_of(text, "http_requests_in_flight") == "2");
    CHECK(value_of(text, "http_connections") == "3");
    left.disconnect();
    c.run();
    text = page(c);
    CHECK(value_of(text, "http_requests_in_flight") == "1");
    CHECK(value_of(text, R"(http_request_duration_seconds_count{method="GET",route="/slow",status="none"})") == "1");
}

TEST_CASE("process, pool and loop", "[middleware][metrics]") {
    testing::client c(service(metrics({.sources = {{"jobs", "Jobs that wait.", [] { return 7.5; }},
                                                   {"sold", "Things sold.", [] { return 3.0; }, metrics_text::kind::counter}}})));
    c.get("/users/1").expect(200);
    c.advance(1s);
    c.run();
    const auto text = page(c);
    CHECK(std::stod(value_of(text, "process_resident_memory_bytes")) > 1e6);
    CHECK(std::stod(value_of(text, "process_cpu_seconds_total")) > 0);
    CHECK(std::stod(value_of(text, "process_open_fds")) > 2);
    CHECK(value_of(text, "crema_pool_jobs_waiting") == "0");
    CHECK(std::stoi(value_of(text, "crema_loop_delay_seconds_count")) > 0);
    CHECK(value_of(text, "jobs") == "7.5");
    CHECK(value_of(text, "sold_total") == "3");
}

TEST_CASE("the delay of a loop that stands still counts as often as a timer should have fired", "[middleware][metrics]") {
    app a;
    a.use(metrics());
    testing::client c(a);
    a.get("/block", [&](request&, response& res) {
        c.clock().advance(500ms); // as a handler that computes
        res.end();
    });
    c.get("/block").expect(200);
    c.run();
    c.advance(50ms);
    const auto text = page(c);
    CHECK(std::stoi(value_of(text, "crema_loop_delay_seconds_count")) >= 9);
    CHECK(std::stod(value_of(text, "crema_loop_delay_seconds_sum")) > 1.5);
    CHECK(std::stoi(value_of(text, R"(crema_loop_delay_seconds_bucket{le="0.25"})")) < std::stoi(value_of(text, "crema_loop_delay_seconds_count")));
}

TEST_CASE("a thread whose loop is another one is measured again", "[middleware][metrics]") {
    const auto m = metrics();
    auto first = std::make_unique<testing::client>(service(m));
    testing::client second(service(m)); // while the first is there: at another address
    const auto times = [&] { return std::stoi(value_of(m.text(), "crema_loop_delay_seconds_count")); };
    first->get("/users/1").expect(200);
    first->advance(200ms);
    const auto before = times();
    CHECK(before >= 3);
    first.reset();
    second.get("/users/1").expect(200);
    second.advance(200ms);
    CHECK(times() >= before + 3);
}

TEST_CASE("Prometheus' text or OpenMetrics, as the client likes", "[middleware][metrics]") {
    testing::client c(service(metrics()));
    const char* text = "text/plain; version=0.0.4; charset=utf-8";
    const char* open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    c.get("/metrics").expect("Content-Type", text).expect("Vary", "Accept").expect("Cache-Control", "no-store");
    c.get("/metrics").set("Accept", "*/*").expect("Content-Type", text);
    c.get("/metrics").set("Accept", "text/plain").expect("Content-Type", text);
    c.get("/metrics").set("Accept", "application/openmetrics-text").expect("Content-Type", open);
    // what Prometheus sends
    c.get("/metrics").set("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2").expect("Content-Type", open);
    CHECK(page(c, "application/openmetrics-text").ends_with("# EOF\n"));
    CHECK_THAT(page(c), !Contains("# EOF"));
    c.head("/metrics").expect(200, "");
    c.post("/metrics").expect(404);
}

TEST_CASE("the page is for this machine and private networks, not for what a proxy hands on", "[middleware][metrics]") {
    testing::client c(service(metrics()));
    for (const auto* field : {"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP"})
        c.get("/metrics").set(field, "127.0.0.1").expect(404);
    for (const auto* host : {"", "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1"}) {
        INFO(host);
        CHECK(detail::is_private_address(host));
    }
    for (const auto* host : {"8.8.8.8", "172.32.0.1", "172.15.0.1", "192.169.0.1", "11.0.0.1", "::ffff:8.8.8.8", "2001:db8::1", "::", "0.0.0.0", "localhost", "/run/socket"}) {
        INFO(host);
        CHECK_FALSE(detail::is_private_address(host));
    }
    const auto from = [](const char* host) {
        sockaddr_in a{};
        a.sin_family = AF_INET;
        ::inet_pton(AF_INET, host, &a.sin_addr);
        testing::client_options o;
        o.connection.near = net::address(reinterpret_cast<const sockaddr*>(&a), sizeof a);
        return testing::client(service(metrics()), o).get("/metrics").result().status;
    };
    CHECK(from("192.168.1.1") == 200);
    CHECK(from("8.8.8.8") == 404);
    testing::client secret(service(metrics({.allow = [](request& req) { return req.get("X-Key") == "open"; }})));
    secret.get("/metrics").expect(404);
    secret.get("/metrics").set("X-Key", "open").expect(200);
    metrics_handler m({.path = ""});
    auto a = service(m);
    a.get("/inside/metrics", [m](request& req, response& res) { m.page(req, res); });
    testing::client own(a);
    own.get("/metrics").expect(404);
    CHECK_THAT(own.get("/inside/metrics").result().body, Contains("http_requests_in_flight 1\n"));
}

TEST_CASE("the number of series is bounded", "[middleware][metrics]") {
    app a;
    a.use(metrics({.series = 10}));
    a.get("/:status", [](request& req, response& res) { res.status(std::stoi(std::string(req.params("status")))).end(); });
    testing::client c(a);
    for (int i = 0; i < 200; ++i) static_cast<void>(c.get("/" + std::to_string(400 + i)).result());
    const auto text = page(c);
    CHECK(value_of(text, R"(http_request_duration_seconds_count{method="_OTHER",route="other",status="none"})") == "190");
    CHECK(value_of(text, R"(http_request_duration_seconds_count{method="GET",route="/:status",status="400"})") == "1");
}

TEST_CASE("threads count for themselves, the page adds up", "[middleware][metrics]") {
    metrics_handler m = metrics();
    const auto work = [&m] {
        testing::client c(service(m));
        for (int i = 0; i < 50; ++i) c.get("/users/1").expect(200);
    };
    std::thread a(work), b(work);
    for (int i = 0; i < 20; ++i) static_cast<void>(m.text());
    a.join();
    b.join();
    work();
    CHECK(value_of(m.text(), R"(http_request_duration_seconds_count{method="GET",route="/users/:id",status="200"})") == "150");
}

TEST_CASE("bounds that do not ascend are refused where they are given", "[middleware][metrics]") {
    CHECK_THROWS_AS(metrics({.buckets = {1.0, 1.0}}), std::invalid_argument);
    CHECK_THROWS_AS(metrics({.buckets = {2, 1}}), std::invalid_argument);
}
