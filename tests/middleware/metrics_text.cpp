// Tests of middleware/metrics_text.hpp.
// SPDX-License-Identifier: MIT
#include <crema/middleware/metrics_text.hpp>

#include <catch2/catch.hpp>
#include <limits>
#include <string>

using namespace crema;

namespace {

template <class F>
std::string written(metrics_format f, F&& fill) {
    std::string out;
    metrics_text t(out, f);
    fill(t);
    t.end();
    return out;
}

void counters(metrics_text& t) {
    t.family("requests", metrics_text::kind::counter, "How many.");
    t.sample(std::uint64_t{3}, {{"method", "GET"}, {"path", "a\"b\\c\nd"}});
    t.family("temperature", metrics_text::kind::gauge, "Back\\slash \"quoted\"\nline.");
    t.sample(-0.5);
}

void histograms(metrics_text& t) {
    t.family("seconds", metrics_text::kind::histogram, "How long.");
    const double bounds[] = {0.005, 1, 1e-9};
    const std::uint64_t counts[] = {1, 0, 2, 4};
    t.histogram(bounds, counts, 2.5, {{"route", "/"}});
}

} // namespace

TEST_CASE("Prometheus' text", "[middleware][metrics_text]") {
    CHECK(written(metrics_format::prometheus, counters) == "# HELP requests_total How many.\n# TYPE requests_total counter\n"
                                                           "requests_total{method=\"GET\",path=\"a\\\"b\\\\c\\nd\"} 3\n"
                                                           "# HELP temperature Back\\\\slash \"quoted\"\\nline.\n# TYPE temperature gauge\n"
                                                           "temperature -0.5\n");
    CHECK(written(metrics_format::prometheus, histograms) ==
          "# HELP seconds How long.\n# TYPE seconds histogram\n"
          "seconds_bucket{route=\"/\",le=\"0.005\"} 1\nseconds_bucket{route=\"/\",le=\"1\"} 1\nseconds_bucket{route=\"/\",le=\"1e-09\"} 3\n"
          "seconds_bucket{route=\"/\",le=\"+Inf\"} 7\nseconds_sum{route=\"/\"} 2.5\nseconds_count{route=\"/\"} 7\n");
}

TEST_CASE("OpenMetrics: counters are named without _total, bounds are floats, the text has an end", "[middleware][metrics_text]") {
    CHECK(written(metrics_format::openmetrics, counters) == "# HELP requests How many.\n# TYPE requests counter\n"
                                                            "requests_total{method=\"GET\",path=\"a\\\"b\\\\c\\nd\"} 3\n"
                                                            "# HELP temperature Back\\\\slash \\\"quoted\\\"\\nline.\n# TYPE temperature gauge\n"
                                                            "temperature -0.5\n# EOF\n");
    const auto h = written(metrics_format::openmetrics, histograms);
    CHECK(h.find("le=\"1.0\"") != h.npos);
    CHECK(h.find("le=\"+Inf\"") != h.npos);
    CHECK(h.ends_with("seconds_count{route=\"/\"} 7\n# EOF\n"));
}

TEST_CASE("bounds are written as others write them", "[middleware][metrics_text]") {
    const auto text = written(metrics_format::prometheus, [](metrics_text& t) {
        t.family("seconds", metrics_text::kind::histogram, "How long.");
        const double bounds[] = {0.0005, 0.001, 100000};
        const std::uint64_t counts[] = {1, 0, 0, 0};
        t.histogram(bounds, counts, 1e300);
    });
    CHECK(text.find("le=\"0.0005\"") != text.npos);
    CHECK(text.find("le=\"0.001\"") != text.npos);
    CHECK(text.find("le=\"100000\"") != text.npos);
    CHECK(text.find("seconds_sum 1e+300\n") != text.npos);
}

TEST_CASE("numbers that are none", "[middleware][metrics_text]") {
    const auto all = written(metrics_format::prometheus, [](metrics_text& t) {
        t.family("x", metrics_text::kind::gauge, "");
        t.sample(std::numeric_limits<double>::quiet_NaN());
        t.sample(std::numeric_limits<double>::infinity());
        t.sample(-std::numeric_limits<double>::infinity());
        t.sample(std::numeric_limits<std::uint64_t>::max());
    });
    CHECK(all == "# HELP x \n# TYPE x gauge\nx NaN\nx +Inf\nx -Inf\nx 18446744073709551615\n");
}
