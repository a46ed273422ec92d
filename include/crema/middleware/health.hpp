// health: tells load balancers and supervisors whether the process lives and whether it is ready.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/task.hpp>
#include <crema/core/config.hpp>
#include <crema/web/next.hpp>
#include <crema/web/request.hpp>
#include <crema/web/response.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace crema {

class loop;
namespace detail {
struct health_round;
}

/// Is one thing that must be well: its name and a function that says so; a throw says it is not.
struct health_check {
    std::string name;                   ///< in the answer
    std::function<task<bool>()> check;  ///< asked when somebody asks for readiness
};

/** Options of `health`.

    @par Thread Safety
    Distinct objects: safe.
*/
struct health_options {
    std::string live = "/health/live";            ///< answered 200 as long as the loop runs
    std::string ready = "/health/ready";          ///< answered 200 or 503
    std::vector<health_check> checks{};           ///< asked at once, all of them
    std::chrono::milliseconds timeout = std::chrono::seconds(2); ///< of each check
    std::function<bool()> draining{};             ///< true when no more requests are wanted, for a reason of one's own
    std::chrono::milliseconds keep = std::chrono::seconds(1);    ///< how long what the checks said is told to others who ask
    std::function<bool(request&)> details{};      ///< who is told what each check said; everybody when empty
};

/** Is the middleware that `health` makes. Copies share its state.

    @par Thread Safety
    As its checks.
*/
class health_handler {
public:
    /// @cond
    CREMA_DECL explicit health_handler(health_options options);
    task<> operator()(request& req, response& res, next& next) const { return run(req, res, next); }
    /// @endcond
    /// Lets readiness be answered 503 from now on, or as the checks say again.
    CREMA_DECL void drain(bool yes = true) noexcept;

private:
    struct state;
    CREMA_COROUTINE task<> run(request& req, response& res, next& next) const;
    CREMA_COROUTINE static task<> ask(std::shared_ptr<state> s, std::shared_ptr<detail::health_round> round, loop& l);
    CREMA_COROUTINE static task<std::shared_ptr<const detail::health_round>> said(std::shared_ptr<state> s, loop& l);
    std::shared_ptr<state> state_;
};

/** Make a middleware that answers at two paths, and hands on everything else.

    @code
    app.use(health({.checks = {{"database", [&]() -> task<bool> { co_await db.ping(); co_return true; }}}}));
    @endcode

    However many ask at once, the checks run once for each loop, and what they said holds for `keep`. While the server closes (`app.close`, a signal) readiness is answered 503; give `listen_options::drain_idle` the time that
    the balancer needs to ask once more. `{"status":"up"}` or `{"status":"down"}`, with what each check said; never why, which is for the log. Not to be cached.
*/
inline health_handler health(health_options options = {}) { return health_handler(std::move(options)); }

} // namespace crema

#if CREMA_BODIES
#include <crema/async/event.hpp>
#include <crema/async/spawn.hpp>
#include <crema/async/when_all.hpp>
#include <crema/core/value.hpp>
#include <crema/loop/loop.hpp>
#include <crema/loop/with_timeout.hpp>
#include <atomic>
#include <map>
#include <mutex>

namespace crema {
namespace detail {

// What the checks said when a loop asked them last. All on that loop.
struct health_round {
    event over;
    bool up = true;
    value checks = value::object();
    std::chrono::steady_clock::time_point at{}; // once it is over
};

} // namespace detail

struct health_handler::state {
    health_options options;
    std::atomic<bool> draining{false}; // the loops of several threads ask
    std::mutex mutex;
    std::map<const loop*, std::weak_ptr<detail::health_round>> running; // held by the coroutine: gone with its loop
    std::map<const loop*, std::shared_ptr<const detail::health_round>> known;
};

CREMA_DECL void health_handler::drain(bool yes) noexcept { state_->draining.store(yes, std::memory_order_relaxed); }

CREMA_DECL health_handler::health_handler(health_options options) : state_(std::make_shared<state>()) {
    for (const auto& c : options.checks)
        if (!c.check) throw system_error(make_error_code(error::bad_value), "health: no check for \"" + c.name + "\"");
    state_->options = std::move(options);
}

namespace detail {

CREMA_COROUTINE task<bool> ask_health(const health_check& c, std::chrono::milliseconds timeout) {
    try {
        const bool well = co_await with_timeout(c.check(), timeout);
        co_return well;
    } catch (...) { // also when what it asked was cancelled by others
        co_return false;
    }
}

} // namespace detail

// Asks all checks, for whoever waits: not in the scope of who came first.
CREMA_COROUTINE task<> health_handler::ask(std::shared_ptr<state> s, std::shared_ptr<detail::health_round> round, loop& l) {
    const auto& o = s->options;
    bool whole = false;
    try {
        std::vector<task<bool>> asked;
        for (const auto& c : o.checks) asked.push_back(detail::ask_health(c, o.timeout));
        const auto said = co_await when_all(std::move(asked));
        for (std::size_t i = 0; i < said.size(); ++i) {
            round->checks[o.checks[i].name] = said[i] ? "up" : "down";
            round->up = round->up && said[i];
        }
        whole = true;
    } catch (...) { // who waits is told all the same
        round->up = false;
    }
    round->at = l.now();
    {
        const std::lock_guard lock(s->mutex);
        s->running.erase(&l);
        if (whole) s->known[&l] = round;
    }
    round->over.set();
}

CREMA_COROUTINE task<std::shared_ptr<const detail::health_round>> health_handler::said(std::shared_ptr<state> s, loop& l) {
    std::shared_ptr<detail::health_round> round;
    bool mine = false;
    {
        const std::lock_guard lock(s->mutex);
        const auto now = l.now();
        if (const auto at = s->known.find(&l); at != s->known.end() && now >= at->second->at && now - at->second->at < s->options.keep)
            co_return at->second;
        auto& running = s->running[&l];
        round = running.lock();
        if (!round) {
            round = std::make_shared<detail::health_round>();
            running = round;
            mine = true;
        }
    }
    if (mine) spawn(ask(s, round, l));
    co_await round->over.wait();
    co_return round;
}

CREMA_COROUTINE task<> health_handler::run(request& req, response& res, next& next) const {
    const auto s = state_;
    const auto& o = s->options;
    const bool live = req.path() == o.live;
    if ((!live && req.path() != o.ready) || (req.method() != "GET" && req.method() != "HEAD")) {
        next();
        co_return;
    }
    bool up = live || !(req.raw().closing() || s->draining.load(std::memory_order_relaxed) || (o.draining && o.draining()));
    value answer = value::object();
    answer["status"] = "";
    if (!live && up && !o.checks.empty()) {
        const auto round = co_await said(s, req.raw().loop());
        up = round->up;
        if (!o.details || o.details(req)) answer["checks"] = round->checks;
    }
    answer["status"] = up ? "up" : "down";
    res.set("Cache-Control", "no-store").status(up ? 200 : 503).json(answer);
}

} // namespace crema
#endif
