// loop: Node's event loop on an asio::io_context.
// SPDX-License-Identifier: MIT
#pragma once
#include <crema/async/spawn.hpp>
#include <crema/core/activity.hpp>
#include <crema/core/config.hpp>
#include <crema/core/function.hpp>
#include <crema/loop/clock.hpp>
#include <crema/loop/immediate.hpp>
#include <crema/loop/job_queue.hpp>
#include <crema/loop/remote.hpp>
#include <crema/loop/timer.hpp>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace asio {
class io_context;
}

namespace crema {

class loop;

namespace detail {

struct loop_engine; // what needs Asio
// The loops of this thread: the one that runs, and those that were made here, the last one first.
inline thread_local constinit loop* running_loop = nullptr;
inline thread_local constinit loop* newest_loop = nullptr;

} // namespace detail

/** Runs callbacks one after the other, in Node's phases, over one `asio::io_context`.

    Each turn: the poll phase (sockets, results of the pool, `post`), the check phase (immediates), close callbacks,
    timers. Between any two callbacks the ticks and then the microtasks are run, again and again until both queues are
    empty. What leaves a callback as an exception goes to `on_error`, and the rest goes on as in Node.

    Timers, immediates, operations of Asio on the context, `post`, `hold` and close callbacks keep a loop alive.

    The loop may be driven by `io_context::run()` of a borrowed context as well; then `on_before_exit` and `on_exit` are
    not called, and what was queued before that call runs a little later.

    @par Thread Safety
    Only on one thread, besides `post`, `complete` and `stop`. It is destroyed on the thread that made it.

    @see Node.js documentation, event loop; libuv design overview
*/
class loop final : private detail::loop_signals, private loop_clock::listener {
public:
    /// Construct with an `io_context` of its own.
    CREMA_DECL loop();
    /// Construct on the user's `io_context`, which must outlive the loop.
    CREMA_DECL explicit loop(asio::io_context& context);
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    /// Destroys what waits; coroutines of `spawn` go with the last loop of the thread.
    CREMA_DECL ~loop();

    /// Returns the loop that runs on this thread, else the one made last, else the default loop, made at first use.
    static loop& current() {
        if (detail::running_loop) [[likely]] return *detail::running_loop;
        return current_slow();
    }
    /// Returns the loop of this thread that drives this context, null when there is none.
    static loop* driving(const asio::io_context& context) noexcept {
        if (detail::running_loop && detail::running_loop->context_ == &context) return detail::running_loop;
        for (auto* l = detail::newest_loop; l; l = l->older_)
            if (l->context_ == &context) return l;
        return nullptr;
    }
    /// Returns the context.
    asio::io_context& context() noexcept { return *context_; }

    /** Run until nothing keeps the loop alive, or `stop` or `exit` is called.

        Before it returns for the first reason it calls the functions of `on_before_exit`, which may give it more to do.

        @return The code given to `exit`, else 0.
        @throws std::logic_error when the loop runs already.
    */
    CREMA_DECL int run();
    /// Says whether `run_once` waits for something to happen.
    enum class wait : bool { no, yes };
    /** Run one turn of all phases.

        @return False when nothing keeps the loop alive any more.
    */
    CREMA_DECL bool run_once(wait w = wait::no);
    /// Makes `run` return after the callback that runs; what waits keeps waiting. Any thread.
    CREMA_DECL void stop() noexcept;
    /// Tells whether `stop` or `exit` was called and the loop has not run since. Any thread.
    bool halted() const noexcept { return halted_.load(std::memory_order_relaxed); }
    /** End the program as far as the loop is concerned, as `process.exit`.

        Calls the functions of `on_exit`, drops whatever waits, and makes `run` return `code`.
    */
    CREMA_DECL void exit(int code = 0);

    /** Run a function as one callback of the loop.

        The watchdog watches it, an exception goes to `on_error`, then ticks and microtasks are run. Inside a callback
        it only calls `f` and catches. Completion handlers of Asio operations wrap their body in this.
    */
    template <class F>
    void callback(F&& f) {
        callback(nullptr, std::forward<F>(f));
    }
    /// Runs a function as one callback, with a label for the watchdog, which may be null.
    template <class F>
    void callback(const activity_label* label, F&& f) {
        if (inside_) {
            try {
                f();
            } catch (...) {
                uncaught(std::current_exception());
            }
            return;
        }
        auto* const outer = std::exchange(detail::running_loop, this);
        inside_ = true;
        const bool ok = host().run(label, f);
        if (ok && has_jobs()) drain();
        inside_ = false;
        detail::running_loop = outer;
        if (dirty_) settle(ok ? moment::callback : moment::failed);
    }

    /// Returns the time at which the running callback began or later; outside of callbacks, the time.
    std::chrono::steady_clock::time_point now() const noexcept {
        if (!inside_) timers_.time.stale();
        return timers_.time.now();
    }
    /// Returns when the first timer that keeps the loop alive is due; linear in the number of timers.
    std::optional<std::chrono::steady_clock::time_point> next_timer() const noexcept {
        const auto due = timers_.first_ref();
        if (due == detail::timer_queue::never) return std::nullopt;
        return detail::loop_time::at(due);
    }
    /// Tells whether jobs of other threads or operations of Asio are awaited. Not while it runs.
    CREMA_DECL bool waits_for_others() noexcept;
    /// Sets the clock, which must outlive the loop; null for the real one. Before anything else is done with the loop.
    CREMA_DECL void clock(loop_clock* c) noexcept;

    /// Runs a function as a callback in the poll phase. Keeps the loop alive until then. Any thread.
    void post(unique_function<void()> f) { complete(*new detail::posted_job(std::move(f))); }
    /// Hands over a job without allocation. Keeps the loop alive until it has run. Any thread.
    CREMA_DECL void complete(detail::remote_job& job);
    /** Announce a job that another thread will `deliver`: the loop stays alive, and is not destroyed, until then.

        The job's function calls `release`. One that will not come is taken back by `forget`.
    */
    void expect() noexcept {
        expected_.fetch_add(1, std::memory_order_relaxed);
        hold();
    }
    /// Hands over a job that was announced. Any thread.
    void deliver(detail::remote_job& job) {
        complete(job);
        expected_.fetch_sub(1, std::memory_order_release);
    }
    /// Takes back an announcement.
    void forget() noexcept {
        expected_.fetch_sub(1, std::memory_order_release);
        release();
    }
    /// Takes back a job that was handed over and has not run. @return False when it has run.
    CREMA_DECL bool revoke(detail::remote_job& job) noexcept;

    /** Set who receives the exceptions of callbacks and of spawned coroutines that nobody observed.

        By default they are printed to stderr and the process ends with code 1.
    */
    void on_error(unique_function<void(std::exception_ptr)> f) { on_error_ = std::move(f); }
    /// Reports an exception that nobody observed; `on_error` gets it once the microtasks are done.
    void report_unobserved(std::exception_ptr e) {
        unobserved_.push_back(std::move(e));
        touch();
    }
    /// Adds a function that `run` calls whenever nothing keeps the loop alive any more.
    void on_before_exit(unique_function<void()> f) { before_exit_.push_back(std::move(f)); }
    /// Adds a function that is called once, before `run` returns because nothing is left, or by `exit`.
    void on_exit(unique_function<void()> f) { at_exit_.push_back(std::move(f)); }

    /// Keeps the loop alive until `release`; counts.
    void hold() noexcept {
        ++holds_;
        touch();
    }
    /// Ends one `hold`.
    void release() noexcept {
        --holds_;
        touch();
    }
    /// Does what `hold` does, for something that another thread will bring: who drives the loop by hand waits for it.
    void hold_outside() noexcept {
        ++outside_;
        hold();
    }
    /// Ends one `hold_outside`.
    void release_outside() noexcept {
        --outside_;
        release();
    }

    /// Queues a function before all microtasks, to run when the running callback has ended.
    void next_tick(unique_function<void()> f, std::source_location where = std::source_location::current()) {
        ticks_.push(std::move(f), &label_at("tick", where));
        if (!inside_) touch();
    }
    /// Queues a function to run when the running callback has ended and the ticks are done.
    void queue_microtask(unique_function<void()> f, std::source_location where = std::source_location::current()) {
        enqueue_microtask(std::move(f), &label_at("microtask", where));
    }
    /// Queues a microtask with a label for the watchdog, which may be null. @return Its position, for `microtasks().revoke`.
    std::uint64_t enqueue_microtask(unique_function<void()> f, const activity_label* label) {
        const auto position = microtasks_.push(std::move(f), label);
        if (!inside_) touch();
        return position;
    }
    /** Call a function once, after a delay.

        @param f What to call, in the timers phase.
        @param delay Milliseconds or a duration; at least 1 ms.
    */
    timer set_timeout(unique_function<void()> f, timer_delay delay = 1,
                      std::source_location where = std::source_location::current()) {
        return timer(timers_, std::move(f), delay, false, &label_at("timer", where));
    }
    /// Calls a function again and again; a call that comes late is not made up for.
    timer set_interval(unique_function<void()> f, timer_delay period,
                       std::source_location where = std::source_location::current()) {
        return timer(timers_, std::move(f), period, true, &label_at("interval", where));
    }
    /// Calls a function in the next check phase.
    immediate set_immediate(unique_function<void()> f, std::source_location where = std::source_location::current()) {
        return immediate(immediates_, std::move(f), &label_at("immediate", where));
    }
    /// Calls a function in the next close phase. Of several, the last one comes first, as in libuv.
    void defer_close(unique_function<void()> f) {
        closing_.push_back(std::move(f));
        touch();
    }

    /// Returns where `loop_timer`s are started.
    detail::timer_queue& timers() noexcept { return timers_; }
    /// Returns where `loop_immediate`s are started.
    detail::immediate_queue& immediates() noexcept { return immediates_; }
    /// Returns the queue of microtasks.
    detail::job_queue& microtasks() noexcept { return microtasks_; }

private:
    friend struct detail::loop_engine;

    // When `settle` looks at what is pending.
    enum class moment { outside, callback, failed, phases };

    // Runs single callbacks for the queues.
    struct runner {
        loop& self;
        template <class F>
        bool run(const activity_label* label, F&& f) noexcept {
            auto& board = this_thread_activity();
            board.show(label, nullptr);
            self.timers_.time.stale();
            board.begin();
            bool ok = true;
            try {
                f();
            } catch (...) {
                self.uncaught(std::current_exception());
                ok = false;
            }
            board.end();
            return ok;
        }
        bool drain() { return !self.has_jobs() || self.drain(); }
        bool halted() const noexcept { return self.halted_.load(std::memory_order_relaxed); }
    };
    struct running_scope {
        loop& self;
        loop* outer;
        explicit running_scope(loop& l) noexcept : self(l), outer(std::exchange(detail::running_loop, &l)) {
            l.running_ = true;
        }
        ~running_scope() {
            self.running_ = false;
            detail::running_loop = outer;
        }
    };
    runner host() noexcept { return {*this}; }
    bool has_jobs() const noexcept { return !ticks_.empty() || !microtasks_.empty() || !unobserved_.empty(); }
    bool wants_turn() const noexcept { return keeps_alive() || drain_first_ || single_turn_; }
    bool keeps_alive() const noexcept {
        return timers_.refs() > 0 || immediates_.refs() > 0 || holds_ > 0 || !closing_.empty();
    }

    CREMA_DECL static loop& current_slow();
    CREMA_DECL void open();
    CREMA_DECL bool drain();
    CREMA_DECL void uncaught(std::exception_ptr e) noexcept;
    CREMA_DECL void settle(moment when) noexcept;
    void settle_outside() noexcept override { settle(moment::outside); }
    void on_time_moved() noexcept override { touch(); }
    CREMA_DECL void phases();
    CREMA_DECL void jump_when_idle() noexcept;
    CREMA_DECL void close_phase();
    CREMA_DECL void take_remote() noexcept;
    CREMA_DECL void run_remote();
    CREMA_DECL std::size_t run_context();
    CREMA_DECL void call_at_exit();
    CREMA_DECL void drop_all() noexcept;

    asio::io_context* context_ = nullptr;
    std::unique_ptr<detail::loop_engine, void (*)(detail::loop_engine*)> engine_;
    mutable detail::timer_queue timers_{*this};
    detail::immediate_queue immediates_{*this};
    detail::job_queue ticks_;
    detail::job_queue microtasks_;
    std::vector<std::exception_ptr> unobserved_;
    std::vector<unique_function<void()>> closing_;
    detail::remote_queue remote_;
    detail::remote_job* remote_rest_ = nullptr;
    unique_function<void(std::exception_ptr)> on_error_;
    std::deque<unique_function<void()>> before_exit_;
    std::vector<unique_function<void()>> at_exit_;
    std::int64_t holds_ = 0;
    std::int64_t outside_ = 0; // of them
    loop* older_ = nullptr;
    std::atomic<int> expected_{0}; // jobs announced and not delivered
    std::atomic<bool> halted_{false};
    bool running_ = false;
    bool exiting_ = false;
    bool drain_first_ = false;
    bool single_turn_ = false; // run_once waits for the phases
    int exit_code_ = 0;
};

} // namespace crema

#if CREMA_BODIES
#include <crema/loop/loop_engine.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace crema {

inline void detail::loop_engine::pump() {
    if (poll_first) {
        poll_first = false;
        if (!self.wants_turn()) {
            pumping = false;
            return;
        }
        asio::post(*context, engine_handler<&loop_engine::pump, &loop_anchor::pump>{anchor});
        return;
    }
    pumping = false;
    self.phases();
}
inline void detail::loop_engine::wake() {
    self.run_remote();
}
inline void detail::loop_engine::waited() {
    --waits;
    work_started();
    if (waits > 0) return; // a later wait replaced this one
    armed = timer_queue::never;
    if (self.timers_.due() == timer_queue::never) return;
    if (self.timers_.due() <= self.timers_.time.update()) request_pump(false);
    else wait_until(self.timers_.due());
}

CREMA_DECL loop::loop() : engine_(new detail::loop_engine(*this, nullptr), [](detail::loop_engine* e) { delete e; }) {
    open();
}
CREMA_DECL loop::loop(asio::io_context& context)
    : engine_(new detail::loop_engine(*this, &context), [](detail::loop_engine* e) { delete e; }) {
    open();
}
CREMA_DECL void loop::open() {
    context_ = engine_->context;
    older_ = std::exchange(detail::newest_loop, this);
    detail::report_unobserved = [](std::exception_ptr e) { loop::current().report_unobserved(std::move(e)); };
#if defined(SIGPIPE)
    // A peer that has gone is an error code. A handler of the user's stays.
    static const auto before = std::signal(SIGPIPE, SIG_IGN);
    if (before != SIG_DFL && before != SIG_ERR) std::signal(SIGPIPE, before);
#endif
}
CREMA_DECL loop::~loop() {
    inside_ = true; // nothing is to be started any more
    if (detail::newest_loop == this && !older_) detail::destroy_spawned();
    while (expected_.load(std::memory_order_acquire) > 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
    for (auto** l = &detail::newest_loop; *l; l = &(*l)->older_)
        if (*l == this) {
            *l = older_;
            break;
        }
    if (!detail::newest_loop) detail::report_unobserved = nullptr;
    if (detail::running_loop == this) detail::running_loop = nullptr;
    if (engine_->own) { // handlers own things that still use the loop
        engine_->wait.reset();
        engine_->anchor->engine = nullptr;
        engine_->waits = 0;
        engine_->counted = false;
        engine_->own.reset();
    }
    drop_all();
    if (auto* c = timers_.time.clock()) {
        (void)c;
        loop_clock::unlisten(*this);
    }
    engine_.reset();
}
CREMA_DECL loop& loop::current_slow() {
    if (detail::newest_loop) return *detail::newest_loop;
    static thread_local loop default_loop;
    return default_loop;
}
CREMA_DECL void loop::clock(loop_clock* c) noexcept {
    if (timers_.time.clock()) loop_clock::unlisten(*this);
    timers_.time.clock(c);
    if (c) c->listen(*this);
}

CREMA_DECL void loop::uncaught(std::exception_ptr e) noexcept {
    if (on_error_) {
        try {
            on_error_(e);
            set_immediate([] {}); // whatever the error left in the queues is run soon
            return;
        } catch (...) {
            e = std::current_exception();
        }
    }
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& x) {
        std::fprintf(stderr, "crema: uncaught exception: %s\n", x.what());
    } catch (...) {
        std::fprintf(stderr, "crema: uncaught exception\n");
    }
    call_at_exit();
    std::fflush(nullptr);
    std::_Exit(1);
}

// Ticks, then microtasks, until both are empty; then errors nobody observed. False when a tick threw: the rest waits
// for the next callback, as in Node.
CREMA_DECL bool loop::drain() {
    drain_first_ = false;
    if (exiting_) return true;
    for (;;) {
        while (!ticks_.empty()) {
            auto job = ticks_.take();
            if (job.run && !host().run(job.label, job.run)) return false;
            if (exiting_) return true;
        }
        while (!microtasks_.empty()) {
            auto job = microtasks_.take();
            if (job.run) host().run(job.label, job.run);
            if (exiting_) return true;
        }
        if (!ticks_.empty()) continue;
        if (unobserved_.empty()) return true;
        auto errors = std::move(unobserved_);
        unobserved_.clear();
        for (auto& e : errors) {
            if (!on_error_) uncaught(e);
            host().run(nullptr, [&] { on_error_(e); });
            if (exiting_) return true;
        }
    }
}

// Adapts the context to what waits now.
CREMA_DECL void loop::settle(moment when) noexcept {
    dirty_ = false;
    engine_->count(keeps_alive());
    if (exiting_) return;
    const bool polling = (when == moment::callback || when == moment::failed) &&
                         context_->get_executor().running_in_this_thread();
    // the main program: its ticks run even after an exception
    if ((when == moment::outside || (when == moment::failed && !polling)) && has_jobs()) drain_first_ = true;
    // A turn that has begun goes on to the check phase; a new one begins only for what keeps the loop alive.
    const bool check = polling ? !immediates_.empty() : immediates_.refs() > 0;
    if (check || !closing_.empty() || drain_first_) engine_->request_pump(!polling);
    const auto due = timers_.due();
    if (due == detail::timer_queue::never) return;
    auto* const clock = timers_.time.clock();
    if (!clock || clock->idle() == loop_clock::when_idle::sleep) {
        // outside, a wait that keeps nothing alive would stop the context; what Asio waits for may keep it alive, though
        if (keeps_alive() || context_->get_executor().running_in_this_thread()) engine_->wait_until(due);
    } else if (due <= timers_.time.update() ? polling || keeps_alive()
                                            : clock->idle() == loop_clock::when_idle::jump && timers_.refs() > 0) {
        engine_->request_pump(!polling);
    }
}

// Check, close and timers: the part of a turn after the poll phase.
CREMA_DECL void loop::phases() {
    auto* const outer = std::exchange(detail::running_loop, this);
    inside_ = true;
    auto runs = host();
    single_turn_ = false;
    jump_when_idle();
    drain_first_ = false;
    runs.drain(); // what an exception left: as Node, which runs its native immediates first
    if (!runs.halted()) immediates_.process(runs);
    if (!runs.halted()) close_phase();
    if (!runs.halted() && timers_.due() != detail::timer_queue::never && timers_.due() <= timers_.time.update()) {
        timers_.process(runs);
        if (!runs.halted()) runs.drain();
    }
    inside_ = false;
    detail::running_loop = outer;
    settle(moment::phases);
}
// Moves a clock that wants it, when nothing has run since the phases were asked for.
CREMA_DECL void loop::jump_when_idle() noexcept {
    auto* const clock = timers_.time.clock();
    if (!clock || clock->idle() != loop_clock::when_idle::jump || timers_.refs() == 0) return;
    if (timers_.due() == detail::timer_queue::never) return;
    if (immediates_.refs() > 0 || !closing_.empty() || drain_first_) return;
    if (engine_->requested_at != this_thread_activity().turn.load(std::memory_order_relaxed)) return;
    clock->jump_to(detail::loop_time::at(timers_.due()));
}
CREMA_DECL void loop::close_phase() {
    if (closing_.empty()) return;
    auto batch = std::move(closing_);
    closing_.clear();
    while (!batch.empty()) {
        auto f = std::move(batch.back());
        batch.pop_back();
        if (host().run(nullptr, f)) host().drain();
        if (host().halted()) break;
    }
    if (!batch.empty()) {
        std::move(closing_.begin(), closing_.end(), std::back_inserter(batch));
        closing_ = std::move(batch);
    } else if (closing_.empty()) {
        closing_ = std::move(batch); // keeps the memory
    }
}

CREMA_DECL void loop::complete(detail::remote_job& job) {
    if (!remote_.push(job)) return;
    asio::post(*context_, detail::engine_handler<&detail::loop_engine::wake, &detail::loop_anchor::wake>{engine_->anchor});
}
// Moves what other threads handed over to the end of the list of this thread.
CREMA_DECL void loop::take_remote() noexcept {
    auto* fresh = remote_.take_all();
    if (remote_rest_) {
        auto* last = remote_rest_;
        while (last->next) last = last->next;
        last->next = fresh;
    } else {
        remote_rest_ = fresh;
    }
}
CREMA_DECL bool loop::revoke(detail::remote_job& job) noexcept {
    take_remote();
    for (auto** at = &remote_rest_; *at; at = &(*at)->next)
        if (*at == &job) {
            *at = job.next;
            return true;
        }
    return false;
}
CREMA_DECL void loop::run_remote() {
    take_remote();
    while (remote_rest_ && !host().halted()) {
        auto* job = std::exchange(remote_rest_, remote_rest_->next);
        callback([job] { job->run(*job, false); });
    }
}

CREMA_DECL std::size_t loop::run_context() {
    for (;;) {
        try {
            context_->restart();
            if (halted_.load(std::memory_order_relaxed)) return 0;
            return context_->run();
        } catch (...) { // out of a handler that is not crema's
            callback([] { throw; });
        }
    }
}
CREMA_DECL int loop::run() {
    if (running_) throw std::logic_error("crema: this loop runs already");
    const running_scope running(*this);
    const auto ended = [&] { return halted_.load(std::memory_order_relaxed); };
    if (!ended()) {
        // the end of the main program
        inside_ = true;
        if (std::exchange(drain_first_, false)) host().drain();
        if (!ended() && keeps_alive() && timers_.due() <= timers_.time.update()) {
            auto runs = host();
            timers_.process(runs);
            if (!ended()) runs.drain();
        }
        inside_ = false;
        settle(moment::outside);
        if (!timers_.time.clock() && timers_.due() != detail::timer_queue::never && engine_->has_work())
            engine_->wait_until(timers_.due());
        if (remote_rest_) run_remote();
        bool again = true;
        while (again && !ended()) {
            if (run_context() > 0 || ended()) continue;
            for (std::size_t i = 0; i < before_exit_.size() && !ended(); ++i) callback(before_exit_[i]);
            settle(moment::outside);
            again = !ended() && run_context() > 0;
        }
    }
    const bool stopped = halted_.exchange(false);
    if (exiting_) {
        exiting_ = false;
        drop_all();
        settle(moment::outside);
    } else if (!stopped) {
        call_at_exit();
    }
    return std::exchange(exit_code_, 0);
}
CREMA_DECL bool loop::run_once(wait w) {
    if (running_) throw std::logic_error("crema: this loop runs already");
    const running_scope running(*this);
    context_->restart();
    callback([] {}); // the end of the main program
    if (remote_rest_) run_remote();
    const auto ended = [&] { return halted_.load(std::memory_order_relaxed); };
    const auto step = [&] {
        try {
            return context_->run_one();
        } catch (...) { // out of a handler that is not crema's
            callback([] { throw; });
            return std::size_t{1};
        }
    };
    if (w == wait::yes && !engine_->pumping && !ended()) step();
    single_turn_ = true;
    if (!ended()) engine_->request_pump(true);
    while (single_turn_ && !ended()) {
        context_->restart();
        if (step() == 0) break;
    }
    single_turn_ = false;
    halted_ = false;
    if (exiting_) {
        exiting_ = false;
        drop_all();
        settle(moment::outside);
    }
    return keeps_alive() || engine_->has_work();
}
CREMA_DECL bool loop::waits_for_others() noexcept {
    if (outside_ > 0 || expected_.load(std::memory_order_acquire) > 0) return true;
    engine_->count(false);
    const bool more = engine_->has_work();
    engine_->count(keeps_alive());
    return more;
}
CREMA_DECL void loop::stop() noexcept {
    halted_ = true;
    context_->stop();
}
CREMA_DECL void loop::exit(int code) {
    if (exiting_) return;
    exit_code_ = code;
    exiting_ = true;
    call_at_exit();
    stop();
}
CREMA_DECL void loop::call_at_exit() {
    auto functions = std::move(at_exit_);
    at_exit_.clear();
    for (auto& f : functions) host().run(nullptr, f);
}
CREMA_DECL void loop::drop_all() noexcept {
    const bool was_inside = std::exchange(inside_, true);
    do {
        timers_.clear();
        immediates_.clear();
        ticks_.clear();
        microtasks_.clear();
        unobserved_.clear();
        auto closing = std::move(closing_);
        closing_.clear();
        take_remote();
        while (remote_rest_) {
            auto* job = std::exchange(remote_rest_, remote_rest_->next);
            job->run(*job, true);
        }
    } while (timers_.refs() > 0 || !immediates_.empty() || has_jobs() || !closing_.empty());
    inside_ = was_inside;
}

} // namespace crema
#endif
