// metrics: counts requests by route, and what the process does, for Prometheus.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/core/config.hpp>
#include <crema/middleware/metrics_text.hpp>
#include <crema/web/answer_watcher.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crema {

/// Is a metric of one's own, asked whenever the page is.
struct metric_source {
    std::string name;                                             ///< of a counter without `_total`
    std::string help;                                             ///< one sentence
    std::function<double()> read;                                 ///< on the loop
    metrics_text::kind kind = metrics_text::kind::gauge;          ///< a gauge or a counter
};

/** Options of `metrics`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct metrics_options {
    std::string path = "/metrics";                                ///< where the page is; empty for nowhere, see `metrics_handler::page`
    /// Tells who may read the page; others get what the layers behind answer. `metrics_private` when empty.
    std::function<bool(request& req)> allow{};
    /// Upper bounds of the buckets of durations, seconds, ascending.
    std::vector<double> buckets{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
    std::size_t series = 1000;                                    ///< of routes, methods and statuses, for each thread; the rest counts as route `other`
    std::chrono::milliseconds loop_delay{50};                     ///< how often the delay of the loop is measured; 0 for never
    std::vector<metric_source> sources{};                         ///< of one's own
};

/** Tells whether a request comes from this machine or a private network, and no proxy says that it has handed it on.

    Do not rely on it behind what says nothing: a proxy that adds no field, as nginx does without `proxy_set_header`, a balancer or NAT
    that puts its own private address in place of the client's (Docker's proxy, Kubernetes with `externalTrafficPolicy: Cluster`). There
    refuse the path in the proxy, give `allow`, or put the page on a listener of its own with `metrics_handler::page`.
*/
CREMA_DECL bool metrics_private(request& req);

namespace detail {

// The address alone: of this machine or a private network; empty for a local socket.
CREMA_DECL bool is_private_address(std::string_view host);

} // namespace detail

/** Is the middleware that `metrics` makes. Copies share what they count.

    @par Thread Safety
    Safe: each thread counts for itself, the page adds up.
*/
class metrics_handler {
public:
    /// @cond
    CREMA_DECL explicit metrics_handler(metrics_options options);
    CREMA_DECL void operator()(request& req, response& res, next& next) const;
    /// @endcond
    /// Answers with the page, whoever asks: `admin.get("/metrics", [m](request& req, response& res) { m.page(req, res); })`.
    CREMA_DECL void page(request& req, response& res) const;
    /// Returns the page as text.
    CREMA_DECL std::string text(metrics_format f = metrics_format::prometheus) const;

private:
    struct state;
    struct shard;
    struct watcher;
    std::shared_ptr<state> state_;
};

/** Make a middleware that counts, and answers at `/metrics`.

    Durations of requests by method, pattern of the route and status; requests that run, connections, the delay of the loop, the queue of
    the pool, CPU time, memory and open files of the process. Put it in front of the other layers.

    @throws std::invalid_argument when the bounds of the buckets do not ascend.
*/
inline metrics_handler metrics(metrics_options options = {}) { return metrics_handler(std::move(options)); }

} // namespace crema

#if CREMA_BODIES
#include <crema/http/forwarded.hpp>
#include <crema/http/negotiate.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/pool.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace crema {
namespace detail {

// A histogram that one thread writes and others may read.
class shared_buckets {
public:
    explicit shared_buckets(std::size_t n) : counts_(n) {}
    void add(const std::vector<std::int64_t>& bounds, std::int64_t ns) noexcept {
        std::size_t i = 0;
        while (i < bounds.size() && ns > bounds[i]) ++i;
        bump(counts_[i], 1);
        bump(sum_, static_cast<std::uint64_t>(ns));
    }
    void collect(std::vector<std::uint64_t>& counts, std::uint64_t& sum) const {
        counts.resize(counts_.size());
        for (std::size_t i = 0; i < counts_.size(); ++i) counts[i] += counts_[i].load(std::memory_order_relaxed);
        sum += sum_.load(std::memory_order_relaxed);
    }
    // One thread writes: no locked instruction is needed.
    static void bump(std::atomic<std::uint64_t>& n, std::uint64_t by) noexcept {
        n.store(n.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }

private:
    std::vector<std::atomic<std::uint64_t>> counts_;
    std::atomic<std::uint64_t> sum_{0}; // ns
};

} // namespace detail

// What one thread counts.
struct metrics_handler::shard {
    struct series {
        series(const activity_label* r, std::string_view m, int s, std::size_t buckets) : route(r), method(m), status(s), durations(buckets) {}
        const activity_label* route;
        const std::string_view method; // lives forever
        const int status;              // 0 for an answer that nobody got
        bool other = false;
        std::atomic<std::uint64_t> octets{0};
        detail::shared_buckets durations;
        series* next = nullptr;        // older; never changes
    };
    struct key {
        const activity_label* route;
        unsigned what; // method and status
        bool operator==(const key&) const = default;
    };
    struct hash {
        std::size_t operator()(const key& k) const noexcept { return (reinterpret_cast<std::uintptr_t>(k.route) >> 4) * 31 + k.what; }
    };

    shard(const state& s, std::thread::id t);
    ~shard() {
        for (auto* s = all.load(); s;) delete std::exchange(s, s->next);
    }
    void count(request& req, response& res) noexcept;
    series& find(const key& k, http::method m, int status);

    const state& owner;
    const std::thread::id thread;
    std::unordered_map<key, series*, hash> by_key; // of this thread alone
    key last_key{nullptr, ~0u};
    series* last = nullptr;
    std::atomic<series*> all{nullptr};
    std::size_t size = 0;
    std::atomic<std::uint64_t> running{0}, connections{0};
    detail::shared_buckets delay;
    std::chrono::steady_clock::time_point due{};
    std::weak_ptr<const bool> measured; // by a timer of a loop that lives
};

struct metrics_handler::state : std::enable_shared_from_this<state> {
    explicit state(metrics_options o);
    shard& here(class loop& l);
    shard& add(class loop& l);
    void measure(shard& s, class loop& l, std::shared_ptr<const bool> lives);
    void process(metrics_text& t) const;

    static inline std::atomic<std::uint64_t> ids{0};
    const std::uint64_t id = ++ids; // never again, unlike an address
    const metrics_options given;
    std::vector<std::int64_t> bounds; // ns
    std::vector<double> delay_seconds{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5};
    std::vector<std::int64_t> delay_bounds;
    mutable std::mutex mutex;
    std::vector<std::unique_ptr<shard>> shards;
};

inline metrics_handler::shard::shard(const state& s, std::thread::id t) : owner(s), thread(t), delay(s.delay_bounds.size() + 1) {}

struct metrics_handler::watcher final : detail::answer_watcher {
    explicit watcher(shard& s) noexcept : shard_(s) {}
    void over(request& req, response& res) noexcept override { shard_.count(req, res); }
    shard& shard_; // of a handler, which outlives the exchange
};

CREMA_DECL bool metrics_private(request& req) {
    for (const auto name : {"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP"})
        if (req.get(name)) return false;
    return detail::is_private_address(req.raw().peer().host());
}

CREMA_DECL bool detail::is_private_address(std::string_view host) {
    static const auto near = http::proxy_trust::subnets("loopback, linklocal, uniquelocal").value();
    return host.empty() || near.trusts(host, 0);
}

CREMA_DECL metrics_handler::state::state(metrics_options o) : given(std::move(o)) {
    if (!std::is_sorted(given.buckets.begin(), given.buckets.end(), std::less_equal<>()))
        throw std::invalid_argument("crema: metrics: the bounds of the buckets must ascend");
    for (const auto b : given.buckets) bounds.push_back(static_cast<std::int64_t>(b * 1e9));
    for (const auto b : delay_seconds) delay_bounds.push_back(static_cast<std::int64_t>(b * 1e9));
}

inline metrics_handler::shard& metrics_handler::state::here(class loop& l) {
    struct known {
        std::uint64_t id = 0;
        const class loop* on = nullptr;
        shard* s = nullptr;
    };
    static thread_local known last; // mostly there is one
    if (last.id != id || last.on != &l) [[unlikely]] last = {id, &l, &add(l)};
    return *last.s;
}

CREMA_DECL metrics_handler::shard& metrics_handler::state::add(class loop& l) {
    const auto self = std::this_thread::get_id();
    const std::lock_guard lock(mutex);
    shard* known = nullptr;
    for (auto& s : shards)
        if (s->thread == self) known = s.get();
    if (!known) known = shards.emplace_back(std::make_unique<shard>(*this, self)).get();
    auto& s = *known;
    if (given.loop_delay.count() > 0 && s.measured.expired()) { // the thread may have had another loop before, or another thread its name
        s.due = l.now() + given.loop_delay;
        auto lives = std::make_shared<const bool>(true);
        s.measured = lives;
        measure(s, l, std::move(lives));
    }
    return s;
}

// Measures how late a timer comes, as long as loop and handler live.
CREMA_DECL void metrics_handler::state::measure(shard& s, class loop& l, std::shared_ptr<const bool> lives) {
    l.set_timeout(
         [weak = weak_from_this(), &s, &l, lives = std::move(lives)]() mutable {
             const auto alive = weak.lock();
             if (!alive) return;
             const auto period = std::chrono::nanoseconds(alive->given.loop_delay);
             const auto now = l.now();
             auto late = std::max<std::chrono::nanoseconds>(now - s.due, std::chrono::nanoseconds(0));
             for (int i = 0; late >= std::chrono::nanoseconds(0) && i < 10'000; ++i, late -= period) // and those that could not fire
                 s.delay.add(alive->delay_bounds, late.count());
             s.due = now + period;
             alive->measure(s, l, std::move(lives));
         },
         given.loop_delay)
        .unref();
}

inline metrics_handler::shard::series& metrics_handler::shard::find(const key& k, http::method m, int status) {
    if (k == last_key) [[likely]] return *last;
    auto at = by_key.find(k);
    if (at == by_key.end()) {
        const bool full = size >= owner.given.series;
        const key wanted = full ? key{nullptr, 1u << 31} : k;
        at = by_key.find(wanted);
        if (at == by_key.end()) {
            const auto text = m == http::method::unknown ? std::string_view("_OTHER") : http::to_string(m);
            auto made = std::make_unique<series>(full ? nullptr : k.route, full ? std::string_view("_OTHER") : text, full ? 0 : status, owner.bounds.size() + 1);
            made->other = full;
            made->next = all.load(std::memory_order_relaxed);
            at = by_key.emplace(wanted, made.get()).first;
            all.store(made.release(), std::memory_order_release);
            ++size;
        }
    }
    last = at->second;
    last_key = at->first;
    return *last;
}

inline void metrics_handler::shard::count(request& req, response& res) noexcept {
    using detail::shared_buckets;
    running.store(running.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    const auto m = req.head().method();
    const int status = res.headers_sent() ? res.status_code() : 0;
    try {
        auto& s = find({req.route_label(), static_cast<unsigned>(m) << 16 | static_cast<unsigned>(status)}, m, status);
        const auto& times = res.watched();
        s.durations.add(owner.bounds, std::chrono::nanoseconds(times.over_at() - times.begun()).count());
        if (const auto n = req.raw().answer_length()) shared_buckets::bump(s.octets, *n);
    } catch (...) { // no memory for a series: this request is not counted
    }
}

CREMA_DECL metrics_handler::metrics_handler(metrics_options options) : state_(std::make_shared<state>(std::move(options))) {}

CREMA_DECL void metrics_handler::operator()(request& req, response& res, next& next) const {
    const auto& o = state_->given;
    if (!o.path.empty() && req.path() == o.path && (req.head().method() == http::method::get || req.head().method() == http::method::head) &&
        (o.allow ? o.allow(req) : metrics_private(req)))
        return page(req, res);
    auto& s = state_->here(req.raw().loop());
    detail::shared_buckets::bump(s.running, 1);
    s.connections.store(req.raw().connections(), std::memory_order_relaxed);
    res.watched().add(*req.raw().memory().make<watcher>(s));
    next();
}

CREMA_DECL void metrics_handler::page(request& req, response& res) const {
    state_->here(req.raw().loop()).connections.store(req.raw().connections(), std::memory_order_relaxed);
    constexpr std::string_view prometheus = "text/plain; version=0.0.4", openmetrics = "application/openmetrics-text; version=1.0.0";
    const auto best = http::accepts(req.get("Accept"), {prometheus, openmetrics});
    const auto f = best == openmetrics ? metrics_format::openmetrics : metrics_format::prometheus;
    res.set("Cache-Control", "no-store").vary("Accept");
    res.set("Content-Type", metrics_text::content_type(f));
    res.end(text(f));
}

CREMA_DECL std::string metrics_handler::text(metrics_format f) const {
    struct totals {
        std::vector<std::uint64_t> counts;
        std::uint64_t sum = 0, octets = 0;
    };
    std::map<std::tuple<std::string, std::string_view, std::string>, totals> all; // route, method, status
    totals delay;
    std::uint64_t running = 0, connections = 0;
    {
        const std::lock_guard lock(state_->mutex);
        for (const auto& s : state_->shards) {
            for (auto* one = s->all.load(std::memory_order_acquire); one; one = one->next) {
                std::string route = one->other ? "other" : "";
                for (const auto* l = one->route; l; l = l->below) route.insert(0, l->name == "/" && l->below ? std::string_view{} : l->name);
                auto& t = all[{std::move(route), one->method, one->status ? std::to_string(one->status) : "none"}];
                one->durations.collect(t.counts, t.sum);
                t.octets += one->octets.load(std::memory_order_relaxed);
            }
            running += s->running.load(std::memory_order_relaxed);
            connections += s->connections.load(std::memory_order_relaxed);
            s->delay.collect(delay.counts, delay.sum);
        }
    }
    using kind = metrics_text::kind;
    std::string out;
    metrics_text t(out, f);
    t.family("http_request_duration_seconds", kind::histogram, "Time from the first layer to the end of the answer.");
    for (const auto& [k, v] : all)
        t.histogram(state_->given.buckets, v.counts, static_cast<double>(v.sum) / 1e9, {{"method", std::get<1>(k)}, {"route", std::get<0>(k)}, {"status", std::get<2>(k)}});
    t.family("http_response_body_bytes", kind::counter, "Octets of answers whose length was known.");
    for (const auto& [k, v] : all) t.sample(v.octets, {{"method", std::get<1>(k)}, {"route", std::get<0>(k)}, {"status", std::get<2>(k)}});
    t.family("http_requests_in_flight", kind::gauge, "Requests that are being handled.");
    t.sample(running);
    t.family("http_connections", kind::gauge, "Open connections, when each thread was last asked something.");
    t.sample(connections);
    if (!delay.counts.empty() && state_->given.loop_delay.count() > 0) {
        t.family("crema_loop_delay_seconds", kind::histogram, "How late the loop comes to what is due.");
        t.histogram(state_->delay_seconds, delay.counts, static_cast<double>(delay.sum) / 1e9);
    }
    t.family("crema_pool_jobs_waiting", kind::gauge, "Jobs that wait for a thread of the pool.");
    t.sample(static_cast<std::uint64_t>(offload_pool::shared().waiting()));
    t.family("crema_pool_queue_limit", kind::gauge, "Jobs that may wait.");
    t.sample(static_cast<std::uint64_t>(offload_pool::shared().options().queue));
    state_->process(t);
    for (const auto& s : state_->given.sources) {
        t.family(s.name, s.kind, s.help);
        t.sample(s.read());
    }
    t.end();
    return out;
}

// What Prometheus' own libraries tell of a process.
CREMA_DECL void metrics_handler::state::process(metrics_text& t) const {
    using kind = metrics_text::kind;
    rusage u{};
    if (::getrusage(RUSAGE_SELF, &u) == 0) {
        const auto seconds = [](const timeval& v) { return static_cast<double>(v.tv_sec) + static_cast<double>(v.tv_usec) / 1e6; };
        t.family("process_cpu_seconds", kind::counter, "CPU time of the process.");
        t.sample(seconds(u.ru_utime) + seconds(u.ru_stime));
    }
    std::uint64_t virtual_pages = 0, resident_pages = 0;
    if (std::ifstream statm("/proc/self/statm"); statm >> virtual_pages >> resident_pages) {
        t.family("process_resident_memory_bytes", kind::gauge, "Memory of the process.");
        t.sample(resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    }
    std::error_code ec;
    std::filesystem::directory_iterator fds("/proc/self/fd", ec);
    if (!ec) {
        t.family("process_open_fds", kind::gauge, "Open files of the process.");
        t.sample(static_cast<std::uint64_t>(std::distance(std::filesystem::begin(fds), std::filesystem::end(fds))));
    }
    rlimit most{};
    if (::getrlimit(RLIMIT_NOFILE, &most) == 0) {
        t.family("process_max_fds", kind::gauge, "Files that the process may open.");
        t.sample(static_cast<std::uint64_t>(most.rlim_cur));
    }
}

} // namespace crema
#endif
