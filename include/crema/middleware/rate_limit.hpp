// rate_limit: answers 429 to who asks too often.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace crema {

/// Names the ways to count.
enum class rate_algorithm : unsigned char {
    fixed_window,   ///< so many in each window; twice as many may come around its end
    sliding_window, ///< as many in each window, the former one counted by how much of it is left: about so many in any window
    token_bucket,   ///< so many at once, and then at an even rate of so many each window
};

/// Says how much is allowed.
struct rate_rule {
    rate_algorithm algorithm = rate_algorithm::sliding_window; ///< how it is counted
    std::uint32_t limit = 100;                                 ///< requests in each window
    std::chrono::milliseconds window = std::chrono::minutes(1); ///< its length
};

/// Says what became of one request.
struct rate_decision {
    bool allowed = true;                     ///< it may pass
    std::uint32_t remaining = 0;             ///< further requests that may pass now
    std::chrono::milliseconds reset{};       ///< until all of the limit is there again
    std::chrono::milliseconds retry_after{}; ///< until one may pass again, when it may not
};

/** Keeps the counts. Implement it to share them between processes.

    @par Thread Safety
    Called on the loop of the request; on several when the server has several.
*/
class rate_store {
public:
    virtual ~rate_store() = default;
    /** Count one request.

        @param key Whose.
        @param rule What is allowed; always the same for one key.
        @param now The time of the loop.
        @throws Whatever; it goes to the error handlers.
    */
    virtual task<rate_decision> take(std::string key, const rate_rule& rule, std::chrono::steady_clock::time_point now) = 0;
};

/** Keeps the counts in memory, of a bounded number of keys: those that were not seen for longest are forgotten first.

    @par Thread Safety
    Safe.
*/
class memory_rate_store final : public rate_store {
public:
    /// Construct. @param keys How many are kept; about 150 octets each, however long they are.
    CREMA_DECL explicit memory_rate_store(std::size_t keys = 100'000);
    CREMA_DECL ~memory_rate_store() override;
    /// @cond
    CREMA_DECL task<rate_decision> take(std::string key, const rate_rule& rule, std::chrono::steady_clock::time_point now) override;
    /// @endcond
    /// Counts one request; as `take`, at once.
    CREMA_DECL rate_decision take_now(std::string_view key, const rate_rule& rule, std::chrono::steady_clock::time_point now);
    /// Returns the number of keys.
    CREMA_DECL std::size_t size() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

/// Names the fields that tell clients about their limit.
enum class rate_headers : unsigned char {
    none,   ///< only Retry-After
    draft6, ///< RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset
    draft8, ///< RateLimit-Policy and RateLimit as structured fields
};

/** Options of `rate_limit`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct rate_limit_options {
    rate_rule rule{};                            ///< what is allowed
    std::string name = "default";                ///< of the policy, in the fields; and in the keys
    rate_headers headers = rate_headers::draft8; ///< which fields are sent
    /// Whose request it is; the address of the client when empty, of IPv6 its first 64 bits. No key: not counted.
    std::function<std::string(request&)> key{};
    std::function<bool(request&)> skip{};        ///< requests that are not counted
    std::shared_ptr<rate_store> store{};         ///< memory when empty
    std::string message = "Too many requests, please try again later."; ///< of the error
};

/** Is the middleware that `rate_limit` makes. Copies share their counts.

    @par Thread Safety
    As its store.
*/
class rate_limit_handler {
public:
    /// @cond
    CREMA_DECL explicit rate_limit_handler(rate_limit_options options);
    task<> operator()(request& req, response& res, next& next) const { return run(req, res, next); }
    /// @endcond

private:
    CREMA_COROUTINE task<> run(request& req, response& res, next& next) const;
    std::shared_ptr<const rate_limit_options> options_;
};

/** Make a middleware that lets each client ask so often and no more.

    `app.use("/login", rate_limit({.rule = {.limit = 5, .window = 1min}}));`

    Behind a proxy the setting `trust proxy` decides what the address of the client is.

    @par Errors
    429 `rate.limited` with Retry-After, through the error handlers.

    @throws system_error(error::bad_value) when limit or window are not positive, or the name is none.

    @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
*/
inline rate_limit_handler rate_limit(rate_limit_options options = {}) { return rate_limit_handler(std::move(options)); }

namespace detail {

// However it is written, an address is one client; so is one with a port behind, as some proxies write. Whoever has one
// address of IPv6 has as many as there are in its network.
CREMA_DECL std::string rate_key(std::string_view address);

} // namespace detail

} // namespace crema

#if CREMA_BODIES
#include <crema/core/lru.hpp>
#include <crema/core/secret.hpp>
#include <crema/core/text.hpp>
#include <crema/http/ip_address.hpp>
#include <crema/loop/loop.hpp>
#include <algorithm>
#include <cmath>
#include <mutex>

namespace crema {

struct memory_rate_store::state {
    struct count {
        std::chrono::steady_clock::time_point begin{}; // of the window; of the bucket when it was looked at
        double now = 0, before = 0;                    // counts of this window and the one before; tokens of a bucket
    };
    explicit state(std::size_t keys) : all(keys) {}
    std::mutex one_at_a_time; // loops of several threads may share it
    lru<count> all;
};

CREMA_DECL memory_rate_store::memory_rate_store(std::size_t keys) : state_(std::make_unique<state>(keys)) {}
CREMA_DECL memory_rate_store::~memory_rate_store() = default;
CREMA_DECL std::size_t memory_rate_store::size() const noexcept {
    const std::lock_guard lock(state_->one_at_a_time);
    return state_->all.size();
}

CREMA_DECL task<rate_decision> memory_rate_store::take(std::string key, const rate_rule& rule,
                                                       std::chrono::steady_clock::time_point now) {
    co_return take_now(key, rule, now);
}

CREMA_DECL rate_decision memory_rate_store::take_now(std::string_view key, const rate_rule& rule,
                                                     std::chrono::steady_clock::time_point now) {
    using std::chrono::milliseconds;
    auto& s = *state_;
    const auto hash = private_hash(key);
    const std::lock_guard lock(s.one_at_a_time);
    const bool bucket = rule.algorithm == rate_algorithm::token_bucket;
    auto* known = s.all.find(hash);
    if (!known) {
        if (s.all.full()) s.all.drop_oldest();
        known = &s.all.add(hash, {now, bucket ? static_cast<double>(rule.limit) : 0, 0});
    }
    auto& c = *known;
    const double limit = rule.limit, window = static_cast<double>(rule.window.count());
    const auto ms = [](double d) { return milliseconds(static_cast<milliseconds::rep>(std::ceil(d))); };
    double passed = std::chrono::duration<double, std::milli>(now - c.begin).count();
    rate_decision d;
    if (bucket) {
        c.now = std::min(limit, c.now + passed * limit / window);
        c.begin = now;
        d.allowed = c.now >= 1;
        if (d.allowed) c.now -= 1;
        else d.retry_after = ms((1 - c.now) * window / limit);
        d.remaining = static_cast<std::uint32_t>(c.now);
        d.reset = ms((limit - c.now) * window / limit);
        return d;
    }
    if (passed >= window) { // another window
        const auto windows = std::floor(passed / window);
        c.before = windows == 1 && rule.algorithm == rate_algorithm::sliding_window ? c.now : 0;
        c.now = 0;
        c.begin += std::chrono::duration_cast<std::chrono::steady_clock::duration>(
            std::chrono::duration<double, std::milli>(windows * window));
        passed -= windows * window;
        if (rule.algorithm == rate_algorithm::fixed_window) {
            c.begin = now;
            passed = 0;
        }
    }
    const double weighted = c.before * (1 - passed / window);
    d.allowed = c.now + weighted + 1 <= limit + 1e-9;
    if (d.allowed) c.now += 1;
    d.remaining = static_cast<std::uint32_t>(std::max(0.0, std::floor(limit - c.now - weighted + 1e-9)));
    d.reset = ms(window - passed);
    if (!d.allowed) {
        // When enough of the window before has gone; at the latest, of this one once it is the one before.
        const double room = limit - 1 - c.now;
        if (c.before > 0 && room >= 0) d.retry_after = ms((1 - room / c.before) * window - passed);
        else if (rule.algorithm == rate_algorithm::sliding_window) d.retry_after = ms(window - passed + (1 - (limit - 1) / c.now) * window);
        else d.retry_after = d.reset;
    }
    return d;
}

namespace detail {

CREMA_DECL std::string rate_key(std::string_view address) {
    auto host = address;
    if (host.starts_with('[')) host = host.substr(1, host.find(']') - 1);
    else if (host.find('.') != host.npos && host.find(':') == host.rfind(':')) host = host.substr(0, host.find(':'));
    const auto a = http::ip_address::parse(host);
    if (!a) return std::string(address);
    return std::string(reinterpret_cast<const char*>(a->octets().data()), a->is_v6() ? 8 : 4);
}

} // namespace detail

CREMA_DECL rate_limit_handler::rate_limit_handler(rate_limit_options options) {
    if (options.rule.limit == 0 || options.rule.window.count() <= 0)
        throw system_error(make_error_code(error::bad_value), "rate_limit: limit and window must be positive");
    if (!is_token(options.name))
        throw system_error(make_error_code(error::bad_value), "rate_limit: name \"" + options.name + "\"");
    if (!options.store) options.store = std::make_shared<memory_rate_store>();
    options_ = std::make_shared<const rate_limit_options>(std::move(options));
}

CREMA_COROUTINE task<> rate_limit_handler::run(request& req, response& res, next& next) const {
    const auto& o = *options_;
    std::string key;
    if (!o.skip || !o.skip(req)) key = o.key ? o.key(req) : "ip " + detail::rate_key(req.ip());
    if (key.empty()) {
        next();
        co_return;
    }
    key.insert(0, o.name + ":");
    const auto d = co_await o.store->take(std::move(key), o.rule, req.raw().loop().now());
    const auto seconds = [](std::chrono::milliseconds t) { return std::to_string((t.count() + 999) / 1000); };
    if (!res.headers_sent()) {
        if (o.headers == rate_headers::draft6) {
            res.set("RateLimit-Limit", o.rule.limit).set("RateLimit-Remaining", d.remaining).set("RateLimit-Reset", seconds(d.reset));
            res.set("RateLimit-Policy", std::to_string(o.rule.limit) + ";w=" + seconds(o.rule.window));
        } else if (o.headers == rate_headers::draft8) {
            res.append("RateLimit-Policy", "\"" + o.name + "\";q=" + std::to_string(o.rule.limit) + ";w=" + seconds(o.rule.window));
            res.append("RateLimit", "\"" + o.name + "\";r=" + std::to_string(d.remaining) + ";t=" + seconds(d.reset));
        }
    }
    if (!d.allowed)
        throw http_error(429, o.message).type("rate.limited").header("Retry-After", seconds(std::max(d.retry_after, std::chrono::milliseconds(1))));
    next();
}

} // namespace crema
#endif
