// Tests of middleware/trace.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/trace.hpp>

#include <crema/loop/sleep.hpp>
#include <crema/testing/client.hpp>
#include <crema/web/app.hpp>

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

using namespace crema;
using namespace std::chrono_literals;

namespace {

constexpr auto parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// Answers with what it would send to another service.
app service(trace_options options = {.trust = true}) {
    app a;
    a.use(trace(std::move(options)));
    a.get("/", [](request& req, response& res) {
        std::string all;
        for (const auto& [name, value] : span_of(req)->headers()) all += name + ": " + value + "\n";
        res.end(all);
    });
    return a;
}

std::string ask(testing::client& c, const char* traceparent, const char* state = nullptr) {
    auto call = c.get("/");
    if (traceparent) call.set("traceparent", traceparent);
    if (state) call.set("tracestate", state);
    return call.result().body;
}

} // namespace

TEST_CASE("a request with a traceparent is a child: the same trace, a span of its own", "[middleware][trace]") {
    testing::client c(service());
    const auto out = ask(c, parent, "rojo=1,congo=2");
    CHECK(out.starts_with("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    CHECK(out.find("00f067aa0ba902b7") == out.npos);
    CHECK(out.find("-01\ntracestate: rojo=1,congo=2\n") != out.npos);
    CHECK(ask(c, parent) != out);
    CHECK(ask(c, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").find("-00\n") != std::string::npos);
    CHECK(ask(c, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff").find("-01\n") != std::string::npos);
}

TEST_CASE("without one, or with a malformed one, a trace begins", "[middleware][trace]") {
    testing::client c(service());
    std::set<std::string> traces;
    for (const auto* text : {static_cast<const char*>(nullptr), "", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                             "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}) {
        const auto out = ask(c, text, "rojo=1");
        CHECK(out.size() == 13 + 55 + 1); // and no tracestate
        CHECK(http::parse_traceparent(std::string_view(out).substr(13, 55)).value().sampled());
        traces.insert(out.substr(16, 32));
    }
    CHECK(traces.size() == 5);
    const auto twice = c.get("/").set("traceparent", parent).set("traceparent", parent).result().body;
    CHECK(twice.find("4bf92f3577b34da6a3ce929d0e0e4736") == twice.npos);
}

TEST_CASE("a malformed tracestate is left out, several lines are one", "[middleware][trace]") {
    testing::client c(service());
    CHECK(ask(c, parent, "rojo=1,rojo=2").find("tracestate") == std::string::npos);
    CHECK(ask(c, parent, "Bad=1").find("tracestate") == std::string::npos);
    const auto two = c.get("/").set("traceparent", parent).set("tracestate", "a=1").set("tracestate", "b=2").result().body;
    CHECK(two.find("tracestate: a=1,b=2\n") != two.npos);
}

TEST_CASE("a service that strangers ask begins its own traces", "[middleware][trace]") {
    testing::client c(service({}));
    CHECK(ask(c, parent, "rojo=1").find("4bf92f3577b34da6a3ce929d0e0e4736") == std::string::npos);
    CHECK(ask(c, parent, "rojo=1").find("tracestate") == std::string::npos);
    testing::client none(service({.sample = 0}));
    CHECK(ask(none, parent).find("-00\n") != std::string::npos); // nor do they decide what is recorded
}

TEST_CASE("a part of the traces that begin here is recorded", "[middleware][trace]") {
    testing::client none(service({.sample = 0, .trust = true})), half(service({.sample = .5}));
    CHECK(ask(none, nullptr).find("-00\n") != std::string::npos);
    CHECK(ask(none, parent).find("-01\n") != std::string::npos); // who asks has decided
    int sampled = 0;
    for (int i = 0; i < 400; ++i) sampled += ask(half, nullptr).find("-01\n") != std::string::npos;
    CHECK(sampled > 100);
    CHECK(sampled < 300);
    CHECK_THROWS_AS(trace({.sample = 1.5}), std::invalid_argument);
    CHECK_THROWS_AS(trace({.sample = -1.0}), std::invalid_argument);
    CHECK_THROWS_AS(trace({.response_field = "a b"}), std::invalid_argument);
}

TEST_CASE("the span follows the coroutines, has children, and is told when it has ended", "[middleware][trace]") {
    std::vector<std::string> ended;
    app a;
    a.use(trace({.trust = true,
                 .finished =
                     [&](const finished_span& s) {
                         CHECK(s.took >= 0ns);
                         CHECK(s.span.parent.has_value());
                         ended.push_back(s.name + " " + std::to_string(s.status) + " " + std::string(s.span.trace_id()));
                     },
                 .response_field = "traceresponse"}));
    a.get("/users/:id", [](request& req, response& res) -> task<> {
        co_await sleep(1s);
        auto* const here = co_await context_value(trace_key);
        CHECK(here == span_of(req));
        const auto inner = here->child();
        CHECK(inner.trace_id() == here->trace_id());
        CHECK(inner.span_id() != here->span_id());
        CHECK(std::string_view(inner.parent->data(), 16) == here->span_id());
        res.end(here->span_id());
    });
    testing::client c(a);
    const auto r = c.get("/users/7").set("traceparent", parent).result();
    CHECK(r.header("traceresponse") == "00-4bf92f3577b34da6a3ce929d0e0e4736-" + r.body + "-01");
    c.get("/users/8").set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").expect(200);
    c.get("/users/9").set("traceparent", parent).start().disconnect();
    c.run();
    CHECK(ended == std::vector<std::string>{"GET /users/:id 200 4bf92f3577b34da6a3ce929d0e0e4736", "GET /users/:id 0 4bf92f3577b34da6a3ce929d0e0e4736"});
    app without;
    without.get("/", [](request& req, response& res) { res.end(span_of(req) ? "span" : "none"); });
    testing::client(without).get("/").expect(200, "none");
}
